"""The page of results: tables of runs and of targets in Markdown. Measures nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.processes import Runs, others_share


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised and what came of it: `measured` must not pass `bound`.

    `at_least` turns the comparison round.
    """

    what: str
    measured: float
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool:
        if self.at_least:
            return self.measured >= self.bound
        return self.measured <= self.bound


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark as it stands on the page; `parts` are Markdown blocks."""

    title: str
    parts: Sequence[str]


def page(head: Sequence[str], machine: Sequence[tuple[str, str]], body: Sequence[Section]) -> str:
    """The whole page."""
    blocks = ["# Benchmarks", *head, "## Machine", table(("", ""), machine)]
    for section in body:
        blocks += [f"## {section.title}", *section.parts]
    return "\n\n".join(blocks) + "\n"


def runs_table(
    runs: Sequence[Runs], base: Runs, *, extra: tuple[str, Sequence[str]] = ("", ())
) -> str:
    """A row a contestant; `base` is the one that the others' ratios refer to."""
    head = [
        "program",
        "wall, median",
        "min–max",
        "CPU",
        "peak memory",
        f"wall ÷ {base.contestant.name}",
    ]
    if extra[0]:
        head.append(extra[0])
    lines = []
    for index, run in enumerate(runs):
        low, high = run.walls
        line = [
            run.contestant.name,
            seconds(run.wall),
            f"{low:.2f}–{high:.2f}",
            seconds(run.cpu),
            megabytes(run.peak),
            f"{run.wall / base.wall:.2f}",
        ]
        lines.append([*line, *extra[1][index : index + 1]])
    share = others_share(runs)
    return f"{table(head, lines)}\n\nOther programs took {share:.0%} of the cores meanwhile."


def targets_table(targets: Sequence[Target]) -> str:
    """A row a target with its bound, what was measured, and whether it was met."""
    lines = []
    for target in targets:
        sign = "≥" if target.at_least else "≤"
        lines.append(
            (
                target.what,
                f"{sign} {target.bound:g}{target.unit}",
                f"{target.measured:.2f}{target.unit}",
                "met" if target.met else "**missed**",
            )
        )
    return table(("target", "bound", "measured", ""), lines)


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *lines))


def seconds(value: float) -> str:
    return f"{value:.2f} s"


def megabytes(value: float) -> str:
    return f"{value / 1e6:,.0f} MB"
