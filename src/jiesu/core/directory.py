"""The dispatch directory (派单目录): which unit a case goes to, by category, place and kind.

The most specific line wins; the order is that of docs/directory.md. Leaves out reading files
(`jiesu.city.directory_file`), and what is wrong with a directory as a whole (`directory_check`).
"""

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Literal

from jiesu.core.case_table import LIST_SEPARATOR
from jiesu.core.category_tree import Levels, depth_of, prefix_of, shown_levels
from jiesu.core.problems import InputError, Problem
from jiesu.core.texts import Text

STREET = "@street"
"""As a unit: the unit of the street where the matter is."""

DISTRICT = "@district"
"""As a unit: the unit of the district where the matter is."""

WORDS = (STREET, DISTRICT)

Via = Literal["direct", "district"]
VIA: tuple[Via, ...] = ("direct", "district")

Bar = Literal["gone", "assists"]
"""Why a unit can get no case: nobody stands for it any more; or it assists and never leads."""

FIRST_LINE = 2
"""The line of the first entry in a file, whose first line is the header."""

LONGEST: Mapping[str, int] = {
    **dict.fromkeys(("category_1", "category_2", "category_3"), 64),
    **dict.fromkeys(("place", "kind", "unit", "limit"), 32),
    **dict.fromkeys(("assist_units", "note"), 200),
}
"""Characters that a column may have; of the assist units all together."""

_UNIT_REMEDY = Text("write a unit's code, (street) or (district)")
_SEPARATORS = (LIST_SEPARATOR, "；")
_UNSEEN = ("Cc", "Cn", "Cs", "Zl", "Zp")
"""Control characters, line ends, and what is no character."""

Mistake = tuple[str, Text, Text]
"""The column of an entry, what is wrong there, and the remedy."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the directory; an empty category level, place or kind means any.

    `place` is the code of a street or of a district, which covers its streets. `unit` and
    `assist_units` are codes of units, or one of `WORDS`. With `via` = `district` the case goes to
    the district, which coordinates (条例 art. 12). `limit` is the key of one of the desk's time
    limits; empty: the city's usual one. `line` is where it stands in its file; it says nothing.
    """

    category_1: str
    category_2: str
    category_3: str
    place: str
    kind: str
    unit: str
    assist_units: tuple[str, ...] = ()
    via: Via = "direct"
    limit: str = ""
    note: str = ""
    line: int = field(default=0, compare=False)

    @property
    def category(self) -> Levels:
        return self.category_1, self.category_2, self.category_3

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What it is for: entries with the same key are for the same cases."""
        return self.category_1, self.category_2, self.category_3, self.place, self.kind

    @property
    def answer(self) -> tuple[str, tuple[str, ...], str, str]:
        """What it says: entries with the same key must not differ in it."""
        return self.unit, self.assist_units, self.via, self.limit


def mistakes_of(entry: Entry) -> list[Mistake]:
    """What is wrong with an entry by itself: for files, and for the form of the admin."""
    wrong: list[Mistake] = []
    depth = depth_of(entry.category)
    if any(entry.category[depth:]):
        column = f"category_{depth + 1}"
        what = Text("empty above a level that is named")
        wrong.append((column, what, Text("name the level above too")))
    if not entry.unit:
        wrong.append(("unit", Text("the cell is empty"), _UNIT_REMEDY))
    if entry.via not in VIA:
        what = Text("{word!r} is not known", word=entry.via[:40])
        wrong.append(("via", what, Text("write direct or district")))
    for column, codes in (("unit", (entry.unit,)), ("assist_units", entry.assist_units)):
        wrong += (
            (column, Text("{word!r} is no word of the directory", word=code[:40]), _UNIT_REMEDY)
            for code in codes
            if code.startswith(("@", "(", "（")) and code not in WORDS
        )
    if len({entry.unit, *entry.assist_units}) <= len(entry.assist_units):
        what = Text("a unit stands twice")
        wrong.append(("assist_units", what, Text("name each unit once")))
    return [*wrong, *_mistakes_of_texts(entry)]


def _mistakes_of_texts(entry: Entry) -> Iterator[Mistake]:
    """What a cell of a spreadsheet could not hold, or would mean otherwise."""
    texts = [(name, getattr(entry, name)) for name in ("category_1", "category_2", "category_3")]
    texts += [("place", entry.place), ("kind", entry.kind), ("unit", entry.unit)]
    texts += [("assist_units", code) for code in entry.assist_units]
    texts += [("limit", entry.limit), ("note", entry.note)]
    for column, text in texts:
        if len(text) > LONGEST[column]:
            yield column, _too_long(column), Text("shorten it")
        if text != text.strip() or any(unicodedata.category(sign) in _UNSEEN for sign in text):
            what = Text("holds a line break or spaces around")
            yield column, what, Text("write it on one line")
        if text == "*":
            yield column, Text("'*' is no name"), Text("leave it empty for any")
        if column == "assist_units" and any(sign in text for sign in _SEPARATORS):
            what = Text("a code holds {sign!r}", sign=LIST_SEPARATOR)
            yield column, what, Text("choose a code without it")
    if len(LIST_SEPARATOR.join(entry.assist_units)) > LONGEST["assist_units"]:
        yield "assist_units", _too_long("assist_units"), Text("shorten it")
    if "" in entry.assist_units:
        yield "assist_units", Text("a code is empty"), Text("remove it")


def _too_long(column: str) -> Text:
    return Text("has more than {most} characters", most=LONGEST[column])


def specificity(entry: Entry, streets: Mapping[str, str]) -> tuple[int, int, int]:
    """How specific an entry is; the greater wins. Category first, then place, then kind."""
    place = 0 if not entry.place else 2 if entry.place in streets else 1
    return depth_of(entry.category), place, int(bool(entry.kind))


@dataclass(frozen=True, slots=True)
class PassedBy:
    """A line that would have held, but for the unit that would get the case by it."""

    entry: Entry
    unit: str
    why: Bar


@dataclass(frozen=True, slots=True)
class Match:
    """What the directory says of a case, and why.

    `unit` leads and `assist_units` assist, as codes. `through` is the unit of the district that
    coordinates; None when the case goes to `unit` directly. `copied_to` is the unit of the
    district that gets a copy of a case sent directly to a street. `next_best` is the line that
    would have held without `entry`; `against` are lines for the same cases that say otherwise;
    `passed_by` are lines before `entry` whose unit can get no case.
    """

    entry: Entry
    unit: str
    assist_units: tuple[str, ...]
    through: str | None
    copied_to: str | None
    place: str | None
    next_best: Entry | None
    against: tuple[Entry, ...]
    passed_by: tuple[PassedBy, ...] = ()
    in_place_of: Mapping[str, str] = field(default_factory=dict)
    """Where `unit` or `through` stands for a unit that the directory names: which one that is."""

    def on_a_day(self, standing: Callable[[str], str | None]) -> "Match":
        """The same with the units that stand then for those that the directory names.

        An assisting unit for which nobody stands is left out.
        """
        named = [self.unit, *self.assist_units, *filter(None, (self.through, self.copied_to))]
        stands = {code: standing(code) for code in named}
        if len(stands) == len(named) and all(code == one for code, one in stands.items()):
            return self  # Nearly always.
        unit = stands[self.unit] or self.unit
        assists = (stands[code] for code in self.assist_units)
        return replace(
            self,
            unit=unit,
            assist_units=tuple(dict.fromkeys(one for one in assists if one and one != unit)),
            through=stands[self.through] if self.through else None,
            copied_to=stands[self.copied_to] if self.copied_to else None,
            in_place_of={
                stands[code] or "": code
                for code in (self.unit, self.through)
                if code and stands[code] not in (None, code)
            },
        )

    @property
    def limit(self) -> str:
        """The key of the time limit; empty for the city's usual one."""
        return self.entry.limit

    @property
    def sent_to(self) -> str:
        """The unit that gets the case first."""
        return self.through or self.unit

    def explanation(self, language: str, names: Mapping[str, str] | None = None) -> str:
        """Which line holds and why, in `zh` or `en`; `names` are those of units and places."""
        words, names, entry = _EXPLAINED[language], names or {}, self.entry

        def called(code: str) -> str:
            return names.get(code, code)

        unit = called(self.in_place_of.get(self.unit, self.unit))
        if entry.unit in WORDS:
            unit = words["meant"].format(unit=unit, word=words[entry.unit])
        what = described(entry, language, names)
        said = [words["line"].format(n=entry.line, what=what, unit=unit)]
        for passed in self.passed_by:
            what, why = described(passed.entry, language, names), words[passed.why]
            why = why.format(unit=called(passed.unit))
            said.append(words["passed"].format(n=passed.entry.line, what=what, why=why))
        if self.next_best is not None:
            what = described(self.next_best, language, names)
            why = words[_reason(entry, self.next_best)]
            said.append(words["next"].format(n=self.next_best.line, what=what, why=why))
        for code in dict.fromkeys((self.unit, self.through)):
            if named := self.in_place_of.get(code or ""):
                said.append(words["merged"].format(unit=called(named), into=called(code or "")))
        if self.through is not None:
            word = "coordinates" if entry.via == "district" else "no_street"
            said.append(words[word].format(unit=called(self.through)))
        if self.copied_to is not None:
            said.append(words["copy"].format(unit=called(self.copied_to)))
        if self.against:
            lines = words["and"].join(str(other.line) for other in self.against)
            said.append(words["against"].format(lines=lines))
        return words["between"].join(said) + words["end"]


_EXPLAINED: Mapping[str, Mapping[str, str]] = {
    "en": {
        "line": "line {n}: {what} → {unit}",
        "passed": "line {n} ({what}) is passed by, as {why}",
        "gone": "{unit} is not in office and no unit stands for it",
        "assists": "{unit} assists and never leads",
        "next": "more specific than line {n} ({what}), as {why}",
        "category": "it names more levels of the category",
        "place": "it names the place more exactly",
        "kind": "it names the kind",
        "meant": "{unit} ({word})",
        STREET: "the street's unit",
        DISTRICT: "the district's unit",
        "merged": "{unit} was merged into {into}, which stands for it",
        "coordinates": "{unit} coordinates",
        "no_street": "no street is known, so {unit} coordinates",
        "copy": "a copy goes to {unit}",
        "against": "line {lines} says otherwise of the same cases: correct the directory",
        "what": "{category} at {place}, {kind}",
        "any_place": "any place",
        "any_kind": "any kind",
        "and": " and ",
        "between": "; ",
        "end": ".",
    },
    "zh": {
        "line": "第{n}行：{what} → {unit}",
        "passed": "第{n}行（{what}）不适用，因为{why}",
        "gone": "{unit}不在设立期内，也没有接续单位",
        "assists": "{unit}只协办，不主办",
        "next": "比第{n}行（{what}）更具体，因为{why}",
        "category": "分类层级更细",
        "place": "地点更具体",
        "kind": "指明了诉求类型",
        "meant": "{unit}（{word}）",
        STREET: "属地街道",
        DISTRICT: "属地区",
        "merged": "{unit}已并入{into}，由其承接",
        "coordinates": "由{unit}统筹协调",
        "no_street": "街道不明，由{unit}统筹协调",
        "copy": "同时抄送{unit}",
        "against": "第{lines}行对同类诉求另有规定，请更正目录",
        "what": "{category}，{place}，{kind}",
        "any_place": "任何地点",
        "any_kind": "任何类型",
        "and": "、",
        "between": "；",
        "end": "。",
    },
}


def described(entry: Entry, language: str, names: Mapping[str, str] | None = None) -> str:
    """What an entry is for, such as `住房/物业管理/* at any place, any kind`."""
    words = _EXPLAINED[language]
    place = (names or {}).get(entry.place, entry.place)
    return words["what"].format(
        category=shown_levels(entry.category),
        place=place or words["any_place"],
        kind=entry.kind or words["any_kind"],
    )


def _reason(winner: Entry, other: Entry) -> str:
    if depth_of(winner.category) != depth_of(other.category):
        return "category"
    return "place" if winner.place != other.place else "kind"


@dataclass(frozen=True)
class Directory:
    """A version of the directory, in force `valid_from <= day < valid_to`.

    Entries without a line are numbered as a file written from them would be. Raises ValueError for
    an entry with a mistake of its own: readers and forms name those by `mistakes_of`.
    """

    version: str
    valid_from: date | None
    valid_to: date | None
    entries: tuple[Entry, ...]
    by_key: Mapping[tuple[str, str, str, str, str], tuple[Entry, ...]] = field(
        init=False, repr=False, compare=False
    )
    """Entries by what they are for; more than one is a contradiction, or the same said twice."""

    def __post_init__(self) -> None:
        entries = tuple(
            entry if entry.line else replace(entry, line=line)
            for line, entry in enumerate(self.entries, start=FIRST_LINE)
        )
        index: dict[tuple[str, str, str, str, str], list[Entry]] = defaultdict(list)
        for entry in entries:
            if wrong := mistakes_of(entry):
                raise ValueError(f"line {entry.line}, {wrong[0][0]}: {wrong[0][1]}")
            index[entry.key].append(entry)
        # What holds must never hang on the order of the lines, not even in a contradiction.
        by_key = {
            key: tuple(sorted(same, key=lambda entry: (entry.answer, entry.note, entry.line)))
            for key, same in index.items()
        }
        object.__setattr__(self, "entries", entries)
        object.__setattr__(self, "by_key", by_key)

    def holds_on(self, day: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= day
        return begun and (self.valid_to is None or day < self.valid_to)

    def match(
        self,
        category: Levels,
        place: str | None,
        kind: str,
        *,
        streets: Mapping[str, str],
        answering: Mapping[str, str] | None = None,
        bar: Callable[[str], Bar | None] | None = None,
    ) -> Match | None:
        """The most specific entry for a case; None when there is none.

        `place` is a street, or a district when the street is not known; None when neither is.
        `streets` has each street's district, `answering` the unit of a place where that has
        another code (both as in `core.places.Places`). `bar` says of a unit's code why it can get
        no case: entries by which it would are passed by.
        """
        where = _Where(place, streets, answering or {})
        passed: list[PassedBy] = []

        def goes(entry: Entry) -> bool:
            unit = where.sent_to(entry)
            why = bar(unit) if bar is not None else None
            if why is not None:
                passed.append(PassedBy(entry, unit, why))
            return why is None

        found = filter(goes, self._usable(category, kind, where))
        entry = next(found, None)
        passed_by = tuple(passed)
        if entry is None:
            return None
        against = tuple(other for other in self.by_key[entry.key] if other.answer != entry.answer)
        next_best = next((other for other in found if other.key != entry.key), None)
        return where.match(entry, next_best, against, passed_by)

    def _usable(self, category: Levels, kind: str, where: "_Where") -> Iterator[Entry]:
        """The entries for a case that can be used where it is, the most specific first."""
        kinds = (kind, "") if kind else ("",)
        for depth in range(depth_of(category), -1, -1):
            one, two, three = prefix_of(category, depth)
            for place in where.places:
                for asked in kinds:
                    for entry in self.by_key.get((one, two, three, place, asked), ()):
                        if where.can_use(entry):
                            yield entry


class _Where:
    """Where a case is: what the words of an entry mean there."""

    def __init__(
        self, place: str | None, streets: Mapping[str, str], answering: Mapping[str, str]
    ) -> None:
        self.place = place or None
        self._streets, self._answering = streets, answering
        self._is_street = place in streets
        # A place that is no street is a district.
        self._district = (streets[place] if self._is_street else place) if place else ""
        street = place if self._is_street else ""
        self.places = (*(code for code in (street, self._district) if code), "")

    def can_use(self, entry: Entry) -> bool:
        """Whether it is known which unit the entry means."""
        if entry.via == "district" or entry.unit == DISTRICT:
            return bool(self._district)
        return entry.unit != STREET or self.place is not None

    def sent_to(self, entry: Entry) -> str:
        """The unit that gets a case first by an entry that can be used."""
        return self._coordinator(entry) or self._unit(entry.unit)

    def match(
        self,
        entry: Entry,
        next_best: Entry | None,
        against: tuple[Entry, ...],
        passed_by: tuple[PassedBy, ...],
    ) -> Match:
        unit = self._unit(entry.unit)
        through = self._coordinator(entry)
        others = (self._unit(code) for code in entry.assist_units if self._is_known(code))
        assist_units = tuple(dict.fromkeys(code for code in others if code != unit))
        copied_to = None if through else self._copied_to(unit)
        return Match(
            entry, unit, assist_units, through, copied_to, self.place, next_best, against, passed_by
        )

    def _is_known(self, code: str) -> bool:
        return code not in WORDS or (bool(self._district) if code == DISTRICT else bool(self.place))

    def _unit(self, code: str) -> str:
        if code == STREET:
            # Without a street its district stands in: the area is clear, the unit is not.
            return self._answer(self.place or "")
        return self._answer(self._district or "") if code == DISTRICT else code

    def _answer(self, place: str) -> str:
        return self._answering.get(place, place)

    def _coordinator(self, entry: Entry) -> str | None:
        no_street = entry.unit == STREET and not self._is_street
        if entry.via == "district" or no_street:
            return self._answer(self._district or "")
        return None

    def _copied_to(self, unit: str) -> str | None:
        """The district's unit, where the unit is a street's (条例 art. 12)."""
        if self._is_street and unit == self._answer(self.place or ""):
            district: str | None = self._district
        else:
            district = self._streets.get(unit)
        copied_to = self._answer(district) if district else None
        return None if copied_to == unit else copied_to


def overlaps(versions: Iterable[Directory], *, file: str) -> list[Problem]:
    """A problem for every two neighbouring versions that are in force on the same day."""
    ordered = sorted(versions, key=lambda version: version.valid_from or date.min)
    return [
        Problem(
            file,
            "valid_to",
            f"versions {earlier.version} and {later.version} are both in force "
            f"from {later.valid_from or 'the beginning'} on",
            f"end version {earlier.version} with valid_to = the day on which "
            f"{later.version} begins",
        )
        for earlier, later in pairwise(ordered)
        if earlier.valid_to is None or earlier.valid_to > (later.valid_from or date.min)
    ]


def in_turn(versions: Iterable[Directory]) -> tuple[Directory, ...]:
    """The versions by their first day, each ending when the next one begins."""
    ordered = sorted(versions, key=lambda version: version.valid_from or date.min)
    ends = [*(version.valid_from for version in ordered[1:]), None]
    # Of no version there is no end.
    pairs = zip(ordered, ends, strict=False)
    return tuple(replace(version, valid_to=end) for version, end in pairs)


def directory_on(
    versions: Sequence[Directory], day: date, *, file: str = "directory"
) -> Directory | None:
    """The version in force on a day; None when none is. Raises InputError when versions overlap."""
    problems = overlaps(versions, file=file)
    if problems:
        raise InputError(problems)
    return next((version for version in versions if version.holds_on(day)), None)
