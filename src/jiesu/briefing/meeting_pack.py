"""The papers of a review meeting in one document: agenda, talks, lists, commitments, scorecards.

Every part of the meeting's own agenda is a section; a part without data says so. The full
rankings are in the bulletin, which lies beside it.
"""

from collections.abc import Callable, Iterator
from functools import partial

from jiesu.briefing.content import numbered
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
from jiesu.briefing.index_statements import index_statements
from jiesu.briefing.pack import Stage
from jiesu.briefing.press import experience_reason
from jiesu.briefing.provenance import essence
from jiesu.briefing.scorecards import kept_table, points_paragraphs, scorecard_section
from jiesu.briefing.statements import bulletin_statements
from jiesu.briefing.topic_statements import governance_statements, topic_statements
from jiesu.briefing.wording import clean, day, issue_number, listing, moment, office_line
from jiesu.core.press import Statement


def pack_content(stage: Stage) -> Content:
    """The pack of a meeting."""
    words, pack = stage.words, stage.pack
    meeting = pack.meeting
    called = stage.title(pack.rules.title)
    annexes = tuple(
        scorecard_section(stage, speaker, words("annex.n", n=n))
        for n, speaker in enumerate(
            (one for one in meeting.speakers if one.unit in pack.cards), start=1
        )
    )
    signed_on = day(meeting.held_on, words)
    return Content(
        lang=words.lang,
        title=words("meeting.title", month=stage.month, meeting=called),
        sections=numbered(_sections(stage), words),
        ui=words.ui(),
        masthead=words("meeting.masthead", city=stage.city, title=called).removeprefix(" · "),
        number=issue_number(pack.evaluation.period, words),
        mark=stage.mark(),
        annexes=annexes,
        essence=(*essence(stage.scene), *stage.sources()),
        office=office_line(pack.office, stage.city, words),
        signed_on=signed_on,
        printed=words("printed", day=signed_on),
        annex_word=words("annex"),
    )


def _sections(stage: Stage) -> Iterator[Section]:
    yield Section("agenda", stage.words("meeting.agenda"), tuple(_agenda(stage)))
    makers: dict[str, Callable[[Stage], Iterator[Block]]] = {
        "speakers": _speakers,
        "experience": _experience,
        "bulletin": _bulletin,
        "index": partial(_stated, statements=index_statements),
        "topics": partial(_stated, statements=topic_statements),
        "governance": partial(_stated, statements=governance_statements),
        "commitments": _commitments,
        "next_steps": _next_steps,
    }
    for part in stage.pack.meeting.agenda:
        if part in makers:
            blocks = tuple(makers[part](stage))
            yield Section(part, part_title(stage, part), blocks)


def part_title(stage: Stage, part: str) -> str:
    """What a part of the agenda is called."""
    return stage.words(f"meeting.part.{part}", role=stage.title(stage.pack.rules.speaker_role))


def _agenda(stage: Stage) -> Iterator[Block]:
    words, meeting = stage.words, stage.pack.meeting
    pairs = [
        (words("meeting.time"), day(meeting.held_on, words)),
        (words("meeting.period"), stage.month),
    ]
    if meeting.chair:
        pairs.append((words("meeting.chair"), clean(meeting.chair)))
    for number, attendance in enumerate(meeting.attendance):
        who, _ = stage.attending(number, attendance)
        if who:
            pairs.append((words(f"meeting.way.{attendance.way}"), listing(who, words)))
    yield Facts(tuple(pairs))
    columns = (
        Column("n", words("meeting.agenda.n"), "integer", 4, centred=True),
        Column("part", words("meeting.agenda.part"), width=17),
        Column("who", words("meeting.agenda.who"), width=20),
    )
    rows = tuple(
        (Cell(str(n), n), Cell(part_title(stage, part)), Cell(_who(stage, part)))
        for n, part in enumerate(meeting.agenda, start=1)
    )
    yield Table("agenda", words("meeting.agenda"), columns, rows)
    pack = stage.pack
    if not pack.edition:
        yield Paragraph(words("meeting.not_published"))
    elif pack.edition_holds:
        yield Paragraph(words("meeting.edition", n=pack.edition))
    else:
        yield Paragraph(words("meeting.edition.differs", n=pack.edition))
    if stage.scene.as_of.date() > pack.meeting.held_on:
        yield Paragraph(words("meeting.later", as_of=moment(stage.scene.as_of, words)))


def _who(stage: Stage, part: str) -> str:
    words, meeting = stage.words, stage.pack.meeting
    if part == "speakers":
        return listing([stage.unit(one.unit) for one in meeting.speakers], words)
    if part == "experience":
        return stage.unit(meeting.experience) if meeting.experience else words("none")
    if part == "next_steps":
        return clean(meeting.chair) or words("none")
    return clean(stage.pack.office) or words("meeting.office")


def _speakers(stage: Stage) -> Iterator[Block]:
    words, evaluation = stage.words, stage.pack.evaluation
    for speaker in stage.pack.meeting.speakers:
        card = stage.pack.cards.get(speaker.unit)
        if card is None:
            continue
        name = stage.unit(speaker.unit)
        yield Heading(name)
        at = stage.unit_at(evaluation, speaker.unit)
        place = next((one for one in card.places if one.key == "score"), None)
        if at is not None and place is not None:
            yield Paragraph(
                words(
                    "meeting.speaker.place",
                    name=name,
                    score=stage.score,
                    value=place.value,
                    tied=words("merit.tied" if place.tied > 1 else "merit.alone"),
                    rank=place.rank,
                    n=place.n,
                )
            )
        yield from points_paragraphs(stage, speaker, card)
    if stage.pack.meeting.speakers:
        yield Paragraph(words("card.tested"))


def _experience(stage: Stage) -> Iterator[Block]:
    code, words = stage.pack.meeting.experience, stage.words
    if not code:
        yield Paragraph(words("meeting.experience.none"))
        return
    why, _ = experience_reason(stage, code)
    yield Paragraph(words("meeting.experience", name=stage.unit(code), why=why))


def _bulletin(stage: Stage) -> Iterator[Block]:
    for statement in bulletin_statements(stage):
        if statement.kind not in ("opening",):
            yield Paragraph(statement.text.strip())


def _stated(stage: Stage, statements: Callable[[Stage], Iterator[Statement]]) -> Iterator[Block]:
    """A part that says what the press draft says of it, each statement a paragraph."""
    found = list(statements(stage))
    if not found:
        yield Paragraph(stage.words("meeting.nothing"))
    for statement in found:
        yield Paragraph(statement.text.strip())


def _commitments(stage: Stage) -> Iterator[Block]:
    words, kept = stage.words, stage.pack.kept
    if not kept:
        yield Paragraph(words("kept.nothing"))
        return
    states = [one.state for one in kept]
    yield Paragraph(
        words(
            "kept.summary",
            n=sum(state in ("overdue", "due", "open") for state in states),
            late=states.count("overdue"),
            due=states.count("due"),
            done=states.count("done") + states.count("done_late"),
        )
    )
    late = [one for one in kept if one.state == "overdue"]
    if late:
        names = [
            words(
                "kept.item",
                unit=stage.unit(one.commitment.unit),
                promise=clean(one.commitment.promise, 120),
                days=one.days,
            )
            for one in late
        ]
        yield Paragraph(words("kept.named", names=words("between").join(names)))
    yield kept_table(stage)


def _next_steps(stage: Stage) -> Iterator[Block]:
    steps = stage.pack.meeting.next_steps
    if not steps:
        yield Paragraph(stage.words("meeting.nothing"))
        return
    texts = tuple(clean(stage.words.title(step, ""), 600) for step in steps)
    yield Items(texts, numbered=True)
