"""A day of made-up cases as columns of numbers: who asks what, where, of whom, how it ends.

Numbers only, so that a day of tens of thousands takes milliseconds; `table` turns them into
the columns of the case table. Times are seconds since 1970 on the city's own clock.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from jiesu.city.synth.catalogue import HARDNESS, LIMIT_SECONDS, categories
from jiesu.city.synth.draw import Draws, WeightRows, Weights
from jiesu.city.synth.rhythm import HOUR_CHOICE
from jiesu.city.synth.world import DAY, World

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Columns = dict[str, Ints]

NONE = -1
"""In every column: no value."""

DAY_SECONDS = 86_400
CHANNELS = ("电话", "微信", "手机应用", "网站", "转办", "微博")
KINDS = ("求助", "投诉", "举报", "咨询", "建议", "表扬")
REASONS = (
    "正在诉讼或仲裁",
    "不属于行政管理职责",
    "信访事项已终结",
    "诉求人撤回",
    "市级已立项解决",
    "诉求不合理",
)
SATISFACTION = ("satisfied", "fairly_satisfied", "dissatisfied")
RESOLVED = ("yes", "partial", "no")
N_LOCATIONS = 480
N_ASSISTS = 180
"""Made-up estates with a building; combinations of departments that assist a street."""

POOL_DAYS = 7
POOL_ROWS = 2_048
"""A repeat goes back to one of so many cases of each of the last seven days."""

_CHANNEL_CHOICE = Weights((86, 5, 4, 2, 2, 1))
_KIND_CHOICE = Weights((54, 31, 6, 5, 3, 1))
_REASON_CHOICE = Weights((22, 26, 12, 20, 8, 12))
_DISTRICT_SHARE = 0.025
_ANY_DEPARTMENT_SHARE = 0.05
_STREET, _DISTRICT, _ANY = -1, -2, -3
_MATTER = ("category", "unit", "place", "community", "location", "person", "channel", "wording")


@dataclass(frozen=True)
class Month:
    """What is the same for all days of an assessment month."""

    world: World
    losses: Floats
    category_choice: WeightRows
    route_choice: WeightRows
    route_targets: Ints
    limits: Ints
    hardness: Floats

    @classmethod
    def of(cls, world: World, year: int, month: int) -> "Month":
        tree = categories()
        middle = date(year, month, 4)
        rows = [[c.weight_on(middle, town=town) for c in tree] for town in (False, True)]
        shares, targets = _routes(world)
        return cls(
            world=world,
            losses=world.losses(year, month),
            category_choice=WeightRows(rows),
            route_choice=WeightRows(shares),
            route_targets=targets,
            limits=np.array([LIMIT_SECONDS[c.limit] for c in tree], np.int64),
            hardness=np.array([HARDNESS[c.limit] for c in tree]),
        )


def _routes(world: World) -> tuple[list[list[float]], Ints]:
    """For each category the weights of those who may answer, and who they are."""
    shares, targets = [], []
    width = 3 + max(len(category.targets) for category in categories())
    for category in categories():
        street = category.street_share
        rest = 1.0 - street - _DISTRICT_SHARE - _ANY_DEPARTMENT_SHARE * (1.0 - street)
        total = sum(weight for _, weight in category.targets)
        row = [street, _DISTRICT_SHARE, _ANY_DEPARTMENT_SHARE * (1.0 - street)]
        row += [rest * weight / total for _, weight in category.targets]
        who = [_STREET, _DISTRICT, _ANY]
        who += [_ANY if code == "*" else world.position[code] for code, _ in category.targets]
        shares.append(row + [0.0] * (width - len(row)))
        targets.append(who + [_ANY] * (width - len(who)))
    return shares, np.array(targets, np.int64)


def day_cases(month: Month, day: date, n: int, pool: list[Columns]) -> Columns:
    """`n` cases of a day, sorted by time of creation.

    `pool` holds cases of the days before, from which repeats are taken; this day's are added.
    """
    draws = Draws(month.world.seed, DAY, day.toordinal())
    columns = _matters(month, draws, n)
    _repeat(columns, draws, pool, n)
    start = (day - date(1970, 1, 1)).days * DAY_SECONDS
    hours = draws.chosen(HOUR_CHOICE, n)
    columns["created"] = np.sort(start + hours * 3600 + draws.below(3600, n))
    columns["kind"] = draws.chosen(_KIND_CHOICE, n)
    loss = _loss(month, columns)
    _answers(columns, draws, loss, n)
    _times(month, columns, draws, loss, n)
    _callbacks(month, columns, draws, n)
    _exclusions(columns, draws, n)
    _assists(month.world, columns, draws, n)
    columns["number"] = np.arange(1, n + 1)
    _remember(columns, day, pool)
    return columns


def _matters(month: Month, draws: Draws, n: int) -> Columns:
    world = month.world
    place = draws.chosen(world.place_choice, n)
    category = month.category_choice.at(world.is_town[place].astype(np.int64), draws.uniform(n))
    route = month.route_choice.at(category, draws.uniform(n))
    unit = month.route_targets[category, route]
    departments, choice = world.department_choice
    anyone = departments[draws.chosen(choice, n)]
    unit = np.where(unit == _ANY, anyone, unit)
    unit = np.where(unit == _DISTRICT, world.street_district[place], unit)
    # After the two marks above: `_STREET` is also `NONE`, which is set last.
    unit = np.where(unit == _STREET, world.streets[place], unit)
    unit = np.where(draws.uniform(n) < 0.002, NONE, unit)
    location = draws.below(N_LOCATIONS, n)
    residents = world.residents[place]
    luck = draws.uniform(n)
    return {
        "place": place,
        "category": category,
        "unit": unit,
        "channel": draws.chosen(_CHANNEL_CHOICE, n),
        "community": (draws.uniform(n) * np.array(world.n_communities)[place]).astype(np.int64),
        "location": np.where(draws.uniform(n) < 0.1, NONE, location),
        # Squared: some call much more often than others.
        "person": place * 2**24 + (luck * luck * residents / 6).astype(np.int64),
        "wording": draws.below(2**20, n),
    }


def _repeat(columns: Columns, draws: Draws, pool: list[Columns], n: int) -> None:
    """Turn about 4% of the cases into repeats of cases of the last days: same caller and matter."""
    is_repeat = draws.uniform(n) < 0.042
    pick = draws.uniform(n)
    columns["repeat_day"] = np.full(n, NONE, np.int64)
    columns["repeat_number"] = np.full(n, NONE, np.int64)
    size = sum(len(earlier["day"]) for earlier in pool)
    if not size:
        return
    joined = {name: np.concatenate([part[name] for part in pool]) for name in pool[0]}
    rows = np.flatnonzero(is_repeat)
    chosen = (pick[rows] * size).astype(np.int64)
    for name in _MATTER:
        columns[name][rows] = joined[name][chosen]
    columns["repeat_day"][rows] = joined["day"][chosen]
    columns["repeat_number"][rows] = joined["number"][chosen]


def _remember(columns: Columns, day: date, pool: list[Columns]) -> None:
    """Add this day's first cases of a matter to the pool, spread over the day."""
    first = np.flatnonzero(columns["repeat_day"] == NONE)
    first = first[:: max(1, -(-len(first) // POOL_ROWS))]
    kept = {name: columns[name][first] for name in (*_MATTER, "number")}
    kept["day"] = np.full(len(first), day.toordinal(), np.int64)
    pool.append(kept)
    del pool[:-POOL_DAYS]


def _loss(month: Month, columns: Columns) -> Floats:
    """Each case's expected distance from a full score: its unit's, by the hardness of the class."""
    unit = columns["unit"]
    by_unit = np.where(unit == NONE, 0.08, month.losses[unit])
    return np.minimum(by_unit * month.hardness[columns["category"]], 0.45)


def _answers(columns: Columns, draws: Draws, loss: Floats, n: int) -> None:
    """What the resident thinks: contacted, solved, satisfied, the one leaning on the other.

    With loss L, weights .10/.50/.40 and levels 1/.9/0 the expected composite is 1 - L: not
    contacted .25 L; not solved 1.15 L; of those not solved a mean level of .43.
    """
    contacted = draws.uniform(n) >= 0.25 * loss
    unsolved_if_contacted = (1.15 * loss - 0.175 * loss) / (1.0 - 0.25 * loss)
    unsolved_chance = np.where(contacted, unsolved_if_contacted, 0.7)
    solved = draws.uniform(n) >= unsolved_chance
    partial = draws.uniform(n) < 0.25
    mood = draws.uniform(n)
    if_solved = np.where(mood < 0.25 * loss, 2, np.where(mood < 1.2 * loss, 1, 0))
    if_unsolved = np.where(mood < 0.25, 0, np.where(mood < 0.45, 1, 2))
    columns["answer_contacted"] = contacted.astype(np.int64)
    columns["resolved"] = np.where(solved, 0, np.where(partial, 1, 2))
    columns["satisfaction"] = np.where(solved, if_solved, if_unsolved)
    redone = ~solved & (draws.uniform(n) < 0.4)
    calmer = (columns["satisfaction"] == 2) & (draws.uniform(n) < 0.35)
    columns["final_resolved"] = np.where(redone, 0, columns["resolved"])
    columns["final_satisfaction"] = np.where(redone | calmer, 0, columns["satisfaction"])


def _times(month: Month, columns: Columns, draws: Draws, loss: Floats, n: int) -> None:
    limit = month.limits[columns["category"]]
    through_district = draws.uniform(n) < 0.2
    by_district = np.where(through_district, 1200 + draws.below(5400, n), 0)
    columns["dispatched"] = columns["created"] + 90 + by_district + _early(draws, 2400, n)
    columns["due"] = due = columns["dispatched"] + limit
    signed = columns["dispatched"] + 60 + _early(draws, np.minimum(7000, limit // 4), n)
    on_time = signed + 300 + _whole((due - signed - 300) * (0.15 + 0.85 * draws.uniform(n)))
    luck = draws.uniform(n)
    late = due + 600 + _whole(luck * luck * limit)
    fate = draws.uniform(n)
    closed = np.where(fate < 0.01 + 0.35 * loss, late, on_time)
    columns["closed"] = np.where(fate < 0.001 + 0.08 * loss, NONE, closed)
    end = np.where(columns["closed"] == NONE, due, closed)
    contacted = signed + 60 + _whole((end - signed - 60) * (0.05 + 0.5 * draws.uniform(n)))
    columns["signed"] = signed
    columns["contacted"] = np.where(columns["answer_contacted"] == 1, contacted, NONE)


def _early(draws: Draws, span: int | Ints, n: int) -> Ints:
    """Seconds within the span, mostly few."""
    luck = draws.uniform(n)
    return _whole(luck * luck * luck * span)


def _whole(seconds: Floats) -> Ints:
    return np.asarray(seconds, dtype=np.float64).astype(np.int64)


def _callbacks(month: Month, columns: Columns, draws: Draws, n: int) -> None:
    """Call back after the limit, between 9 and 20 o'clock; 3% never, of the others 90% reached."""
    earliest = columns["due"] + 3600 + draws.below(40 * 3600, n)
    called = earliest // DAY_SECONDS * DAY_SECONDS + 9 * 3600 + draws.below(11 * 3600, n)
    called = np.where(called <= columns["due"], called + DAY_SECONDS, called)
    attempted = draws.uniform(n) >= 0.027
    reached = draws.uniform(n) < 0.9
    unit = columns["unit"]
    reached &= ~(month.world.never_reached[unit] & (unit != NONE))
    unknown = draws.uniform(n) < 0.003
    columns["callback"] = np.where(attempted, called, NONE)
    columns["valid"] = np.where(attempted & ~unknown, reached.astype(np.int64), NONE)
    is_valid = columns["valid"] == 1
    answers = ("answer_contacted", "resolved", "satisfaction")
    for name in (*answers, "final_resolved", "final_satisfaction"):
        columns[f"shown_{name}"] = np.where(is_valid, columns[name], NONE)


def _exclusions(columns: Columns, draws: Draws, n: int) -> None:
    """Exclude about 3%, the unsolved more often; park 0.5%."""
    excluded = draws.uniform(n) < np.where(columns["resolved"] == 0, 0.024, 0.09)
    reason = draws.chosen(_REASON_CHOICE, n)
    columns["excluded"] = excluded.astype(np.int64)
    columns["reason"] = np.where(excluded, reason, NONE)
    columns["parked"] = (draws.uniform(n) < 0.005).astype(np.int64)


def _assists(world: World, columns: Columns, draws: Draws, n: int) -> None:
    """In 5% others assist: departments a street, the place's street everyone else.

    `assist` below N_ASSISTS is a combination of departments, from there on a street's number.
    """
    assisted = (draws.uniform(n) < 0.05) & (columns["unit"] != NONE)
    departments = draws.below(N_ASSISTS, n)
    by_street = world.is_street[columns["unit"]]
    who = np.where(by_street, departments, N_ASSISTS + columns["place"])
    columns["assist"] = np.where(assisted, who, NONE)
