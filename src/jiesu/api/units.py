"""Units, places and figures: who answers for what, and how the months stand."""

from dataclasses import asdict

from django.http import HttpRequest
from ninja import Router

from jiesu.api.access import doing, now
from jiesu.api.paging import CursorText, Limit, cursor_behind, last_row, page
from jiesu.api.schemas import Code, UnitRef
from jiesu.api.schemas_rules import (
    FiguresOut,
    PlaceOut,
    PlacePage,
    UnitOut,
    UnitPage,
    WhistleMarksOut,
    WhistleMarksPage,
)
from jiesu.cases.figures.running import Kept, kept_figures, running_figures
from jiesu.cases.figures.site_city import period_named
from jiesu.cases.figures.whistles import WhistleMarks, whistle_marks
from jiesu.cases.models import Place, Unit
from jiesu.cases.refusals import NotFound
from jiesu.core.problems import InputError
from jiesu.core.texts import Text

router = Router(tags=["units"])


@router.get("/units", auth=doing("see_rules", "read"), response=UnitPage, operation_id="list_units")
def list_units(
    request: HttpRequest,
    kind: Code = "",
    parent: Code = "",
    cursor: CursorText = "",
    limit: Limit = 100,
) -> UnitPage:
    """Units, also those that have ended."""
    last = last_row(cursor, ["units", kind, parent])
    wanted = {"kind": kind, "parent__code": parent, "pk__gt": last[0] if last else None}
    units = Unit.objects.select_related("parent", "successor").order_by("pk")
    units = units.filter(**{key: value for key, value in wanted.items() if value})
    rows, more = page(list(units[: limit + 1]), limit)
    return UnitPage(
        items=[_unit(unit) for unit in rows],
        next=cursor_behind(["units", kind, parent], rows[-1].pk) if more else None,
    )


@router.get(
    "/units/{code}", auth=doing("see_rules", "read"), response=UnitOut, operation_id="read_unit"
)
def read_unit(request: HttpRequest, code: str) -> UnitOut:
    """A unit by its code."""
    found = None
    if "\x00" not in code:
        found = Unit.objects.select_related("parent", "successor").filter(code=code).first()
    if found is None:
        raise NotFound("no_such_unit", Text("there is no such unit"))
    return _unit(found)


def _unit(unit: Unit) -> UnitOut:
    return UnitOut(
        code=unit.code,
        name=unit.name,
        kind=unit.kind,
        parent=unit.parent.code if unit.parent else None,
        successor=unit.successor.code if unit.successor else None,
        population=unit.population,
        valid_from=unit.valid_from,
        valid_to=unit.valid_to,
    )


@router.get(
    "/places", auth=doing("see_rules", "read"), response=PlacePage, operation_id="list_places"
)
def list_places(
    request: HttpRequest,
    kind: Code = "",
    parent: Code = "",
    cursor: CursorText = "",
    limit: Limit = 100,
) -> PlacePage:
    """Districts, streets and communities."""
    last = last_row(cursor, ["places", kind, parent])
    wanted = {"kind": kind, "parent__code": parent, "pk__gt": last[0] if last else None}
    places = Place.objects.select_related("parent", "unit").order_by("pk")
    places = places.filter(**{key: value for key, value in wanted.items() if value})
    rows, more = page(list(places[: limit + 1]), limit)
    return PlacePage(
        items=[
            PlaceOut(
                code=place.code,
                name=place.name,
                kind=place.kind,
                parent=place.parent.code if place.parent else None,
                unit=place.unit.code if place.unit else None,
            )
            for place in rows
        ],
        next=cursor_behind(["places", kind, parent], rows[-1].pk) if more else None,
    )


@router.get(
    "/figures/running",
    auth=doing("see_figures", "read"),
    response=FiguresOut,
    operation_id="read_running_figures",
)
def read_running_figures(request: HttpRequest) -> FiguresOut:
    """The running month's rates and ranks, counted by the worker, at most a minute old."""
    return _figures(running_figures(now()))


@router.get(
    "/figures/{period}",
    auth=doing("see_figures", "read"),
    response=FiguresOut,
    operation_id="read_figures",
)
def read_figures(request: HttpRequest, period: str) -> FiguresOut:
    """A month's rates and ranks, such as 2022-02, as they were last counted."""
    return _figures(kept_figures(period) if "\x00" not in period else None)


@router.get(
    "/figures/{period}/whistles",
    auth=doing("see_figures", "read"),
    response=WhistleMarksPage,
    operation_id="read_whistle_marks",
)
def read_whistle_marks(request: HttpRequest, period: str) -> WhistleMarksPage:
    """A month's whistles by unit, as they stand now: blown, reported, and the marks of both sides.

    Units without any are left out.
    """
    try:
        _, month = period_named(period)
    except InputError:
        raise NotFound("no_such_figures", Text("this is no month of a policy")) from None
    units = {unit.code: unit for unit in Unit.objects.order_by("pk")}
    found = whistle_marks(units.values(), month)
    none = WhistleMarks()
    return WhistleMarksPage(
        items=[
            WhistleMarksOut(unit=UnitRef(code=code, name=units[code].name), **asdict(marks))
            for code, marks in found.items()
            if marks != none
        ]
    )


def _figures(kept: Kept | None) -> FiguresOut:
    if kept is None:
        raise NotFound("no_such_figures", Text("nothing was counted for this month"))
    return FiguresOut(
        period=kept.period,
        as_of=kept.as_of,
        policy=kept.policy,
        is_stale=kept.is_stale,
        evaluation=kept.document,
    )
