"""The tables of a health check. Shows final figures; computes none."""

from collections.abc import Sequence
from fractions import Fraction

from jiesu.briefing.checkup_desk import (
    Desk,
    apart,
    bare,
    count_text,
    gain_text,
    points,
    q_text,
    share_text,
)
from jiesu.briefing.columns import integer_cell
from jiesu.briefing.document import Cell, Column, Table
from jiesu.briefing.wording import clean, full_name, lowered, raised, score_text
from jiesu.core.comparison import LATE, SHARE, Compared
from jiesu.core.scoring import rounded
from jiesu.core.topics import CategoryPath

MOST_ROWS = 14
"""Longer tables go on in the JSON: a health check is read, not searched."""

MOST_OPEN = 20


def key_table(desk: Desk) -> Table:
    """The figures of all demands beside the peers'."""
    words = desk.words
    columns = (
        Column("figure", words("checkup.key.figure"), width=7),
        Column("own", words("checkup.key.own"), "percent", 5, decimals=1),
        Column("peers", words("checkup.key.peers"), "percent", 5, decimals=1),
        Column("range", words("checkup.key.range"), "percent", 8),
        Column("judged", words("checkup.key.judged"), width=5, centred=True),
    )
    rows = []
    for figure in _figures(desk):
        item = desk.unit.figure(figure)
        if item is None:
            continue
        around = words("none")
        if item.n_peers:
            around = f"{bare(Fraction(item.low))}–{bare(Fraction(item.high))}%"
        rows.append(
            (
                Cell(raised(desk.figure(figure))),
                Cell(share_text(item.share), rounded(item.share, 6)),
                Cell(desk.share(item.peers_share)),
                Cell(around),
                Cell(desk.judged(item)),
            )
        )
    peers, note = len(desk.unit.peers), ""
    if rows and peers:
        by = desk.frame.rules.peers_by
        note = words(f"checkup.key.note.{by}", n=peers, group=desk.group)
    return Table("key", words("checkup.key"), columns, tuple(rows), note=note)


def _figures(desk: Desk) -> list[str]:
    rates = [rule.key for rule in desk.frame.policy.rates]
    return [*rates, LATE, "excluded"]


def months_table(desk: Desk) -> Table:
    """Each month's demands, rates, score and rank."""
    words, unit = desk.words, desk.unit
    path = {point.period: point for point in unit.path}
    rates = [rule.key for rule in desk.frame.policy.rates]
    columns = (
        Column("month", words("checkup.month"), "decimal", width=5),
        Column("volume", words("checkup.volume"), "integer", 4),
        *(
            Column(
                key,
                words("checkup.rate.own", rate=raised(desk.figure(key))),
                "percent",
                5,
                decimals=1,
            )
            for key in rates
        ),
        Column("score", words("checkup.score"), "decimal", 4, decimals=1),
        Column("rank", words("checkup.rank"), "integer", 4),
    )
    rows = []
    for line in unit.months:
        point = path.get(line.period)
        cells = [Cell(line.period), integer_cell(line.volume, words)]
        for key in rates:
            part, whole = line.rates[key]
            cells.append(Cell(bare(part / whole)) if whole else Cell(words("none")))
        score, rank = (point.score, point.rank) if point else (None, None)
        cells += [Cell(score_text(score, words), score), integer_cell(rank, words)]
        rows.append(tuple(cells))
    return Table("months", words("checkup.months"), columns, tuple(rows))


def findings_table(desk: Desk, key: str, items: Sequence[Compared]) -> Table:
    """Findings with their evidence."""
    words = desk.words
    columns = (
        Column("what", words("checkup.findings.what"), width=13),
        Column("own", words("checkup.findings.own"), "percent", 4, decimals=1),
        Column("cases", words("checkup.findings.cases"), "integer", 7),
        Column("peers", words("checkup.findings.peers"), "percent", 5, decimals=1),
        Column("gap", words("checkup.findings.gap"), "decimal", 4),
        Column("q", words("checkup.findings.q"), "decimal", 4),
    )
    rows = tuple(
        (
            Cell(raised(desk.measure(item.figure, item.category))),
            Cell(share_text(item.share), rounded(item.share, 6)),
            Cell(f"{count_text(item.part)} / {count_text(item.whole)}"),
            Cell(desk.share(item.peers_share)),
            Cell(apart(item)),
            Cell(q_text(item.q)),
        )
        for item in items[:MOST_ROWS]
    )
    note = words("checkup.findings.note")
    if len(items) > len(rows):
        note += words("checkup.findings.more", n=len(items) - len(rows))
    return Table(key, words(f"checkup.findings.{key}"), columns, rows, note=note)


def categories_table(desk: Desk, rate: str, categories: Sequence[CategoryPath]) -> Table:
    """The largest categories: how many, their part beside the peers', the rates beside theirs."""
    words, unit = desk.words, desk.unit
    by_measure = {(item.figure, item.category): item for item in unit.compared}
    has_parts = any(figure == SHARE for figure, _ in by_measure)
    title = raised(desk.figure(rate))
    columns = [
        Column("category", words("checkup.category"), width=11),
        Column("n", words("checkup.n"), "integer", 4),
        Column("rate", words("checkup.rate.own", rate=title), "percent", 5, decimals=1),
        Column(
            "rate_peers",
            words("checkup.rate.peers", rate=lowered(title, words)),
            "percent",
            5,
            decimals=1,
        ),
        Column("late", words("checkup.late.rate"), "percent", 4, decimals=1),
    ]
    if has_parts:
        columns[2:2] = [
            Column("part", words("checkup.part"), "percent", 4, decimals=1),
            Column("part_peers", words("checkup.part.peers"), "percent", 5, decimals=1),
        ]
    rows = []
    for category in categories[:MOST_ROWS]:
        rated, late = by_measure[rate, category], by_measure.get((LATE, category))
        part = by_measure.get((SHARE, category))
        n = part.part if part else rated.whole
        cells = [Cell(desk.category(category)), Cell(count_text(n))]
        if has_parts:
            cells += [_own(desk, part), _peers(desk, part)]
        cells += [_own(desk, rated), _peers(desk, rated), _own(desk, late)]
        rows.append(tuple(cells))
    return Table(
        "categories",
        words("checkup.categories.table"),
        tuple(columns),
        tuple(rows),
    )


def _own(desk: Desk, item: Compared | None) -> Cell:
    if item is None:
        return Cell(desk.words("none"))
    return Cell(bare(item.share), rounded(item.share, 6))


def _peers(desk: Desk, item: Compared | None) -> Cell:
    share = None if item is None else item.peers_share
    return Cell(desk.words("none")) if share is None else Cell(bare(share), rounded(share, 6))


def places_table(desk: Desk) -> Table:
    """The places and communities where most demands lie."""
    words, unit = desk.words, desk.unit
    columns = (
        Column("place", words("checkup.place"), width=12),
        Column("community", words("checkup.community"), width=12),
        Column("n", words("checkup.volume"), "integer", 4),
    )
    rows = []
    for item in unit.recurrences:
        name, above = unit.place_names.get(item.place or "", (item.place or "", ""))
        rows.append(
            (
                Cell(full_name(name, above, words.lang) or words("none")),
                Cell(clean(item.community or "") or words("none")),
                integer_cell(item.n, words),
            )
        )
    return Table("places", words("checkup.places"), columns, tuple(rows))


def open_table(desk: Desk) -> tuple[int, Table] | None:
    """The oldest unsolved cases, and how many the table has: numbers and categories only."""
    words = desk.words
    cases = desk.unit.open_cases[:MOST_OPEN]
    if not cases:
        return None
    columns = (
        Column("case", words("checkup.case"), width=10),
        Column("category", words("checkup.category"), width=16),
        Column("months", words("checkup.since"), "integer", 4),
    )
    rows = tuple(
        (
            Cell(clean(case.case_id, 40)),
            Cell(desk.category(case.category) if case.category else words("checkup.no_category")),
            integer_cell(case.months, words),
        )
        for case in cases
    )
    table = Table("open", words("checkup.open.table"), columns, rows)
    return len(cases), table


def levers_table(desk: Desk) -> Table:
    """What would move the score, the strongest first."""
    words = desk.words
    columns = (
        Column("what", words("checkup.levers.what"), width=10),
        Column("steps", words("checkup.levers.steps"), width=15),
        Column("gain", words("checkup.levers.gain"), "decimal", 4),
        Column("rank", words("checkup.levers.rank"), width=6, centred=True),
    )
    rows = tuple(
        (
            Cell(desk.category(lever.category)),
            Cell(desk.steps(lever)),
            Cell(gain_text(lever.gain), rounded(lever.gain, 2)),
            Cell(desk.moves(lever)),
        )
        for lever in desk.unit.levers
    )
    return Table("levers", words("checkup.levers.table"), columns, rows)


def followed_table(desk: Desk, previous: str) -> Table:
    """What became of the earlier shortcomings."""
    words = desk.words
    columns = (
        Column("what", words("checkup.findings.what"), width=14),
        Column("before", words("checkup.followed.before"), "decimal", 5),
        Column("now", words("checkup.followed.now"), "decimal", 5),
        Column("state", words("checkup.followed.state"), width=5, centred=True),
    )
    rows = tuple(
        (
            Cell(raised(desk.measure(one.earlier.figure, one.earlier.category))),
            Cell(points(one.earlier.gap)),
            Cell(words("none") if one.gap is None else points(one.gap)),
            Cell(words(f"checkup.state.{one.state}")),
        )
        for one in (desk.unit.followed or ())[:MOST_ROWS]
    )
    return Table(
        "followed",
        words("checkup.followed.table", previous=previous),
        columns,
        rows,
        note=words("checkup.followed.note"),
    )
