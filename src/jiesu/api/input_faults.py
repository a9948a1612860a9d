"""What is wrong with what was sent, in the desk's words instead of pydantic's.

By the type of pydantic's error; what its context holds are the values. Here are the types that an
operation's input can meet, as a test finds them; any other is told as pydantic says it.
"""

from collections.abc import Mapping
from typing import Any

from jiesu.core.texts import Text

_WHOLE = Text("write a whole number")
_TRUTH = Text("answer with true or false")
_CHOICE = Text("use one of: {values}")
_OBJECT = Text("give an object with its fields")
_TIME = Text("write a time such as 2026-07-01T09:00:00+08:00")

WORDS: Mapping[str, Text] = {
    "missing": Text("this is missing"),
    "extra_forbidden": Text("this field is not known here"),
    "string_type": Text("write a text"),
    "string_unicode": Text("write a text in Unicode"),
    "string_too_short": Text("write at least {min_length} characters"),
    "string_too_long": Text("write at most {max_length} characters"),
    "string_pattern_mismatch": Text("not in the form that is wanted here"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "finite_number": _WHOLE,
    "greater_than_equal": Text("write a number of at least {ge}"),
    "less_than_equal": Text("write a number of at most {le}"),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "enum": _CHOICE,
    "literal_error": _CHOICE,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": Text("give the time with its zone"),
    "year_range": Text("a year from 1900 to 9000"),
    "list_type": Text("give a list"),
    "too_long": Text("give at most {max_length} entries"),
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "value_error": Text("not of the kind that is wanted here"),
}


def fault_of_input(error: Mapping[str, Any]) -> Text:
    """One of pydantic's errors as a text; nothing of what was sent is in it."""
    words = WORDS.get(error["type"])
    if words is None:
        return Text("not taken here: {why}", why=str(error["msg"]))
    values = dict(error.get("ctx") or {})
    if words is _CHOICE:
        values = {"values": values["expected"].replace(" or ", ", ").replace("'", "")}
    return words.filled(**values)
