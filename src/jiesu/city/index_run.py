"""The index of a year from a city folder: figures counted and given, one result, its files.

Brings the tree, the given figures and the cases together; computes nothing itself. Prints nothing
(see `jiesu.cli`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from jiesu.city.folder import FILE, City, read_city
from jiesu.city.index_files import IndexFiles, read_index
from jiesu.city.outputs import DOCUMENTS, every_format, put_in_place, write_json
from jiesu.city.workspace import Progress, Workspace, job_of, opened
from jiesu.core.index_cases import LabelCounts, hotline_values
from jiesu.core.index_contract import index_document
from jiesu.core.index_scores import Values
from jiesu.core.indicators import IndexTree
from jiesu.core.indices import IndexResult, index_in
from jiesu.core.policy import Policy
from jiesu.core.problems import InputError, Problem
from jiesu.core.roster import exists_in
from jiesu.core.units import Unit, Units

Note = tuple[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class IndexOrder:
    """What `jiesu index` was asked for; empty fields take the folder's own.

    `unit` makes the document about one unit.
    """

    folder: Path
    year: str
    out: Path | None = None
    lang: str = ""
    formats: tuple[str, ...] = DOCUMENTS
    unit: str = ""


@dataclass(frozen=True, slots=True)
class IndexDone:
    """What came of it: the result, the language it is told in and the files written."""

    result: IndexResult
    lang: str
    written: tuple[Path, ...]


def make_index(order: IndexOrder, *, now: datetime, progress: Progress | None = None) -> IndexDone:
    """Compute a year's index and write `index.json` and the documents.

    Raises InputError for bad input, where the folder has no index, and where nothing can be
    written; until everything is made no document is.
    """
    city = read_city(order.folder)
    out = order.out or order.folder / "out" / f"index-{order.year}"
    job = replace(job_of(order.folder, order.year), out=out)
    if "index" not in city.outside:
        remedy = 'write index.toml (docs/index-files.md), or index = "illustrative" in [inputs]'
        raise InputError(Problem(FILE, "inputs.index", "the folder has no index", remedy))
    with opened(job, now=now, progress=progress) as workspace:
        result = index_of(workspace, city, order.year)
        units = workspace.roster.units
        assert result is not None
        assert units is not None
        if order.unit and result.unit(order.unit) is None:
            what = f"{order.unit[:40]!r} is no unit of this index"
            codes = ", ".join(unit.unit for unit in result.units[:5])
            raise InputError(Problem("--unit", "", what, f"write a code such as {codes}"))
        made = _made(order, city, result, units, workspace)
        written = put_in_place(made, out, stale=every_format(_name(order)))
    return IndexDone(result, order.lang or city.language, written)


def _made(
    order: IndexOrder, city: City, result: IndexResult, units: Units, workspace: Workspace
) -> list[Path]:
    """Every file in the work folder."""
    from jiesu.briefing.index_content import index_content
    from jiesu.briefing.index_scene import IndexReport
    from jiesu.briefing.write import write_document

    _, period = workspace.period(order.year)
    report = IndexReport(
        result=result,
        units=units,
        period=period,
        city=city.name,
        synthetic=city.synthetic,
        office=city.office,
        as_of=workspace.as_of(period.rule.zone).astimezone(city.zone).date(),
    )
    content = index_content(report, order.lang or city.language, order.unit)
    made = write_document(content, workspace.folder / "made", _name(order), order.formats)
    return [*made, write_json(index_document(result), workspace.folder / "index.json")]


def _name(order: IndexOrder) -> str:
    return f"index-{order.unit}" if order.unit else "index"


def index_of(workspace: Workspace, city: City, year: str) -> IndexResult | None:
    """The index of a policy year such as `2021`; `None` where the folder has none.

    Raises InputError for mistakes in its files, where `year` is no year, without a units file, and
    where no unit has a figure in that year.
    """
    units = workspace.roster.units
    if "index" not in city.outside:
        return None
    if units is None:
        what, remedy = "an index needs the units", "give units in [inputs]"
        raise InputError(Problem(FILE, "inputs.units", what, remedy))
    _, period = workspace.period(year)
    if period.kind != "year":
        raise InputError(Problem("--year", "", f"{year} is not a year", "write it as 2021"))
    found = read_index(city, units)
    assert found is not None
    members = [unit for unit in units if unit.kind in found.tree.kinds and exists_in(unit, period)]
    values, notes = _all_values(workspace, found, members, units, int(year))
    result = index_in(found.tree, members, values, int(year), notes)
    if not result.n_ranked:
        what = f"no unit has figures of {year}"
        remedy = "give them in index/*.csv, or take another year"
        raise InputError(Problem("--year", "", what, remedy))
    return result


# Figures: counted where the cases cover the year, else given ------------------------------------


def _all_values(
    workspace: Workspace,
    found: IndexFiles,
    members: Sequence[Unit],
    units: Units,
    year: int,
) -> tuple[Values, list[Note]]:
    """All figures by year, and what a reader must know of them."""
    tree, notes = found.tree, list[Note]()
    hotline = [key for key, leaf in tree.leaves.items() if leaf.kind == "hotline"]
    values = {known: dict(by_leaf) for known, by_leaf in found.values.items()}
    if not hotline:
        return values, notes
    bases = (tree.leaves[key].normalisation.base_year for key in hotline)
    for wanted in sorted({year, year - 1, *filter(None, bases)}):
        given = {key: values.get(wanted, {}).get(key, {}) for key in hotline}
        n_given = sum(map(len, given.values()))
        counts = _counts(workspace, tree, wanted)
        if counts is None:
            # Nothing is said of a year that is looked at for the bases or changes only.
            if n_given:
                notes.append(("given", {"year": str(wanted), "n": str(n_given)}))
            elif wanted == year:
                notes.append(("not_counted", {"year": str(wanted)}))
            continue
        policy, labelled = counts
        counted = hotline_values(tree, members, units, labelled, policy)
        values.setdefault(wanted, {}).update(counted)
        notes += _count_notes(tree, wanted, labelled, n_given)
    return values, notes


def _count_notes(tree: IndexTree, year: int, counts: LabelCounts, n_given: int) -> list[Note]:
    notes: list[Note] = []
    numbers = {"n": f"{counts.n_labelled:,}", "all": f"{counts.n_cases:,}", "year": str(year)}
    notes.append(("counted", numbers))
    if n_given:
        notes.append(("unused", {"year": str(year), "n": str(n_given)}))
    looked_for = dict.fromkeys(leaf.label for leaf in tree.leaves.values() if leaf.label)
    bare = [label for label in looked_for if not counts.joints.get(label)]
    if bare:
        notes.append(("no_label", {"year": str(year), "labels": ", ".join(bare)}))
    return notes


def _counts(workspace: Workspace, tree: IndexTree, year: int) -> tuple[Policy, LabelCounts] | None:
    """The cases of a year by label, under its policy; `None` where they don't cover it."""
    from jiesu.evaluation.labels import LabelQuestion, count_labels
    from jiesu.evaluation.run import first_time

    found = workspace.period_if_any(str(year))
    if found is None:
        return None
    policy, period = found
    job, as_of = workspace.job, workspace.as_of(period.rule.zone)
    first = first_time(workspace.files, policy.period.by)
    if not period.reached_by(first) or period.is_running(as_of):
        return None
    figures = {leaf.figure for leaf in tree.leaves.values() if leaf.kind == "hotline"}
    rates = tuple(rate for rate in policy.rates if rate.key in figures)
    labels = frozenset(leaf.label for leaf in tree.leaves.values() if leaf.label)
    ask = LabelQuestion(
        policy,
        rates,
        as_of,
        ((period.start, period.end),),
        labels,
        tree.by_category,
        job.engine,
        workspace.folder,
    )
    [counts] = count_labels(workspace.files, ask)
    return policy, counts
