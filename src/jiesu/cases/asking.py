"""What a unit may ask of its dispatch (objection, return, extension), and until when.

What the actions `objections` and `extensions` have in common: the dispatch in force, reasons of
a catalogue, windows; and that what was asked and not decided lapses with the dispatch.
"""

from datetime import datetime

from jiesu.cases.change import Change
from jiesu.cases.models import Case, Dispatch, Extension, Objection
from jiesu.cases.refusals import Conflict, Invalid
from jiesu.cases.rulebook import city_zone, rulebook
from jiesu.core.desk import Reason
from jiesu.core.lifecycle import AT_WORK
from jiesu.core.texts import Text
from jiesu.core.worktime import plain_due


def dispatch_at_work(change: Change) -> Dispatch:
    """The dispatch in force of a case that its unit still works on. Raises Conflict."""
    dispatch = change.case.dispatches.filter(ended_at=None).order_by("-number").first()
    if dispatch is None or change.case.state not in AT_WORK:
        raise Conflict("not_at_work", Text("this is asked while the unit works on the case only"))
    return dispatch


def catalogue_reason(case: Case, use: str, key: str) -> Reason:
    """A reason of the catalogue for a use. Raises Invalid, which names those there are."""
    rules = rulebook().rules_of(case.rules_id)
    reason = rules.reason(use, key)
    if reason is None:
        known = ", ".join(one.key for one in rules.reasons_for(use))
        raise Invalid(
            {"reason": Text("this reason is not in the catalogue: use one of {known}", known=known)}
        )
    return reason


def window_end(case: Case, dispatch: Dispatch, key: str) -> datetime:
    """Until when, this moment included, a dispatch may be objected to or returned."""
    book = rulebook()
    limit = book.rules_of(case.rules_id).windows[key]
    return plain_due(dispatch.at, limit, book.calendar_of(case.calendar_id))


def ask_in_window(change: Change, dispatch: Dispatch, key: str) -> None:
    """Raise Conflict where the window has passed."""
    end = window_end(change.case, dispatch, key)
    if change.as_of > end:
        until = end.astimezone(city_zone())
        text = Text(
            "the window for this passed at {until:%Y-%m-%d %H:%M}: handle the case", until=until
        )
        raise Conflict("window_passed", text)


def no_open_objection(case: Case) -> None:
    """Raise Conflict while an objection waits for its decision."""
    if case.objections.filter(decided_at=None).exists():
        raise Conflict("objection_open", Text("an objection is open: wait for its decision"))


def lapse_requests(change: Change) -> None:
    """End what was asked and not decided: the dispatch that it was about ends, or the case.

    Neither upheld nor granted, and nobody decided it. Says so in an event each.
    """
    case, as_of = change.case, change.as_of
    for objection in Objection.objects.filter(case=case, decided_at=None):
        objection.decided_at = as_of
        objection.save(update_fields=["decided_at"])
        change.event("objection_lapsed", objection=objection.pk)
    for extension in Extension.objects.filter(case=case, decided_at=None):
        extension.decided_at = as_of
        extension.save(update_fields=["decided_at"])
        change.event("extension_lapsed", extension=extension.pk)
    for consultation in case.consultations.filter(closed_at=None):
        consultation.closed_at = as_of
        consultation.save(update_fields=["closed_at"])
        change.event("consultation_lapsed", consultation=consultation.pk)
