"""The duty list (职责清单) of the monthly topics: who leads, who does what, by when.

A document of its own, topic by topic, for the units that are in it. It says nothing of progress
beyond what is done and what is due.
"""

from collections.abc import Iterator
from dataclasses import replace

from jiesu.briefing.document import (
    Block,
    Cell,
    Column,
    Content,
    Facts,
    Heading,
    Paragraph,
    Section,
    Table,
)
from jiesu.briefing.topic_view import View, column, number
from jiesu.core.topic_board import TopicBoard, TopicStatus
from jiesu.core.topics import Step


def duty_list(view: View, board: TopicBoard) -> Content:
    """The duty list's content, a section for each theme that has topics."""
    words = view.words
    sections = []
    for theme in board.themes:
        topics = [one for one in board.topics if one.topic.theme == theme.label]
        if not topics:
            continue
        title = words(
            "topics.duty.theme", month=view.month(theme.label), title=view.text(theme.title)
        )
        blocks = tuple(block for one in topics for block in _topic(view, board, one))
        sections.append(Section(f"theme-{theme.label}", title, blocks))
    sections.insert(0, Section("leads", words("topics.duty.overview"), tuple(_over(view, board))))
    title = words("topics.duty.title", year=board.period[:4])
    content = view.content(title, sections, signed=True)
    return replace(content, essence=(words("topics.duty.essence", day=view.day(board.on)),))


def _over(view: View, board: TopicBoard) -> Iterator[Block]:
    words = view.words
    leads = {one.topic.lead for one in board.topics}
    partners = {code for one in board.topics for code in one.topic.partners}
    yield Paragraph(
        words("topics.duty.intro", n=len(board.topics), leads=len(leads), partners=len(partners))
    )
    columns = (
        column(words, "topic", width=12.0),
        column(words, "lead", width=11.0),
        column(words, "partners", width=16.0),
    )
    rows = tuple(
        (
            Cell(view.text(one.topic.title)),
            Cell(view.unit(one.topic.lead)),
            Cell(view.names(one.topic.partners)),
        )
        for one in board.topics
    )
    yield Table("duty_overview", words("topics.table.duty_overview"), columns, rows)


def _topic(view: View, board: TopicBoard, one: TopicStatus) -> Iterator[Block]:
    words, topic = view.words, one.topic
    yield Heading(view.text(topic.title))
    facts = [(words("topics.column.lead"), view.unit(topic.lead))]
    if topic.partners:
        facts.append((words("topics.column.partners"), view.names(topic.partners)))
    for target in topic.targets:
        aim = words(
            "topics.duty.target",
            title=view.text(target.title),
            target=number(target.target),
            measured_in=view.text(target.measured_in),
            day=view.day(target.due_on),
        )
        facts.append((words("topics.column.target"), aim))
    yield Facts(tuple(facts))
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    if topic.duties:
        columns = (column(words, "unit", width=12.0), column(words, "duty", width=26.0))
        rows = tuple(
            (Cell(view.unit(duty.unit)), Cell(view.text(duty.duty))) for duty in topic.duties
        )
        yield _table(view, one, "duties", columns, rows)
    for kind, steps in (("tasks", topic.tasks), ("policies", topic.policies)):
        if steps:
            done = "done_on" if kind == "tasks" else "issued_on"
            columns = (
                column(words, "step" if kind == "tasks" else "policy", width=14.0),
                column(words, "owner", width=11.0),
                column(words, "due_on", width=7.5),
                column(words, done, width=7.5),
                column(words, "state", width=4.8),
            )
            rows = tuple(_step(view, board, step) for step in steps)
            yield _table(view, one, kind, columns, rows)


def _table(
    view: View,
    one: TopicStatus,
    kind: str,
    columns: tuple[Column, ...],
    rows: tuple[tuple[Cell, ...], ...],
) -> Table:
    title = view.text(one.topic.title)
    caption = view.words(f"topics.table.duty.{kind}", topic=title)
    return Table(f"duty_{kind}_{one.topic.key}", caption, columns, rows)


def _step(view: View, board: TopicBoard, step: Step) -> tuple[Cell, ...]:
    return (
        Cell(view.text(step.title)),
        Cell(view.unit(step.owner)),
        Cell(view.day(step.due_on)),
        Cell(view.day(step.done_on)),
        Cell(view.words(f"topics.item.{step.state(board.on)}")),
    )
