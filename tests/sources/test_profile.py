"""Profiles: what is accepted, what is refused and how it is said."""

from pathlib import Path

import pytest

from jiesu.core.case_table import COLUMNS
from jiesu.core.problems import InputError
from jiesu.sources.profile import load_profile, parse_profile, shipped_profiles

GOOD = '[columns]\ncase_id = "id"\ncreated_at = ["at", "when"]\n'


def test_every_shipped_profile_is_valid_and_has_its_zone() -> None:
    zones = {name: load_profile(name).zone for name in shipped_profiles()}
    assert zones == {
        "boston311": "America/New_York",
        "jiesu": "Asia/Shanghai",
        "nyc311": "America/New_York",
        "open311": "UTC",
        "pingshan": "Asia/Shanghai",
    }


def test_the_profile_of_our_own_table_knows_every_column_in_both_languages() -> None:
    columns = load_profile("jiesu").columns
    assert {name: origin.headers for name, origin in columns.items()} == {
        column.name: (column.name, column.zh) for column in COLUMNS
    }


def test_a_profile_is_read_from_a_path_and_named_after_the_file(tmp_path: Path) -> None:
    path = tmp_path / "my city.toml"
    path.write_text("\ufeff" + GOOD, "utf-8")
    profile = load_profile(path)
    assert (profile.name, profile.zone, profile.required) == (
        "my city",
        "UTC",
        ("case_id", "created_at"),
    )
    assert profile.columns["created_at"].headers == ("at", "when")


WRONG = {
    "zone": 'zone = "Asia/Peking"\n' + GOOD,
    "format": 'format = "xls"\n' + GOOD,
    "encoding": 'encoding = "latin-1"\n' + GOOD,
    "delimiter": 'delimiter = ",,"\n' + GOOD,
    "nulls": "nulls = [1]\n" + GOOD,
    "sheet": 'sheet = ""\n' + GOOD,
    "colour": 'colour = "red"\n' + GOOD,
    "time_formats": 'time_formats = ["%d %B %Y"]\n' + GOOD,
    "required": 'required = ["unit"]\n' + GOOD,
    "columns": "columns = 5\n",
    "columns.created_at": '[columns]\ncase_id = "id"\n',
    "columns.unti": GOOD + 'unti = "u"\n',
    "columns.unit": GOOD + "unit = 5\n",
    "columns.caller": GOOD + "caller = []\n",
    "columns.caller.from": GOOD + "caller = { from = [] }\n",
    "columns.unit.only_where": GOOD + 'unit = { from = "u", only_where = {} }\n',
    "columns.unit.only_where.a": GOOD + 'unit = { from = "u", only_where = { a = 5 } }\n',
    "columns.unit.form": GOOD + 'unit = { from = "u", form = "x" }\n',
    "columns.kind": GOOD + 'kind = { from = "k", value = "x" }\n',
    "columns.unit.time_formats": GOOD + 'unit = { from = "u", time_formats = ["%Y%m%d"] }\n',
    "columns.due_at.time_formats": GOOD + 'due_at = { from = "u", time_formats = ["%H:%M"] }\n',
    "columns.due_at.values": GOOD + 'due_at = { from = "u", values = { x = "y" } }\n',
    "columns.due_at.value": GOOD + 'due_at = { value = "2022-02-01" }\n',
    "columns.parked.value": GOOD + 'parked = { value = "maybe" }\n',
    "columns.parked.values.maybe": GOOD + 'parked = { from = "p", values = { maybe = "x" } }\n',
    "columns.parked.values.false": (
        GOOD + 'parked = { from = "p", values = { true = "x", false = ["y", "X"] } }\n'
    ),
    "columns.parked.true_where": GOOD + 'parked = { true_where = { a = "1", b = "2" } }\n',
    "columns.closed_at": GOOD + 'closed_at = { true_where = { a = "1" } }\n',
    "agreement": GOOD + '[agreement]\nfrom = "f"\ntrue = "1"\nfalse = "0"\n',
    "agreement.false": (
        GOOD + 'due_at = "d"\nclosed_at = "c"\n[agreement]\nfrom = "f"\ntrue = "1"\n'
    ),
}


@pytest.mark.parametrize("key", WRONG)
def test_a_mistake_is_refused_with_file_and_key(key: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_profile(WRONG[key], file="city.toml", name="city")
    assert {(problem.file, problem.where) for problem in caught.value.problems} == {
        ("city.toml", key)
    }
    assert all(problem.remedy for problem in caught.value.problems)


def test_all_mistakes_are_named_at_once() -> None:
    text = 'zone = "x"\nformat = "y"\nfoo = 1\n[columns]\nbar = "z"\n'
    with pytest.raises(InputError) as caught:
        parse_profile(text, file="city.toml", name="city")
    assert sorted(problem.where for problem in caught.value.problems) == [
        "columns.bar",
        "columns.case_id",
        "columns.created_at",
        "foo",
        "format",
        "zone",
    ]


def test_a_file_that_is_no_toml_is_refused_with_the_place() -> None:
    with pytest.raises(InputError, match="not TOML"):
        parse_profile("zone = ", file="city.toml", name="city")


def test_a_profile_that_cannot_be_read_is_refused_with_the_shipped_names(tmp_path: Path) -> None:
    for name in ("no such profile", "no\0name", "x" * 1000, str(tmp_path)):
        with pytest.raises(InputError) as caught:
            load_profile(name)
        ((file, remedy),) = [(problem.file, problem.remedy) for problem in caught.value.problems]
        assert file == name
        assert all(shipped in remedy for shipped in shipped_profiles())


def test_a_delimiter_may_be_a_blank_or_a_tab() -> None:
    for written, delimiter in (("\\t", "\t"), (" ", " "), (";", ";")):
        text = f'delimiter = "{written}"\n' + GOOD
        assert parse_profile(text, file="city.toml", name="city").delimiter == delimiter
