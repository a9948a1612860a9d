"""Merits and shortcomings of a scorecard as sentences, each figure with where it comes from.

The same words stand in scorecards, in the press draft, on cards and beside the keys in a
meeting's file. Chooses nothing (see `core.scorecard`).
"""

from decimal import Decimal

from jiesu.briefing.pack import CARDS, EVALUATION, YEAR, Stage
from jiesu.briefing.wording import clean, listing, period_label, signed
from jiesu.core.indicators import ROOT
from jiesu.core.meeting import Point
from jiesu.core.press import Trace
from jiesu.core.scorecard import Evidence, Place, Scorecard, pointed

Said = tuple[str, tuple[Trace, ...]]
"""A sentence and the figures it stands on."""


def said(stage: Stage, card: Scorecard, evidence: Evidence, *, short: bool = False) -> Said:
    """A merit or shortcoming in words; `short` as one of several in a listing (in X, Y and Z)."""
    match evidence.kind:
        case "again_first":
            return _again_first(stage, card, evidence)
        case "streets":
            return _streets(stage, card, evidence)
        case "overdue":
            n = str(evidence.n)
            pointer = f"/units/{pointed(card.unit)}/overdue"
            text = stage.words("merit.overdue", n=n)
            return text, (Trace("overdue", n, n, CARDS, pointer, card.unit),)
        case _:
            return _placed(stage, card, evidence, short=short)


def point_said(stage: Stage, card: Scorecard, point: Point, *, short: bool = False) -> Said:
    """What a point of a meeting says: its evidence, or the text that an office gave."""
    if point.text is not None:
        return clean(stage.words.title(point.text, ""), 400), ()
    evidence = card.evidence(point.evidence)
    return ("", ()) if evidence is None else said(stage, card, evidence, short=short)


def _placed(stage: Stage, card: Scorecard, evidence: Evidence, *, short: bool) -> Said:
    place = evidence.place
    assert place is not None
    words = stage.words
    alone = "" if evidence.kind == "first" else words("merit.alone")
    tied = words("merit.tied") if place.tied > 1 else alone
    in_listing = short and not evidence.good
    key = f"merit.short.{evidence.kind}" if in_listing else f"merit.{evidence.kind}"
    text = words(
        key,
        title=figure_title(stage, place),
        value=figure_value(stage, place),
        rank=place.rank,
        n=place.n,
        tied=tied,
    )
    first = words("merit.word.first") if evidence.kind == "first" else ""
    return text, traces_of(stage, card, place, rank=first)


def _again_first(stage: Stage, card: Scorecard, evidence: Evidence) -> Said:
    now, before = evidence.place, evidence.before
    assert now is not None
    assert before is not None
    words = stage.words
    text = words(
        "merit.again_first",
        year=before.period,
        month=stage.short_month,
        score=stage.score,
        tied_year=words("merit.tied") if before.tied > 1 else "",
        tied=words("merit.tied") if now.tied > 1 else "",
        value=figure_value(stage, now),
    )
    first = words("merit.word.again")
    # Of last year only the rank is said.
    then, _ = traces_of(stage, card, before, rank=first, with_period=False)
    traces = (then, *traces_of(stage, card, now, rank=first, with_period=False))
    year = Trace("year", before.period, before.period, YEAR, "/period/label", "", before.period)
    return text, (year, stage.month_trace(), *traces)


def _streets(stage: Stage, card: Scorecard, evidence: Evidence) -> Said:
    words = stage.words
    found = stage.list_at(evidence.list_key)
    assert found is not None
    number, named = found
    at = {one.unit: place for place, one in enumerate(named.units)}
    names = [stage.unit(code) for code in evidence.named]
    text = words(
        "merit.streets",
        n=evidence.n,
        names=listing(names, words),
        title=stage.scene.list_title(named),
    )
    n = str(evidence.n)
    where = f"/units/{pointed(card.unit)}/on_lists/{pointed(evidence.list_key)}"
    period = stage.pack.meeting.period
    how_many = Trace("how many", n, n, CARDS, where, card.unit, period)
    traces = tuple(
        Trace(
            "listed",
            name,
            code,
            EVALUATION,
            f"/lists/{number}/units/{at[code]}/unit",
            code,
            period,
        )
        for code, name in zip(evidence.named, names, strict=True)
    )
    return text, (how_many, *traces)


def figure_title(stage: Stage, place: Place) -> str:
    """What a figure is called, with the period where it is not the month's own."""
    words = stage.words
    title = stage.title(place.title, place.key)
    if place.kind == "change":
        title = words("merit.change", score=stage.score)
    elif place.kind in ("score", "year"):
        title = stage.score
    elif place.kind == "index" and place.key != f"index.{ROOT}":
        title = words("merit.index", title=title)
    period = place_period(stage, place)
    return words("merit.in_period", period=period, title=title) if period else title


def place_period(stage: Stage, place: Place) -> str:
    """The period that is said of a figure: not the month's own, unless it is an outside one."""
    if place.kind == "measure":
        table = stage.pack.measures.get(place.key.removeprefix("measure."))
        if table is not None and table.span:
            return stage.words("merit.since")
        if place.period == stage.pack.meeting.period:
            return stage.short_month
    own = place.period == stage.pack.meeting.period
    return "" if own else period_words(stage, place.period)


def period_words(stage: Stage, label: str) -> str:
    """A year's or a month's label in words."""
    if len(label) == 4 and label.isdigit():
        return stage.words("meeting.year", year=label)
    return period_label(label, stage.words)


def figure_value(stage: Stage, place: Place) -> str:
    """The printed figure with its unit of measure."""
    measured_in = stage.title(place.measured_in)
    if place.measured_in.get("en") == "%":
        return f"{place.value}%"
    number = Decimal(place.value)
    text = signed(number) if place.kind == "change" else f"{number:,f}"
    space = " " if stage.words.lang == "en" and measured_in else ""
    return f"{text}{space}{measured_in.strip()}"


def traces_of(
    stage: Stage, card: Scorecard, place: Place, *, rank: str = "", with_period: bool = True
) -> tuple[Trace, ...]:
    """Where a place's rank and its figure stand, and the cases behind the month's own.

    `rank` is the word that the sentence has for the rank, if it is no number. A period that is not
    the month's own is said and traced too, where the sentence says it.
    """
    where = f"/units/{pointed(card.unit)}/places/{card.places.index(place)}"
    of_cases = place.kind in ("score", "rate") and place.period == stage.pack.meeting.period
    cases = stage.cases_of(card.unit) if of_cases else None
    number, code, period = str(place.rank), card.unit, place.period
    shown, at = figure_value(stage, place), rank or str(place.rank)
    traces = (
        Trace(f"{place.key} rank", at, number, CARDS, f"{where}/rank", code, period, cases),
        Trace(place.key, shown, place.value, CARDS, f"{where}/value", code, period, cases),
    )
    said = place_period(stage, place)
    if not said or not with_period:
        return traces
    return (*traces, Trace("period", said, period, CARDS, f"{where}/period", code, period))
