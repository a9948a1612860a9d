"""The month recounted from the files alone, by plain Python: what a press draft must say.

Shares no code with jiesu: the csv module reads, fractions divide, and the rules are those of the
shipped policy, written down here once more.
"""

import csv
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
BELIEVABLE = 10_000
"""Micrograms: what a station says above that is a fault of its own."""
WEIGHTS = (Fraction(1, 10), Fraction(1, 2), Fraction(2, 5))


def half_up(value: Fraction, decimals: int) -> Decimal:
    step = Decimal(1).scaleb(-decimals)
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(step, ROUND_HALF_UP)


def ranks(values: Mapping[str, Decimal], *, low_first: bool = False) -> dict[str, int]:
    """One more than how many are better."""
    every = sorted(values.values())
    found = {}
    for code, value in values.items():
        better = sum(v < value for v in every) if low_first else sum(v > value for v in every)
        found[code] = better + 1
    return found


@dataclass
class Tally:
    """Call-backs of a unit, and all its cases."""

    n: int = 0
    valid: int = 0
    contacted: int = 0
    resolved: int = 0
    satisfied: int = 0
    fairly: int = 0

    def add(self, other: "Tally") -> None:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def rates(self) -> tuple[Fraction, Fraction, Fraction] | None:
        if not self.valid:
            return None
        points = 10 * self.satisfied + 9 * self.fairly
        return (
            Fraction(self.contacted, self.valid),
            Fraction(self.resolved, self.valid),
            Fraction(points, 10 * self.valid),
        )

    @property
    def score(self) -> Decimal | None:
        if self.rates is None:
            return None
        share = sum(w * rate for w, rate in zip(WEIGHTS, self.rates, strict=True))
        return half_up(Fraction(share) * 100, 1)


@dataclass
class Month:
    """A stretch of time: tallies by unit (those below pooled), cases by place."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    places: Counter[str] = field(default_factory=Counter)
    n: int = 0

    def scores(self, codes: Iterable[str]) -> dict[str, Decimal]:
        found = {code: self.tallies[code].score for code in codes if code in self.tallies}
        return {code: score for code, score in found.items() if score is not None}


class City:
    """A city folder read with the csv module."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = {row["code"]: row for row in _rows(folder / "units.csv")}

    def of_kind(self, kind: str) -> list[str]:
        return [code for code, row in self.units.items() if row["kind"] == kind]

    def name(self, code: str) -> str:
        row = self.units[code]
        above = self.units.get(row["parent"] or "", {}).get("name", "")
        return row["name"] if row["name"].startswith(above) and above else above + row["name"]

    def chain(self, code: str) -> list[str]:
        """A unit and those above it."""
        found = []
        while code:
            found.append(code)
            code = self.units.get(code, {}).get("parent") or ""
        return found

    def counted(self, windows: Mapping[str, tuple[datetime, datetime]]) -> dict[str, Month]:
        """The cases of each window, by the time they were created."""
        found = {label: Month() for label in windows}
        for path in sorted((self.folder / "cases").glob("*.csv")):
            for row in _rows(path):
                at = datetime.fromisoformat(row["created_at"])
                at = at if at.tzinfo else at.replace(tzinfo=ZONE)
                for label, (start, end) in windows.items():
                    if start <= at < end:
                        self._count(found[label], row)
        return found

    def _count(self, month: Month, row: Mapping[str, str]) -> None:
        month.n += 1
        unit = row["unit"]
        month.places[row["place"] or unit] += 1
        one = Tally(n=1)
        if row["callback_valid"] == "true" and row["excluded"] != "true":
            one.valid = 1
            one.contacted = row["callback_contacted"] == "true"
            one.resolved = row["callback_resolved"] == "yes"
            one.satisfied = row["callback_satisfaction"] == "satisfied"
            one.fairly = row["callback_satisfaction"] == "fairly_satisfied"
        for code in self.chain(unit):
            month.tallies[code].add(one)

    def last_cut(self, values: Mapping[str, Decimal], n: int) -> set[str]:
        """The n highest with all that are tied with the last of them."""
        ordered = sorted(values.values(), reverse=True)[:n]
        return {code for code, value in values.items() if ordered and value >= ordered[-1]}

    def toml(self, name: str) -> dict[str, object]:
        return tomllib.loads((self.folder / name).read_text("utf-8"))


def window(first: str, last: str) -> tuple[datetime, datetime]:
    """From the 19th of the month before the first to the 19th of the last."""
    year, month = int(first[:4]), int(first[5:])
    begin = datetime(year - (month == 1), month - 1 or 12, 19, tzinfo=ZONE)
    return begin, datetime(int(last[:4]), int(last[5:]), 19, tzinfo=ZONE)


def pm25(folder: Path, until: date) -> dict[str, Fraction]:
    """Street means from 1 January on: the mean of the valid days' means of its stations."""
    street = {row["station"]: row["street"] for row in _rows(folder / "stations.csv")}
    hours: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for path in sorted((folder / "air").glob(f"{until.year}-*.csv")):
        for row in _rows(path):
            if row["pm25"] and 0 <= Fraction(row["pm25"]) <= BELIEVABLE and _day(row) <= until:
                hours[row["station"], _day(row).isoformat()].append(Fraction(row["pm25"]))
    days: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for (station, day_text), values in hours.items():
        if len(values) >= 20 and street.get(station):
            days[street[station], day_text].append(sum(values, Fraction(0)) / len(values))
    means: dict[str, list[Fraction]] = defaultdict(list)
    for (code, _), values in days.items():
        means[code].append(sum(values, Fraction(0)) / len(values))
    return {code: sum(values, Fraction(0)) / len(values) for code, values in means.items()}


def _day(row: Mapping[str, str]) -> date:
    return datetime.fromisoformat(row["at"]).date()


def days_after(day: date, n: int) -> date:
    return day + timedelta(n)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as source:
        return list(csv.DictReader(source))
