"""Numbers, days and names as a document writes them, in either language.

Shows figures that are final already; the only rounding here is that of a shown percentage.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from jiesu.briefing.labels import Words
from jiesu.core.period import Period
from jiesu.core.scoring import exact_text, rounded
from jiesu.core.units import Unit

MAX_NAME = 80
"""Longer names from the data are cut, so that one cannot fill a page."""

_MONTHS = ["January", "February", "March", "April", "May", "June"]
_MONTHS += ["July", "August", "September", "October", "November", "December"]

# Characters that no document can hold, or that would turn the text around them.
_UNWANTED = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]+"
)


def clean(text: str, limit: int = MAX_NAME) -> str:
    """A text from the data without control characters, on one line, at most `limit` long."""
    plain = " ".join(_UNWANTED.sub(" ", unicodedata.normalize("NFC", text)).split())
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def full_name(name: str, above: str, lang: str) -> str:
    """A unit's name with that of the unit above it, where that is known, before it.

    Names alone are not unique: 八里庄街道 is in two districts.
    """
    own, before = clean(name), clean(above)
    if not before or own.startswith(before):
        return own
    # Chinese names stand close; beside Latin letters there is a space.
    return before + own if lang == "zh" and not own[:1].isascii() else f"{before} {own}"


def unit_name(code: str, units: Mapping[str, Unit], lang: str) -> str:
    """A unit's full name by its code; the code itself where nothing is known of it."""
    unit = units.get(code)
    if unit is None:
        return clean(code)
    above = units.get(unit.parent or "")
    return full_name(unit.name, "" if above is None else above.name, lang)


def office_line(office: str, city: str, words: Words) -> str:
    """Who signs: the office as it is called, or the city's office that is in charge."""
    return clean(office) or raised(words("office", city=city).removeprefix(" · "))


def whole_number(n: int) -> str:
    return f"{n:,}"


def percent(value: Fraction | Decimal, decimals: int = 2) -> str:
    """A rate in 0..1 as a percentage with its sign."""
    return f"{rounded(Fraction(value) * 100, decimals):f}%"


def signed(value: Decimal | int) -> str:
    """A change with its sign; no change is 0 without one."""
    text = f"{abs(value):,f}" if isinstance(value, Decimal) else f"{abs(value):,}"
    if value == 0:
        return text
    return f"+{text}" if value > 0 else f"−{text}"


def plain(value: Fraction) -> str:
    """A weight as a decimal where it is one, as a fraction otherwise: 0.9, 1/3."""
    return exact_text(value)


def weight(value: Fraction) -> str:
    """A weight of the composite, with two decimals at least where they say it exactly."""
    return f"{rounded(value, 2):f}" if (value * 100).denominator == 1 else plain(value)


def day(when: date, words: Words) -> str:
    if words.lang == "zh":
        return f"{when.year}年{when.month}月{when.day}日"
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def moment(when: datetime, words: Words, *, as_end: bool = False) -> str:
    """An instant in words. The end of a half-open period at midnight is 24:00 the day before."""
    clock = when.time()
    if as_end and clock == time(0):
        before = when.date() - timedelta(days=1)
        return day(before, words) + ("24时" if words.lang == "zh" else " 24:00")
    if words.lang == "zh":
        minutes = f"{clock.minute}分" if clock.minute or clock.second else ""
        return f"{day(when.date(), words)}{clock.hour}时{minutes}"
    return f"{day(when.date(), words)} {clock:%H:%M}"


def span(period: Period, words: Words) -> str:
    """From when to when a period goes; its end belongs to the next."""
    return words(
        "span", start=moment(period.start, words), end=moment(period.end, words, as_end=True)
    )


def zone_name(when: datetime) -> str:
    """The zone's name where it has one, else its offset."""
    key = getattr(when.tzinfo, "key", None)
    return str(key) if key else when.strftime("UTC%z")


def period_name(period: Period, words: Words) -> str:
    """A period in words: 2022年2月, quarter 4 of 2011."""
    numbers = [int(number) for number in re.findall(r"\d+", period.label)]
    if period.kind == "range" or not numbers:
        start, end = day(period.start.date(), words), day(period.last_day, words)
        return words("period.range", start=start, end=end)
    year, n = numbers[0], numbers[-1]
    month = _MONTHS[n - 1] if period.kind == "month" else ""
    return words(f"period.{period.kind}", year=year, n=n, month=month)


def period_label(label: str, words: Words) -> str:
    """The label of a period of which nothing else is known, in words where it is a month."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", label)
    if not match or not 1 <= int(match[2]) <= 12:
        return clean(label)
    year, n = int(match[1]), int(match[2])
    return words("period.month", year=year, n=n, month=_MONTHS[n - 1])


def issue_number(period: Period, words: Words) -> str:
    """The edition's number by its period: 2022年第2期."""
    numbers = [int(number) for number in re.findall(r"\d+", period.label)] or [0]
    return words(f"number.{period.kind}", year=numbers[0], n=numbers[-1], label=period.label)


def listing(items: Iterable[str], words: Words) -> str:
    return words("join").join(items)


def lowered(title: str, words: Words) -> str:
    """A title inside an English sentence: its first letter small, unless it is an acronym."""
    if words.lang == "zh" or title[1:2].isupper():
        return title
    return title[:1].lower() + title[1:]


def raised(title: str) -> str:
    """A word at the head of a column: its first letter large."""
    return title[:1].upper() + title[1:]


def text_width(text: str) -> float:
    """About how wide a text is, in full-width characters; Latin ones count for 0.55."""
    return sum(0.55 if ord(char) < 0x2E80 else 1.0 for char in text)


def score_text(value: Decimal | None, words: Words) -> str:
    return words("none") if value is None else f"{value:f}"
