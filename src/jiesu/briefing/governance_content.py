"""The governed places (治理类街乡镇) as a document: proposals with evidence, problems, programme.

Proposals are marked as such: people decide. Computes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from jiesu.briefing.document import (
    Block,
    Cell,
    Column,
    Content,
    Facts,
    Heading,
    Items,
    Paragraph,
    Section,
    Table,
)
from jiesu.briefing.topic_view import View, column
from jiesu.briefing.wording import clean
from jiesu.core.governance import (
    LEVELS,
    GovernanceResult,
    Governed,
    GovernedPlace,
    ProgressReport,
    Rule,
    RuleMonths,
    Work,
)
from jiesu.core.topics import n_done


def governance_content(view: View, result: GovernanceResult) -> Content:
    """The document on the governed places of a period."""
    words = view.words
    sections = [section for section in _sections(view, result) if section.blocks]
    title = words("governance.title", period=view.month(result.period))
    content = view.content(title, sections)
    return replace(content, essence=(words("governance.essence", day=view.day(result.on)),))


def _sections(view: View, result: GovernanceResult) -> Iterator[Section]:
    words = view.words
    yield Section("list", words("governance.list"), tuple(_list(view, result)))
    entering = [one for one in result.governed if one.standing == "enter"]
    if entering:
        blocks = (Paragraph(words("governance.enter.intro")), evidence_table(view, entering))
        yield Section("enter", words("governance.enter"), blocks)
    listed = [one for one in result.governed if one.place is not None]
    if listed:
        blocks = (Paragraph(words("governance.leave.intro")), evidence_table(view, listed))
        yield Section("leave", words("governance.leave"), blocks)
        work = tuple(block for one in listed for block in _place(view, result, one))
        yield Section("work", words("governance.work"), work)
    yield Section("rules", words("governance.rules"), tuple(_rules(view, result)))


def _list(view: View, result: GovernanceResult) -> Iterator[Block]:
    words = view.words
    listed = [one for one in result.governed if one.place is not None]
    entering = sum(one.standing == "enter" for one in result.governed)
    leaving = [one for one in listed if one.standing == "leave"]
    yield Paragraph(
        words(
            "governance.overall",
            day=view.day(result.on),
            n=len(listed),
            enter=entering,
            leave=len(leaving),
        )
    )
    columns = (
        column(words, "place", width=11.0),
        column(words, "standing", width=6.0),
        column(words, "entered_on", width=8.0),
        column(words, "problems", width=4.0),
        column(words, "measures", width=4.0),
        column(words, "overdue", "integer", 3.6),
        column(words, "newest", width=12.0),
    )
    rows = tuple(_list_row(view, result, one, one.place) for one in listed if one.place is not None)
    if rows:
        yield Table("governance_list", words("governance.table.list"), columns, rows)
    if result.past:
        past = words("join").join(
            words("governance.past.one", name=view.unit(place.unit), day=view.day(place.exited_on))
            for place in result.past
        )
        yield Paragraph(words("governance.past", names=past))


def _list_row(
    view: View, result: GovernanceResult, one: Governed, place: GovernedPlace
) -> tuple[Cell, ...]:
    on, words = result.on, view.words
    problems = [work.state(on) for work in place.problems]
    measures = [work.state(on) for work in place.measures]
    overdue = (*problems, *measures).count("overdue")
    known = [report for report in place.reports if report.on <= on]
    newest = max(known, key=lambda report: report.on) if known else None
    return (
        Cell(view.unit(one.unit)),
        Cell(words(f"governance.standing.{one.standing}")),
        Cell(view.day(place.entered_on)),
        Cell(f"{n_done(problems)}/{len(problems)}"),
        Cell(f"{n_done(measures)}/{len(measures)}"),
        Cell(str(overdue), overdue),
        Cell(_report(view, newest) if newest else words("none")),
    )


def _report(view: View, report: ProgressReport) -> str:
    return view.words("governance.report", day=view.day(report.on), text=view.text(report.text))


def evidence_table(view: View, places: Sequence[Governed]) -> Table:
    """One row a place, one column a rule: months met of those looked at, and the place now."""
    words = view.words
    rules = [evidence.rule for evidence in places[0].evidence]
    columns = [column(words, "place", width=10.0)]
    columns += [Column(rule.key, view.text(rule.title), width=8.0) for rule in rules]
    rows = tuple(
        (
            Cell(view.unit(one.unit)),
            *(Cell(_evidence_text(view, evidence)) for evidence in one.evidence),
        )
        for one in places
    )
    caption = words("governance.table.evidence")
    note = words("governance.table.evidence.note")
    return Table("governance_evidence", caption, tuple(columns), rows, note=note)


def _evidence_text(view: View, evidence: RuleMonths) -> str:
    """12/12, 第3位 ●: the mark says that the rule holds."""
    words = view.words
    newest = evidence.places[-1] if evidence.places else None
    place = words("none") if newest is None else words("governance.place", n=newest)
    mark = " ●" if evidence.holds else ""
    months = f"{len(evidence.met)}/{len(evidence.looked_at)}"
    return words("governance.evidence", months=months, place=place) + mark


def _place(view: View, result: GovernanceResult, one: Governed) -> Iterator[Block]:
    place, words = one.place, view.words
    if place is None:
        return
    name = view.unit(place.unit)
    yield Heading(name)
    facts = [(words("topics.column.entered_on"), view.day(place.entered_on))]
    if place.reason:
        facts.append((words("governance.reason"), view.text(place.reason)))
    yield Facts(tuple(facts))
    if place.problems:
        caption = words("governance.table.problems", name=name)
        yield _work_table(view, result, f"problems_{place.unit}", caption, place.problems)
    ordered = sorted(place.measures, key=lambda work: LEVELS.index(work.level))
    if ordered:
        caption = words("governance.table.measures", name=name)
        yield _work_table(view, result, f"measures_{place.unit}", caption, ordered)
    known = sorted((r for r in place.reports if r.on <= result.on), key=lambda r: r.on)
    if known:
        yield Items(tuple(_report(view, report) for report in known))


def _work_table(
    view: View,
    result: GovernanceResult,
    key: str,
    caption: str,
    works: Sequence[Work],
) -> Table:
    words = view.words
    with_level = any(work.level for work in works)
    columns = [
        column(words, "measure" if with_level else "problem", width=14.0),
        column(words, "owner", width=10.0),
        column(words, "due_on", width=7.5),
        column(words, "done_on", width=7.5),
        column(words, "state", width=4.8),
    ]
    if with_level:
        columns.insert(0, column(words, "level", width=3.4))
    rows = []
    for work in works:
        cells = [
            Cell(view.text(work.title)),
            Cell(view.unit(work.owner)),
            Cell(view.day(work.due_on)),
            Cell(view.day(work.done_on)),
            Cell(words(f"topics.item.{work.state(result.on)}")),
        ]
        if with_level:
            cells.insert(0, Cell(words(f"governance.level.{work.level}")))
        rows.append(tuple(cells))
    return Table(key, caption, tuple(columns), tuple(rows))


def _rules(view: View, result: GovernanceResult) -> Iterator[Block]:
    words, rules = view.words, result.rules
    yield Paragraph(words("governance.rules.enter"))
    yield Items(tuple(rule_text(view, rule, "enter") for rule in rules.enter))
    yield Paragraph(words("governance.rules.leave", stay=rules.stay_months))
    yield Items(tuple(rule_text(view, rule, "leave") for rule in rules.leave))
    yield Paragraph(words("governance.rules.people"))


def rule_text(view: View, rule: Rule, way: str) -> str:
    """A rule in words: 万人诉求比居前3%，近12个月中至少9个月."""
    words = view.words
    if rule.n:
        cut = words(f"governance.cut.{rule.side}_n", n=rule.n)
    else:
        share = view.percent(rule.percent / 100, 0 if rule.percent.denominator == 1 else 1)
        cut = words(f"governance.cut.{rule.side}_percent", percent=share)
    return words(
        f"governance.rule.{way}",
        title=clean(view.text(rule.title)),
        figure=words(f"governance.figure.{rule.figure}"),
        cut=cut,
        months=rule.months,
        of=rule.of,
    )
