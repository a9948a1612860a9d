"""Key rings: kept from others, never overwritten, never shown."""

import json
import os
import pickle
import stat
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jiesu.cases.privacy.keys import (
    PURPOSES,
    KeyRing,
    new_ring,
    parse_ring,
    read_ring,
    replace_ring,
    ring_from_environment,
    ring_text,
    rotated,
    write_ring,
)
from jiesu.core.problems import InputError

AS_OF = datetime(2022, 2, 7, 1, 12, tzinfo=UTC)


def ring() -> KeyRing:
    return rotated(new_ring(AS_OF), "hash", AS_OF)


def secrets_of(ring: KeyRing) -> list[bytes]:
    return [key.secret for keys in ring.keys.values() for key in keys]


def shows(text: str, ring: KeyRing) -> bool:
    """Whether a text holds a key in any of the forms in which it may appear."""
    return any(
        form in text
        for secret in secrets_of(ring)
        for form in (secret.hex(), b64encode(secret).decode()[:20], repr(secret)[2:20])
    )


def test_a_new_ring_has_one_key_for_each_purpose_and_no_two_are_alike() -> None:
    made = new_ring(AS_OF)
    assert [made.active(purpose).id for purpose in PURPOSES] == ["e1", "h1", "s1"]
    assert len(set(secrets_of(made))) == 3
    assert {len(secret) for secret in secrets_of(made)} == {32}
    assert secrets_of(made) != secrets_of(new_ring(AS_OF))


def test_a_rotated_ring_has_a_new_active_key_and_keeps_the_others() -> None:
    before = new_ring(AS_OF)
    after = rotated(before, "hash", AS_OF)
    assert after.active("hash").id == "h2"
    assert after.by_id("hash", "h1") == before.active("hash")
    assert after.by_id("hash", "h3") is None
    assert after.by_id("hash", "e1") is None
    assert after.keys["seal"] == before.keys["seal"]
    assert len(set(secrets_of(after))) == 4


def test_a_rotation_gives_no_id_a_second_time() -> None:
    document = json.loads(ring_text(ring()))
    document["encryption"][0]["id"] = "h3"
    assert rotated(parse_ring(json.dumps(document), file="k"), "hash", AS_OF).active(
        "hash"
    ).id not in ("h1", "h2", "h3")


def test_a_ring_comes_back_from_its_file_which_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_ring(ring_written := ring(), path)
    assert read_ring(path) == ring_written
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("what stood here", "utf-8")
    with pytest.raises(InputError, match="keys are never overwritten"):
        write_ring(ring(), path)
    assert path.read_text("utf-8") == "what stood here"
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_a_failure_while_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"keys\.json: cannot be written"):
        write_ring(ring(), tmp_path / "keys.json")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_ring(ring(), tmp_path / "none" / "keys.json")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o660, 0o777, 0o610])
def test_a_file_that_others_may_use_is_refused_and_not_shown(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    write_ring(ring(), path)
    path.chmod(mode)
    with pytest.raises(InputError, match=r"keys\.json: others .*; chmod 600 keys\.json"):
        read_ring(path)


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_ring(tmp_path / "keys.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_ring(tmp_path)


def test_a_rotated_ring_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_ring(before := ring(), path)
    replace_ring(after := rotated(before, "encryption", AS_OF), path)
    assert read_ring(path) == after
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="the key e2 would be lost"):
        replace_ring(before, path)
    assert read_ring(path) == after
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_another_key_under_the_same_id_does_not_take_a_keys_place(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_ring(before := ring(), path)
    with pytest.raises(InputError) as caught:
        replace_ring(ring(), path)
    assert len(caught.value.problems) == 1
    assert read_ring(path) == before


def test_keys_come_from_a_file_or_from_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_ring(kept := ring(), path)
    assert ring_from_environment({"JIESU_KEYS_FILE": str(path)}) == kept
    assert ring_from_environment({"JIESU_KEYS": ring_text(kept)}) == kept
    with pytest.raises(InputError, match="there are no keys; set JIESU_KEYS_FILE"):
        ring_from_environment({"JIESU_KEYS": ""})
    with pytest.raises(InputError, match="given twice"):
        ring_from_environment({"JIESU_KEYS_FILE": str(path), "JIESU_KEYS": ring_text(kept)})


def test_a_ring_may_be_written_as_toml() -> None:
    kept = ring()
    lines = []
    for purpose in PURPOSES:
        for key in kept.keys[purpose]:
            secret = b64encode(key.secret).decode()
            lines += [f"[[{purpose}]]", f'id = "{key.id}"', f'key = "{secret}"']
            lines += ["created = 2022-02-07T09:12:00+08:00"]
    assert parse_ring("\n".join(lines), file="keys.toml") == kept


def without_seal(table: dict[str, Any]) -> None:
    table["seal"] = []


def with_a_strange_list(table: dict[str, Any]) -> None:
    table[table["seal"][0]["key"]] = []


def with_a_strange_entry(table: dict[str, Any]) -> None:
    table["seal"][0]["note"] = "x"


def with_a_key_for_an_id(table: dict[str, Any]) -> None:
    table["seal"][0]["id"] = table["seal"][0]["key"]


def with_a_short_key(table: dict[str, Any]) -> None:
    table["seal"][0]["key"] = table["seal"][0]["key"][:40]


def with_a_key_that_is_no_base64(table: dict[str, Any]) -> None:
    table["seal"][0]["key"] = "键" + table["seal"][0]["key"]


def with_a_key_that_is_a_number(table: dict[str, Any]) -> None:
    table["seal"][0]["key"] = 5


def without_an_offset(table: dict[str, Any]) -> None:
    table["seal"][0]["created"] = "2022-02-07T09:12:00"


def with_a_day_that_is_none(table: dict[str, Any]) -> None:
    table["seal"][0]["created"] = table["seal"][0]["key"]


def with_one_id_twice(table: dict[str, Any]) -> None:
    table["hash"][1]["id"] = "h1"


def with_one_key_twice(table: dict[str, Any]) -> None:
    table["seal"][0]["key"] = table["encryption"][0]["key"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (without_seal, "keys.json, seal: there is no key"),
        (with_a_strange_list, "a list has an unknown name; use encryption, hash, seal"),
        (with_a_strange_entry, r"seal\[1\]: not an entry with id, key and created"),
        (with_a_key_for_an_id, r"seal\[1\]: the id is not a letter"),
        (with_a_short_key, r"seal\[1\]: the key is not 32 bytes in base64"),
        (with_a_key_that_is_no_base64, r"seal\[1\]: the key is not 32 bytes in base64"),
        (with_a_key_that_is_a_number, r"seal\[1\]: the key is not 32 bytes in base64"),
        (without_an_offset, r"seal\[1\]: created is not an instant with an offset"),
        (with_a_day_that_is_none, r"seal\[1\]: created is not an instant with an offset"),
        (with_one_id_twice, "hash: the id h1 stands twice"),
        (with_one_key_twice, "seal: the key s1 is the same as another"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_no_key_is_shown(
    spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    kept = ring()
    table = json.loads(ring_text(kept))
    spoil(table)
    with pytest.raises(InputError, match=message) as caught:
        parse_ring(json.dumps(table, ensure_ascii=False), file="keys.json")
    assert len(caught.value.problems) == 1
    assert not shows(str(caught.value), kept)


@pytest.mark.parametrize("cut", [0, 3, 30, 100, 200])
def test_a_broken_document_is_refused_and_not_shown(cut: int) -> None:
    kept = ring()
    text = ring_text(kept)[:-cut] if cut else "[1]" + ring_text(kept)
    with pytest.raises(InputError, match="neither JSON nor TOML") as caught:
        parse_ring(text, file="keys.json")
    error: BaseException | None = caught.value
    while error is not None:
        assert not shows(f"{error!r} {vars(error)}", kept)
        error = error.__cause__ or error.__context__
    with pytest.raises(InputError, match="neither JSON nor TOML"):
        parse_ring(b"\xff" + text.encode(), file="keys.json")


def test_no_key_is_shown_by_a_ring() -> None:
    kept = ring()
    shown = f"{kept!r} {kept} {kept.keys} {kept.active('seal')!r} {kept.active('seal')}"
    assert "h2" in shown
    assert not shows(shown, kept)
    assert pickle.loads(pickle.dumps(kept)) == kept


def test_the_keys_of_a_purpose_come_by_id() -> None:
    kept = ring()
    assert set(kept.secrets_by_id("hash")) == {"h1", "h2"}
    assert kept.secrets_by_id("hash")["h2"] == kept.active("hash").secret
