"""`jiesu audit`, `jiesu keys` and `jiesu person` say what they found and did, and exit by it."""

import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_django.fixtures import Settings
from typer.testing import CliRunner, Result

from jiesu.cases.attachments import path_of
from jiesu.cases.history import seals
from jiesu.cases.history.seals import seal_events
from jiesu.cases.models import Case, CasePrivate, Event
from jiesu.cases.privacy import vault
from jiesu.cases.privacy.keys import read_ring, write_ring
from jiesu.cases.privacy.vault import person_of, ring
from jiesu.cli import desk_audit
from jiesu.cli.audit_options import audit, keys, person
from jiesu.core.problems import InputError
from jiesu.project.first_start import hold_keys
from tests.cases.cast import ELEVATOR, NOW, PHONE, City
from tests.cases.test_privacy import lived


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site's folder with its keys in a file; the database is the test's."""
    write_ring(ring(), tmp_path / "keys.json")
    options = SimpleNamespace(
        data=tmp_path, keys_file=tmp_path / "keys.json", keys_text="",
        seals_file=tmp_path / "seals.jsonl",
    )  # fmt: skip
    monkeypatch.setattr(desk_audit, "_options", lambda: options)
    monkeypatch.setattr(desk_audit, "_open", lambda: None)
    monkeypatch.setattr("jiesu.cases.history.audit.seals_file", lambda: options.seals_file)
    monkeypatch.setattr(seals, "seals_file", lambda: options.seals_file)
    return tmp_path


def said(result: Result) -> list[str]:
    return result.output.splitlines()


def test_a_whole_history_exits_with_0_and_names_the_last_seal(city: City, site: Path) -> None:
    city.received()
    seal_events(NOW)
    city.received(ELEVATOR)
    result = CliRunner().invoke(audit, ["verify"])
    assert result.exit_code == 0
    looked, unsealed, last = said(result)
    assert looked == "2 cases, 4 events, 1 seals, 0 files: whole"
    assert unsealed.startswith("2 events are not sealed yet, the first of 2022-02-08")
    assert last.startswith("last seal: 1 ")
    assert len(last.split()[3]) == 64


def test_findings_are_lines_and_exit_with_2(city: City, site: Path) -> None:
    case = city.received()
    seal_events(NOW)
    Event.objects.filter(case=case, seq=2).update(actor="user:9")
    for arguments in (["verify"], ["verify", "--case", case.number]):
        result = CliRunner().invoke(audit, arguments)
        assert result.exit_code == 2
        first, *_, looked, _last = said(result)
        assert first == f"case {case.number}, event 2: its content is not what was recorded"
        assert looked.endswith("1 findings")


def test_what_files_hold_is_read_where_it_is_asked_for(
    city: City, site: Path, settings: Settings
) -> None:
    settings.JIESU = replace(settings.JIESU, data=site)
    attachment = lived(city).attachments.get()
    seal_events(NOW)
    result = CliRunner().invoke(audit, ["verify"])
    assert result.exit_code == 0
    looked, unread, _last = said(result)
    assert looked.endswith("1 files: whole")
    assert unread == "what the files hold was not read: see --files"
    path = path_of(attachment.token)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert CliRunner().invoke(audit, ["verify"]).exit_code == 0
    result = CliRunner().invoke(audit, ["verify", "--files"])
    assert result.exit_code == 2
    found, looked, _last = said(result)
    assert found.endswith(
        f"the file of its attachment {attachment.pk} was changed, or is another's"
    )
    assert looked.endswith("1 files: 1 findings")


def test_a_case_that_is_not_there_is_the_users_mistake(city: City, site: Path) -> None:
    with pytest.raises(InputError, match="there is no such case"):
        CliRunner().invoke(audit, ["verify", "--case", "1"], catch_exceptions=False)


def test_keys_are_listed_without_their_secrets_and_with_what_needs_them(
    city: City, site: Path
) -> None:
    city.received()
    result = CliRunner().invoke(keys, ["list", "--uses"])
    assert result.exit_code == 0
    assert [line.split()[:2] for line in said(result)] == [
        ["encryption", "e1"], ["hash", "h1"], ["seal", "s1"],
    ]  # fmt: skip
    assert [line.split()[-1] for line in said(result)] == ["2", "2", "0"]
    secrets = [entry["key"] for entry in _entries(site)]
    assert not any(secret in result.output for secret in secrets)


def _entries(site: Path) -> list[dict[str, str]]:
    table = json.loads((site / "keys.json").read_text())
    return [entry for entries in table.values() for entry in entries]


def test_a_key_is_rotated_renewed_and_dropped_when_nothing_needs_it(
    city: City, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = city.received()
    run = CliRunner()
    assert run.invoke(keys, ["rotate", "encryption"]).exit_code == 0
    with pytest.raises(InputError, match="2 values, hashes or seals need it"):
        run.invoke(keys, ["drop", "e1"], catch_exceptions=False)
    monkeypatch.setitem(os.environ, "JIESU_KEYS", (site / "keys.json").read_text())
    vault.forget_keys()
    assert run.invoke(keys, ["renew"]).output.startswith("2 values, 0 files, 0 hashes")
    # A server that has not been started again would go on sealing with it.
    with (
        hold_keys(SimpleNamespace(data=site)),  # type: ignore[arg-type]
        pytest.raises(InputError, match="a server or a worker of this site may still use"),
    ):
        run.invoke(keys, ["drop", "e1"], catch_exceptions=False)
    assert run.invoke(keys, ["drop", "e1"]).exit_code == 0
    assert [key.id for key in read_ring(site / "keys.json").keys["encryption"]] == ["e2"]
    monkeypatch.setitem(os.environ, "JIESU_KEYS", (site / "keys.json").read_text())
    vault.forget_keys()
    assert person_of(case, CasePrivate.objects.get(case=case)).phone == PHONE


def test_what_did_not_open_exits_with_2(city: City, site: Path) -> None:
    case = city.received()
    case.private.person = b"\x01\x02e9" + bytes(40)
    case.private.save()
    assert CliRunner().invoke(keys, ["renew"]).exit_code == 2


def test_a_ring_in_the_environment_is_not_changed_by_a_command(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = SimpleNamespace(keys_text="x", keys_file=site / "keys.json")
    monkeypatch.setattr(desk_audit, "_options", lambda: options)
    with pytest.raises(InputError, match="JIESU_KEYS_FILE"):
        CliRunner().invoke(keys, ["rotate", "seal"], catch_exceptions=False)


def test_a_person_is_exported_and_erased_by_a_phone_from_standard_input(
    city: City, site: Path
) -> None:
    case, still_open = lived(city), city.received(ELEVATOR, at=NOW)
    out = site / "copy.zip"
    run = CliRunner()
    result = run.invoke(person, ["export", "--out", str(out), "--reason", "申请"], input=PHONE)
    assert (result.exit_code, out.exists()) == (0, True)
    result = run.invoke(person, ["erase", "--cause", "request", "--yes"], input=f"{PHONE}\n")
    assert said(result) == [
        f"erased: 1 cases {case.number}", f"still worked on, not erased: {still_open.number}",
    ]  # fmt: skip
    event = case.events.get(kind="erased")
    assert event.actor == "system:terminal"
    assert event.origin.startswith("terminal:")
    assert PHONE not in result.output
    assert Case.objects.get(pk=case.pk).caller.startswith("0:")


def test_without_a_yes_nothing_is_erased(city: City, site: Path) -> None:
    case = lived(city)
    result = CliRunner().invoke(person, ["erase", "--cause", "request"], input=f"{PHONE}\nn\n")
    assert result.exit_code == 1
    assert person_of(case, case.private).phone == PHONE
