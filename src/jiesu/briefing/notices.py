"""What goes to single units: the notice of supervision (督办通知), and the comment cards.

A notice names the lists on which a unit stands, its figures and its overdue commitments; a card
has a speaker's points and room for what is said at the meeting.
"""

from collections.abc import Iterator
from datetime import timedelta

from jiesu.briefing.document import (
    Block,
    Cell,
    Column,
    Content,
    Heading,
    Items,
    Paragraph,
    Section,
    Table,
)
from jiesu.briefing.evidence import point_said
from jiesu.briefing.pack import EVALUATION, Stage
from jiesu.briefing.statements import listed_value
from jiesu.briefing.wording import (
    clean,
    day,
    listing,
    lowered,
    moment,
    office_line,
    percent,
    whole_number,
)
from jiesu.core.meeting import Speaker
from jiesu.core.result import UnitResult
from jiesu.core.scorecard import telling_lists

BLANK_ROWS = 5
"""Lines of a card that are left for the chair's own remarks."""


def notified(stage: Stage) -> tuple[str, ...]:
    """The units that get a notice, each once, in the order in which they are named.

    Those on a list of the kinds that the rules name, then those with an overdue commitment.
    """
    named = [
        one.unit
        for listed in telling_lists(stage.pack.evaluation)
        if listed.is_fault and listed.kind in stage.pack.rules.notices
        for one in listed.units
    ]
    late = [one.commitment.unit for one in stage.pack.kept if one.state == "overdue"]
    return tuple(dict.fromkeys((*named, *late)))


def notice_content(stage: Stage, code: str) -> Content:
    """The notice to one unit."""
    words, pack = stage.words, stage.pack
    held, name = pack.meeting.held_on, stage.unit(code)
    signed_on = day(held, words)
    called = stage.title(pack.rules.title)
    return Content(
        lang=words.lang,
        title=words("notice.title", name=name),
        sections=(Section("notice", "", tuple(_notice(stage, code))),),
        ui=words.ui(),
        masthead=words("meeting.masthead", city=stage.city, title=called).removeprefix(" · "),
        mark=stage.mark(),
        recipients=words("notice.to", name=name),
        essence=_source(stage),
        office=office_line(pack.office, stage.city, words),
        signed_on=signed_on,
    )


def _notice(stage: Stage, code: str) -> Iterator[Block]:
    words, pack = stage.words, stage.pack
    called = stage.title(pack.rules.title)
    items = tuple(_named(stage, code))
    if len(items) == 1:
        text = words("notice.why.one", month=stage.month, meeting=called, item=items[0])
        yield Paragraph(text)
    elif items:
        yield Paragraph(words("notice.why", month=stage.month, meeting=called))
        yield Items(items, numbered=True)
    at = stage.unit_at(pack.evaluation, code)
    if at is not None:
        figures = _figures(stage, pack.evaluation.groups[at[0]].units[at[1]])
        if figures:
            yield Paragraph(figures)
    late = [k for k in pack.kept if k.state == "overdue" and k.commitment.unit == code]
    if late:
        names = [
            words(
                "notice.promise",
                promise=clean(one.commitment.promise, 120),
                due=day(one.commitment.due_on, words),
                days=one.days,
            )
            for one in late
        ]
        text = words("notice.overdue", n=len(late), names=words("between").join(names))
        yield Paragraph(text)
    answer_by = pack.meeting.held_on + timedelta(pack.rules.notice_days)
    yield Paragraph(words("notice.ask", day=day(answer_by, words)))


def _source(stage: Stage) -> tuple[str, ...]:
    """What the figures of a notice are from, for the foot of its first page."""
    policy = stage.pack.evaluation.policy
    return (
        stage.words("notice.appeal"),
        stage.words("notice.source", file=EVALUATION),
        stage.words("notice.policy", policy=f"{clean(policy.name)} {clean(policy.version)}"),
        stage.words("essence.as_of", as_of=moment(stage.scene.as_of, stage.words)),
    )


def _named(stage: Stage, code: str) -> Iterator[str]:
    """The lists of the notified kinds on which a unit stands, with its place and its figure."""
    for named in telling_lists(stage.pack.evaluation):
        if not named.is_fault or named.kind not in stage.pack.rules.notices:
            continue
        for one in named.units:
            if one.unit == code:
                yield stage.words(
                    "notice.item",
                    title=stage.scene.list_title(named),
                    position=one.position,
                    value=listed_value(stage, named, one),
                )


def _figures(stage: Stage, unit: UnitResult) -> str:
    """The unit's own figures of the month; empty where it is not ranked."""
    words = stage.words
    if unit.score is None or unit.rank is None:
        return ""
    rates = []
    for rule in stage.scene.policy.rates:
        value = unit.figures.rates[rule.key].value
        if value is not None:
            title = lowered(stage.scene.rate_title(rule), words)
            rates.append(words("notice.rate", title=title, value=percent(value)))
    whole = unit.figures.rates[stage.scene.policy.rates[0].key].whole
    return words(
        "notice.figures",
        volume=whole_number(unit.volume),
        base=stage.scene.whole_word(stage.scene.policy.rates[0].whole),
        whole=whole_number(whole),
        rates=listing(rates, words),
        score=stage.score,
        value=f"{unit.score:f}",
        rank=unit.rank,
    )


# Comment cards --------------------------------------------------------------------------------


def cards_content(stage: Stage) -> Content:
    """One page for each speaker, for the hand of the one who comments."""
    words, pack = stage.words, stage.pack
    called = stage.title(pack.rules.title)
    sections = tuple(
        Section(
            f"card-{n}",
            stage.unit(speaker.unit),
            tuple(_card(stage, speaker)),
            new_page=n > 0,
        )
        for n, speaker in enumerate(pack.meeting.speakers)
        if speaker.unit in pack.cards
    )
    return Content(
        lang=words.lang,
        title=words("cards.title", month=stage.month, meeting=called),
        sections=sections,
        ui=words.ui(),
        mark=stage.mark(),
    )


def _card(stage: Stage, speaker: Speaker) -> Iterator[Block]:
    words, card = stage.words, stage.pack.cards[speaker.unit]
    for title, points in (
        (words("meeting.merits"), speaker.merits),
        (words("meeting.shortcomings"), speaker.shortcomings),
    ):
        texts = tuple(text for point in points if (text := point_said(stage, card, point)[0]))
        yield Heading(title.strip().rstrip("：:"))
        if texts:
            yield Items(texts, numbered=True)
        else:
            yield Paragraph(words("meeting.none_shown"))
    column = Column("remark", words("cards.remark"), width=40)
    rows = ((Cell(words("cards.blank")),),) * BLANK_ROWS
    yield Table(f"remarks_{card.unit}", words("cards.remark"), (column,), rows)
