"""Moves of a case: one operation for each action, each with If-Match.

The table says which action, whose it is, under which scope of a key, and what it takes; nothing
is decided here. Call-backs are in `callbacks`, claims in `claims`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from ninja import Router

from jiesu.api import schemas_moves as takes
from jiesu.api import shown
from jiesu.api.access import doing, now
from jiesu.api.etags import PARAMETER, expected_version, tag
from jiesu.api.request import actor_of, number_of
from jiesu.api.schemas_moves import MovedOut, MoveIn
from jiesu.cases.actions import (
    archiving,
    assistance,
    dispatching,
    extensions,
    handling,
    objections,
    supervision,
)
from jiesu.cases.models import Case

router = Router(tags=["moves"])


@dataclass(frozen=True, slots=True)
class Move:
    """POST /cases/{number}/{path}: an action, its key in the table of permissions, the scope."""

    path: str
    does: Callable[..., Any]
    action: str
    scope: str
    takes: type[MoveIn]


MOVES = (
    Move("classify", dispatching.classify_case, "classify", "dispatch", takes.ClassifyIn),
    Move("dispose", dispatching.dispose_case, "dispose", "dispatch", takes.DisposeIn),
    Move("dispatch", dispatching.dispatch_case, "dispatch", "dispatch", takes.DispatchIn),
    Move("redispatch", dispatching.redispatch_case, "redispatch", "dispatch", takes.RedispatchIn),
    Move("consult", objections.consult_units, "consult", "dispatch", takes.ConsultIn),
    Move("give-opinion", objections.give_opinion, "give_opinion", "handle", takes.OpinionIn),
    Move(
        "close-consultation", objections.close_consultation, "consult", "dispatch",
        takes.CloseConsultationIn,
    ),
    Move("object", objections.object_to_dispatch, "object", "handle", takes.ObjectIn),
    Move("return", objections.return_case, "return", "handle", takes.ObjectIn),
    Move(
        "decide-objection", objections.decide_objection, "decide_objection", "dispatch",
        takes.DecideObjectionIn,
    ),
    Move("sign", handling.sign_case, "sign", "handle", takes.NothingIn),
    Move("contact", handling.record_contact, "contact", "handle", takes.ContactIn),
    Move("start", handling.start_handling, "start", "handle", takes.NothingIn),
    Move("report", handling.report_interim, "report", "handle", takes.ReportIn),
    Move("feedback", handling.submit_feedback, "submit_feedback", "handle", takes.FeedbackIn),
    Move(
        "ask-extension", extensions.ask_extension, "ask_extension", "handle",
        takes.AskExtensionIn,
    ),
    Move(
        "decide-extension", extensions.decide_extension, "decide_extension", "dispatch",
        takes.DecideExtensionIn,
    ),
    Move("wait", extensions.wait_for_caller, "wait", "handle", takes.NothingIn),
    Move("resume", extensions.resume, "wait", "handle", takes.NothingIn),
    Move("ask-assist", assistance.ask_assist, "ask_assist", "handle", takes.AskAssistIn),
    Move(
        "answer-assist", assistance.answer_assist, "answer_assist", "handle",
        takes.AnswerAssistIn,
    ),
    Move("whistle", assistance.blow_whistle, "whistle", "handle", takes.WhistleIn),
    Move(
        "report-whistle", assistance.report_whistle, "report_whistle", "handle",
        takes.ReportWhistleIn,
    ),
    Move("end-whistle", assistance.end_whistle, "end_whistle", "handle", takes.MarkWhistleIn),
    Move("mark-whistle", assistance.mark_whistle, "mark_whistle", "handle", takes.MarkWhistleIn),
    Move("escalate", assistance.escalate_case, "escalate", "handle", takes.EscalateIn),
    Move(
        "answer-escalation", assistance.answer_escalation, "answer_escalation", "handle",
        takes.AnswerEscalationIn,
    ),
    Move("supervise", supervision.raise_supervision, "supervise", "dispatch", takes.SuperviseIn),
    Move(
        "answer-supervision", supervision.answer_supervision, "answer_supervision", "handle",
        takes.AnswerSupervisionIn,
    ),
    Move("archive", archiving.archive_case, "archive", "", takes.NothingIn),
)  # fmt: skip


def add_move(to: Router, move: Move) -> None:
    """Let a router do a move. Its operationId is the action's name."""
    name, text = move.does.__name__, (move.does.__doc__ or "").strip()

    def view(request: HttpRequest, response: HttpResponse, number: str, body: MoveIn) -> MovedOut:
        return moved(request, response, number, move.does, body)

    view.__name__ = name
    view.__annotations__["body"] = move.takes
    to.post(
        f"/cases/{{number}}/{move.path}",
        auth=doing(move.action, move.scope),
        response=MovedOut,
        operation_id=name,
        description=text,
        openapi_extra={"parameters": [dict(PARAMETER)]},
    )(view)


def moved(
    request: HttpRequest,
    response: HttpResponse,
    number: str,
    does: Callable[..., Any],
    body: MoveIn,
) -> MovedOut:
    """Do an action with the case of a number, as it was when its caller read it."""
    by, as_of = actor_of(request), now()
    expected_version(request)
    case_id, present = number_of(number)
    expected = expected_version(request, present)
    made = does(case_id=case_id, by=by, as_of=as_of, expected=expected, **body.arguments())
    case = Case.objects.select_related(*shown.ROW_PARTS).get(pk=case_id)
    response.headers["ETag"] = tag(case.version)
    return MovedOut(case=shown.row(case, by, as_of), records=_records(made))


def _records(made: object) -> list[int]:
    rows = made if isinstance(made, list) else [made]
    return [row.pk for row in rows if isinstance(row, Model) and not isinstance(row, Case)]


for _move in MOVES:
    add_move(router, _move)
