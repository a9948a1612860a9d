"""When people call: the days of an assessment month and the hours of a day."""

from datetime import date, timedelta

from jiesu.city.synth.draw import Draws, Weights, shares
from jiesu.city.synth.world import RHYTHM

MONTH_BEGINS_ON = 19
"""Assessment month M runs from this day of the month before to the day before it in M."""

# Midnight to 23 o'clock: a quiet night, peaks in the morning, after lunch and in the evening.
_HOURS = (9, 5, 4, 3, 3, 5, 12, 28, 58, 84, 88, 74, 50, 52, 66, 72, 70, 62, 58, 62, 60, 48, 32, 18)
HOUR_CHOICE = Weights(_HOURS)

_WEEKDAYS = (1.12, 1.06, 1.04, 1.03, 1.02, 0.88, 0.85)

# First day of the lunar year; from the eve on, calls are fewer for a week.
_SPRING_FESTIVAL = (
    date(2018, 2, 16),
    date(2019, 2, 5),
    date(2020, 1, 25),
    date(2021, 2, 12),
    date(2022, 2, 1),
    date(2023, 1, 22),
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
)
_DIP = (0.72, 0.5, 0.55, 0.6, 0.66, 0.72, 0.78, 0.86)


def assessment_days(year: int, month: int) -> list[date]:
    """The days of an assessment month, first to last."""
    first = date(year if month > 1 else year - 1, month - 1 or 12, MONTH_BEGINS_ON)
    end = date(year, month, MONTH_BEGINS_ON)
    return [first + timedelta(days=n) for n in range((end - first).days)]


def cases_by_day(seed: int, year: int, month: int, cases: int) -> list[tuple[date, int]]:
    """An assessment month's cases on its days: whole numbers that add up to `cases`."""
    days = assessment_days(year, month)
    noise = Draws(seed, RHYTHM, year, month).uniform(len(days))
    weights = [
        _day_weight(day) * (0.94 + 0.12 * float(luck))
        for day, luck in zip(days, noise, strict=True)
    ]
    return list(zip(days, shares(weights, cases), strict=True))


def _day_weight(day: date) -> float:
    weight = _WEEKDAYS[day.weekday()]
    if day.month == 10 and day.day <= 7:
        weight *= 0.8
    for new_year in _SPRING_FESTIVAL:
        since_eve = (day - new_year).days + 1
        if 0 <= since_eve < len(_DIP):
            weight *= _DIP[since_eve]
    return weight
