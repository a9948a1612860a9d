"""Statements about the yearly 七有五性 index: the city's result, who leads, who follows.

The whole result is in the index's own document; a meeting hears the ends of it. An illustrative
set of indicators is called so.
"""

from collections.abc import Iterator, Sequence

from jiesu.briefing.pack import INDEX, Stage
from jiesu.briefing.wording import listing, signed
from jiesu.core.indices import IndexResult, UnitIndex
from jiesu.core.press import Statement, Trace

SECTION = "bulletin"
ENDS = 3
"""So many units from each end of the ranking are named, at most half of all."""


def index_statements(stage: Stage) -> Iterator[Statement]:
    """The city's total and its change, the first and the last units, the most risen."""
    result, words = stage.pack.index, stage.words
    if result is None or result.city.shown is None:
        return
    year = str(result.year)
    total = f"{result.city.shown:f}"
    traces = [
        Trace("year", year, year, INDEX, "/year", "", year),
        Trace("city total", total, total, INDEX, "/city/shown", "", year),
    ]
    text = words("meeting.index.city", year=year, title=stage.title(result.tree.title), value=total)
    if result.city.change is not None:
        change = signed(result.city.change)
        text += words("meeting.index.change", value=change)
        pointer = "/city/change"
        traces.append(Trace("change", change, f"{result.city.change:f}", INDEX, pointer, "", year))
    text += words("meeting.index.illustrative" if result.tree.illustrative else "press.stop")
    yield Statement("index", SECTION, text, tuple(traces))
    ranked = [one for one in result.units if one.rank is not None]
    n = min(ENDS, len(ranked) // 2)
    if n:
        yield _ends(stage, result, "meeting.index.first", ranked[:n])
        yield _ends(stage, result, "meeting.index.last", ranked[-n:])


def _ends(stage: Stage, result: IndexResult, key: str, units: Sequence[UnitIndex]) -> Statement:
    words, year = stage.words, str(result.year)
    names, traces = [], []
    for one in units:
        name, value = stage.unit(one.unit), f"{one.shown:f}"
        rank = str(one.rank)
        where = f"/units/{result.units.index(one)}"
        names.append(words("meeting.index.unit", name=name, value=value, rank=rank))
        traces += [
            Trace("named", name, one.unit, INDEX, f"{where}/unit", one.unit, year),
            Trace("total", value, value, INDEX, f"{where}/shown", one.unit, year),
            Trace("rank", rank, rank, INDEX, f"{where}/rank", one.unit, year),
        ]
    text = words(key, names=listing(names, words))
    return Statement("index", SECTION, text, tuple(traces))
