"""Chains and seals: whatever is changed, swapped or removed is found, and nothing else."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.chain import (
    BREAKS,
    GENESIS,
    Break,
    StoredEvent,
    canonical,
    check_chain,
    event_digest,
    is_recorded,
    personal_digest,
)
from jiesu.core.seals import (
    FINDINGS,
    Finding,
    Seal,
    check_sealed_events,
    check_seals,
    next_seal,
    parse_seal_line,
    seal_digest,
    seal_line,
    seal_mac,
)
from tests.core.pages import table

AT = datetime(2022, 2, 7, 9, 12, tzinfo=timezone(timedelta(hours=8)))
KEYS = {"s1": b"1" * 32, "s2": b"2" * 32}
NEITHER = "not a value of any test"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
tables = st.dictionaries(texts, documents, max_size=3)


def chain_of(changes: Iterable[Mapping[str, Any]], case: str = "2022-1") -> list[StoredEvent]:
    events: list[StoredEvent] = []
    previous = GENESIS
    for seq, change in enumerate(changes, start=1):
        said: dict[str, Any] = {
            "case": case,
            "seq": seq,
            "at": AT + timedelta(minutes=seq),
            "actor": f"user:{seq % 3}",
            "origin": "10.0.0.1",
            "kind": "changed",
            "changes": change,
        }
        digest = event_digest(previous=previous, **said)
        events.append(StoredEvent(**said, previous=previous, digest=digest))
        previous = digest
    return events


def check(events: list[StoredEvent], whole: list[StoredEvent]) -> Break | None:
    """What is found in `events` of a case that knows the head and number of `whole`."""
    head = whole[-1].digest if whole else b""
    return check_chain(events, case="2022-1", head=head, n_events=len(whole))


def chains(min_size: int) -> st.SearchStrategy[list[StoredEvent]]:
    return st.lists(tables, min_size=min_size, max_size=6).map(lambda changes: chain_of(changes))


@given(tables)
def test_a_document_has_one_form_however_it_came_about(table: dict[str, Any]) -> None:
    turned = dict(reversed(table.items()))
    assert canonical(turned) == canonical(table)
    assert json.loads(canonical(table)) == table


def test_the_canonical_form_is_sorted_close_and_utf_8() -> None:
    form = canonical({"b": [1, True, None], "a": "停水"})
    assert form == '{"a":"停水","b":[1,true,null]}'.encode()


@pytest.mark.parametrize(
    "loose",
    [1.5, float("nan"), {"a": [1.0]}, {1: "a"}, {"a": {None: 1}}, {1}, b"x", "\ud800", [AT]],
    ids=repr,
)
def test_what_has_no_single_form_is_refused(loose: object) -> None:
    with pytest.raises(ValueError, match=r"no canonical form|not text|surrogate"):
        canonical(loose)


def test_a_refusal_never_shows_a_value() -> None:
    with pytest.raises(ValueError, match="surrogate") as caught:
        canonical({"phone": "13800000000\ud800"})
    error: BaseException | None = caught.value
    while error is not None:
        assert "13800000000" not in f"{error!r}{vars(error)}{error.args}"
        error = error.__cause__ or error.__context__


@given(tables, texts, st.integers(1, 10**9))
def test_an_events_digest_is_the_sha_256_of_the_list_that_the_page_describes(
    changes: dict[str, Any], text: str, seq: int
) -> None:
    digest = event_digest(
        previous=GENESIS, case=text, seq=seq, at=AT, actor=text, origin="", kind="x",
        changes=changes,
    )  # fmt: skip
    at = int(AT.timestamp()) * 1_000_000
    listed = [1, "00" * 32, text, seq, at, text, "", "x", changes]
    form = json.dumps(listed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert digest == sha256(form.encode()).digest()


def test_the_same_instant_in_another_zone_is_the_same_event() -> None:
    first, second = chain_of([{}])[0], chain_of([{}])[0]
    moved = replace(second, at=second.at.astimezone(UTC))
    assert check([moved], [first]) is None


def test_an_event_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        event_digest(
            previous=GENESIS, case="1", seq=1, at=AT.replace(tzinfo=None), actor="", origin="",
            kind="", changes={},
        )  # fmt: skip


@given(chains(0))
def test_a_whole_chain_has_no_break(events: list[StoredEvent]) -> None:
    assert check(events, events) is None


def test_a_chain_is_whole_as_a_database_gives_its_bytes_back() -> None:
    events = chain_of([{"a": 1}, {"b": 2}])
    views = [
        replace(one, previous=memoryview(one.previous), digest=memoryview(one.digest))
        for one in events
    ]
    assert check(views, views) is None


def other(value: Any) -> Any:
    match value:
        case int():
            return value + 1
        case datetime():
            return value + timedelta(microseconds=1)
        case str():
            return value + "x"
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:]
        case _:
            assert isinstance(value, Mapping)
            return {**value, NEITHER: None}


@given(chains(1), st.data())
def test_a_change_of_any_field_of_any_event_is_found(
    events: list[StoredEvent], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(events) - 1))
    field = data.draw(st.sampled_from([field.name for field in fields(StoredEvent)]))
    changed = replace(events[at], **{field: other(getattr(events[at], field))})
    broken = check([*events[:at], changed, *events[at + 1 :]], events)
    assert broken is not None
    assert broken.seq <= at + 2
    assert str(broken).startswith("case 2022-1, event ")


@given(chains(1), st.data())
def test_a_removed_event_is_found_and_named(events: list[StoredEvent], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(events) - 1))
    broken = check([*events[:at], *events[at + 1 :]], events)
    assert broken == Break("2022-1", at + 1, "missing")


@given(chains(2), st.data())
def test_swapped_events_are_found_also_when_they_are_numbered_anew(
    events: list[StoredEvent], data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(events) - 2))
    second = data.draw(st.integers(first + 1, len(events) - 1))
    swapped = list(events)
    swapped[first], swapped[second] = events[second], events[first]
    assert check(swapped, events) == Break("2022-1", events[second].seq, "reordered")
    renumbered = [replace(event, seq=seq) for seq, event in enumerate(swapped, start=1)]
    broken = check(renumbered, events)
    assert broken is not None
    assert broken.reason in ("previous", "changed")


@given(chains(1), st.data())
def test_a_repeated_or_added_event_is_found(events: list[StoredEvent], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(events) - 1))
    repeated = check([*events[: at + 1], *events[at:]], events)
    assert repeated is not None
    assert repeated.reason == "repeated"
    added = chain_of([*(event.changes for event in events), {}])
    broken = check(added, events)
    assert broken is not None
    assert broken.reason == "count"


def test_a_chain_that_was_made_anew_is_found_by_the_head_of_its_case() -> None:
    events, forged = chain_of([{"a": 1}, {"b": 2}]), chain_of([{"a": 1}, {"b": 3}])
    assert check(forged, events) == Break("2022-1", 2, "head")


def test_an_event_of_another_case_is_found() -> None:
    events, strange = chain_of([{}, {}]), chain_of([{}, {}], case="2022-2")
    assert check([events[0], strange[1]], events) == Break("2022-1", 2, "foreign")


@pytest.mark.parametrize("changes", [[], ["a"], [["a", 1]], "ab", None, {"a": 1.5}])
def test_changes_that_no_event_can_have_are_a_break_and_no_crash(changes: Any) -> None:
    events = chain_of([{}])
    assert check([replace(events[0], changes=changes)], events) == Break("2022-1", 1, "changed")


@given(st.binary(min_size=16, max_size=40), texts, texts)
def test_a_kept_value_can_be_shown_to_be_the_recorded_one(
    salt: bytes, field: str, value: str
) -> None:
    digest = personal_digest(salt, field, value)
    assert is_recorded(digest, salt=salt, field=field, value=value)
    assert not is_recorded(digest, salt=salt, field=field, value=value + "1")
    assert not is_recorded(digest, salt=salt, field=field + "1", value=value)
    assert not is_recorded(digest, salt=salt + b"1", field=field, value=value)


def test_field_and_value_do_not_run_into_each_other() -> None:
    salt = b"s" * 16
    assert personal_digest(salt, "name1", "3") != personal_digest(salt, "name", "13")


def test_a_salt_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        personal_digest(b"short", "phone", "13800000000")


def sealed(counts: list[int]) -> tuple[list[Seal], list[list[tuple[int, bytes]]]]:
    """Seals over so many events each; ids have holes as a database's do. The key changes once."""
    seals: list[Seal] = []
    events: list[list[tuple[int, bytes]]] = []
    event_id = 0
    for number, count in enumerate(counts, start=1):
        event_id += 1
        pairs = [(event_id + i, sha256(b"%d" % (event_id + i)).digest()) for i in range(count)]
        event_id += count
        key_id = "s1" if number <= 3 else "s2"
        before = seals[-1] if seals else None
        at = AT + timedelta(minutes=number)
        seals.append(next_seal(before, at=at, pairs=pairs, key=KEYS[key_id], key_id=key_id))
        events.append(pairs)
    return seals, events


def lines_of(seals: list[Seal]) -> list[str]:
    return [f"{seal_line(seal)}\n" for seal in seals]


SEALS, EVENTS = sealed([2, 1, 3, 1, 0, 4])
places = st.integers(0, len(SEALS) - 1)


def reasons(found: list[Finding]) -> list[tuple[str, int, int]]:
    return [(finding.reason, finding.number, finding.last) for finding in found]


@given(st.lists(st.integers(0, 4), max_size=7))
def test_whole_seals_have_no_finding(counts: list[int]) -> None:
    seals, events = sealed(counts)
    assert check_seals(seals, lines_of(seals), KEYS) == []
    assert check_seals(seals, None, KEYS) == []
    pairs = zip(seals, events, strict=True)
    assert [check_sealed_events(seal, of_seal) for seal, of_seal in pairs] == [None] * len(seals)


@given(places)
def test_a_seal_is_read_back_from_its_line(at: int) -> None:
    assert parse_seal_line(f"{seal_line(SEALS[at])}\r\n") == SEALS[at]


@pytest.mark.parametrize(
    "line",
    [
        "", "{}", "null", "[1]", "[" * 100_000,
        seal_line(SEALS[0])[:-1],
        seal_line(SEALS[0]).replace(":", ": "),
        seal_line(SEALS[0]).replace('"number":1', '"number":"1"'),
        seal_line(SEALS[0]).replace('"number":1', '"number":1.0'),
        seal_line(SEALS[0]).replace("+00:00", ""),
        seal_line(SEALS[0]).replace('"format":1', '"format":2'),
        seal_line(SEALS[0]).replace('"key_id":"s1"', '"key_id":"s1","x":1'),
    ],
)  # fmt: skip
def test_what_is_no_line_of_a_seal_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not the line of a seal"):
        parse_seal_line(line)


@given(places, st.data())
def test_a_change_of_any_field_of_a_seal_is_found_in_the_database_and_in_the_file(
    at: int, data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from([field.name for field in fields(Seal)]))
    changed = replace(SEALS[at], **{field: other(getattr(SEALS[at], field))})
    tampered = [*SEALS[:at], changed, *SEALS[at + 1 :]]
    assert check_seals(tampered, lines_of(SEALS), KEYS)
    assert check_seals(tampered, None, KEYS)
    assert check_seals(SEALS, lines_of(tampered), KEYS)


@given(places)
def test_a_seal_that_is_removed_from_the_database_is_found_by_the_file(at: int) -> None:
    left = [*SEALS[:at], *SEALS[at + 1 :]]
    number = at + 1
    assert reasons(check_seals(left, lines_of(SEALS), KEYS)) == [("only_in_file", number, number)]
    assert reasons(check_seals(SEALS, lines_of(left), KEYS)) == [
        ("only_in_database", number, number)
    ]
    without = reasons(check_seals(left, None, KEYS))
    # Without a file the last seal leaves no trace: docs/history.md says so.
    assert without == ([] if number == len(SEALS) else [("missing", number, number)])


@given(places, places)
def test_seals_that_are_removed_from_both_are_found_but_for_the_last_ones(
    first: int, last: int
) -> None:
    left = [*SEALS[:first], *SEALS[last + 1 :]]
    found = reasons(check_seals(left, lines_of(left), KEYS))
    if first <= last < len(SEALS) - 1:
        assert found == [("missing", first + 1, last + 1)]
    elif first <= last:
        assert found == []


@given(places, places)
def test_swapped_seals_are_found(first: int, second: int) -> None:
    swapped = list(SEALS)
    swapped[first], swapped[second] = SEALS[second], SEALS[first]
    assert bool(check_seals(swapped, lines_of(SEALS), KEYS)) == (first != second)
    assert bool(check_seals(SEALS, lines_of(swapped), KEYS)) == (first != second)


def test_seals_that_are_made_anew_without_the_key_are_found() -> None:
    forged: list[Seal] = []
    for seal, pairs in zip(SEALS, EVENTS, strict=True):
        before = forged[-1] if forged else None
        made = next_seal(before, at=seal.at, pairs=pairs[1:], key=b"guess", key_id=seal.key_id)
        forged.append(made)
    assert reasons(check_seals(forged, lines_of(forged), KEYS)) == [("mac", 1, 6)]
    assert ("differs", 1, 6) in reasons(check_seals(forged, lines_of(SEALS), KEYS))


def test_a_seal_of_a_key_that_is_gone_is_named_and_its_chain_is_still_checked() -> None:
    gone = {"s2": KEYS["s2"]}
    assert reasons(check_seals(SEALS, lines_of(SEALS), gone)) == [("key", 1, 3)]
    left = [SEALS[0], *SEALS[2:]]
    assert reasons(check_seals(left, None, gone)) == [
        ("key", 1, 1), ("missing", 2, 2), ("key", 3, 3),
    ]  # fmt: skip


def test_a_line_that_a_power_failure_cut_is_no_finding_once_it_is_written_again() -> None:
    lines = lines_of(SEALS)
    torn = lines[2][:40]
    assert check_seals(SEALS, [*lines[:2], torn, *lines[2:]], KEYS) == []
    assert check_seals(SEALS, [*lines[:2], torn, torn + "\n", *lines[2:]], KEYS) != []
    assert reasons(check_seals(SEALS, [*lines, torn], KEYS)) == [("unreadable", 7, 7)]
    assert reasons(check_seals(SEALS, [*lines, "y", "x"], KEYS)) == [("unreadable", 7, 8)]


@given(places, st.data())
def test_events_that_a_seal_covers_are_missed_when_changed_removed_or_added(
    at: int, data: st.DataObject
) -> None:
    seal, pairs = SEALS[at], EVENTS[at]
    expected = Finding("events", seal.number, seal.number)
    assert check_sealed_events(seal, [*pairs, (1000, GENESIS)]) == expected
    if pairs:
        place = data.draw(st.integers(0, len(pairs) - 1))
        event_id, _ = pairs[place]
        assert check_sealed_events(seal, [*pairs[:place], *pairs[place + 1 :]]) == expected
        changed = [*pairs[:place], (event_id, GENESIS), *pairs[place + 1 :]]
        assert check_sealed_events(seal, changed) == expected


def test_sealed_events_come_in_the_order_of_their_ids() -> None:
    with pytest.raises(ValueError, match="order of their ids"):
        seal_digest([(2, GENESIS), (2, GENESIS)])
    with pytest.raises(ValueError, match="32 bytes"):
        seal_digest([(1, b"short")])


def test_a_seals_mac_depends_on_everything_it_says() -> None:
    said: dict[str, Any] = {
        "number": 1, "at": AT, "n_events": 2, "digest": b"a" * 32, "previous": GENESIS,
    }  # fmt: skip
    macs = {seal_mac(KEYS["s1"], **{**said, name: other(value)}) for name, value in said.items()}
    assert len(macs | {seal_mac(KEYS["s1"], **said), seal_mac(KEYS["s2"], **said)}) == 7


def test_every_finding_has_its_words() -> None:
    assert str(Finding("missing", 3, 3)) == "seal 3: neither in the database nor in the file"
    assert str(Finding("only_in_file", 3, 9)).startswith("seals 3 to 9: in the file")
    assert str(Finding("unreadable", 3, 4)) == "lines 3 to 4: not a seal"
    assert all(str(Finding(reason, 1, 1)) for reason in FINDINGS)
    assert all(str(Break("2022-1", 1, reason)) for reason in BREAKS)


def test_the_worked_chain_and_seal_of_the_page() -> None:
    page = "../history"
    previous, digests = GENESIS, {}
    for row in table(page, "number", "at", "actor", "origin", "kind", "changes", "digest"):
        previous = event_digest(
            previous=previous,
            case="20220207000017",
            seq=int(row["number"]),
            at=datetime.fromisoformat(row["at"]),
            actor=row["actor"],
            origin=row["origin"],
            kind=row["kind"],
            changes=json.loads(row["changes"]),
        )
        assert previous.hex() == row["digest"]
        digests[row["number"]] = previous
    titles = ("seal", "at", "events (id, number in the table above)", "key", "HMAC")
    [row] = table(page, *titles)
    pairs = [(int(one.split()[0]), digests[one.split()[1]]) for one in row[titles[2]].split(",")]
    at = datetime.fromisoformat(row["at"])
    assert len(pairs) == 2
    seal = next_seal(None, at=at, pairs=pairs, key=b"k" * 32, key_id="s1")
    assert seal.mac.hex() == row["HMAC"]
