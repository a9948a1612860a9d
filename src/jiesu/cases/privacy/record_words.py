"""The free words of a case's records, sealed in the record's own row.

A contact's note, an answer, a matter: each is bound to its case, table, field and row, so that
none opens in the place of another. Leaves out what a text may be (`words`) and who may read it
(`scopes`).
"""

from django.db.models import Model

from jiesu.cases.change import Change
from jiesu.cases.history.events import personal
from jiesu.cases.models import Case
from jiesu.cases.privacy.vault import opened, sealed
from jiesu.cases.refusals import Conflict
from jiesu.core.texts import Text


def write_words(change: Change, row: Model, **texts: str) -> dict[str, dict[str, str]]:
    """Seal texts into fields of a saved row; what the event holds of them, by field.

    An empty text leaves its field as it is. Raises Conflict after the case's texts were erased.
    """
    written = {field: text for field, text in texts.items() if text}
    for field, text in written.items():
        setattr(row, field, sealed(change.case, place_of(row, field), text))
    if written:
        row.save(update_fields=list(written))
    salt = change.private().text_salt if written else b""
    if written and not salt:
        raise Conflict(
            "erased", Text("what was said about this case was erased: nothing is added to it")
        )
    return {field: personal(salt, field, text) for field, text in texts.items()}


def words_of(case: Case, row: Model, field: str) -> str:
    """The text of `write_words`; empty where there was none or it was erased."""
    return opened(case, place_of(row, field), getattr(row, field))


def place_of(row: Model, field: str) -> str:
    """What a text is bound to beside its case: `contact.note:12`."""
    return f"{row._meta.model_name}.{field}:{row.pk}"
