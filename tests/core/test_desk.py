"""The desk's rules: what a file says, every mistake in one, every key on its page."""

import re
import tomllib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from jiesu.core.desk import REASON_USES, WINDOWS, DeskRules, parse_desk_rules
from jiesu.core.lifecycle import State
from jiesu.core.problems import InputError
from jiesu.core.worktime import Limit

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "src/jiesu/city/shipped/desk.toml"
PAGE = ROOT / "docs/desk-rules.md"
Table = dict[str, Any]


def shipped() -> Table:
    return tomllib.loads(SHIPPED.read_text("utf-8"), parse_float=Decimal)


def parsed(table: Table) -> DeskRules:
    return parse_desk_rules(table, file="desk.toml", digest="d")


def mistakes(table: Table) -> dict[str, str]:
    """What is wrong with a table: by key, with the remedy in it."""
    with pytest.raises(InputError) as caught:
        parsed(table)
    for problem in caught.value.problems:
        assert problem.file == "desk.toml"
        assert problem.remedy
    return {problem.where: f"{problem.what}: {problem.remedy}" for problem in caught.value.problems}


def known_keys() -> set[str]:
    """All keys that the rules may have: each table is asked by a key that it does not know."""
    table = shipped()
    for key in ("windows", "extensions"):
        for below in table.get(key, {}).values():
            if isinstance(below, dict):
                below["no_such_key"] = 1
    uses = {reason["use"]: reason for reason in table["reasons"]}
    limit = table["limits"][0]
    for part in (
        table, limit, limit["contact"], table["channels"][0], table["kinds"][0],
        table["supervision"][0], *uses.values(),
        *(value for value in table.values() if isinstance(value, dict)),
    ):  # fmt: skip
        part["no_such_key"] = 1
    with pytest.raises(InputError) as caught:
        parsed(table)
    keys: set[str] = set()
    for problem in caught.value.problems:
        assert "this key is not known" in problem.what
        keys |= set(problem.remedy.removeprefix("remove it or use one of: ").split(", "))
    return keys


def test_every_key_of_the_rules_is_documented_and_no_other() -> None:
    text = PAGE.read_text("utf-8")
    cells = re.findall(r"^\| (`.*?`) \|", text, re.M)
    documented = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    tables = set(re.findall(r"^## `\[+(\w+)\]+`", text, re.M))
    assert documented | tables == known_keys()


def test_every_choice_of_the_rules_is_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    for word in (*REASON_USES, *WINDOWS, "upheld", "always", "never", "void", "exclude"):
        assert f"`{word}`" in text, word


def test_the_defaults_on_the_page_are_those_of_the_code() -> None:
    """Where all that may be left out is left out."""
    table = {
        "format": 1,
        "version": "1",
        "usual_limit": "7d",
        "channels": [{"key": "phone", "title": "phone"}],
        "kinds": [{"key": "help", "title": "help"}],
        "limits": shipped()["limits"],
        "reasons": shipped()["reasons"],
        "callback": {"redo_limit": "redo"},
    }
    rules = parsed(table)
    documented = {
        (section, key): default
        for section, body in re.findall(
            r"^## `\[+(\w+)\]+`(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.M | re.S
        )
        for key, default in re.findall(r"^\| `(\w+)` \|.*\| (.*?) \|$", body, re.M)
    }
    for section in ("callback", "pauses", "extensions", "repeats", "attachments", "retention"):
        part = getattr(rules, section)
        for key in part.__dataclass_fields__:
            said, value = documented[section, key], getattr(part, key)
            if said == "required" or key == "types":
                continue
            assert said.replace("`", "") == shown(value), (section, key)
    for key in WINDOWS:
        assert documented["windows", key] == shown(rules.windows[key])


def shown(value: object) -> str:
    if isinstance(value, Limit):
        return value.words("en")
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def test_the_shipped_rules_say_what_the_decisions_say() -> None:
    rules = parsed(shipped())
    assert [limit.resolution.words("en") for limit in rules.limits.values()] == [
        "2 hours", "24 hours", "7 natural days", "15 natural days", "5 working days",
    ]  # fmt: skip
    assert rules.windows["objection"].words("en") == "1 working day"
    assert rules.pauses.objection == "upheld"
    assert rules.callback.attempts == 3
    # The six ways of article 11, and the answer at once.
    assert len(rules.reasons_for("disposition")) == 7
    assert {reason.ends_in for reason in rules.reasons_for("disposition")} == {
        State.ANSWERED, State.REFERRED, State.DECLINED,
    }  # fmt: skip
    assert {choice.key for choice in rules.kinds} >= {
        "consultation", "help", "complaint", "report", "suggestion",
    }  # fmt: skip


def test_a_reason_belongs_to_its_use() -> None:
    rules = parsed(shipped())
    assert rules.reason("exclusion", "outside_duties") is not None
    assert rules.reason("return", "outside_duties") is None
    assert all(rules.reasons_for(use) for use in REASON_USES)


def without(table: Table, key: str) -> Table:
    return {name: value for name, value in table.items() if name != key}


def test_an_empty_key_is_the_usual_limit() -> None:
    rules = parsed(shipped())
    assert rules.limit("").key == rules.usual_limit == "7d"
    assert (rules.urgent_limit, parsed(without(shipped(), "urgent_limit")).urgent_limit) == (
        "2h", "",
    )  # fmt: skip
    with pytest.raises(KeyError):
        rules.limit("no such limit")


@hypothesis.given(st.dates(date(2018, 1, 1), date(2099, 12, 31)), st.integers(1, 999_999))
def test_no_two_cases_get_one_number(day: date, n: int) -> None:
    rules = parsed(shipped())
    number = rules.number(day, n)
    assert number == f"{day:%Y%m%d}{n:06}"
    assert len(number) <= 32


WRONG: tuple[tuple[str, Callable[[Table], object], str], ...] = (
    ("format", lambda t: t.update(format=2), "format"),
    ("no version", lambda t: t.pop("version"), "version"),
    ("no limits", lambda t: t.update(limits=[]), "limits"),
    ("a limit twice", lambda t: t["limits"].append(dict(t["limits"][0])), "limits[6].key"),
    ("a limit of no unit", lambda t: t["limits"][0]["contact"].update(unit="week"),
     "limits[1].contact.unit"),
    ("a limit of nothing", lambda t: t["limits"][0]["contact"].update(amount=0),
     "limits[1].contact.amount"),
    ("an unknown usual limit", lambda t: t.update(usual_limit="9d"), "usual_limit"),
    ("an unknown limit of urgent cases", lambda t: t.update(urgent_limit="9d"), "urgent_limit"),
    ("an unknown redo limit", lambda t: t["callback"].update(redo_limit="9d"),
     "callback.redo_limit"),
    ("a number without n", lambda t: t.update(number_format="{date:%Y%m%d}"), "number_format"),
    ("a number without a day", lambda t: t.update(number_format="{date:%Y%m}{n}"),
     "number_format"),
    ("a number of attributes", lambda t: t.update(number_format="{date.year}{n.__class__}"),
     "number_format"),
    ("a number too long", lambda t: t.update(number_format="{date:%Y%m%d}{n:040}"),
     "number_format"),
    ("a number that is no format", lambda t: t.update(number_format="{date"), "number_format"),
    ("no channels", lambda t: t.update(channels=[]), "channels"),
    ("a kind twice", lambda t: t["kinds"].append(dict(t["kinds"][0])), "kinds[7].key"),
    ("a title in one language", lambda t: t["kinds"][0].update(title={"zh": "咨询"}),
     "kinds[1].title"),
    ("a use without a reason",
     lambda t: t.update(reasons=[r for r in t["reasons"] if r["use"] != "return"]), "reasons"),
    ("an unknown use", lambda t: t["reasons"][0].update(use="fun"), "reasons[1].use"),
    ("a disposition that ends in work", lambda t: t["reasons"][0].update(ends_in="dispatched"),
     "reasons[1].ends_in"),
    ("an answer that redoes nothing", lambda t: t["callback"].update(redo_on=["yes"]),
     "callback.redo_on"),
    ("a sample of more than all", lambda t: t["callback"].update(sample_percent=101),
     "callback.sample_percent"),
    ("an unknown pause", lambda t: t["pauses"].update(objection="maybe"), "pauses.objection"),
    ("waiting for ever", lambda t: t["pauses"].update(waiting_hours=100_000),
     "pauses.waiting_hours"),
    ("a file that no machine holds", lambda t: t["attachments"].update(max_mib=101),
     "attachments.max_mib"),
    ("a day in quotes", lambda t: t.update(valid_from="2022-01-19"), "valid_from"),
    ("an unknown key", lambda t: t["repeats"].update(dayz=1), "repeats.dayz"),
    ("a window without an amount", lambda t: t["windows"].update(appeal={"unit": "hour"}),
     "windows.appeal.amount"),
)  # fmt: skip


@pytest.mark.parametrize(("change", "where"), [one[1:] for one in WRONG], ids=[w[0] for w in WRONG])
def test_a_mistake_is_named_with_its_key_and_a_remedy(
    change: Callable[[Table], object], where: str
) -> None:
    table = shipped()
    change(table)
    assert where in mistakes(table)


def test_all_mistakes_are_found_at_once() -> None:
    table = shipped()
    table["soon_hours"] = 0
    table["pauses"]["objection"] = "maybe"
    table["limits"][2]["resolution"]["amount"] = "seven"
    assert set(mistakes(table)) == {
        "soon_hours", "pauses.objection", "limits[3].resolution.amount",
    }  # fmt: skip
