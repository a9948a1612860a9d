"""The tables of reports: counts by value, ranks day by day, warnings, open cases.

Puts final figures into rows; computes nothing but shares of counts.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from jiesu.briefing.columns import integer_cell
from jiesu.briefing.document import Cell, Column, Table
from jiesu.briefing.labels import Words
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import (
    clean,
    percent,
    plain,
    signed,
    text_width,
    unit_name,
    whole_number,
)
from jiesu.core.reporting import Report, Tally
from jiesu.core.scoring import rounded

UNITS_SHOWN = 15


def _unit(report: Report, code: str | None, words: Words) -> str:
    """A unit's full name; the cases of no unit have a name too."""
    if code is None:
        return words("report.unassigned")
    return unit_name(code, report.units, words.lang)


def _share(n: int, whole: int, words: Words) -> Cell:
    if not whole:
        return Cell(words("none"))
    share = Fraction(n, whole)
    return Cell(percent(share, 1).removesuffix("%"), rounded(share, 6))


def tally_table(
    report: Report, column: str, caption: str, shown: int, words: Words
) -> Table | None:
    """Counts by value with share and change; the rest in one row. `None` where all have none."""
    found: Sequence[Tally] = report.watched if column == "watched" else report.by[column]
    if column == "exclusion_reason":
        # Cases that are not excluded have no reason.
        found = [tally for tally in found if tally.value]
    if not any(tally.value for tally in found):
        return None
    whole = sum(tally.n for tally in found) if column == "exclusion_reason" else report.n
    # One row for all the rest would take no less room than the one value that is left.
    shown += len(found) == shown + 1
    rows = [(clean(tally.value) or words("report.none"), tally) for tally in found[:shown]]
    rest = found[shown:]
    if rest:
        others = Tally("", sum(one.n for one in rest), sum(one.before for one in rest))
        rows.append((words("report.others", n=len(rest)), others))
    width = min(max(max(text_width(name) for name, _ in rows) + 0.5, 6.0), 16.0)
    columns = [
        Column("value", words(f"report.value.{column}"), width=width),
        Column("n", words("report.column.n"), "integer", 4),
        Column("share", words("report.column.share"), "percent", 4.4, 1),
    ]
    compared = report.n_before is not None
    if compared:
        columns.append(Column("before", words("report.column.before"), "integer", 4.4))
        columns.append(Column("change", words("report.column.change"), "integer", 4))
    cells = []
    for name, tally in rows:
        row = [Cell(name), integer_cell(tally.n, words), _share(tally.n, whole, words)]
        if compared:
            change = tally.n - tally.before
            row += [integer_cell(tally.before, words), Cell(signed(change), change)]
        cells.append(tuple(row))
    return Table(column, caption, tuple(columns), tuple(cells))


def ranks_table(report: Report, scene: Scene, words: Words) -> Table:
    """Ranks of the last units at each cut hour."""
    names = [scene.full_name(row.name, row.parent) for row in report.ranks]
    width = min(max(max(map(text_width, names)) + 0.5, 6.0), 13.0)
    columns = (
        Column("unit", words("column.unit"), width=width),
        *(
            Column(
                f"at_{i}",
                words("report.ranks.moment", month=at.month, day=at.day),
                "integer",
                3.6,
                centred=True,
            )
            for i, at in enumerate(report.moments)
        ),
    )
    rows = tuple(
        (Cell(name), *(integer_cell(rank, words) for rank in row.ranks))
        for name, row in zip(names, report.ranks, strict=True)
    )
    note = words("report.ranks.note", hour=report.moments[-1].hour)
    return Table("ranks", words("report.ranks.caption"), columns, rows, note=note)


def alerts_table(report: Report, words: Words) -> Table:
    columns = (
        Column("column", words("report.alerts.column"), width=6),
        Column("value", words("report.alerts.value"), width=11),
        Column("n", words("report.column.n"), "integer", 3.6),
        Column("usual", words("report.alerts.usual"), width=8, centred=True),
        Column("chance", words("report.alerts.chance"), width=5, centred=True),
    )
    rows = tuple(
        (
            Cell(words(f"report.value.{alert.column}")),
            Cell(
                _unit(report, alert.value, words) if alert.column == "place" else clean(alert.value)
            ),
            integer_cell(alert.n, words),
            Cell(words("join").join(map(whole_number, alert.usual))),
            Cell(_chance(alert.chance, words)),
        )
        for alert in report.alerts
    )
    rules = report.rules
    note = words(
        "report.alerts.note",
        level=f"{rounded(rules.alert_level * 100, 2).normalize():f}%",
        ratio=plain(rules.alert_ratio),
    )
    return Table("alerts", words("report.alerts.caption"), columns, rows, note=note)


def _chance(chance: Decimal, words: Words) -> str:
    shown = rounded(Fraction(chance), 4)
    return f"{shown:f}" if shown else words("report.alerts.small")


def open_table(report: Report, words: Words) -> Table | None:
    """The units with most overdue cases, then with most that are soon due."""
    found = [item for item in report.open.items() if item[1].overdue or item[1].soon]
    if not found:
        return None
    found.sort(key=lambda item: (-item[1].overdue, -item[1].soon, item[0] or ""))
    columns = (
        Column("unit", words("column.unit"), width=12),
        Column("overdue", words("report.open.overdue"), "integer", 4),
        Column("soon", words("report.open.soon"), "integer", 4.6),
        Column("n", words("report.open.n"), "integer", 4),
    )
    rows = tuple(
        (
            Cell(_unit(report, code, words)),
            integer_cell(cases.overdue, words),
            integer_cell(cases.soon, words),
            integer_cell(cases.n, words),
        )
        for code, cases in found[:UNITS_SHOWN]
    )
    return Table("open", words("report.open.caption"), columns, rows)


def dissatisfied_table(report: Report, words: Words) -> Table | None:
    if not report.dissatisfied:
        return None
    columns = (
        Column("unit", words("column.unit"), width=12),
        Column("n", words("report.dissatisfied.n"), "integer", 4),
        Column("whole", words("report.dissatisfied.whole"), "integer", 4.6),
        Column("share", words("report.column.share"), "percent", 4.4, 1),
    )
    rows = tuple(
        (
            Cell(_unit(report, code, words)),
            integer_cell(n, words),
            integer_cell(whole, words),
            _share(n, whole, words),
        )
        for code, n, whole in report.dissatisfied
    )
    return Table("dissatisfied", words("report.dissatisfied.caption"), columns, rows)


def funnel_table(report: Report, words: Words) -> Table:
    """The month's cases from demand to satisfied caller, as shares of those assessed."""
    known = dict(report.funnel)
    whole = known.get("counted", 0)
    columns = (
        Column("step", words("report.funnel.step"), width=10),
        Column("n", words("report.column.n"), "integer", 5),
        Column("share", words("report.funnel.share"), "percent", 6, 1),
    )
    rows = tuple(
        (
            Cell(words(f"report.step.{step}")),
            integer_cell(n, words),
            Cell(words("none")) if step == "created" else _share(n, whole, words),
        )
        for step, n in report.funnel
    )
    return Table("funnel", words("report.funnel.caption"), columns, rows)
