"""What the lead unit does with its case: sign, contact the caller, work, report, feed back.

Articles 14 and 15: whoever receives a case leads it, contacts the caller promptly, explains what
takes longer, and reports to the caller and to the hotline. Help from others is in `assistance`;
objections, pauses and extensions have modules of their own; a case closes by its call-back.
"""

from datetime import datetime

from jiesu.cases.actor import Actor
from jiesu.cases.asking import no_open_objection
from jiesu.cases.change import changing
from jiesu.cases.models import Case, Contact, Feedback, Pause
from jiesu.cases.pauses import resume
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Invalid, MoveRefused, one_of
from jiesu.core.lifecycle import AT_WORK, HANDLING, State, moved
from jiesu.core.texts import Text
from jiesu.core.worktime import is_overdue

SIGNED = HANDLING - {State.DISPATCHED}
"""The unit has signed and the case has not ended: its caller may be contacted."""


def sign_case(*, case_id: int, by: Actor, as_of: datetime, expected: int | None = None) -> Case:
    """Take a dispatched case on; the unit now leads it (签收)."""
    with changing(case_id, "sign", by=by, as_of=as_of, expected=expected) as change:
        change.move("sign")
        change.set(signed_at=as_of)
        change.event("signed")
    return change.case


def record_contact(
    *,
    case_id: int,
    reached: bool,
    by: Actor,
    as_of: datetime,
    means: str = Contact.Means.PHONE,
    note: str = "",
    expected: int | None = None,
) -> Contact:
    """Write down that the caller was contacted, or could not be reached.

    The first contact that reached the caller stops the response clock; later ones, also while
    the unit works or after its feedback, are kept beside it. Raises Invalid, Conflict for a
    caller whom nobody knows.
    """
    account = by.account
    note = checked_words("note", note, required=False)
    if means not in Contact.Means.values:
        raise Invalid({"means": one_of(Contact.Means.values)})
    with changing(case_id, "contact", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        if case.state not in SIGNED:
            raise MoveRefused("contact", case.state)
        if case.anonymous:
            text = Text("the caller gave no name and no number: start without a contact")
            raise Conflict("anonymous", text)
        if reached and case.state == State.SIGNED:
            change.move("contact")
        if reached and case.contacted_at is None:
            change.set(contacted_at=as_of)
        assert case.unit is not None
        contact = Contact.objects.create(
            case=case, unit=case.unit, at=as_of, by=account, means=means, reached=reached
        )
        said = write_words(change, contact, note=note)
        change.event("contact_recorded", contact=contact.pk, reached=reached, means=means, **said)
    return contact


def start_handling(
    *, case_id: int, by: Actor, as_of: datetime, expected: int | None = None
) -> Case:
    """Begin to work on a signed case, before or after the caller was contacted.

    A burst pipe is closed first: the response clock runs on whatever the unit does. An anonymous
    caller cannot be contacted at all, and has none.
    """
    with changing(case_id, "start", by=by, as_of=as_of, expected=expected) as change:
        change.move("start")
        change.event("started")
    return change.case


def report_interim(
    *, case_id: int, report: str, by: Actor, as_of: datetime, expected: int | None = None
) -> Feedback:
    """Say how far the work is and why it takes longer (article 14). The limit stays as it is."""
    account = by.account
    report = checked_words("report", report)
    with changing(case_id, "report", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        if case.state not in AT_WORK & SIGNED:
            raise MoveRefused("report", case.state)
        assert case.unit is not None
        feedback = Feedback.objects.create(
            case=case,
            unit=case.unit,
            at=as_of,
            by=account,
            interim=True,
            overdue=_is_late(case, as_of),
        )
        said = write_words(change, feedback, answer=report)
        change.event("interim_reported", feedback=feedback.pk, overdue=feedback.overdue, **said)
    return feedback


def submit_feedback(
    *,
    case_id: int,
    result: str,
    real: bool,
    answer: str,
    by: Actor,
    as_of: datetime,
    legal_basis: str = "",
    expected: int | None = None,
) -> Feedback:
    """Submit the result with what the caller was answered (反馈); the call-back ends the case.

    `real` says whether things were as the caller described them. What is only `explained` needs
    the `legal_basis` of the explanation. Waiting for the caller ends with it, and a
    parked case's clocks run on. A case counts as
    done from its first feedback on; one after a redo is kept as another. Raises Invalid, Conflict
    while an objection to the dispatch is open.
    """
    account = by.account
    answer = checked_words("answer", answer)
    legal_basis = checked_words("legal_basis", legal_basis, required=False, longest=200)
    if result not in Feedback.Result.values:
        raise Invalid({"result": one_of(Feedback.Result.values)})
    if result == Feedback.Result.EXPLAINED and not legal_basis.strip():
        raise Invalid({"legal_basis": Text("name the law or rule that the explanation rests on")})
    with changing(case_id, "submit_feedback", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        moved("submit_feedback", case.state)
        no_open_objection(case)
        # Or the limit would never expire, and nobody be asked; the mark of the parking stays.
        for cause in (Pause.Cause.WAITING, Pause.Cause.PARKED):
            resume(change, cause)
        change.move("submit_feedback")
        if case.feedback_at is None:
            change.set(feedback_at=as_of)
        assert case.unit is not None
        feedback = Feedback.objects.create(
            case=case,
            unit=case.unit,
            at=as_of,
            by=account,
            result=result,
            real=real,
            overdue=_is_late(case, as_of),
        )
        said = write_words(change, feedback, answer=answer, legal_basis=legal_basis)
        change.event(
            "feedback_submitted",
            feedback=feedback.pk,
            result=result,
            real=real,
            overdue=feedback.overdue,
            **said,
        )
    return feedback


def _is_late(case: Case, as_of: datetime) -> bool:
    """Whether the limit has run out. A clock that stands cannot, but may have before it stood."""
    stood = as_of if case.paused_since is None else min(as_of, case.paused_since)
    return is_overdue(case.due_at, stood)
