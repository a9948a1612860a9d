"""The table of all health checks of a period: a page that leads to each, and a workbook."""

from collections.abc import Mapping, Sequence

from jiesu.briefing.checkup_desk import (
    Desk,
    apart,
    count_text,
    gain_text,
    q_text,
    share_text,
    sources,
)
from jiesu.briefing.columns import integer_cell
from jiesu.briefing.content import numbered
from jiesu.briefing.document import Block, Cell, Column, Content, Facts, Paragraph, Section, Table
from jiesu.briefing.labels import Words
from jiesu.briefing.wording import clean, full_name, score_text, whole_number
from jiesu.core.checkup import Checkups

SAID = 2


def overview_content(
    checkups: Checkups, names: Mapping[str, str], lang: str, formats: Sequence[str]
) -> Content:
    """All units, group by group. `names` are the names of the files that were made, by code."""
    words, frame = Words(lang), checkups.frame
    units = list(checkups.units.values())
    city = clean(words.title(frame.city, ""))
    desks = [Desk(frame, unit, words) for unit in units]
    period = desks[0].period if desks else clean(frame.period.label)
    groups = dict.fromkeys(unit.group for unit in units)
    sections = [
        _section(group, [desk for desk in desks if desk.unit.group == group], names, formats)
        for group in groups
    ]
    intro = Paragraph(
        words(
            "checkup.overview.intro",
            n=whole_number(len(units)),
            tests=whole_number(frame.n_tests),
            good=whole_number(sum(len(unit.strengths) for unit in units)),
            bad=whole_number(sum(len(unit.shortcomings) for unit in units)),
        )
    )
    first = Section("summary", words("checkup.summary"), (intro, Facts(sources(frame, words))))
    tables = [block for one in sections for block in one.blocks if isinstance(block, Table)]
    return Content(
        lang=lang,
        title=words("checkup.overview", city=city, period=period).removeprefix(" · "),
        sections=numbered([first, *sections], words),
        ui=words.ui(),
        mark=words("synthetic") if frame.synthetic else "",
        sheets=(*tables, _findings_sheet(desks, words)),
    )


def _section(
    group: str, desks: Sequence[Desk], names: Mapping[str, str], formats: Sequence[str]
) -> Section:
    words, title = desks[0].words, desks[0].group
    columns = (
        Column("rank", words("checkup.rank"), "integer", 3),
        Column("unit", words("checkup.overview.unit"), width=10),
        Column("code", words("checkup.overview.code"), width=8, detail=True),
        Column("score", words("checkup.score"), "decimal", 4, decimals=1),
        Column("volume", words("checkup.volume"), "integer", 4),
        Column("good", words("checkup.overview.good"), "integer", 3),
        Column("bad", words("checkup.overview.bad"), "integer", 3),
        Column("list", words("checkup.overview.list"), width=18),
        Column("open", words("checkup.overview.open"), "integer", 4),
        Column("gain", words("checkup.overview.lever"), "decimal", 4),
    )
    rows = tuple(_row(desk, _link(names.get(desk.unit.unit), formats)) for desk in desks)
    table = Table(f"units_{group}", title, columns, rows, sheet=title[:24], dense=True)
    blocks: tuple[Block, ...] = (table,)
    return Section(f"group-{clean(group)}", title, blocks)


def _link(name: str | None, formats: Sequence[str]) -> str:
    """The unit's document beside the page; a page before a file to be opened elsewhere."""
    form = next((form for form in ("html", "pdf", "docx") if form in formats), "")
    return f"{name}.{form}" if name and form else ""


def _row(desk: Desk, link: str) -> tuple[Cell, ...]:
    words, unit = desk.words, desk.unit
    worst = words("between").join(
        desk.measure(item.figure, item.category) for item in unit.shortcomings[:SAID]
    )
    gain = gain_text(unit.levers[0].gain) if unit.levers else words("none")
    return (
        integer_cell(unit.result.rank, words),
        Cell(full_name(unit.name, unit.above, words.lang), href=link),
        Cell(clean(unit.unit)),
        Cell(score_text(unit.result.score, words), unit.result.score),
        integer_cell(unit.result.volume, words),
        integer_cell(len(unit.strengths), words),
        integer_cell(len(unit.shortcomings), words),
        Cell(worst or words("none")),
        integer_cell(unit.unsolved, words),
        Cell(gain),
    )


def _findings_sheet(desks: Sequence[Desk], words: Words) -> Table:
    """Every finding of every unit, one a line, for a spreadsheet."""
    columns = (
        Column("code", words("checkup.overview.code"), width=8),
        Column("unit", words("checkup.overview.unit"), width=12),
        Column("kind", words("checkup.overview.kind"), width=5),
        Column("what", words("checkup.findings.what"), width=18),
        Column("own", words("checkup.findings.own"), width=6),
        Column("cases", words("checkup.findings.cases"), width=8),
        Column("peers", words("checkup.findings.peers"), width=6),
        Column("gap", words("checkup.findings.gap"), width=6),
        Column("q", words("checkup.findings.q"), width=6),
    )
    rows = tuple(
        (
            Cell(clean(desk.unit.unit)),
            Cell(desk.name),
            Cell(words(f"checkup.judged.{item.kind}")),
            Cell(desk.measure(item.figure, item.category)),
            Cell(share_text(item.share)),
            Cell(f"{count_text(item.part)} / {count_text(item.whole)}"),
            Cell(desk.share(item.peers_share)),
            Cell(apart(item)),
            Cell(q_text(item.q)),
        )
        for desk in desks
        for item in (*desk.unit.shortcomings, *desk.unit.strengths)
    )
    title = words("checkup.overview.findings")
    return Table("findings", title, columns, rows, sheet=title[:24])
