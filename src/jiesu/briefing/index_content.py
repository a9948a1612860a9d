"""From an index to its document: the result of a year, or that of one unit.

Says only what the figures show: without a year before nothing is said of change. That a set of
indicators is illustrative stands on every page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from jiesu.briefing.content import numbered
from jiesu.briefing.document import Block, Content, Facts, Items, Paragraph, Section, Table
from jiesu.briefing.index_charts import (
    city_radar,
    contribution_bars,
    heat_map,
    small_radars,
    unit_radar,
)
from jiesu.briefing.index_scene import IndexReport, IndexScene
from jiesu.briefing.index_tables import (
    all_table,
    city_table,
    contributions_table,
    drill_table,
    missing_table,
    movers_table,
    nodes_table,
    ranking_table,
    scores_table,
)
from jiesu.briefing.labels import Words
from jiesu.briefing.wording import clean, day, listing, office_line, signed, span
from jiesu.core.indicators import ROOT
from jiesu.core.indices import UnitIndex

ENDS = 3
"""So many units and indicators are named at either end."""


def index_content(report: IndexReport, lang: str, unit: str = "") -> Content:
    """The content of a year's index in `zh` or `en`, or of the unit whose code is given.

    ValueError for another language, KeyError for a unit that is none of the index.
    """
    words = Words(lang)
    scene = IndexScene(report, words)
    about = report.result.unit(unit) if unit else None
    if unit and about is None:
        raise KeyError(unit)
    sections = list(_sections(scene) if about is None else _unit_sections(scene, about))
    annexes = tuple(
        replace(section, label=words("annex.n", n=n))
        for n, section in enumerate(_annexes(scene) if about is None else (), start=1)
    )
    year = report.result.year
    if about is None:
        title = words("index.title", year=year, title=scene.title)
    else:
        name = scene.name(about.unit)
        title = words("index.unit.title", name=name, year=year, title=scene.title)
    signed_on = day(report.as_of, words)
    city = scene.city_name
    return Content(
        lang=lang,
        masthead=words("index.masthead", city=city).removeprefix(" · "),
        title=title,
        mark=_mark(scene),
        sections=numbered(sections, words),
        annexes=annexes,
        sheets=_sheets(scene, about),
        essence=(words("index.illustrative.short"),) if _is_illustrative(scene) else (title,),
        provenance=_facts(scene),
        office=office_line(report.office, city, words),
        signed_on=signed_on,
        printed=words("printed", day=signed_on),
        annex_word=words("annex"),
        ui=words.ui(),
    )


def _is_illustrative(scene: IndexScene) -> bool:
    return scene.result.tree.illustrative


def _mark(scene: IndexScene) -> str:
    """What stands on every page: made-up data, an illustrative set of indicators."""
    words = scene.words
    marks = [words("synthetic")] if scene.report.synthetic else []
    if _is_illustrative(scene):
        marks.append(words("index.illustrative"))
    return "　".join(marks)


def _facts(scene: IndexScene) -> tuple[tuple[str, str], ...]:
    words, tree = scene.words, scene.result.tree
    pairs = [(words("source.span"), span(scene.report.period, words))]
    pairs.append((words("source.as_of"), day(scene.report.as_of, words)))
    pairs.append((words("index.digest"), tree.digest))
    sources = {
        clean(one.source, 200)
        for by_leaf in scene.result.values.values()
        for by_unit in by_leaf.values()
        for one in by_unit.values()
        if one.source
    }
    if sources:
        pairs.append((words("index.source"), listing(sorted(sources)[:12], words)))
    return tuple(pairs)


# The year -------------------------------------------------------------------------------------


def _sections(scene: IndexScene) -> Iterator[Section]:
    words, result = scene.words, scene.result
    yield Section("overall", words("index.overall"), tuple(_overall(scene)))
    drawn = [heat_map(scene), city_radar(scene)]
    blocks: list[Block] = [Paragraph(_city_ends(scene))]
    blocks += [figure for figure in drawn if figure is not None]
    yield Section("dimensions", words("index.dimensions"), (*blocks, city_table(scene)))
    yield Section("change", words("index.change"), tuple(_change(scene)))
    small = small_radars(scene)
    if small is not None:
        yield Section("units", words("index.units"), (small,))
    yield Section("data", words("index.data"), tuple(_data(scene, result.units)))


def _overall(scene: IndexScene) -> Iterator[Block]:
    words, result = scene.words, scene.result
    if _is_illustrative(scene):
        yield Paragraph(words("index.illustrative.text"))
    sentences = [
        words(
            "index.overall.text",
            year=result.year,
            span=span(scene.report.period, words),
            n=result.n_ranked,
            leaves=len(result.tree.leaves),
            dimensions=len(result.tree.dimensions),
        )
    ]
    if result.city.shown is not None:
        rule = words(f"index.rule.{result.tree.city}")
        sentence = words("index.city", value=f"{result.city.shown:f}", rule=rule)
        if result.city.change is not None:
            sentence += words("index.city.change", change=signed(result.city.change))
        sentences.append(sentence + words("list.end"))
    yield Paragraph(words("join.sentences").join(sentences))
    yield Paragraph(words("join.sentences").join(_ends(scene)))
    yield ranking_table(scene)


def _ends(scene: IndexScene) -> Iterator[str]:
    """Who is first and last; who rose and fell most. Whole groups of a rank, never a part."""
    words, ranked = scene.words, scene.ranked
    first = [unit for unit in ranked if (unit.rank or 0) <= ENDS]
    yield words("index.first", names=_named(scene, first))
    if len(ranked) > 2 * ENDS:
        cut = ranked[-ENDS].rank or 0
        yield words("index.last", names=_named(scene, [u for u in ranked if (u.rank or 0) >= cut]))
    moved = [unit for unit in ranked if unit.change is not None]
    for key, sign in (("index.up", 1), ("index.down", -1)):
        changes = [sign * unit.change for unit in moved if unit.change is not None]
        most = max(changes, default=None)
        if most is not None and most > 0:
            names = [
                words("index.moved", name=scene.name(unit.unit), value=signed(unit.change))
                for unit in moved
                if unit.change is not None and sign * unit.change == most
            ]
            yield words(key, names=listing(names, words))


def _named(scene: IndexScene, units: Sequence[UnitIndex]) -> str:
    names = [
        scene.words("index.named", name=scene.name(unit.unit), value=f"{unit.shown:f}")
        for unit in units
    ]
    return listing(names, scene.words)


def _city_ends(scene: IndexScene) -> str:
    """The city's highest and lowest dimensions."""
    words, scores = scene.words, scene.result.city.scores
    ordered = sorted(
        (key for key in scene.result.tree.dimensions if key in scores), key=lambda key: -scores[key]
    )
    n = min(ENDS, len(ordered) // 2)
    if not n:
        return ""

    def named(keys: Sequence[str]) -> str:
        shown = (
            words("index.named", name=scene.node(key), value=f"{scene.points(scores[key]):f}")
            for key in keys
        )
        return listing(shown, words)

    low = list(reversed(ordered[-n:]))
    return words("index.city.best", names=named(ordered[:n]), low=named(low))


def _change(scene: IndexScene) -> Iterator[Block]:
    words, city = scene.words, scene.result.city
    table = contributions_table(scene)
    if city.change is None or table is None:
        yield Paragraph(words("index.change.none"))
        return
    parts = city.contributions
    sentences = [
        words(
            "index.change.text",
            change=signed(city.change),
            by_weight=signed(scene.points(parts[ROOT].by_weight)),
        )
    ]
    leaves = sorted(scene.result.tree.leaves, key=lambda key: -parts[key].total)
    for key, chosen in (
        ("index.change.top", [leaf for leaf in leaves[:ENDS] if parts[leaf].total > 0]),
        (
            "index.change.bottom",
            [leaf for leaf in reversed(leaves[-ENDS:]) if parts[leaf].total < 0],
        ),
    ):
        if chosen:
            names = [_moved(scene, leaf, parts[leaf].total) for leaf in chosen]
            sentences.append(words(key, names=listing(names, words)))
    yield Paragraph(words("join.sentences").join(sentences))
    bars = contribution_bars(scene, "index-bars", words("index.bars.city"), parts)
    if bars is not None:
        yield bars
    movers = movers_table(scene)
    if movers is not None:
        yield movers


def _moved(scene: IndexScene, key: str, total: Fraction) -> str:
    value = signed(scene.points(total))
    return scene.words("index.moved", name=scene.node(key), value=value)


def _data(scene: IndexScene, units: Sequence[UnitIndex]) -> Iterator[Block]:
    """What was counted and given, what is missing and what was done about it."""
    words, tree = scene.words, scene.result.tree
    texts = [
        words(f"index.says.{key}", **{name: clean(text, 200) for name, text in values.items()})
        for key, values in scene.result.notes
        if words.known(f"index.says.{key}", "")
    ]
    if any(leaf.kind == "hotline" for leaf in tree.leaves.values()):
        texts.append(words("index.place"))
    rules = [leaf.normalisation for leaf in tree.leaves.values()]
    if any(rule.method == "min_max" and rule.low is None for rule in rules):
        texts.append(words("index.relative"))
    texts.append(words("index.method"))
    yield Items(tuple(texts))
    missing = missing_table(scene, units)
    yield Paragraph(words("index.missing.none")) if missing is None else missing
    yield Facts(_facts(scene))


def _annexes(scene: IndexScene) -> Iterator[Section]:
    scores, contributions = scores_table(scene), contributions_table(scene)
    for table in (scores, contributions):
        if table is not None:
            yield Section(f"annex-{table.key}", table.caption, (table,))
    for key in scene.result.tree.dimensions:
        table = drill_table(scene, key)
        yield Section(f"annex-{table.key}", table.caption, (table,))


# One unit -------------------------------------------------------------------------------------


def _unit_sections(scene: IndexScene, unit: UnitIndex) -> Iterator[Section]:
    words = scene.words
    blocks: list[Block] = []
    if _is_illustrative(scene):
        blocks.append(Paragraph(words("index.illustrative.text")))
    blocks.append(Paragraph(words("join.sentences").join(_unit_sentences(scene, unit))))
    drawn = unit_radar(scene, unit)
    if drawn is not None:
        blocks.append(drawn)
    yield Section("overall", words("index.overall"), tuple(blocks))
    name = scene.name(unit.unit)
    bars = contribution_bars(scene, "index-bars", name, unit.contributions)
    if bars is not None:
        yield Section("change", words("index.change"), (bars,))
    yield Section("indicators", words("index.indicators"), (nodes_table(scene, unit),))
    yield Section("data", words("index.data"), tuple(_data(scene, [unit])))


def _unit_sentences(scene: IndexScene, unit: UnitIndex) -> Iterator[str]:
    words, result = scene.words, scene.result
    name = scene.name(unit.unit)
    if unit.rank is None or unit.shown is None:
        yield words("index.unit.apart", name=name)
        return
    city = words("none") if result.city.shown is None else f"{result.city.shown:f}"
    yield words(
        "index.unit.text",
        name=name,
        value=f"{unit.shown:f}",
        n=result.n_ranked,
        tied=scene.tied(unit),
        rank=unit.rank,
        city=city,
    )
    if unit.change is not None and unit.before is not None:
        yield words(
            "index.unit.change",
            before=f"{unit.before.shown:f}",
            rank=unit.before.rank,
            change=signed(unit.change),
        )
    for key, nodes in (("index.unit.best", unit.best), ("index.unit.weakest", unit.weakest)):
        names = [
            words(
                "index.ranked",
                name=scene.node(node),
                rank=unit.nodes[node].rank,
                value=f"{unit.nodes[node].shown:f}",
            )
            for node in nodes
        ]
        if names:
            yield words(key, names=listing(names, words))


def _sheets(scene: IndexScene, unit: UnitIndex | None) -> tuple[Table, ...]:
    """A workbook's tables: the ranking, dimensions, contributions, then every figure."""
    if unit is not None:
        return nodes_table(scene, unit), all_table(scene, [unit])
    found = [ranking_table(scene), scores_table(scene), contributions_table(scene)]
    tables = [table for table in found if table is not None]
    drills = [drill_table(scene, key) for key in scene.result.tree.dimensions]
    return (*tables, *drills, all_table(scene, scene.result.units))
