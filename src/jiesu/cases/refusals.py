"""Why an action is refused, as exceptions that every face of the desk turns into its own words.

A refusal changes nothing: each is raised inside the action's transaction.
"""

from collections.abc import Iterable, Mapping

from jiesu.cases.language import said
from jiesu.core.lifecycle import MoveRefused
from jiesu.core.texts import Text

__all__ = [
    "Conflict", "Forbidden", "Invalid", "MoveRefused", "NotFound", "Refusal", "Stale", "one_of",
]  # fmt: skip


class Refusal(Exception):
    """An action cannot be done. `code` is a stable word for programs, the text is for people.

    As a string it is English; `said` has it in the language of whoever is answered.
    """

    def __init__(self, code: str, text: Text) -> None:
        self.code, self.text = code, text
        super().__init__(text)

    def said(self) -> str:
        """Why, in the language of the page or the request."""
        return said(self.text)


class Invalid(Refusal):
    """Something that was given is wrong. `fields` says what, by field."""

    def __init__(self, fields: Mapping[str, Text]) -> None:
        self.fields = dict(fields)
        super().__init__("invalid", Text("some fields are wrong"))

    def __str__(self) -> str:
        return _listed(self.fields)

    def said(self) -> str:
        return _listed(self.said_fields())

    def said_fields(self) -> dict[str, str]:
        """What is wrong, by field, in the language of the page or the request."""
        return {field: said(text) for field, text in self.fields.items()}


class Forbidden(Refusal):
    """The actor may not do this, or not with this case."""


class NotFound(Refusal):
    """There is no such thing, or the actor may not see it: the two look alike."""


class Conflict(Refusal):
    """The case's state or records do not allow it now: a window has passed, it was done already."""


class Stale(Refusal):
    """Somebody changed the case since it was read. `version` is the present one."""

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__("stale", Text("the case was changed since you read it: look at it again"))


def one_of(values: Iterable[str]) -> Text:
    """What to say of a value that is none of a few."""
    return Text("use one of: {values}", values=", ".join(values))


def _listed(fields: Mapping[str, str]) -> str:
    return "; ".join(f"{field}: {text}" for field, text in fields.items())
