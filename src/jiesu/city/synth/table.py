"""A day's numbers as columns of the case table, and the short Chinese texts of its cases.

Strings are taken from small dictionaries; codes are those of `core.case_table`. Instants are
in UTC for Parquet and on the city's clock for CSV.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jiesu.city.synth.cases import (
    CHANNELS,
    KINDS,
    N_ASSISTS,
    N_LOCATIONS,
    NONE,
    REASONS,
    RESOLVED,
    SATISFACTION,
    Columns,
    Ints,
)
from jiesu.city.synth.catalogue import categories
from jiesu.city.synth.draw import Draws
from jiesu.city.synth.world import ASSISTS, World
from jiesu.core.case_table import LIST_SEPARATOR

UTC_OFFSET_SECONDS = 8 * 3600
"""Asia/Shanghai, which has known no summer time since 1991."""

_ESTATES = (
    *("幸福里", "和平里", "春风里", "阳光家园", "安居苑", "向阳小区", "康乐里", "绿景园"),
    *("望和园", "金桂苑", "东风里", "团结里", "芳草园", "晨光家园", "枫林苑", "柳荫里"),
    *("百合园", "锦绣苑", "怡安家园", "青松里", "文华园", "景明苑", "福顺里", "长乐园"),
)
_NUMERALS = (*"一二三四五六七八九十", "十一", "十二", "十三", "十四", "十五", "十六")
_OPENINGS = ("市民反映，", "来电人反映，", "居民来电反映，", "网友留言，")
_REQUESTS = (
    "请求尽快核实处理。",
    "希望有关单位上门查看。",
    "要求给予答复。",
    "请求协调解决。",
    "希望给出明确的解决时限。",
    "此前反映过，至今没有解决。",
)
_HEX = np.array([list(f"{value:04x}".encode()) for value in range(65_536)], np.uint8)


class Wording:
    """The dictionaries of a world from which the columns take their strings."""

    def __init__(self, world: World) -> None:
        self._world = world

    @cached_property
    def units(self) -> pa.Array:
        return pa.array([unit.code for unit in self._world.units])

    @cached_property
    def places(self) -> pa.Array:
        return pa.array([self._world.units[i].code for i in self._world.streets])

    @cached_property
    def districts(self) -> pa.Array:
        return pa.array([self._world.units[i].code for i in self._world.street_district])

    @cached_property
    def community_starts(self) -> Ints:
        """Where the communities of each street begin in `communities`."""
        counts = np.array(self._world.n_communities, np.int64)
        return np.cumsum(counts) - counts

    @cached_property
    def communities(self) -> pa.Array:
        names = [
            f"{_short(self._world.units[i].name)}第{_NUMERALS[n]}社区"
            for i, count in zip(self._world.streets, self._world.n_communities, strict=True)
            for n in range(count)
        ]
        return pa.array(names)

    @cached_property
    def locations(self) -> pa.Array:
        per_estate = N_LOCATIONS // len(_ESTATES)
        return pa.array([f"{name}{n + 1}号楼" for name in _ESTATES for n in range(per_estate)])

    @cached_property
    def assists(self) -> pa.Array:
        """N_ASSISTS combinations of departments, then the streets."""
        departments = self._world.of_kind("department")
        draws = Draws(self._world.seed, ASSISTS)
        combinations = []
        for n in range(N_ASSISTS):
            first, step = draws.below(len(departments), 2)
            codes = [self._world.units[departments[first]].code]
            if n >= N_ASSISTS * 2 // 3:
                other = (first + 1 + step % (len(departments) - 1)) % len(departments)
                codes.append(self._world.units[departments[other]].code)
            combinations.append(LIST_SEPARATOR.join(codes))
        return pa.concat_arrays([pa.array(combinations), self.places])

    @cached_property
    def levels(self) -> tuple[pa.Array, pa.Array, pa.Array]:
        tree = categories()
        one, two, three = (pa.array([c.levels[level] for c in tree]) for level in range(3))
        return one, two, three

    @cached_property
    def labels(self) -> pa.Array:
        return pa.array([category.label or None for category in categories()])

    @cached_property
    def bodies(self) -> pa.Array:
        return pa.array([body for category in categories() for body in category.bodies])


def case_table(wording: Wording, day: date, columns: Columns, *, utc: bool) -> pa.Table:
    """The day's cases with the columns of the case table that the synthetic city fills."""
    category, place = columns["category"], columns["place"]
    one, two, three = wording.levels
    communities = wording.community_starts[place] + columns["community"]
    on_clock = UTC_OFFSET_SECONDS if utc else None
    return pa.table(
        {
            "case_id": _case_ids(np.full(len(place), day.toordinal()), columns["number"]),
            "channel": _taken(CHANNELS, columns["channel"]),
            "kind": _taken(KINDS, columns["kind"]),
            "category_1": _taken(one, category),
            "category_2": _taken(two, category),
            "category_3": _taken(three, category),
            "unit": _taken(wording.units, columns["unit"]),
            "assist_units": _taken(wording.assists, columns["assist"]),
            "district": _taken(wording.districts, place),
            "place": _taken(wording.places, place),
            "community": _taken(wording.communities, communities),
            "location": _taken(wording.locations, columns["location"]),
            "caller": _pseudonyms(columns["person"]),
            "created_at": _instants(columns["created"], on_clock),
            "dispatched_at": _instants(columns["dispatched"], on_clock),
            "signed_at": _instants(columns["signed"], on_clock),
            "contacted_at": _instants(columns["contacted"], on_clock),
            "due_at": _instants(columns["due"], on_clock),
            "closed_at": _instants(columns["closed"], on_clock),
            "callback_at": _instants(columns["callback"], on_clock),
            "callback_valid": _flags(columns["valid"]),
            "callback_contacted": _flags(columns["shown_answer_contacted"]),
            "callback_resolved": _taken(RESOLVED, columns["shown_resolved"]),
            "callback_satisfaction": _taken(SATISFACTION, columns["shown_satisfaction"]),
            "final_resolved": _taken(RESOLVED, columns["shown_final_resolved"]),
            "final_satisfaction": _taken(SATISFACTION, columns["shown_final_satisfaction"]),
            "excluded": _flags(columns["excluded"]),
            "exclusion_reason": _taken(REASONS, columns["reason"]),
            "parked": _flags(columns["parked"]),
            "repeat_of": _case_ids(columns["repeat_day"], columns["repeat_number"]),
            "labels": _taken(wording.labels, category),
        }
    )


def text_table(wording: Wording, day: date, columns: Columns) -> pa.Table:
    """The day's case texts: `case_id, text`, one sentence each, from templates."""
    place, word = columns["place"], columns["wording"]
    where = _taken(wording.communities, wording.community_starts[place] + columns["community"])
    what = _taken(wording.bodies, columns["category"] * 2 + word % 2)
    opening = _taken(_OPENINGS, word // 2 % len(_OPENINGS))
    request = _taken(_REQUESTS, word // 8 % len(_REQUESTS))
    parts = [part.cast(pa.string()) for part in (opening, where, what, request)]
    comma = pc.binary_join_element_wise(parts[2], parts[3], "，")
    text = pc.binary_join_element_wise(parts[0], parts[1], comma, "")
    days = np.full(len(place), day.toordinal())
    return pa.table({"case_id": _case_ids(days, columns["number"]), "text": text})


def _short(name: str) -> str:
    for ending in ("街道", "地区", "镇", "乡"):
        if name.endswith(ending):
            return name.removesuffix(ending)
    return name


def _taken(words: Sequence[str] | pa.Array, positions: Ints) -> pa.DictionaryArray:
    """The words at the positions; null where there is none."""
    indices = pa.array(positions.astype(np.int32), mask=positions == NONE)
    dictionary = words if isinstance(words, pa.Array) else pa.array(words)
    return pa.DictionaryArray.from_arrays(indices, dictionary)


def _flags(values: Ints) -> pa.Array:
    return pa.array(values == 1, mask=values == NONE)


def _instants(seconds: Ints, utc_offset: int | None) -> pa.Array:
    """Instants in UTC where an offset is given, otherwise times on the city's clock."""
    nothing = seconds == NONE
    if utc_offset is None:
        return pa.array(seconds, mask=nothing).cast(pa.timestamp("s"))
    micro = (seconds - utc_offset) * 1_000_000
    return pa.array(micro, mask=nothing).cast(pa.timestamp("us", tz="UTC"))


def _case_ids(days: Ints, numbers: Ints) -> pa.Array:
    """`S` (for synthetic), the date, and seven digits of the number on that day."""
    present = days != NONE
    dates = np.zeros(len(days), np.int64)
    for ordinal in np.unique(days[present]).tolist():
        dates[days == ordinal] = int(date.fromordinal(ordinal).strftime("%Y%m%d"))
    digits = pa.array(dates * 10_000_000 + numbers, mask=~present).cast(pa.string())
    return pc.binary_join_element_wise("S", digits, "")


def _pseudonyms(persons: Ints) -> pa.Array:
    """`c-` and twelve hexadecimal digits: a one-to-one shuffle of 48 bits."""
    mask = np.uint64(2**48 - 1)
    value = persons.astype(np.uint64)
    for factor in (np.uint64(0x5851F42D4C95), np.uint64(0x2545F4914F6D)):
        value = (value * factor + np.uint64(0x1405)) & mask
        value ^= value >> np.uint64(23)
    letters = np.empty((len(value), 14), np.uint8)
    letters[:, :2] = list(b"c-")
    for position, shift in ((2, 32), (6, 16), (10, 0)):
        letters[:, position : position + 4] = _HEX[(value >> np.uint64(shift)) & np.uint64(0xFFFF)]
    return _fixed_width(letters)


def _fixed_width(letters: npt.NDArray[np.uint8]) -> pa.Array:
    n, width = letters.shape
    offsets = np.arange(0, (n + 1) * width, width, dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))]
    return pa.Array.from_buffers(pa.string(), n, buffers)
