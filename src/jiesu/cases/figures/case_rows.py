"""Cases of the database as rows of the canonical case table, each read as one whole.

What each column is made of: docs/evaluation-link.md. Nothing that tells of a person or an address
is read but the caller's keyed pseudonym. Where the rows are kept is said in `export`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings

from jiesu.cases.models import Assist, Callback, Case, DeadlineChange, Event
from jiesu.cases.rulebook import rulebook
from jiesu.core.case_table import COLUMNS, LIST_SEPARATOR
from jiesu.core.desk import Choice, DeskRules
from jiesu.core.lifecycle import NOT_DISPATCHED, CallbackState
from jiesu.sources.canonical_file import schema

T = TypeVar("T")

CHUNK = 5_000
"""Cases in one statement: SQLite takes some 32 thousand values."""

REDO = "redo"
"""The cause of the change of a deadline that ends a case's first cycle."""

_READ = (
    "pk", "version", "number", "state", "rules_id", "channel", "kind",
    "category_1", "category_2", "category_3", "labels",
    "unit__code", "unit__name", "district__code", "place__code", "community__code",
    "caller", "created_at", "dispatched_at", "signed_at", "contacted_at",
    "due_at", "paused_since", "feedback_at", "on_time", "ended_at", "n_redos",
    "excluded", "exclusion_reason", "parked", "repeat_of__number",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of the case table, with the version of each case that they show, by its key."""

    table: pa.Table
    versions: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _Round:
    """A call-back that has ended."""

    number: int
    state: str
    ended_at: datetime | None
    contacted: bool | None
    resolved: str
    satisfaction: str
    void: bool
    unit: str | None
    unit_name: str | None

    @property
    def counts(self) -> bool:
        """Whether its answers count: it was answered and no appeal made it void."""
        return self.state == CallbackState.DONE and not self.void


@dataclass(frozen=True, slots=True)
class _Beside:
    """What lies beside the cases' own rows, by case."""

    rounds: Mapping[int, Sequence[_Round]]
    assists: Mapping[int, Sequence[str]]
    first_due: Mapping[int, datetime | None]
    first_contact: Mapping[int, datetime | None]


@dataclass(frozen=True)
class Words:
    """The words of the desk's rules for keys, in the city's language, by version of the rules."""

    lang: str
    desks: Mapping[int, DeskRules]
    _known: dict[tuple[str, int | None, str], str] = field(default_factory=dict, compare=False)

    @classmethod
    def of_the_city(cls) -> "Words":
        """Those of all rules that are loaded."""
        lang = "zh" if settings.LANGUAGE_CODE.startswith("zh") else "en"
        return cls(lang, dict(rulebook().desks))

    def channel(self, rules: int | None, key: str) -> str | None:
        return self._word("channel", rules, key)

    def kind(self, rules: int | None, key: str) -> str | None:
        return self._word("kind", rules, key)

    def exclusion(self, rules: int | None, key: str) -> str | None:
        return self._word("exclusion", rules, key)

    def _word(self, what: str, rules: int | None, key: str) -> str | None:
        if not key:
            return None
        found = self._known.get((what, rules, key))
        if found is None:
            desk = self.desks.get(rules or 0)
            titles = _titles(desk, what) if desk else {}
            found = titles[key].get(self.lang, key) if key in titles else key
            self._known[what, rules, key] = found
        return found


def _titles(desk: DeskRules, what: str) -> Mapping[str, Mapping[str, str]]:
    if what == "exclusion":
        # An upheld appeal may exclude a case too, for a reason of its own catalogue.
        reasons = (*desk.reasons_for("appeal"), *desk.reasons_for(what))
        return {reason.key: reason.title for reason in reasons}
    choices: Sequence[Choice] = desk.channels if what == "channel" else desk.kinds
    return {choice.key: choice.title for choice in choices}


def rows_of(cases: Iterable[int], words: Words) -> Rows:
    """The rows of cases by their keys; what changes meanwhile shows an older version.

    The case is read before what lies beside it, so that a row that mixes two moments bears the
    version of the earlier one: whoever compares it with the present one sees that.
    """
    tables, versions = [], {}
    for chunk in in_chunks(cases, CHUNK):
        read = list(Case.objects.filter(pk__in=chunk).order_by().values_list(*_READ))
        versions.update({row[0]: row[1] for row in read})
        tables.append(_table(read, _beside(read), words))
    return Rows(pa.concat_tables(tables) if tables else schema().empty_table(), versions)


def settled_rows(cases: Sequence[int], words: Words, *, tries: int = 5) -> Rows:
    """As `rows_of`, with the cases that changed meanwhile read again: each row is of one moment."""
    rows = rows_of(cases, words)
    for _ in range(tries):
        moved = [
            pk
            for chunk in in_chunks(cases, CHUNK)
            for pk, version in Case.objects.filter(pk__in=chunk).values_list("pk", "version")
            if rows.versions[pk] != version
        ]
        if not moved:
            break
        again = rows_of(moved, words)
        table = replaced(rows.table, again.table)
        rows = Rows(table, {**rows.versions, **again.versions})
    return rows


def replaced(old: pa.Table, new: pa.Table) -> pa.Table:
    """A table in which cases have their new rows, in the order of creation."""
    known = pc.is_in(old["case_id"], value_set=new["case_id"].combine_chunks())
    both = pa.concat_tables([old.filter(pc.invert(known)), new])
    return both.sort_by([("created_at", "ascending"), ("case_id", "ascending")])


def _beside(read: Sequence[tuple[Any, ...]]) -> _Beside:
    keys = [row[0] for row in read]
    redone = [row[0] for row in read if row[_READ.index("n_redos")]]
    rounds: dict[int, list[_Round]] = {}
    ended = Callback.objects.filter(case__in=keys, ended_at__isnull=False)
    columns = (
        "round", "state", "ended_at", "contacted", "resolved", "satisfaction", "void",
        "unit__code", "unit__name",
    )  # fmt: skip
    answered: Iterable[Any] = ended.order_by("case", "round").values_list("case", *columns)
    for case, *values in answered:
        rounds.setdefault(case, []).append(_Round(*values))
    assists: dict[int, list[str]] = {}
    helped = Assist.objects.filter(case__in=keys).order_by("case", "pk")
    for case, code in helped.values_list("case", "unit__code"):
        assists.setdefault(case, []).append(code)
    # The newest first, so that the first redo's change is what stays.
    changes = DeadlineChange.objects.filter(case__in=redone, cause=REDO).order_by("-at", "-pk")
    redos = Event.objects.filter(case__in=redone, kind="redone").order_by("-seq")
    return _Beside(
        rounds,
        assists,
        dict(changes.values_list("case", "old_due_at")),
        {case: _contact_before(said) for case, said in redos.values_list("case", "changes")},
    )


def _contact_before(redone: Mapping[str, Any]) -> datetime | None:
    """When the caller had been contacted before a redo, which begins the response clock anew."""
    before = redone.get("contacted_at", (None,))[0]
    return datetime.fromisoformat(before) if before is not None else None


def _table(read: Sequence[tuple[Any, ...]], beside: _Beside, words: Words) -> pa.Table:
    fields = schema()
    made = [_row(dict(zip(_READ, row, strict=True)), beside, words) for row in read]
    columns = zip(*made, strict=True) if made else ([] for _ in COLUMNS)
    arrays = [
        pa.array(column, type=each.type) for column, each in zip(columns, fields, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=fields)


def _row(case: Mapping[str, Any], beside: _Beside, words: Words) -> tuple[Any, ...]:
    """A case's values in the order of the case table's columns."""
    pk, rules = case["pk"], case["rules_id"]
    assists = beside.assists.get(pk)
    return (
        case["number"],
        words.channel(rules, case["channel"]),
        words.kind(rules, case["kind"]),
        case["category_1"] or None,
        case["category_2"] or None,
        case["category_3"] or None,
        *_unit(case, beside.rounds.get(pk, ())),
        LIST_SEPARATOR.join(assists) if assists else None,
        case["district__code"],
        case["place__code"],
        case["community__code"],
        # An address tells where somebody lives.
        None,
        case["caller"] or None,
        case["created_at"],
        case["dispatched_at"],
        case["signed_at"],
        *_first_cycle(case, beside),
        # With a due time no flag is needed.
        case["on_time"] if case["due_at"] is None else None,
        *_answers(beside.rounds.get(pk, ())),
        case["excluded"],
        words.exclusion(rules, case["exclusion_reason"]) if case["excluded"] else None,
        case["parked"],
        case["repeat_of__number"],
        case["labels"] or None,
    )


def _unit(case: Mapping[str, Any], rounds: Sequence[_Round]) -> tuple[str | None, str | None]:
    """Whose the case's score is: the present lead unit's, until the resident has judged another.

    What is redone may go to another unit, or to the successor of one that was merged.
    """
    first = _first_of(rounds)
    if first is not None and first.unit is not None and first.state != CallbackState.NOT_SAMPLED:
        return first.unit, first.unit_name
    return case["unit__code"], case["unit__name"]


def _first_of(rounds: Sequence[_Round]) -> _Round | None:
    """The first round; a case that was not drawn may have later ones only, after a redo."""
    return next((one for one in rounds if one.number == 1), None)


def _first_cycle(
    case: Mapping[str, Any], beside: _Beside
) -> tuple[datetime | None, datetime | None, datetime | None]:
    """When the case was contacted, due and closed: in its first cycle, before any redo."""
    contacted_at, due_at, closed_at = case["contacted_at"], case["due_at"], case["feedback_at"]
    if case["state"] in NOT_DISPATCHED or not case["unit__code"]:
        closed_at = case["ended_at"]
    if case["n_redos"]:
        due_at = beside.first_due.get(case["pk"], due_at)
        contacted_at = beside.first_contact.get(case["pk"], contacted_at)
    elif closed_at is None and _stands(case):
        # A clock that stands before its due time does not run out.
        due_at = None
    return contacted_at, due_at, closed_at


def _stands(case: Mapping[str, Any]) -> bool:
    since, due_at = case["paused_since"], case["due_at"]
    return since is not None and due_at is not None and since < due_at


def _answers(rounds: Sequence[_Round]) -> tuple[Any, ...]:
    """The columns of the call-backs: what came of the first round, and of the last that counts."""
    first = _first_of(rounds)
    if first is None or first.state == CallbackState.NOT_SAMPLED:
        return (None,) * 7
    last = next((one for one in reversed(rounds) if one.counts), None)
    return (
        first.ended_at,
        first.counts,
        first.contacted,
        first.resolved or None,
        first.satisfaction or None,
        (last.resolved or None) if last else None,
        (last.satisfaction or None) if last else None,
    )


def in_chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Items in lists of a size; the last one may be shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
