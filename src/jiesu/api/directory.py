"""The dispatch directory, the categories and the rules that a caller chooses from."""

from collections.abc import Iterable, Mapping

from django.http import HttpRequest
from ninja import Router

from jiesu.api.access import doing, now
from jiesu.api.paging import CursorText, Limit, cursor_behind, last_row, page
from jiesu.api.schemas import Code, UnitRef
from jiesu.api.schemas_rules import (
    CategoriesOut,
    CategoryOut,
    ChoiceOut,
    DirectoryOut,
    EntryOut,
    LimitOut,
    MatchOut,
    ReasonOut,
    RulesOut,
)
from jiesu.cases.language import lang
from jiesu.cases.refusals import Invalid, NotFound
from jiesu.cases.routes import match_of
from jiesu.cases.rulebook import Rulebook, local_day, rulebook
from jiesu.core.desk import Choice
from jiesu.core.texts import Text

router = Router(tags=["rules"])
READ = doing("see_rules", "read")


@router.get("/rules", auth=READ, response=RulesOut, operation_id="read_rules")
def read_rules(request: HttpRequest) -> RulesOut:
    """Channels, kinds of demand, time limits and reasons in force today."""
    _, rules = rulebook().desk_on(local_day(now()))
    return RulesOut(
        version=rules.version,
        channels=choices(rules.channels),
        kinds=choices(rules.kinds),
        limits=[
            LimitOut(
                key=one.key,
                title=_title(one.title),
                contact=one.contact.amount,
                contact_unit=one.contact.unit,
                resolution=one.resolution.amount,
                resolution_unit=one.resolution.unit,
            )
            for one in rules.limits.values()
        ],
        usual_limit=rules.usual_limit,
        urgent_limit=rules.urgent_limit,
        soon_hours=rules.soon_hours,
        reasons=[
            ReasonOut(key=one.key, title=_title(one.title), use=one.use) for one in rules.reasons
        ],
    )


def choices(of: Iterable[Choice]) -> list[ChoiceOut]:
    """Codes with their words."""
    return [ChoiceOut(key=one.key, title=_title(one.title)) for one in of]


def _title(words: Mapping[str, str]) -> str:
    return words.get(lang()) or next(iter(words.values()), "")


@router.get("/categories", auth=READ, response=CategoriesOut, operation_id="list_categories")
def list_categories(request: HttpRequest) -> CategoriesOut:
    """The tree of categories in use; a case may also have one of the levels above."""
    return CategoriesOut(items=categories())


def categories() -> list[CategoryOut]:
    """The categories in use."""
    return [
        CategoryOut(
            category_1=one.levels[0],
            category_2=one.levels[1],
            category_3=one.levels[2],
            labels=list(one.labels),
        )
        for one in rulebook().categories
    ]


@router.get("/directory", auth=READ, response=DirectoryOut, operation_id="read_directory")
def read_directory(
    request: HttpRequest, cursor: CursorText = "", limit: Limit = 100
) -> DirectoryOut:
    """The directory in force today, line by line."""
    directory = rulebook().directory_on(local_day(now()))
    if directory is None:
        raise NotFound("no_directory", Text("no directory is in force today"))
    of = ["directory", directory.version]
    last = last_row(cursor, of)
    lines = [one for one in directory.entries if last is None or one.line > last[0]]
    rows, more = page(lines[: limit + 1], limit)
    return DirectoryOut(
        version=directory.version,
        valid_from=directory.valid_from,
        items=[
            EntryOut(
                line=one.line,
                category_1=one.category_1,
                category_2=one.category_2,
                category_3=one.category_3,
                place=one.place,
                kind=one.kind,
                unit=one.unit,
                assist_units=list(one.assist_units),
                via=one.via,
                limit=one.limit,
                note=one.note,
            )
            for one in rows
        ],
        next=cursor_behind(of, rows[-1].line) if more else None,
    )


@router.get("/directory/match", auth=READ, response=MatchOut, operation_id="match_directory")
def match(
    request: HttpRequest,
    category_1: Code,
    category_2: Code = "",
    category_3: Code = "",
    place: Code = "",
    kind: Code = "",
) -> MatchOut:
    """To which unit a case would go today, and why; 404 where the directory has none for it."""
    book, day = rulebook(), local_day(now())
    if place and place not in book.places:
        raise Invalid({"place": Text("no place has this code")})
    category = (category_1, category_2, category_3)
    if not book.categories.knows(category):
        raise Invalid({"category_1": Text("this category is not in the city's tree")})
    directory = book.directory_on(day)
    found = match_of(category, place or None, kind, book, day)
    if found is None or directory is None:
        raise NotFound("no_unit", Text("the directory has no unit for this category and place"))
    return MatchOut(
        unit=_unit(book, found.unit),
        assist_units=[_unit(book, code) for code in found.assist_units],
        through=_unit(book, found.through) if found.through else None,
        copied_to=_unit(book, found.copied_to) if found.copied_to else None,
        limit=found.limit or book.desk_on(day)[1].usual_limit,
        line=found.entry.line,
        directory=directory.version,
        explanation=found.explanation(lang(), book.names),
    )


def _unit(book: Rulebook, code: str) -> UnitRef:
    return UnitRef(code=code, name=book.names.get(code, code))
