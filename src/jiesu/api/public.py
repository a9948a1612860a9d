"""What anybody may ask without signing in: a demand with its files, its state, a call-back's link.

Counted by address. A demand is answered in the same way whether or not it repeats another:
whoever knows a phone number would learn from the difference what its owner has complained of.
"""

from base64 import urlsafe_b64encode
from typing import Literal

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare, salted_hmac
from ninja import File, Router
from ninja.errors import Throttled
from ninja.files import UploadedFile
from ninja.responses import Status

from jiesu.api.access import AT_THE_DOOR, Anyone, anyone, now
from jiesu.api.directory import categories, choices
from jiesu.api.idempotency import PARAMETER, idempotency_key
from jiesu.api.rates import wait_of_public
from jiesu.api.request import actor_of
from jiesu.api.schemas_callbacks import AnswersIn
from jiesu.api.schemas_public import (
    AttachedOut,
    ChoicesOut,
    PublicDemandIn,
    QuestionsOut,
    StatusIn,
    StatusOut,
    StreetOut,
    SubmittedOut,
    ThanksOut,
)
from jiesu.cases.actions.attachments import attach_to_demand
from jiesu.cases.actions.callback_links import answer_by_link, link_of
from jiesu.cases.actions.intake import Demand, receive_case
from jiesu.cases.actor import Actor
from jiesu.cases.models import Case
from jiesu.cases.privacy.vault import Person, person_of
from jiesu.cases.refusals import NotFound
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.core.lifecycle import HANDLING, State
from jiesu.core.masking import normal_phone
from jiesu.core.texts import Text

router = Router(tags=["public"])
CHANNEL = "web"
GUESSES_AN_HOUR = 10
"""So often an hour the state of one demand may be asked for, by all addresses together."""
FILES_AN_HOUR = 30
"""So often an hour a file may be sent for one demand, by all addresses together; refused ones too.
"""
TOKEN_HEADER = "Demand-Token"


def status_token(number: str) -> str:
    """What its submitter was told of a demand, to ask for its state. It lies nowhere."""
    made = salted_hmac("jiesu.status", number, algorithm="sha256").digest()[:24]
    return urlsafe_b64encode(made).decode()


@router.get(
    "/public/choices", auth=anyone(), response=ChoicesOut, operation_id="read_public_choices"
)
def read_choices(request: HttpRequest) -> ChoicesOut:
    """Kinds, categories and streets, for a form."""
    book = rulebook()
    _, rules = book.desk_on(local_day(now()))
    streets = [place for place in book.places if place.kind == "street"]
    return ChoicesOut(
        kinds=choices(rules.kinds),
        categories=categories(),
        streets=[
            StreetOut(
                code=one.code, name=one.name, district=book.places.district_of(one.code) or ""
            )
            for one in streets
        ],
    )


@router.post(
    "/public/demands",
    auth=anyone(),
    response={201: SubmittedOut},
    openapi_extra={"parameters": [dict(PARAMETER)]},
    operation_id="submit_demand",
)
def submit(request: HttpRequest, body: PublicDemandIn) -> Status[SubmittedOut]:
    """Bring a demand in. The same demand under the same key is the same one again."""
    demand = Demand(
        channel=CHANNEL,
        kind=body.kind,
        title=body.title,
        body=body.body,
        person=Person(**dict(body.person)),
        category=(body.category_1, body.category_2, body.category_3),
        place=body.place,
        community=body.community,
        anonymous=body.anonymous,
        confidential=body.confidential,
        on_behalf=body.on_behalf,
        enterprise=body.enterprise,
        new_facts=body.new_facts,
    )
    key = idempotency_key(request)
    made = receive_case(demand, by=actor_of(request), as_of=now(), idempotency_key=key)
    number = made.case.number
    return Status(201, SubmittedOut(number=number, token=status_token(number)))


class TokenHolder(Anyone):
    """Open to whoever shows the token of the demand that the address names, so often an hour.

    The token comes in a header: in the form, the file would be read to find it.
    """

    def __call__(self, request: HttpRequest) -> Actor:
        actor = super().__call__(request)
        number = request.resolver_match.kwargs["number"] if request.resolver_match else ""
        if not constant_time_compare(request.headers.get(TOKEN_HEADER, ""), status_token(number)):
            raise _unknown()
        if wait := wait_of_public("files", number, FILES_AN_HOUR, 3600):
            raise Throttled(wait)
        return actor


@router.post(
    "/public/demands/{number}/attachments",
    auth=TokenHolder("public_per_minute"),
    response={201: AttachedOut},
    openapi_extra={
        "parameters": [
            {
                "in": "header",
                "name": TOKEN_HEADER,
                "required": True,
                "schema": {"type": "string"},
                "description": "What `submit_demand` was answered with.",
            }
        ]
    },
    operation_id="attach_to_demand",
)
def attach(request: HttpRequest, number: str, file: File[UploadedFile]) -> Status[AttachedOut]:
    """Add a file to the demand that one has just brought in, within an hour of its receipt.

    What it is, its content says.
    """
    case_id = Case.objects.filter(number=number).values_list("pk", flat=True).first()
    if case_id is None:
        raise _unknown()
    made = attach_to_demand(
        case_id=case_id, source=file, name=file.name or "", as_of=now(), origin=AT_THE_DOOR
    )
    return Status(201, AttachedOut(number=number, content_type=made.content_type, size=made.size))


@router.post(
    "/public/status",
    auth=anyone("tokens_per_minute"),
    response=StatusOut,
    operation_id="read_public_status",
)
def status(request: HttpRequest, body: StatusIn) -> StatusOut:
    """Where a demand stands. What is wrong, number, token or digits, is not said."""
    if not constant_time_compare(body.token, status_token(body.number)):
        if wait := wait_of_public("status", body.number, GUESSES_AN_HOUR, 3600):
            raise Throttled(wait)
        _require_digits(body.number, body.phone_last4)
    case = Case.objects.select_related("repeat_of").filter(number=body.number).first()
    if case is None:
        raise _unknown()
    return StatusOut(
        number=case.number, received_on=local_day(case.created_at), state=_public_state(case)
    )


def _unknown() -> NotFound:
    text = Text("there is no such demand, or the token or the digits are not its own")
    return NotFound("no_such_demand", text)


def _require_digits(number: str, last4: str) -> None:
    case = Case.objects.select_related("private").filter(number=number).first()
    phone = normal_phone(person_of(case, case.private).phone).partition("x")[0] if case else ""
    if len(last4) != 4 or len(phone) < 7 or not constant_time_compare(phone[-4:], last4):
        raise _unknown()


def _public_state(case: Case) -> Literal["received", "in_progress", "answered", "closed"]:
    first = case.repeat_of
    if first is not None:
        # As any other demand, until what it repeats has ended after it came in.
        ended = first.ended_at is not None and first.ended_at > case.created_at
        return "closed" if ended else "in_progress"
    if case.state in HANDLING:
        return "in_progress"
    if case.state in (State.RECEIVED, State.CLASSIFIED):
        return "received"
    return "closed" if case.state in (State.CLOSED, State.ARCHIVED) else "answered"


@router.get(
    "/public/callbacks/{token}",
    auth=anyone("tokens_per_minute"),
    response=QuestionsOut,
    operation_id="read_callback_link",
)
def questions(request: HttpRequest, token: str) -> QuestionsOut:
    """What a resident is asked about behind a link; 409 where it can't be answered any more."""
    link = link_of(token, now())
    case = link.callback.case
    levels = (case.category_1, case.category_2, case.category_3)
    return QuestionsOut(
        number=case.number,
        received_on=local_day(case.created_at),
        category="/".join(filter(None, levels)),
        unit=link.callback.unit.name if link.callback.unit else "",
        expires_at=link.expires_at,
    )


@router.post(
    "/public/callbacks/{token}",
    auth=anyone("tokens_per_minute"),
    response=ThanksOut,
    operation_id="answer_callback_link",
)
def answer(request: HttpRequest, token: str, body: AnswersIn) -> ThanksOut:
    """The resident's own answers, once."""
    callback = answer_by_link(token=token, answers=body.answers, as_of=now(), origin=AT_THE_DOOR)
    return ThanksOut(number=callback.case.number)
