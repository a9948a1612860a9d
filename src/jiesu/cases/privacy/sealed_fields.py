"""Where encrypted words lie: every table and column, for whatever must reach all of them.

Erasure, rotation, audit and a person's own copy go by this one list; a test finds a column that is
missing in it. How words are sealed is in `vault` and `record_words`.
"""

from collections.abc import Mapping

from django.db.models import BinaryField, Model, QuerySet

from jiesu.cases.models import (
    Assist,
    Callback,
    Claim,
    Consultation,
    Contact,
    Disclosure,
    Dispatch,
    Escalation,
    Extension,
    Feedback,
    Objection,
    Opinion,
    Redo,
    Supervision,
    Whistle,
)

RECORDS: Mapping[type[Model], str] = {
    Assist: "case",
    Callback: "case",
    Claim: "case",
    Consultation: "case",
    Contact: "case",
    Disclosure: "case",
    Dispatch: "case",
    Escalation: "case",
    Extension: "case",
    Feedback: "case",
    Objection: "case",
    Opinion: "consultation__case",
    Redo: "case",
    Supervision: "case",
    Whistle: "case",
}
"""The tables of records with words, and the way from a record to its case. All their binary
columns hold words that `record_words` has sealed."""

NAMES: Mapping[str, type[Model]] = {str(model._meta.model_name): model for model in RECORDS}
"""The tables by the names by which events and sealed words call them."""


def word_fields(model: type[Model]) -> tuple[str, ...]:
    """The columns of a table of records that hold sealed words."""
    return tuple(
        field.name for field in model._meta.concrete_fields if isinstance(field, BinaryField)
    )


def records_of(model: type[Model], **case: object) -> QuerySet[Model]:
    """The records of cases, chosen by lookups of their keys: `records_of(Contact, lte=9)`.

    `exact` and the like; without any, all.
    """
    way = RECORDS[model]
    lookups = {f"{way}__{lookup}": value for lookup, value in case.items()}
    return model._default_manager.filter(**lookups).order_by("pk")
