"""Units, places, categories, the directory and the rules, as the API shows them."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from jiesu.api.schemas import UnitRef


class UnitOut(BaseModel):
    """A unit that answers for cases."""

    code: str
    name: str
    kind: str
    parent: str | None
    successor: str | None
    population: int | None
    valid_from: date | None
    valid_to: date | None = Field(description="The first day without it.")


class UnitPage(BaseModel):
    """Units, in the order in which they were entered."""

    items: list[UnitOut]
    next: str | None


class WhistleMarksOut(BaseModel):
    """What the whistles of a month add up to for a unit: both sides are assessed."""

    unit: UnitRef
    n_blown: int = Field(description="How often it called departments, as a street.")
    n_marked_as_street: int = Field(description="How many of these the department marked.")
    sum_as_street: int = Field(description="The sum of these marks, each 1 to 5.")
    n_called: int = Field(description="How often it was called, as a department.")
    n_reported_in_time: int
    n_reported_late: int
    n_marked_as_department: int = Field(description="How often the street marked it.")
    sum_as_department: int = Field(description="The sum of these marks, each 1 to 5.")


class WhistleMarksPage(BaseModel):
    """A month's whistles, a line for each unit that had any."""

    items: list[WhistleMarksOut]


class PlaceOut(BaseModel):
    """A district, a street or a community, and the unit that answers for it."""

    code: str
    name: str
    kind: str
    parent: str | None
    unit: str | None


class PlacePage(BaseModel):
    """Places, in the order in which they were entered."""

    items: list[PlaceOut]
    next: str | None


class CategoryOut(BaseModel):
    """A category that a case may have, with the labels that its cases bear."""

    category_1: str
    category_2: str
    category_3: str
    labels: list[str]


class CategoriesOut(BaseModel):
    """The tree of categories, in the city's order."""

    items: list[CategoryOut]


class EntryOut(BaseModel):
    """A line of the directory; empty means any."""

    line: int
    category_1: str
    category_2: str
    category_3: str
    place: str
    kind: str
    unit: str
    assist_units: list[str]
    via: str
    limit: str
    note: str


class DirectoryOut(BaseModel):
    """The directory in force, page by page."""

    version: str
    valid_from: date | None
    items: list[EntryOut]
    next: str | None


class MatchOut(BaseModel):
    """The unit that a case would go to, and why."""

    unit: UnitRef
    assist_units: list[UnitRef]
    through: UnitRef | None = Field(description="The district that coordinates.")
    copied_to: UnitRef | None
    limit: str
    line: int
    directory: str
    explanation: str


class ChoiceOut(BaseModel):
    """A code with its words in the request's language."""

    key: str
    title: str


class LimitOut(ChoiceOut):
    """A class of time limits."""

    contact: int
    contact_unit: str
    resolution: int
    resolution_unit: str


class ReasonOut(ChoiceOut):
    """A reason, and what it may be given for."""

    use: str


class RulesOut(BaseModel):
    """The desk's rules in force today, as far as a caller has to choose from them."""

    version: str
    channels: list[ChoiceOut]
    kinds: list[ChoiceOut]
    limits: list[LimitOut]
    usual_limit: str
    urgent_limit: str = Field(description="What urgent cases get where it ends sooner; or empty.")
    soon_hours: int
    reasons: list[ReasonOut]


class FiguresOut(BaseModel):
    """A month's evaluation (docs/evaluation-json.md) as it was last counted."""

    period: str
    as_of: datetime
    policy: str
    is_stale: bool = Field(description="Cases have changed since.")
    evaluation: dict[str, object]
