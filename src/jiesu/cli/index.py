"""`jiesu index`: what was asked for, and what the terminal shows of the result."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from jiesu.city.index_run import IndexOrder, make_index
from jiesu.city.outputs import DOCUMENTS
from jiesu.cli import options
from jiesu.cli.progress import progress_bar
from jiesu.core.indices import IndexResult

SHOWN = 20


def index_command(
    city: Path, year: str, out: Path | None, unit: str, formats: str, lang: str | None
) -> None:
    chosen = options.formats(formats, DOCUMENTS)
    order = IndexOrder(city, year, out, options.language(lang), chosen, unit)
    with progress_bar("Reading", bytes_=True) as progress:
        done = make_index(order, now=datetime.now(UTC), progress=progress)
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=100)
    console.print(_ranking(done.result, done.lang), soft_wrap=False)
    if done.result.tree.illustrative:
        console.print("Illustrative indicators: no office has adopted them")
    for line in _missing_labels(done.result):
        console.print(line)
    for path in done.written:
        console.print(f"Written: {path}")


def _missing_labels(result: IndexResult) -> Iterator[str]:
    for key, values in result.notes:
        if key == "no_label":
            labels = options.plain(values["labels"])
            yield f"No case of {values['year']} bears these labels: {labels}; they count as missing"


def _ranking(result: IndexResult, lang: str) -> Table:
    title = result.tree.title.get(lang, "")
    table = Table(
        title=Text(f"{title} {result.year} ({result.n_ranked}/{len(result.units)})", style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for heading in ("Rank", "Unit", "Total", "Change"):
        table.add_column(Text(heading), justify="left" if heading == "Unit" else "right")
    for unit in result.units[:SHOWN]:
        change = "-" if unit.change is None else f"{unit.change:+f}"
        shown = "-" if unit.shown is None else f"{unit.shown:f}"
        table.add_row(*map(Text, (str(unit.rank or "-"), options.plain(unit.name), shown, change)))
    return table
