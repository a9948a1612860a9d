"""From a report to its document: what came in, what callers said, how the month stands.

Says only what the data show: nothing of change without earlier data, no rate without call-backs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from jiesu.briefing.columns import rate_cell
from jiesu.briefing.content import numbered
from jiesu.briefing.document import Block, Cell, Column, Content, Paragraph, Section, Table
from jiesu.briefing.labels import Words
from jiesu.briefing.report_charts import categories_chart, days_chart, hours_chart
from jiesu.briefing.report_tables import (
    alerts_table,
    dissatisfied_table,
    funnel_table,
    open_table,
    ranks_table,
    tally_table,
)
from jiesu.briefing.scene import Scene
from jiesu.briefing.tables import apart_table, ranked, ranking_table
from jiesu.briefing.wording import (
    clean,
    day,
    listing,
    lowered,
    moment,
    office_line,
    percent,
    period_name,
    signed,
    whole_number,
)
from jiesu.core.reporting import Report
from jiesu.core.result import Figures, Group, UnitResult
from jiesu.core.scoring import rounded

SHOWN = 15
"""So many values of a column stand in its table, the rest as one row."""

TIED_NAMED = 6
"""Of more units that are tied at an end of the ranking, so many are named."""


def report_content(report: Report, lang: str, *, office: str = "") -> Content:
    """The content of a report's document in `zh` or `en`."""
    words, span = Words(lang), report.span
    scene = None if report.running is None else Scene.of(report.running, words)
    parts = [
        ("intake", tuple(_intake(report, words))),
        ("callbacks", tuple(_callbacks(report, words))),
        ("running", tuple(_running(report, scene, words))),
        ("categories", tuple(_categories(report, words))),
        ("rhythm", tuple(_rhythm(report, words))),
        ("funnel", tuple(_funnel(report, words))),
        ("warnings", tuple(_warnings(report, words))),
    ]
    sections = [Section(key, words(f"report.s.{key}"), blocks) for key, blocks in parts if blocks]
    annexes = () if scene is None else tuple(_annexes(scene))
    city = clean(words.title(report.city, ""))
    signed_on = day(span.day, words)
    return Content(
        lang=lang,
        title=_title(report, words),
        sections=numbered(sections, words),
        ui=words.ui(),
        masthead=words(f"report.masthead.{span.kind}", city=city).removeprefix(" · "),
        number=signed_on,
        mark=words("synthetic") if report.synthetic else "",
        annexes=tuple(
            replace(annex, label=words("annex.n", n=n)) for n, annex in enumerate(annexes, 1)
        ),
        essence=(_window(report, words),),
        office=office_line(office, city, words),
        signed_on=signed_on,
        printed=words("printed", day=signed_on),
        annex_word=words("annex"),
    )


def _title(report: Report, words: Words) -> str:
    span = report.span
    if span.kind == "monthly":
        return words("report.title.monthly", period=period_name(span.period, words))
    start, end = span.window
    values = {"day": day(end.date(), words)}
    if span.kind == "weekly":
        values = {"first": day(start.date(), words), "last": day(end.date(), words)}
    return words(f"report.title.{span.kind}", **values)


def _window(report: Report, words: Words) -> str:
    span = report.span
    start, end = span.window
    key = "report.window.monthly" if span.kind == "monthly" else "report.window"
    as_of = span.as_of + timedelta(microseconds=1)
    return words(
        key,
        start=moment(start, words),
        end=moment(end, words, as_end=True),
        as_of=moment(as_of, words),
    )


def change_words(n: int, before: int, words: Words) -> str:
    """How a count differs from an earlier one, with the share where that one is not 0."""
    more = n - before
    if not more:
        return words("report.same")
    if not before:
        return words("report.up.bare", n=whole_number(more))
    share = percent(Fraction(abs(more), before), 1)
    key = "report.up" if more > 0 else "report.down"
    return words(key, n=whole_number(abs(more)), percent=share)


def _said(sentences: Sequence[str], words: Words) -> Paragraph:
    return Paragraph(words("join.sentences").join(sentences))


def _intake(report: Report, words: Words) -> Iterator[Block]:
    span, n = report.span, report.n
    key = "report.n.monthly" if span.kind == "monthly" else "report.n"
    first = words(key, n=whole_number(n))
    if report.n_before is not None:
        change = change_words(n, report.n_before, words)
        first += words(f"report.than.{span.kind}", change=change)
    sentences = [first + words("report.end")]
    for key, some in (("excluded", report.n_excluded), ("repeats", report.n_repeats)):
        if some:
            share = percent(Fraction(some, n), 1)
            sentences.append(words(f"report.{key}", n=whole_number(some), percent=share))
    if report.enterprise is not None:
        tally = report.enterprise
        change = change_words(tally.n, tally.before, words)
        sentences.append(words("report.enterprise", n=whole_number(tally.n), change=change))
    else:
        sentences.append(words("report.lacking.enterprise"))
    yield _said(sentences, words)
    chart = days_chart(report, words)
    if chart is not None:
        yield chart
    for column, key in (("kind", "kinds"), ("channel", "channels")):
        table = tally_table(report, column, words(f"report.caption.{key}"), SHOWN, words)
        if table is not None:
            yield table


def _callbacks(report: Report, words: Words) -> Iterator[Block]:
    found = report.callbacks
    if found is None:
        yield Paragraph(words("report.lacking.callbacks"))
        return
    yield Paragraph(words("report.callbacks", n=whole_number(found.n)))
    before = report.callbacks_before
    columns = [Column("figure", words("report.figure"), width=7)]
    versions: list[tuple[Figures, Figures | None]] = []
    for key, now, then in (
        ("all", found.with_excluded, before.with_excluded if before else None),
        ("without", found.figures, before.figures if before else None),
    ):
        versions.append((now, then))
        columns.append(Column(key, words(f"report.{key}"), "percent", 6, 2))
        columns.append(Column(f"{key}_change", words("report.points"), "decimal", 6, 2))
    rows = []
    for title, key in _rate_titles(report, words):
        cells = [Cell(title)]
        for now, then in versions:
            cells += [rate_cell(now.rates.get(key), words), _points(now, then, key, words)]
        rows.append(tuple(cells))
    caption = words("report.callbacks.table")
    yield Table("callbacks", caption, tuple(columns), tuple(rows))
    if report.span.kind != "daily":
        table = dissatisfied_table(report, words)
        if table is not None:
            yield table


def _rate_titles(report: Report, words: Words) -> Iterator[tuple[str, str]]:
    for rule in report.rates:
        yield clean(words.title(rule.title, rule.key)), rule.key


def _points(now: Figures, then: Figures | None, key: str, words: Words) -> Cell:
    """The difference of two printed percentages, in points."""
    one = then.rates.get(key) if then is not None else None
    two = now.rates.get(key)
    if one is None or two is None or one.value is None or two.value is None:
        return Cell(words("none"))
    points: Decimal = rounded(two.value * 100, 2) - rounded(one.value * 100, 2)
    return Cell(signed(points), points)


def _running(report: Report, scene: Scene | None, words: Words) -> Iterator[Block]:
    span = report.span
    if span.kind == "monthly":
        return
    if scene is None:
        yield Paragraph(words("report.running.none"))
        return
    first = words(
        "report.running",
        start=moment(span.running[0], words),
        end=moment(span.running[1], words),
        period=period_name(span.period, words),
        n=whole_number(report.n_running),
    )
    if report.n_previous is not None:
        change = change_words(report.n_running, report.n_previous, words)
        first += words("report.running.than", change=change)
    sentences = [first + words("report.end")]
    totals = scene.evaluation.totals.figures
    if totals.score is not None:
        rates = [
            words(
                "overall.rate", title=lowered(scene.rate_title(rule), words), value=percent(value)
            )
            for rule in scene.policy.rates
            if (value := totals.rates[rule.key].value) is not None
        ]
        sentences.append(
            words(
                "report.running.figures",
                rates=listing(rates, words),
                score=lowered(scene.score, words),
                value=f"{totals.score:f}",
            )
        )
    if scene.evaluation.groups:
        sentences += _ends(report, scene, scene.evaluation.groups[0])
    yield _said(sentences, words)
    if report.ranks and len(report.moments) > 1:
        yield ranks_table(report, scene, words)


def _ends(report: Report, scene: Scene, group: Group) -> Iterator[str]:
    """The first and last units of the running ranking, never a part of those that are tied."""
    words, units, n = scene.words, ranked(group), report.rules.ends
    if len(units) < 2 * n:
        return
    for key, ordered in (("first", units), ("last", units[::-1])):
        at_cut = ordered[n - 1].rank
        chosen = [unit for i, unit in enumerate(ordered) if i < n or unit.rank == at_cut]
        if key == "last":
            chosen.reverse()
        names = _names_of_ends(chosen, at_cut, scene)
        yield words(f"report.ends.{key}", group=scene.group_title(group), names=names)


def _names_of_ends(chosen: Sequence[UnitResult], at_cut: int | None, scene: Scene) -> str:
    """Every unit with score and rank; of many that are tied at the cut a few, and how many."""
    words = scene.words
    tied = [unit for unit in chosen if unit.rank == at_cut]
    if len(tied) <= TIED_NAMED:
        return listing([_end(unit, scene) for unit in chosen], words)
    few = listing([scene.unit_name(unit) for unit in tied[:TIED_NAMED]], words)
    said = words(
        "report.ends.tied", names=few, n=len(tied), score=f"{tied[0].score:f}", rank=at_cut
    )
    others = [_end(unit, scene) for unit in chosen if unit.rank != at_cut]
    first = not others or (chosen[0].rank or 0) < (at_cut or 0)
    return listing([*others, said] if first else [said, *others], words)


def _end(unit: UnitResult, scene: Scene) -> str:
    score = f"{unit.score:f}" if unit.score is not None else scene.words("none")
    name = scene.unit_name(unit)
    return scene.words("report.ends.item", name=name, score=score, rank=unit.rank)


def _categories(report: Report, words: Words) -> Iterator[Block]:
    compared = report.n_before is not None
    main = [tally for tally in report.by["category_1"] if tally.value and tally.n]
    main = main[: report.rules.categories]
    if main:
        items = [
            words(
                "report.main.item",
                name=clean(tally.value),
                n=whole_number(tally.n),
                percent=percent(Fraction(tally.n, report.n), 1),
                change=words(
                    "report.main.change", change=change_words(tally.n, tally.before, words)
                )
                if compared
                else "",
            )
            for tally in main
        ]
        yield Paragraph(words("report.main", items=words("between").join(items)))
        chart = categories_chart(main, words, compared=compared)
        if chart is not None:
            yield chart
    caption = words("report.categories.caption")
    table = tally_table(report, "category_1", caption, SHOWN, words)
    if table is not None:
        yield table
    watched = tally_table(report, "watched", words("report.watched.caption"), SHOWN, words)
    if watched is not None:
        yield watched


def _rhythm(report: Report, words: Words) -> Iterator[Block]:
    if report.span.kind != "daily":
        chart = hours_chart(report, words)
        if chart is not None:
            yield chart


def _funnel(report: Report, words: Words) -> Iterator[Block]:
    if report.span.kind != "monthly":
        return
    if report.funnel:
        yield funnel_table(report, words)
    caption = words("report.exclusion.caption")
    table = tally_table(report, "exclusion_reason", caption, SHOWN, words)
    if table is not None:
        yield table


def _warnings(report: Report, words: Words) -> Iterator[Block]:
    span, total = report.span, report.open_total
    if span.usual and report.alerts:
        yield Paragraph(words("report.alerts"))
        yield alerts_table(report, words)
    elif span.usual:
        short = not report.has_usual
        yield Paragraph(words("report.alerts.short" if short else "report.alerts.none"))
    key = "report.open" if report.has_due else "report.open.plain"
    said = words(
        key,
        n=whole_number(total.n),
        overdue=whole_number(total.overdue),
        soon=whole_number(total.soon),
        hours=report.rules.soon_hours,
    )
    sentences = [said]
    for key, some in (("parked", total.parked), ("excluded", total.excluded)):
        if some:
            sentences.append(words(f"report.open.{key}", n=whole_number(some)))
    if not report.has_due:
        sentences.append(words("report.lacking.due"))
    yield _said(sentences, words)
    if report.has_due:
        table = open_table(report, words)
        if table is not None:
            yield table


def _annexes(scene: Scene) -> Iterator[Section]:
    """The running month's full tables by group."""
    for group in scene.evaluation.groups:
        blocks: list[Block] = []
        ranking = ranking_table(scene, group)
        if ranking.rows:
            blocks.append(replace(ranking, dense=True, note=""))
        alone = apart_table(scene, group)
        if alone is not None:
            blocks.append(alone)
        if blocks:
            title = scene.words("report.annex", group=scene.group_title(group))
            yield Section(f"annex-{scene.anchor(group.key)}", title, tuple(blocks))
