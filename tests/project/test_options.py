"""What the environment says, and what it gets wrong."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from jiesu.core.problems import InputError
from jiesu.project.environment import FOREIGN, Environment
from jiesu.project.options import Options, options_from

ROOT = Path(__file__).resolve().parent.parent.parent


def options(**values: str) -> Options:
    return options_from(Environment(values))


def mistakes(**values: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        options(**values)
    return [str(problem) for problem in caught.value.problems]


def test_without_any_variable_a_site_for_this_machine_runs() -> None:
    found = options()
    assert (found.production, found.debug, found.embedded) == (False, False, True)
    assert found.hosts == ("localhost", "127.0.0.1", "[::1]")
    assert found.database["NAME"] == Path("jiesu-data/jiesu.sqlite3").absolute()


def test_all_mistakes_are_named_at_once() -> None:
    assert mistakes(
        JIESU_MODE="prod",
        JIESU_DEBUG="maybe",
        JIESU_THREADS="0",
        JIESU_TIME_ZONE="Peking",
        JIESU_TRUSTED_PROXIES="10.0.0.0/8, proxy",
        JIESU_DATABASE_URL="mysql://root:hunter2@db/x",
    ) == [
        "JIESU_MODE: 'prod' is not known here; choose one of: development, production",
        "JIESU_DEBUG: 'maybe' is neither true nor false; write true or false",
        (
            "JIESU_DATABASE_URL: only SQLite and PostgreSQL are known; "
            "write sqlite:///folder/file or postgresql://user:password@host:5432/name"
        ),
        "JIESU_TRUSTED_PROXIES: 'proxy' is no network; write one such as 10.1.0.0/16",
        "JIESU_TIME_ZONE: 'Peking' is no time zone; write one such as Asia/Shanghai or UTC",
        (
            "JIESU_THREADS: '0' is not a whole number from 1 to 128; "
            "write a whole number from 1 to 128"
        ),
    ]


def test_what_may_be_sent_is_no_more_than_a_machine_holds_in_memory() -> None:
    found = options(JIESU_REQUEST_MAX_MIB="200", JIESU_UPLOAD_MAX_MIB="100").limits
    assert (found.request_bytes, found.upload_bytes) == (200 << 20, 100 << 20)
    assert mistakes(JIESU_REQUEST_MAX_MIB="201", JIESU_UPLOAD_MAX_MIB="101") == [
        f"{name}: '{most + 1}' is not a whole number from 1 to {most}; "
        f"write a whole number from 1 to {most}"
        for name, most in (("JIESU_UPLOAD_MAX_MIB", 100), ("JIESU_REQUEST_MAX_MIB", 200))
    ]


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert options(JIESU_THREADS="", JIESU_MODE=" ") == options()


def test_one_process_has_more_threads_than_one_of_several() -> None:
    several = options(JIESU_DATABASE_URL="postgresql://jiesu@db/jiesu")
    assert (options().threads, several.threads) == (12, 8)


def test_a_misspelt_setting_is_found_and_others_programs_are_not() -> None:
    found = options(JIESU_ALOWED_HOSTS="a.example", JIESU_TEST_DATABASE="sqlite", PATH="/bin")
    assert [str(problem) for problem in found.unknown] == [
        "JIESU_ALOWED_HOSTS: this setting is not known; correct its name or remove it"
    ]


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n", "utf-8")
    assert options(JIESU_SECRET_KEY_FILE=str(file)).secret_key == "from a file"
    none = tmp_path / "none"
    reason = f"{none} cannot be read (No such file or directory)"
    assert mistakes(JIESU_SECRET_KEY_FILE=str(none)) == [
        f"JIESU_SECRET_KEY_FILE: {reason}; name a readable file"
    ]
    assert mistakes(JIESU_SECRET_KEY="s", JIESU_SECRET_KEY_FILE=str(file)) == [
        "JIESU_SECRET_KEY: JIESU_SECRET_KEY_FILE is set too; keep one of the two"
    ]


def test_the_secret_of_the_first_start_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("made at the first start\n", "utf-8")
    assert options(JIESU_DATA=str(tmp_path)).secret_key == "made at the first start"


def test_options_never_show_their_secrets() -> None:
    shown = repr(
        options(
            JIESU_SECRET_KEY="hunter1",
            JIESU_KEYS="hunter2",
            JIESU_DATABASE_URL="postgresql://u:hunter3@h/n",
        )
    )
    assert "hunter" not in shown
    assert "trusted_proxies" in shown


def test_a_postgresql_address_is_read_part_by_part() -> None:
    url = "postgresql://jiesu:p%40ss@db.example:6432/desk?sslmode=verify-full"
    database = options(JIESU_DATABASE_URL=url).database
    named = {name: database[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert named == {
        "NAME": "desk", "USER": "jiesu", "PASSWORD": "p@ss", "HOST": "db.example", "PORT": "6432",
    }  # fmt: skip
    assert database["OPTIONS"] == {
        "connect_timeout": 5,
        "prepare_threshold": 3,
        "sslmode": "verify-full",
    }
    socket = options(JIESU_DATABASE_URL="postgresql://jiesu@/desk?host=/run/postgresql").database
    assert (socket["HOST"], socket["PORT"]) == ("/run/postgresql", "")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("postgresql://u:hunter2@h/", "it names no database"),
        ("postgresql://u:hunter2@h/n?options=-c%20fsync%3Doff", "options cannot be set here"),
        ("postgresql://u:hunter2@h:port/n", "it is no address"),
        ("sqlite://", "it names no file"),
    ],
)
def test_a_wrong_database_address_is_named_without_its_password(url: str, what: str) -> None:
    (mistake,) = mistakes(JIESU_DATABASE_URL=url)
    assert mistake.startswith(f"JIESU_DATABASE_URL: {what}; ")
    assert "hunter2" not in mistake


def test_sqlite_paths_are_relative_with_three_strokes_and_absolute_with_four() -> None:
    assert options(JIESU_DATABASE_URL="sqlite:///a/b").database["NAME"] == Path("a/b").absolute()
    assert options(JIESU_DATABASE_URL="sqlite:////srv/b").database["NAME"] == Path("/srv/b")


def test_proxies_are_networks() -> None:
    found = options(JIESU_TRUSTED_PROXIES="127.0.0.1, fd00::/8").trusted_proxies
    assert found == (ip_network("127.0.0.1/32"), ip_network("fd00::/8"))


def test_every_setting_is_documented_and_no_other() -> None:
    read = Environment({})
    options_from(read)
    # A path, not a secret, though its name ends alike.
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    cells = re.findall(r"^\| (`JIESU_.*?) \|", text, re.M)
    documented = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert documented == read.known


def test_every_setting_that_the_source_names_is_read_or_foreign() -> None:
    read = Environment({})
    options_from(read)
    named = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"\"(JIESU_[A-Z_]+[A-Z])\"", path.read_text("utf-8"))
    }
    assert named
    assert {name for name in named - read.known if not name.startswith(FOREIGN)} == set()


def test_documented_defaults_are_the_defaults() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows = re.findall(r"^\| `(JIESU_\w+)` \| `([^`|]+)` \|", text, re.M)
    assert len(rows) > 10
    assert options(**dict(rows)) == options()
