"""Log lines that hold no personal data: where a fault happened, never with what values.

A message of an exception may quote a row, a query or a resident's words, and so may a local
variable: a traceback is written as types and places alone. Requests are logged by
`middleware.RequestLog`.
"""

import logging
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

ExceptionInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)


class PlaceFormatter(logging.Formatter):
    """One line for a record; a traceback as places, the innermost last, without messages."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as text: instant in UTC, level, logger, message, places of the exception."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"{at} {record.levelname} {record.name} {_message(record)}".replace("\n", " ")
        if record.exc_info:
            line += self.formatException(record.exc_info)
        return line

    def formatException(self, ei: ExceptionInfo) -> str:
        """The exception and its causes: types and places."""
        return "".join(_chain(ei[1]))


def _message(record: logging.LogRecord) -> str:
    # Django logs the path of a request that failed, which may hold a resident's token; the
    # line of RequestLog beside it has the path without it.
    return "a fault while answering" if record.name == "django.request" else record.getMessage()


def _chain(error: BaseException | None) -> Iterator[str]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"\n  {type(error).__module__}.{type(error).__qualname__}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"\n    {frame.filename}:{frame.lineno} {frame.name}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def logging_settings(level: str) -> dict[str, Any]:
    """Python's logging configuration: everything to standard error, in one form."""
    quiet = {
        # Their lower levels write queries with values, addresses with tokens, names of clerks.
        "django.db.backends": "INFO",
        "django.template": "INFO",
        "django.request": "ERROR",
        "axes": "ERROR",
        "httpx": "WARNING",
        "httpcore": "WARNING",
    }
    loggers: dict[str, Any] = {name: {"level": floor} for name, floor in quiet.items()}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"place": {"()": "jiesu.project.logs.PlaceFormatter"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "place"},
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["console"], "level": level.upper()},
        "loggers": {
            # Django's own settings, which would print twice and write letters.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # Of the development server: its lines hold query strings, ours do not.
            "django.server": {"handlers": ["nowhere"], "propagate": False},
            **loggers,
        },
    }
