"""The rules of the working desk as one validated object: what a city may set without code.

Numbers, channels, time limits, windows, reasons, call-backs, supervision, retention. Parsed from
`desk.toml` (the reading of files is in `city`); every key: docs/desk-rules.md. Leaves out the
directory (`core.directory`), the calendar (`core.worktime`) and the evaluation (`core.policy`).
"""

import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from jiesu.core.lifecycle import State
from jiesu.core.settings import Settings
from jiesu.core.worktime import Limit, Unit

FORMAT = 1

LIMIT_UNITS = ("hour", "natural_day", "working_day")

REASON_USES = (
    "disposition",
    "return",
    "objection",
    "extension",
    "parking",
    "exclusion",
    "appeal",
)
"""What a reason may be given for; each use has a catalogue of its own."""

APPEAL_EFFECTS = ("void", "exclude")
"""What an approved appeal does: its call-back no longer counts, or its case does not."""

WINDOWS = ("objection", "return", "exclusion", "appeal")

SUPERVISION_EVENTS = ("contact_overdue", "overdue", "redo", "returned")
"""What may raise supervision: a clock that ran out, or a count of redos or returns."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A code with its words."""

    key: str
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CaseLimit:
    """A class of time limits: by when the caller is contacted and by when the result is due."""

    key: str
    title: Mapping[str, str]
    contact: Limit
    resolution: Limit


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of one of the catalogues.

    `ends_in` is for dispositions: the state that a case gets with this reason. `cap_percent` is
    for exclusions: of a unit's cases of a month, at most so many percent may be excluded for it
    (100: no cap). `effect` is for appeals: an approved one makes the call-back `void`, or the case
    is `exclude`d.
    """

    key: str
    use: str
    title: Mapping[str, str]
    ends_in: State | None
    cap_percent: int
    effect: str = ""


@dataclass(frozen=True, slots=True)
class CallbackRules:
    """How residents are called back.

    Of the cases whose limit has run out `sample_percent` are called; `attempts` without an answer,
    `hours_between` apart, make a call-back invalid. A link for answering by oneself holds
    `link_days` days. `redo_on` are the answers that reopen the handling, at most `max_redos`
    times, within the limit of key `redo_limit`.
    """

    sample_percent: int
    attempts: int
    hours_between: int
    link_days: int
    redo_on: tuple[str, ...]
    max_redos: int
    redo_limit: str


@dataclass(frozen=True, slots=True)
class SupervisionRule:
    """Supervision (督办) is raised `after` hours past a clock, or at the `count`-th event."""

    key: str
    title: Mapping[str, str]
    event: str
    after_hours: int
    count: int


@dataclass(frozen=True, slots=True)
class Pauses:
    """When the clocks stand still.

    `objection`: `upheld` pauses after the event for the time of the review if the objection was
    upheld, `always` pauses at once, `never`. `parked` and `waiting` (for the caller) say whether
    these pause; a unit may wait for the caller at most `waiting_hours` in all.
    """

    objection: str
    parked: bool
    waiting: bool
    waiting_hours: int


@dataclass(frozen=True, slots=True)
class Extensions:
    """How often and by how much a limit may be extended; whether the caller must be told first."""

    max_count: int
    longest: Limit
    notice: bool


@dataclass(frozen=True, slots=True)
class Repeats:
    """A demand is a repeat when the same caller asked the same matter within so many `days`.

    `matter` is the depth of the category that must be equal (3: all levels).
    """

    days: int
    matter: int


@dataclass(frozen=True, slots=True)
class Attachments:
    """What may be attached: at most `max_count` files of `max_mib` MiB, of these content types."""

    max_count: int
    max_mib: int
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retention:
    """After how many days since the end of a case what is personal is erased; 0: never."""

    contact_days: int
    text_days: int
    attachment_days: int


@dataclass(frozen=True, slots=True)
class DeskRules:
    """One version of the desk's rules, in force from `valid_from` on until the next version.

    `urgent_limit` is the key of what urgent cases get where it ends sooner; empty: they are treated
    as all others. `digest` is the SHA-256 of the file's bytes.
    """

    version: str
    digest: str
    valid_from: date | None
    number_format: str
    channels: tuple[Choice, ...]
    kinds: tuple[Choice, ...]
    limits: Mapping[str, CaseLimit]
    usual_limit: str
    urgent_limit: str
    soon_hours: int
    windows: Mapping[str, Limit]
    reasons: tuple[Reason, ...]
    exclusion_cap_percent: int
    callback: CallbackRules
    supervision: tuple[SupervisionRule, ...]
    pauses: Pauses
    extensions: Extensions
    repeats: Repeats
    attachments: Attachments
    retention: Retention

    def limit(self, key: str) -> CaseLimit:
        """The limit of a key; of an empty one the usual limit."""
        return self.limits[key or self.usual_limit]

    def reason(self, use: str, key: str) -> Reason | None:
        """A reason of a catalogue; `None` where the catalogue lacks it."""
        return next((one for one in self.reasons if (one.use, one.key) == (use, key)), None)

    def reasons_for(self, use: str) -> tuple[Reason, ...]:
        return tuple(one for one in self.reasons if one.use == use)

    def number(self, created_on: date, n: int) -> str:
        """The case number of the n-th case of a day."""
        return self.number_format.format(date=created_on, n=n)


def parse_desk_rules(table: Mapping[str, Any], *, file: str, digest: str) -> DeskRules:
    """Validate a parsed TOML table. Raises InputError with every mistake: file, key, remedy."""
    top = Settings(table, file)
    if top.integer("format", None, 0, 1000) != FORMAT and top.has("format"):
        top.wrong("format", "this version of the format is not known", f"write format = {FORMAT}")
    limits = _limits(top)
    rules = DeskRules(
        version=top.text("version"),
        digest=digest,
        valid_from=top.day("valid_from"),
        number_format=_number_format(top),
        channels=_choices(top, "channels"),
        kinds=_choices(top, "kinds"),
        limits=limits,
        usual_limit=_known_limit(top, "usual_limit", limits),
        urgent_limit=_known_limit(top, "urgent_limit", limits, ""),
        soon_hours=top.integer("soon_hours", 24, 1, 24 * 30),
        windows=_windows(top.below("windows")),
        reasons=_reasons(top),
        exclusion_cap_percent=top.integer("exclusion_cap_percent", 100, 0, 100),
        callback=_callback(top.below("callback"), limits),
        supervision=_supervision(top),
        pauses=_pauses(top.below("pauses")),
        extensions=_extensions(top.below("extensions")),
        repeats=_repeats(top.below("repeats")),
        attachments=_attachments(top.below("attachments")),
        retention=_retention(top.below("retention")),
    )
    top.finish()
    top.raise_problems()
    return rules


def _number_format(top: Settings) -> str:
    """A format of `{date}` and `{n}`; both are needed, or two cases would get one number."""
    text = top.text("number_format", "{date:%Y%m%d}{n:06}")
    remedy = "write one such as {date:%Y%m%d}{n:06}"
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        made = {
            text.format(date=day, n=n)
            for day in (date(2022, 1, 9), date(2022, 1, 10), date(2022, 2, 9), date(2023, 1, 9))
            for n in (1, 2, 999_999)
        }
    except (ValueError, KeyError, IndexError, AttributeError):
        top.wrong("number_format", f"{text!r} is no format of a case number", remedy)
        return "{date:%Y%m%d}{n:06}"
    if names != {"date", "n"}:
        top.wrong("number_format", "a number is made of the date and n, and of both", remedy)
    elif len(made) < 12 or max(map(len, made)) > 32:
        what = "two cases may get one number, or the number is longer than 32 characters"
        top.wrong("number_format", what, remedy)
    return text


def _choices(top: Settings, key: str) -> tuple[Choice, ...]:
    tables = top.each(key)
    if not tables:
        top.wrong(key, "there is none", f"add [[{key}]] with key and title")
    choices = [Choice(table.text("key"), table.words("title")) for table in tables]
    _unique(tables, [choice.key for choice in choices])
    return tuple(choices)


def _unique(tables: list[Settings], keys: list[Any]) -> None:
    for position, key in enumerate(keys):
        if key in keys[:position]:
            tables[position].wrong("key", f"{tables[position].text('key')!r} twice", "rename one")


def _limits(top: Settings) -> Mapping[str, CaseLimit]:
    tables = top.each("limits")
    if not tables:
        top.wrong("limits", "there is none", "add [[limits]] with key, contact and resolution")
    limits: dict[str, CaseLimit] = {}
    for table in tables:
        key = table.text("key")
        limits[key] = CaseLimit(
            key,
            table.words("title"),
            _limit(table.below("contact"), key),
            _limit(table.below("resolution"), key),
        )
    _unique(tables, [table.text("key") for table in tables])
    return limits


def _limit(table: Settings, key: str, default: Limit | None = None) -> Limit:
    if default is not None and not table.table:
        return default
    unit = cast(Unit, table.choice("unit", LIMIT_UNITS))
    return Limit(key, table.integer("amount", None, 1, 1000), unit)


def _known_limit(
    table: Settings, key: str, limits: Mapping[str, CaseLimit], default: str | None = None
) -> str:
    named = table.text(key, default)
    if named and named not in limits:
        table.wrong(key, f"no limit has the key {named!r}", f"use one of: {', '.join(limits)}")
    return named


def _windows(table: Settings) -> Mapping[str, Limit]:
    usual = {
        "objection": Limit("objection", 1, "working_day"),
        "return": Limit("return", 1, "working_day"),
        "exclusion": Limit("exclusion", 7, "natural_day"),
        "appeal": Limit("appeal", 3, "working_day"),
    }
    return {key: _limit(table.below(key), key, usual[key]) for key in WINDOWS}


def _reasons(top: Settings) -> tuple[Reason, ...]:
    tables = top.each("reasons")
    reasons = []
    for table in tables:
        use = table.choice("use", REASON_USES)
        ends_in: State | None = None
        if use == "disposition":
            ends_in = State(table.choice("ends_in", ("answered", "referred", "declined")))
        cap = table.integer("cap_percent", 100, 0, 100) if use == "exclusion" else 100
        effect = table.choice("effect", APPEAL_EFFECTS, "void") if use == "appeal" else ""
        reasons.append(Reason(table.text("key"), use, table.words("title"), ends_in, cap, effect))
    _unique(tables, [(reason.use, reason.key) for reason in reasons])
    if missing := [use for use in REASON_USES if use not in {one.use for one in reasons}]:
        what = f"no reason is given for: {', '.join(missing)}"
        top.wrong("reasons", what, "add [[reasons]] with that use")
    return tuple(reasons)


def _callback(table: Settings, limits: Mapping[str, CaseLimit]) -> CallbackRules:
    answers = ("no", "partial", "dissatisfied")
    redo_on = table.texts("redo_on", ("no", "dissatisfied"))
    if wrong := [answer for answer in redo_on if answer not in answers]:
        what = f"{', '.join(wrong)}: no answer of a call-back that may reopen a case"
        table.wrong("redo_on", what, f"use some of: {', '.join(answers)}")
    return CallbackRules(
        sample_percent=table.integer("sample_percent", 100, 0, 100),
        attempts=table.integer("attempts", 3, 1, 20),
        hours_between=table.integer("hours_between", 4, 0, 24 * 14),
        link_days=table.integer("link_days", 7, 1, 90),
        redo_on=redo_on,
        max_redos=table.integer("max_redos", 2, 0, 20),
        redo_limit=_known_limit(table, "redo_limit", limits),
    )


def _supervision(top: Settings) -> tuple[SupervisionRule, ...]:
    tables = top.each("supervision")
    rules = [
        SupervisionRule(
            key=table.text("key"),
            title=table.words("title"),
            event=table.choice("event", SUPERVISION_EVENTS),
            after_hours=table.integer("after_hours", 0, 0, 24 * 365),
            count=table.integer("count", 1, 1, 100),
        )
        for table in tables
    ]
    _unique(tables, [rule.key for rule in rules])
    return tuple(rules)


def _pauses(table: Settings) -> Pauses:
    return Pauses(
        objection=table.choice("objection", ("upheld", "always", "never"), "upheld"),
        parked=table.flag("parked", True),
        waiting=table.flag("waiting", True),
        waiting_hours=table.integer("waiting_hours", 72, 1, 24 * 60),
    )


def _extensions(table: Settings) -> Extensions:
    return Extensions(
        max_count=table.integer("max_count", 1, 0, 20),
        longest=_limit(table.below("longest"), "extension", Limit("extension", 15, "natural_day")),
        notice=table.flag("notice", True),
    )


def _repeats(table: Settings) -> Repeats:
    return Repeats(days=table.integer("days", 30, 0, 366), matter=table.integer("matter", 3, 1, 3))


def _attachments(table: Settings) -> Attachments:
    usual = ("image/jpeg", "image/png", "image/webp", "application/pdf", "audio/mpeg", "video/mp4")
    return Attachments(
        max_count=table.integer("max_count", 9, 0, 100),
        max_mib=table.integer("max_mib", 20, 1, 100),
        types=table.texts("types", usual),
    )


def _retention(table: Settings) -> Retention:
    return Retention(
        contact_days=table.integer("contact_days", 1095, 0, 36_500),
        text_days=table.integer("text_days", 1825, 0, 36_500),
        attachment_days=table.integer("attachment_days", 1095, 0, 36_500),
    )
