"""`jiesu topics`: the monthly topics and the governed places, and what the terminal shows."""

from datetime import UTC, datetime
from pathlib import Path

import typer

from jiesu.city.outputs import DOCUMENTS
from jiesu.city.topics_documents import TopicsDone, TopicsOrder, write_topics_documents
from jiesu.cli import options
from jiesu.cli.progress import progress_bar
from jiesu.core.governance import GOVERNED_STANDINGS


def topics_command(
    folder: Path, period: str, *, candidates: bool, out: Path | None, formats: str, lang: str
) -> None:
    chosen, said_in = options.formats(formats, DOCUMENTS), options.language(lang)
    order = TopicsOrder(folder, period, candidates, chosen, out, said_in)
    with progress_bar("Reading", bytes_=True) as progress:
        done = write_topics_documents(order, now=datetime.now(UTC), progress=progress)
    _show(done)


def _show(done: TopicsDone) -> None:
    from jiesu.briefing.labels import Words
    from jiesu.briefing.topics_content import board_notes

    words = Words("en")
    if done.board is not None:
        states = ", ".join(
            words("topics.state.count", state=words(f"topics.state.{state}"), n=n)
            for state, n in done.board.states.items()
        )
        typer.echo(f"Topics on {done.board.on}: {states or 'none'}")
        for note in board_notes(done.board, words):
            typer.echo(f"Note: {options.plain(note)}")
    if done.governance is not None:
        counts = [
            f"{sum(one.standing == standing for one in done.governance.governed)} "
            + words(f"governance.standing.{standing}")
            for standing in GOVERNED_STANDINGS
        ]
        typer.echo(f"Places under special governance: {', '.join(counts)}")
    for path in done.written:
        typer.echo(f"Written: {path}")
