"""Air: from counted hours of stations to daily means, means since 1 January, and ranks.

Takes sums and numbers of valid hours as whole numbers; reads no files and counts no hours (see
`evaluation.air_days`). Method: docs/methods/air.md.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Literal

from jiesu.core.period import Period
from jiesu.core.ranking import competition_ranks
from jiesu.core.scoring import rounded
from jiesu.core.settings import Settings

HOURS = 24

POLLUTANTS = ("pm25", "pm10")
"""What can be measured; the first is the headline."""

TITLES: Mapping[str, str] = {"pm25": "PM2.5", "pm10": "PM10"}

UNIT = "µg/m³"

Through = Literal["period", "calendar_month"]

HIGHEST_LIMIT = 100_000
"""No limit in `air.toml` lies higher, so that a day's sum fits the counters."""


@dataclass(frozen=True, slots=True)
class AirRule:
    """When hours and days are valid, and how means are shown (`air.toml`).

    `min_hours` valid hours make a valid day; a mean on less than `min_share` of the days is marked.
    Hours outside `lowest..highest` (µg/m³) are not used. `through` says where a period's span ends.
    """

    min_hours: int = 20
    min_share: Fraction = Fraction(3, 4)
    decimals: int = 1
    lowest: Fraction = Fraction(0)
    highest: Fraction = Fraction(10_000)
    pollutants: tuple[str, ...] = POLLUTANTS
    through: Through = "period"
    source: str = ""


def parse_air_rule(top: Settings) -> AirRule:
    """The rule of a settings table; mistakes gather in `top.problems`."""
    usual = AirRule()
    through = top.choice("through", ("period", "calendar_month"), usual.through)
    rule = AirRule(
        min_hours=top.integer("min_hours", usual.min_hours, 1, HOURS),
        min_share=top.number("min_share", usual.min_share, 0, 1),
        decimals=top.integer("decimals", usual.decimals, 0, 6),
        lowest=top.number("lowest", usual.lowest, -1000, HIGHEST_LIMIT),
        highest=top.number("highest", usual.highest, 0, HIGHEST_LIMIT),
        pollutants=top.some_texts("pollutants", usual.pollutants),
        through="period" if through == "period" else "calendar_month",
        source=top.text("source", ""),
    )
    for name in rule.pollutants:
        if name not in POLLUTANTS:
            remedy = f"use one of: {', '.join(POLLUTANTS)}"
            top.wrong("pollutants", f"{name!r} is not known here", remedy)
    if len(set(rule.pollutants)) < len(rule.pollutants):
        top.wrong("pollutants", "one is named twice", "name each once")
    if rule.lowest >= rule.highest:
        top.wrong("highest", "not above lowest", "write the highest value that can be believed")
    top.finish()
    return rule


def last_day_for(rule: AirRule, period: Period) -> date:
    """The last day of the span that a period's figures are about."""
    if rule.through == "period":
        return period.last_day
    day = period.last_day
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


@dataclass(frozen=True, slots=True)
class Station:
    """A station of the list. `district` and `street` are keys of places; `None`: none is known."""

    code: str
    name: str
    district: str | None
    street: str | None = None


@dataclass(frozen=True, slots=True)
class AirArea:
    """A district or street that has a mean of its own. `label` is the text in the station list."""

    key: str
    name: str
    label: str
    parent: str | None = None


DaySums = Sequence[tuple[int, int]]
"""A station's days in order: number of valid hours, and their sum times `DayCounts.scale`."""


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What an engine counted: by pollutant and station the days from `first` through `last`.

    A station that is not there has no valid hour. `scale` is a power of ten.
    """

    first: date
    last: date
    scale: int
    sums: Mapping[str, Mapping[str, DaySums]]

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class AirFigure:
    """A mean over a span: `value` and `shown` are `None` without a valid day.

    `rank` is by `shown` among places of one kind, low to high; `weak` marks low validity.
    """

    value: Fraction | None
    shown: Decimal | None
    days_valid: int
    days: int
    weak: bool
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class AirPlace:
    """A station, street or district with its figures by pollutant.

    `figures` are since 1 January, `month` since the 1st of the last day's month. `stations` are
    the codes of its stations in the list; `district` is the key of the district it lies in.
    """

    key: str
    name: str
    label: str
    district: str | None
    stations: tuple[str, ...]
    figures: Mapping[str, AirFigure]
    month: Mapping[str, AirFigure]


@dataclass(frozen=True)
class AirResult:
    """The air of a city through a day. Districts and streets stand from low to high, those
    without a figure last; stations in the order of the list, then those that it lacks."""

    rule: AirRule
    first: date
    until: date
    counts: DayCounts
    stations: tuple[AirPlace, ...]
    districts: tuple[AirPlace, ...]
    streets: tuple[AirPlace, ...]
    unlisted: tuple[str, ...]

    @property
    def month_first(self) -> date:
        return self.until.replace(day=1)

    @property
    def headline(self) -> str:
        return self.rule.pollutants[0]

    def daily(self, pollutant: str, stations: Iterable[str]) -> list[Fraction | None]:
        """The daily means of the stations together, from 1 January on."""
        means = _Means(self.counts, self.rule, pollutant)
        return means.daily(stations)


class _Means:
    """The daily means of one pollutant as integers over one denominator."""

    def __init__(self, counts: DayCounts, rule: AirRule, pollutant: str) -> None:
        # Over the least common multiple of all numbers of hours every daily mean is whole: a
        # year of 343 stations is added up without a single reduction of fractions.
        whole = lcm(*range(rule.min_hours, HOURS + 1))
        self.denominator = whole * counts.scale
        self.n_days = counts.days
        shares = [0] * rule.min_hours + [whole // n for n in range(rule.min_hours, HOURS + 1)]
        self.by_station: dict[str, list[int | None]] = {
            station: [total * shares[n] if n >= rule.min_hours else None for n, total in days]
            for station, days in counts.sums.get(pollutant, {}).items()
        }

    def _valid(self, stations: Iterable[str]) -> list[tuple[int, int]]:
        """For each day how many of the stations are valid, and the sum of their means."""
        series = [self.by_station[code] for code in stations if code in self.by_station]
        if not series:
            return [(0, 0)] * self.n_days
        found = []
        for day in zip(*series, strict=True):
            valid = [mean for mean in day if mean is not None]
            found.append((len(valid), sum(valid)))
        return found

    def daily(self, stations: Iterable[str]) -> list[Fraction | None]:
        return [
            Fraction(total, n * self.denominator) if n else None
            for n, total in self._valid(stations)
        ]

    def means(
        self, stations: Iterable[str], starts: Sequence[int]
    ) -> list[tuple[Fraction | None, int]]:
        """From each start day on: the mean of the days' means, and how many days have one."""
        valid = self._valid(stations)
        found: list[tuple[Fraction | None, int]] = []
        for start in starts:
            sums: dict[int, int] = defaultdict(int)
            n_days = 0
            for n, total in valid[start:]:
                if n:
                    sums[n] += total
                    n_days += 1
            whole = sum(
                (Fraction(total, n * self.denominator) for n, total in sums.items()), Fraction(0)
            )
            found.append((whole / n_days if n_days else None, n_days))
        return found


def air_result(
    rule: AirRule,
    counts: DayCounts,
    stations: Sequence[Station],
    districts: Sequence[AirArea],
    streets: Sequence[AirArea] = (),
) -> AirResult:
    """Means and ranks of stations, districts and streets.

    `counts` must begin on a 1 January. Stations that were counted and are not in the list are kept
    without a district; they count for no place.
    """
    means = {name: _Means(counts, rule, name) for name in rule.pollutants}
    listed = {station.code for station in stations}
    counted = {code for name in rule.pollutants for code in counts.sums.get(name, {})}
    unlisted = tuple(sorted(counted - listed))
    everyone = [*stations, *(Station(code, code, None) for code in unlisted)]

    def figured(place: AirArea, district: str | None, codes: Sequence[str]) -> AirPlace:
        year, month = {}, {}
        start = counts.days - counts.last.day
        for name in rule.pollutants:
            pair = means[name].means(codes, (0, start))
            year[name] = _figure(rule, *pair[0], counts.days)
            month[name] = _figure(rule, *pair[1], counts.last.day)
        return AirPlace(place.key, place.name, place.label, district, tuple(codes), year, month)

    def of(places: Sequence[AirArea], attribute: str) -> tuple[AirPlace, ...]:
        members: dict[str, list[str]] = defaultdict(list)
        for station in stations:
            if key := getattr(station, attribute):
                members[key].append(station.code)
        found = [figured(place, place.parent, members[place.key]) for place in places]
        return _ranked(found, rule)

    return AirResult(
        rule=rule,
        first=counts.first,
        until=counts.last,
        counts=counts,
        stations=tuple(
            figured(AirArea(one.code, one.name, one.code), one.district, (one.code,))
            for one in everyone
        ),
        districts=of(districts, "district"),
        streets=of(streets, "street"),
        unlisted=unlisted,
    )


def _figure(rule: AirRule, value: Fraction | None, days_valid: int, days: int) -> AirFigure:
    shown = None if value is None else rounded(value, rule.decimals)
    return AirFigure(value, shown, days_valid, days, days_valid < rule.min_share * days)


def _ranked(places: Sequence[AirPlace], rule: AirRule) -> tuple[AirPlace, ...]:
    """The places with their ranks, by the exact figure of the headline from low to high."""
    year = _with_ranks({place.key: place.figures for place in places})
    month = _with_ranks({place.key: place.month for place in places})
    places = [replace(one, figures=year[one.key], month=month[one.key]) for one in places]
    headline = rule.pollutants[0]

    def order(place: AirPlace) -> tuple[bool, Fraction, str]:
        value = place.figures[headline].value
        return value is None, value or Fraction(0), place.key

    return tuple(sorted(places, key=order))


Figures = Mapping[str, AirFigure]


def _with_ranks(places: Mapping[str, Figures]) -> dict[str, Figures]:
    """The figures of places by pollutant, each with its rank among them."""
    ranks = {
        name: low_to_high({key: figures[name].shown for key, figures in places.items()})
        for name in next(iter(places.values()), {})
    }
    return {
        key: {name: replace(one, rank=ranks[name].get(key)) for name, one in figures.items()}
        for key, figures in places.items()
    }


def low_to_high(shown: Mapping[str, Decimal | None]) -> dict[str, int]:
    """Ranks of the printed figures, the lowest first, with gaps; `None` has none."""
    return competition_ranks({key: -value for key, value in shown.items() if value is not None})
