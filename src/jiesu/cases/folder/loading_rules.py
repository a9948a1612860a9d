"""Taking the rule files of a city folder into the database as immutable versions.

A version is the text of its file, never changed: a file that was edited becomes another row, and
takes the place of the old one only where no case was dealt with by that. Part of `loading`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256

from django.db.models import Max, Min, Q, QuerySet

from jiesu.cases.models import Case, RuleVersion
from jiesu.cases.rulebook import city_zone
from jiesu.core.policy import Policy, overlaps, parse_policy
from jiesu.core.problems import Problem
from jiesu.core.settings import toml_table

Kind = RuleVersion.Kind
TICK = timedelta(microseconds=1)
SHOWN_CASES = 3

WORDS = {
    Kind.POLICY: "policy",
    Kind.DESK: "desk rules",
    Kind.CALENDAR: "calendar",
    Kind.CITY: "city settings",
}


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A version of a rule as a file has it. `file` names the file to people."""

    kind: RuleVersion.Kind
    name: str
    version: str
    text: str
    file: str
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @property
    def shown(self) -> str:
        return _shown(self)


def _shown(rule: RuleFile | RuleVersion) -> str:
    return " ".join(filter(None, (WORDS[Kind(rule.kind)], rule.name, rule.version)))


def take_rules(
    rules: Iterable[RuleFile], past: Iterable[RuleFile], *, as_of: datetime
) -> tuple[list[str], list[Problem]]:
    """Write the versions that the database lacks; what was done, and what forbids it.

    `past` are versions that hold no more but that cases may name. Call it inside a transaction,
    which must be undone where there are problems.
    """
    done: list[str] = []
    problems: list[Problem] = []
    rules = list(rules)
    for number, rule in enumerate(older := _missing(past), start=1):
        _write(rule, _before_all(rule.kind, as_of) - TICK * (len(older) - number + 1))
        done.append(f"{rule.shown}: loaded as a past version")
    for rule in rules:
        if rule.kind in (Kind.POLICY, Kind.DESK):
            problems += _make_room(rule, rules, done)
    if not problems:
        for rule in rules:
            done += _put(rule, as_of)
            if rule.kind == Kind.CITY:
                # No case names them: those that hold are enough.
                RuleVersion.objects.filter(kind=rule.kind).exclude(digest=rule.digest).delete()
        problems += _overlapping(rules)
    return done, problems


def newest(kind: RuleVersion.Kind) -> RuleVersion | None:
    """The version of a kind without days that was loaded last: the one that holds."""
    return RuleVersion.objects.filter(kind=kind).order_by("loaded_at", "pk").last()


def _missing(rules: Iterable[RuleFile]) -> list[RuleFile]:
    known = set(RuleVersion.objects.values_list("kind", "digest"))
    return [rule for rule in rules if (rule.kind, rule.digest) not in known]


def _before_all(kind: RuleVersion.Kind, as_of: datetime) -> datetime:
    first: datetime | None = RuleVersion.objects.filter(kind=kind).aggregate(
        first=Min("loaded_at")
    )["first"]
    return min(first or as_of, as_of)


def _write(rule: RuleFile, loaded_at: datetime) -> None:
    RuleVersion.objects.create(
        kind=rule.kind,
        name=rule.name,
        version=rule.version,
        digest=rule.digest,
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
        text=rule.text,
        loaded_at=loaded_at,
    )


def _put(rule: RuleFile, as_of: datetime) -> Iterator[str]:
    """Write a version that is not there; see to it that it is the last of its day."""
    peers = RuleVersion.objects.filter(kind=rule.kind)
    if rule.kind in (Kind.POLICY, Kind.DESK):
        peers = peers.filter(valid_from=rule.valid_from)
    last = peers.aggregate(last=Max("loaded_at"))["last"]
    at = as_of if last is None else max(as_of, last + TICK)
    row = peers.filter(digest=rule.digest).first()
    if row is None:
        _write(rule, at)
        yield f"{rule.shown}: loaded"
    elif row != peers.order_by("loaded_at", "pk").last():
        RuleVersion.objects.filter(pk=row.pk).update(loaded_at=at)
        yield f"{rule.shown}: holds again"


def _make_room(rule: RuleFile, rules: list[RuleFile], done: list[str]) -> Iterator[Problem]:
    """Remove versions whose place a file takes; name those by which cases were dealt with.

    These are versions with the file's own name and another text, and those from the same day on
    that the folder has no more.
    """
    digests = {one.digest for one in rules}
    if RuleVersion.objects.filter(kind=rule.kind, digest=rule.digest).exists():
        return
    rows = RuleVersion.objects.filter(kind=rule.kind).exclude(digest__in=digests)
    same_name = Q(name=rule.name, version=rule.version)
    same_day = Q(valid_from=rule.valid_from)
    for row in rows.filter(same_name | same_day):
        cases = _dealt_with(row, rule)
        if not cases.exists():
            row.delete()
            done.append(f"{_shown(row)}: replaced, for no case was dealt with by it")
        elif (row.name, row.version) == (rule.name, rule.version):
            what = f"version {row.version} was changed, but by it were dealt with {_named(cases)}"
            remedy = "give the changed rules a version and a valid_from of their own"
            yield Problem(rule.file, "version", what, remedy)


def _dealt_with(row: RuleVersion, rule: RuleFile) -> "QuerySet[Case]":
    """The cases that a version in the database was for, and that a changed text would change."""
    if row.kind == Kind.DESK:
        return Case.objects.filter(rules=row)
    old, new = _policy(row.text, rule.file), _policy(rule.text, rule.file)
    if old != replace(new, digest=old.digest, valid_to=old.valid_to):
        return _received(old.valid_from, old.valid_to)
    # To end a version changes nothing of the days before its end.
    return Case.objects.none() if new.valid_to is None else _received(new.valid_to, old.valid_to)


def _received(first: date | None, end: date | None) -> "QuerySet[Case]":
    """The cases that were received on days from `first` until before `end`."""
    cases = Case.objects.all()
    begins = partial(datetime.combine, time=time(), tzinfo=city_zone())
    if first is not None:
        cases = cases.filter(created_at__gte=begins(first))
    if end is not None:
        cases = cases.filter(created_at__lt=begins(end))
    return cases


def _named(cases: "QuerySet[Case]") -> str:
    numbers = list(cases.order_by("pk").values_list("number", flat=True)[:SHOWN_CASES])
    n_cases = cases.count()
    more = f" and {n_cases - len(numbers)} more" if n_cases > len(numbers) else ""
    return (
        f"case {', '.join(numbers)}{more}" if n_cases == 1 else f"cases {', '.join(numbers)}{more}"
    )


def _overlapping(rules: list[RuleFile]) -> list[Problem]:
    """Versions of the policy that are in force on the same day, in the database as it is now."""
    policies = [rule for rule in rules if rule.kind == Kind.POLICY]
    if not policies:
        return []
    rows = RuleVersion.objects.filter(kind=Kind.POLICY).order_by("loaded_at", "pk")
    found = overlaps([_policy(row.text, row.name) for row in rows], file=policies[-1].file)
    remedy = "keep the file of the older version in the folder, ended with valid_to"
    return [replace(problem, remedy=remedy) for problem in found]


def _policy(text: str, file: str) -> Policy:
    content = text.encode()
    return parse_policy(toml_table(content, file), file=file, digest=sha256(content).hexdigest())
