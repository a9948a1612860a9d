"""The statements of a press draft that come from an evaluation: named lists and firsts.

Every name and number is traced to its place in a file of the pack; nothing is said of a list
whose data is not at hand. What people decided (speakers, next steps) is in `press`.
"""

from collections.abc import Iterator

from jiesu.briefing.measures import measured, table_of_list
from jiesu.briefing.pack import EVALUATION, YEAR, Stage
from jiesu.briefing.wording import listing, lowered, period_name, signed, whole_number
from jiesu.core.press import CasesBehind, Statement, Trace
from jiesu.core.result import Group, ListedUnit, NamedList, UnitResult
from jiesu.core.scorecard import telling_lists

SECTION = "bulletin"


def bulletin_statements(stage: Stage) -> Iterator[Statement]:
    """How many demands there were, then the named lists in the policy's order."""
    words, evaluation = stage.words, stage.pack.evaluation
    n = evaluation.totals.volume
    period = evaluation.period.label
    opening = words("press.opening", month=stage.month)
    yield Statement("opening", SECTION, opening, (stage.month_trace(stage.month),))
    text = words("press.volume", month=stage.short_month, n=whole_number(n)) + words("press.stop")
    cases = CasesBehind(period, "period", (), n)
    shown = whole_number(n)
    trace = Trace("volume", shown, str(n), EVALUATION, "/totals/volume", "", period, cases)
    yield Statement("volume", SECTION, text, (stage.month_trace(), trace))
    for number, told in enumerate(telling_lists(evaluation)):
        if told.available and told.units:
            yield _list_statement(stage, number, evaluation.lists[number], told)
    for group in evaluation.groups:
        yield from _year_first(stage, group)


def _list_statement(stage: Stage, number: int, named: NamedList, told: NamedList) -> Statement:
    """A list's names; `told` is the list without those of whom its title would be untrue."""
    words = stage.words
    at = {one.unit: position for position, one in enumerate(named.units)}
    first = named.kind == "tied_first"
    names: list[str] = []
    traces: list[Trace] = []
    for one in told.units:
        name = stage.scene.listed_name(named.group, one.unit, one.name)
        value = listed_value(stage, named, one)
        names.append(name if first else words("press.named", name=name, value=value))
        traces += _traces(stage, number, named, at[one.unit], one, name, value)
    count = str(len(names))
    pointer, period = f"/lists/{number}/units", stage.pack.evaluation.period.label
    how_many = Trace("how many", count, count, EVALUATION, pointer, "", period)
    if not first:
        title, all_names = stage.scene.list_title(named), listing(names, words)
        if told == named and len(names) > _asked(stage, named):
            text = words("press.list.tied", title=title, names=all_names, n=count)
            return Statement(named.key, SECTION, text, (*traces, how_many))
        text = words("press.list", title=title, names=all_names)
        return Statement(named.key, SECTION, text, tuple(traces))
    group = stage.group(named.group)
    title = stage.scene.group_title(group) if group else named.group
    key = "press.first.tied" if len(names) > 1 else "press.first.one"
    text = words(
        key,
        score=stage.score,
        group=lowered(title, words),
        n=len(names),
        value=f"{named.units[0].score:f}",
        names=listing(names, words),
    )
    if len(names) > 1:
        traces.append(how_many)
    return Statement(named.key, SECTION, text, tuple(traces))


def _asked(stage: Stage, named: NamedList) -> int:
    """How many units the policy wants on a list; ties may bring more."""
    rules = (rule for rule in stage.scene.policy.lists if named.key.endswith(rule.key))
    return max((rule.n for rule in rules), default=len(named.units))


def listed_value(stage: Stage, named: NamedList, one: ListedUnit) -> str:
    """What a list says of a unit, with its unit of measure."""
    words = stage.words
    if named.kind in ("top", "bottom", "tied_first"):
        return words("press.points", value=f"{one.score:f}" if one.score is not None else "")
    if named.kind == "volume":
        return words("press.cases", n=whole_number(int(one.value)))
    if named.kind == "improved":
        if stage.scene.policy.improvement == "rank":
            return signed(one.value)
        return words("press.points", value=signed(one.value))
    return measured(table_of_list(stage.scene, named), one.value, one.weak, words)


def _traces(
    stage: Stage,
    number: int,
    named: NamedList,
    position: int,
    one: ListedUnit,
    name: str,
    value: str,
) -> Iterator[Trace]:
    where = f"/lists/{number}/units/{position}"
    period = stage.pack.evaluation.period.label
    yield Trace("named", name, one.unit, EVALUATION, f"{where}/unit", one.unit, period)
    by_score = named.kind in ("top", "bottom", "tied_first")
    figure = f"{one.score:f}" if by_score and one.score is not None else f"{one.value:f}"
    pointer = f"{where}/score" if by_score else f"{where}/value"
    cases = _cases(stage, named, one)
    yield Trace(named.kind, value, figure, EVALUATION, pointer, one.unit, period, cases)


def _cases(stage: Stage, named: NamedList, one: ListedUnit) -> CasesBehind | None:
    """The cases behind a listed figure; an outside measure has none."""
    if named.kind == "volume":
        period = stage.pack.evaluation.period.label
        return CasesBehind(period, "place", (one.unit,), int(one.value))
    return None if named.kind == "measure" else stage.cases_of(one.unit)


# Last year's first ------------------------------------------------------------------------------


def _year_first(stage: Stage, group: Group) -> Iterator[Statement]:
    """Who was first in the last whole year, and where it stands this month; districts only.

    Only of the group that speaks at meetings: of hundreds of streets a year's first says little.
    """
    year = stage.pack.year
    if year is None or group.key != stage.pack.rules.speaker_group:
        return
    before = next((g for g in year.groups if g.key == group.key), None)
    if before is None:
        return
    for unit in before.units:
        if unit.rank == 1 and unit.score is not None:
            yield _year_first_statement(stage, group, before, unit)


def _year_first_statement(stage: Stage, group: Group, before: Group, unit: UnitResult) -> Statement:
    words, year = stage.words, stage.pack.year
    assert year is not None
    name = stage.unit(unit.unit)
    shared = sum(other.rank == 1 for other in before.units)
    text = words(
        "press.year_first",
        year=year.period.label if words.lang == "zh" else period_name(year.period, words),
        score=stage.score,
        group=lowered(stage.scene.group_title(group), words),
        tied_year=words("merit.tied") if shared > 1 else "",
        name=name,
        before=f"{unit.score:f}",
    )
    label = year.period.label
    shown = label if words.lang == "zh" else period_name(year.period, words)
    traces = [
        Trace("year", shown, label, YEAR, "/period/label", "", label),
        *_rank_traces(stage, unit, name, year=True),
    ]
    now = stage.scene.units[group.key].get(unit.unit)
    if now is None or now.rank is None or now.score is None:
        return Statement("year_first", SECTION, text + words("press.stop"), tuple(traces))
    tied = sum(other.rank == now.rank for other in group.units) > 1
    text += words(
        "press.again" if now.rank == 1 else "press.not_again",
        month=stage.short_month,
        tied=words("merit.tied") if tied else "",
        rank=now.rank,
        value=f"{now.score:f}",
    )
    traces += [stage.month_trace(), *_rank_traces(stage, now, name, year=False)]
    return Statement("year_first", SECTION, text, tuple(traces))


def _rank_traces(stage: Stage, unit: UnitResult, name: str, *, year: bool) -> tuple[Trace, Trace]:
    """A unit's rank and its score, in the month or in the year."""
    evaluation = stage.pack.year if year else stage.pack.evaluation
    assert evaluation is not None
    at = stage.unit_at(evaluation, unit.unit)
    assert at is not None
    where = f"/groups/{at[0]}/units/{at[1]}"
    file = YEAR if year else EVALUATION
    score, rank, label = f"{unit.score:f}", str(unit.rank), evaluation.period.label
    cases = None if year else stage.cases_of(unit.unit)
    return (
        Trace(f"rank of {name}", rank, rank, file, f"{where}/rank", unit.unit, label, cases),
        Trace(f"score of {name}", score, score, file, f"{where}/score", unit.unit, label, cases),
    )
