"""The document that goes with a corrected edition: what differs, for whom, and why.

Shows the differences that `core.difference` found; computes none. Case numbers are shown, nothing
else of a case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from jiesu.briefing.columns import integer_cell
from jiesu.briefing.content import numbered
from jiesu.briefing.document import (
    Block,
    Cell,
    Column,
    Content,
    Facts,
    Items,
    Paragraph,
    Section,
    Table,
)
from jiesu.briefing.labels import Words
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import (
    clean,
    day,
    issue_number,
    listing,
    moment,
    office_line,
    period_name,
    signed,
    text_width,
)
from jiesu.core.difference import CASE_CHANGES, CaseChange, Differences, EditionPlace, UnitChange
from jiesu.core.edition import Edition
from jiesu.core.period import Period
from jiesu.core.result import Evaluation

UNITS_OF_CASES = 60
"""So many units are shown with the numbers of their cases, those with most of them first."""

IDS_SHOWN = 12
"""So many case numbers stand in a unit's row; all are in diff.json."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction's document is made from; `office` signs it."""

    before: Edition
    after: Edition
    differs: Differences
    cases: Sequence[CaseChange]
    office: str = ""


def edition_mark(period: Period, number: int, lang: str) -> str:
    """The number that stands on an edition's bulletin: 2022年第2期, and that it is a correction."""
    words = Words(lang)
    issue = issue_number(period, words)
    return issue if number == 1 else words("edition.mark", issue=issue, n=number)


def correction(made: Correction, evaluation: Evaluation, lang: str) -> Content:
    """The content of a correction in `zh` or `en`; `evaluation` is the later one."""
    words = Words(lang)
    scene = Scene.of(evaluation, words)
    city = clean(words.title(evaluation.city, ""))
    signed_on = day(made.after.made_at.date(), words)
    parts = [
        ("why", tuple(_why(made, scene))),
        ("units", tuple(_units(made, scene))),
        ("lists", tuple(_lists(made, scene))),
        ("cases", tuple(_cases(made, scene))),
        ("record", (Facts(tuple(_record(made, scene))),)),
    ]
    sections = [
        Section(key, words(f"correction.section.{key}"), blocks) for key, blocks in parts if blocks
    ]
    return Content(
        lang=lang,
        masthead=words("masthead", city=city).removeprefix(" · "),
        number=edition_mark(evaluation.period, made.after.number, lang),
        title=words("correction.title", period=period_name(evaluation.period, words)),
        mark=words("synthetic") if evaluation.synthetic else "",
        sections=numbered(sections, words),
        office=office_line(made.office, city, words),
        signed_on=signed_on,
        printed=words("printed", day=signed_on),
        ui=words.ui(),
    )


def _why(made: Correction, scene: Scene) -> Iterator[Block]:
    words, differs = scene.words, made.differs
    moved = len(differs.moved)
    rescored = sum(change.rescored for change in differs.moved)
    below = len(differs.units) - moved
    sentences = [
        words(
            "correction.intro",
            period=period_name(scene.evaluation.period, words),
            before=made.before.number,
            after=made.after.number,
            reason=clean(made.after.reason, 300).rstrip("。."),
        ),
        words(
            "correction.moved" if moved else "correction.none_moved",
            n=differs.n_units,
            rescored=rescored,
            shifted=moved - rescored,
            below=below,
        ),
    ]
    one, two = (datetime.fromisoformat(text) for text in differs.as_of)
    if one != two:
        times = {"before": moment(one, words), "after": moment(two, words)}
        sentences.append(words("correction.as_of", **times))
    if differs.rules_changed:
        sentences.append(words("correction.rules"))
    inside = sum(case.in_period for case in made.cases)
    if inside and inside == len(made.cases):
        sentences.append(words("correction.cases.inside", n=inside))
    elif made.cases:
        n = len(made.cases)
        sentences.append(words("correction.cases", n=n, inside=inside, outside=n - inside))
    else:
        sentences.append(words("correction.no_cases"))
    yield Paragraph(words("join.sentences").join(sentences))


def _units(made: Correction, scene: Scene) -> Iterator[Block]:
    moved = made.differs.moved
    if not moved:
        yield Paragraph(scene.words("correction.units.none"))
    titles = {group.key: scene.group_title(group) for group in scene.evaluation.groups}
    for group in dict.fromkeys(change.group for change in moved):
        for key in ("rescored", "shifted"):
            changes = [
                change
                for change in moved
                if change.group == group and change.rescored == (key == "rescored")
            ]
            if changes:
                title = titles.get(group, clean(group))
                caption = scene.words(f"correction.caption.{key}", group=title)
                yield _units_table(f"{key}_{group}", caption, changes, scene)


def _units_table(key: str, caption: str, changes: Sequence[UnitChange], scene: Scene) -> Table:
    """Units with scores and ranks of both editions, in the order of the later ranking."""
    words, decimals = scene.words, scene.policy.decimals
    names = [scene.full_name(change.name, change.parent) for change in changes]
    width = min(max(max(map(text_width, names)) + 0.5, 6.0), 13.0)
    columns = (
        Column("unit", words("column.unit"), width=width),
        Column("before_score", words("correction.before_score"), "decimal", 3.6, decimals),
        Column("after_score", words("correction.after_score"), "decimal", 3.6, decimals),
        Column("change", words("correction.change"), "decimal", 3.4, decimals),
        Column("before_rank", words("correction.before_rank"), "integer", 3.2, centred=True),
        Column("after_rank", words("correction.after_rank"), "integer", 3.2, centred=True),
        Column("volume", words("correction.volume"), width=5.2, centred=True),
        Column("excluded", words("correction.excluded"), width=4.2, centred=True),
    )
    rows = tuple(
        (Cell(name), *_unit_cells(change, words))
        for name, change in zip(names, changes, strict=True)
    )
    return Table(key, caption, columns, rows)


def _unit_cells(change: UnitChange, words: Words) -> Iterator[Cell]:
    one, two = change.before, change.after
    yield Cell(one.score if one and one.score else words("none"))
    yield Cell(two.score if two and two.score else words("none"))
    points = change.score_change
    yield Cell(words("none") if points is None else signed(points), points)
    yield integer_cell(one.rank if one else None, words)
    yield integer_cell(two.rank if two else None, words)
    yield Cell(_arrow(one, two, "volume", words))
    yield Cell(_arrow(one, two, "excluded", words))


def _arrow(one: EditionPlace | None, two: EditionPlace | None, name: str, words: Words) -> str:
    """A count, or both where it differs."""
    old, new = (f"{getattr(place, name):,}" if place else words("none") for place in (one, two))
    return new if old == new else words("correction.arrow", before=old, after=new)


def _lists(made: Correction, scene: Scene) -> Iterator[Block]:
    words = scene.words
    texts = []
    for change in made.differs.lists:
        said = []
        for key, units in (("joined", change.joined), ("left", change.left)):
            names = [scene.listed_name(change.group, code, name) for code, name in units]
            if names:
                said.append(words(f"correction.lists.{key}", names=listing(names, words)))
        title = clean(words.title(change.title, change.key))
        changes = words("correction.lists.and").join(said)
        texts.append(words("correction.lists.item", title=title, changes=changes))
    yield Items(tuple(texts)) if texts else Paragraph(words("correction.lists.none"))


def _cases(made: Correction, scene: Scene) -> Iterator[Block]:
    """Cases of the period by unit and kind of change, and their numbers."""
    inside = [case for case in made.cases if case.in_period]
    if not inside:
        return
    by_unit: dict[str | None, list[CaseChange]] = {}
    for case in inside:
        by_unit.setdefault(case.unit, []).append(case)
    ordered = sorted(by_unit.items(), key=lambda item: (-len(item[1]), item[0] or ""))
    shown = ordered[:UNITS_OF_CASES]
    yield _cases_table(shown, inside, scene)
    yield _ids_table(shown, scene)


def _cases_table(
    shown: Sequence[tuple[str | None, list[CaseChange]]],
    inside: Sequence[CaseChange],
    scene: Scene,
) -> Table:
    words = scene.words
    kinds = [how for how in CASE_CHANGES if any(how in case.how for case in inside)]
    columns = (
        Column("unit", words("column.unit"), width=10),
        Column("n", words("correction.cases.n"), "integer", 3.6),
        *(Column(how, words(f"correction.how.{how}"), "integer", 4.4) for how in kinds),
    )
    total: tuple[str, list[CaseChange]] = (words("correction.cases.total"), list(inside))
    rows = tuple(
        (
            Cell(name),
            integer_cell(len(cases), words),
            *(integer_cell(sum(how in case.how for case in cases), words) for how in kinds),
        )
        for name, cases in [*((_unit(code, scene), cases) for code, cases in shown), total]
    )
    caption, note = words("correction.cases.caption"), words("correction.cases.note")
    return Table("cases", caption, columns, rows, note=note)


def _ids_table(shown: Sequence[tuple[str | None, list[CaseChange]]], scene: Scene) -> Table:
    words = scene.words
    columns = (
        Column("unit", words("column.unit"), width=8),
        Column("ids", words("correction.cases.ids"), width=24),
    )
    rows = []
    for code, cases in shown:
        ids = listing([clean(case.case_id, 60) for case in cases[:IDS_SHOWN]], words)
        if len(cases) > IDS_SHOWN:
            ids += words("correction.cases.more", n=len(cases))
        rows.append((Cell(_unit(code, scene)), Cell(ids)))
    return Table("ids", words("correction.cases.ids.caption"), columns, tuple(rows))


def _unit(code: str | None, scene: Scene) -> str:
    if code is None:
        return scene.words("correction.cases.unassigned")
    for units in scene.units.values():
        if code in units:
            return scene.unit_name(units[code])
    return clean(code)


def _record(made: Correction, scene: Scene) -> Iterator[tuple[str, str]]:
    words = scene.words
    for edition in (made.before, made.after):
        name, version, digest = edition.policy
        yield (
            words("correction.record.edition", n=edition.number),
            words(
                "correction.record.value",
                made=moment(edition.made_at, words),
                as_of=moment(edition.as_of, words),
                policy=f"{clean(name)} {clean(version)} ({digest[:12]})",
            ),
        )
        signs = [
            words(
                "correction.record.sign",
                role=words(f"edition.role.{sign.role}"),
                office=clean(sign.office),
                day=day(sign.on, words),
            )
            for sign in edition.signed
        ]
        if signs:
            label = words("correction.record.signed", n=edition.number)
            yield label, words("between").join(signs)
    if made.after.previous:
        yield words("correction.record.seal"), made.after.previous
