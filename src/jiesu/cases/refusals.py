"""Why an action is refused, as exceptions that every face of the desk turns into its own words.

A refusal changes nothing: each is raised inside the action's transaction.
"""

from collections.abc import Mapping

from jiesu.core.lifecycle import MoveRefused

__all__ = ["Conflict", "Forbidden", "Invalid", "MoveRefused", "NotFound", "Refusal", "Stale"]


class Refusal(Exception):
    """An action cannot be done. `code` is a stable word for programs, the text is for people."""

    def __init__(self, code: str, text: str) -> None:
        self.code, self.text = code, text
        super().__init__(text)


class Invalid(Refusal):
    """Something that was given is wrong. `fields` says what, by field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("invalid", "; ".join(f"{key}: {text}" for key, text in fields.items()))


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
        super().__init__("stale", "the case was changed since you read it: look at it again")
