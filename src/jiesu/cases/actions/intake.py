"""A demand comes in (articles 8 to 11): through any door, once, and to whom it goes.

What is repeated is linked and answered, what the directory knows is dispatched in the same
transaction. Later steps before a dispatch are in `dispatching`.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import IntegrityError

from jiesu.cases.actor import Actor
from jiesu.cases.history.events import Changes, chained, personal
from jiesu.cases.insertion import insert_family, made
from jiesu.cases.models import Assist, Case, CasePrivate, Dispatch, Unit
from jiesu.cases.numbering import next_number
from jiesu.cases.overtaking import Overtaken, nobody_since
from jiesu.cases.privacy.vault import (
    Person,
    caller_hashes,
    is_request,
    private_of,
    request_hash,
)
from jiesu.cases.privacy.words import fault_of
from jiesu.cases.refusals import Conflict, Invalid
from jiesu.cases.repeats import KEPT_IN_MIND, REPEAT, Earlier, count, earlier_of, repeated
from jiesu.cases.routes import Route, first_dispatch, route_of
from jiesu.cases.rulebook import Rulebook, local_day, rulebook
from jiesu.cases.scopes import permit
from jiesu.cases.transaction import written
from jiesu.core.category_tree import Levels
from jiesu.core.desk import DeskRules
from jiesu.core.lifecycle import State
from jiesu.core.texts import Text

MAX_TITLE, MAX_BODY, MAX_PERSON = 200, 20_000, 200
NOBODY = Person()


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a resident asks, as it was taken down.

    `place` is the code of a street or a district, `community` of a community. `new_facts` says
    that a repeated demand brings something new, and is to be dispatched.
    """

    channel: str
    kind: str
    title: str = ""
    body: str = field(default="", repr=False)
    person: Person = NOBODY
    category: Levels = ("", "", "")
    place: str = ""
    community: str = ""
    labels: tuple[str, ...] = ()
    anonymous: bool = False
    confidential: bool = False
    on_behalf: bool = False
    enterprise: bool = False
    urgent: bool = False
    new_facts: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a demand: its case; whether it is new, or was received under this key.

    Of a new case `route` says to whom it went and why, `first` which case it repeats.
    """

    case: Case
    is_new: bool
    route: Route | None = None
    first: Earlier | None = None


def receive_case(
    demand: Demand,
    *,
    by: Actor,
    as_of: datetime,
    idempotency_key: str = "",
    dispatch: bool = True,
    number: str = "",
) -> Received:
    """Take a demand in. The same `idempotency_key` never makes two cases.

    With `dispatch` it goes at once to the unit that the directory gives. `number` is that of
    another system, for a case that was numbered there. Raises Invalid for what is wrong, Conflict
    for a key that was used for something else.
    """
    permit(by, "receive")
    book = rulebook()
    day = local_day(as_of)
    _, rules = book.desk_on(day)
    _check(demand, rules, book)
    key = _key(by, idempotency_key)
    digest = request_hash(_words_of(demand)) if key else ""
    number = number or rules.number(day, next_number(day))
    while True:
        try:
            return written(
                lambda: _received(demand, by, as_of, day, book, key, digest, number, dispatch)
            )
        except Overtaken:
            continue  # Others of the caller came first: each time fewer are left.
        except IntegrityError:
            # The key came before, or comes twice at once: the database lets one of them in. It is
            # not asked beforehand, for nearly every key is new.
            known = Case.objects.filter(idempotency_key=key).first() if key else None
            if known is not None:
                return _received_before(known, demand)
            if Case.objects.filter(number=number).exists():
                text = Text("a case with this number was received")
                raise Conflict("number_taken", text) from None
            raise


def _key(by: Actor, given: str) -> str | None:
    """Keys of one client are of no concern to another, and may be of any length."""
    return hashlib.sha256(f"{by.name}:{given}".encode()).hexdigest() if given else None


def _words_of(demand: Demand) -> str:
    """All that a demand says, as one text: equal for equal demands only."""
    # A person's own words for itself tell nothing.
    return repr((vars(demand), demand.person.parts))


def _received_before(case: Case, demand: Demand) -> Received:
    if not is_request(_words_of(demand), case.request_digest):
        raise Conflict("key_reused", Text("this idempotency key was used for another demand"))
    return Received(case, False)


def _check(demand: Demand, rules: DeskRules, book: Rulebook) -> None:
    """Raise Invalid with everything that is wrong."""
    wrong: dict[str, Text] = {}
    if all(choice.key != demand.channel for choice in rules.channels):
        wrong["channel"] = Text("this channel is not known")
    if all(choice.key != demand.kind for choice in rules.kinds):
        wrong["kind"] = Text("this kind of demand is not known")
    if any(demand.category) and not book.categories.knows(demand.category):
        wrong["category"] = Text("this category is not in the city's tree")
    if demand.place and not (
        demand.place in book.places and book.places[demand.place].kind in ("district", "street")
    ):
        wrong["place"] = Text("no street or district has this code")
    if demand.community and not _lies_in(demand, book):
        wrong["community"] = Text("no community of that place has this code")
    wrong.update(_wrong_texts(demand))
    if wrong:
        raise Invalid(wrong)


def _wrong_texts(demand: Demand) -> dict[str, Text]:
    wrong: dict[str, Text] = {}
    person = demand.person.parts
    if not demand.title.strip() and not demand.body.strip():
        wrong["body"] = Text("say what the demand is about")
    if demand.anonymous and any(person.values()):
        wrong["anonymous"] = Text("an anonymous demand names nobody: leave the person out")
    texts = {"title": (demand.title, MAX_TITLE), "body": (demand.body, MAX_BODY)}
    texts |= {f"person.{name}": (value, MAX_PERSON) for name, value in person.items()}
    for name, (value, longest) in texts.items():
        if (fault := fault_of(value, longest)) is not None:
            wrong[name] = fault
    return wrong


def _lies_in(demand: Demand, book: Rulebook) -> bool:
    if demand.community not in book.places:
        return False
    above = {place.code for place in book.places.upward(demand.community)}
    return book.places[demand.community].kind == "community" and (
        not demand.place or demand.place in above
    )


def _received(
    demand: Demand,
    by: Actor,
    as_of: datetime,
    day: date,
    book: Rulebook,
    key: str | None,
    digest: str,
    number: str,
    dispatch: bool,
) -> Received:
    rules_id, rules = book.desk_on(day)
    callers = caller_hashes(demand.person.phone)
    case, district = _case(demand, by, as_of, book, number)
    case.caller = callers[0] if callers else ""
    case.idempotency_key, case.request_digest = key, digest
    case.rules_id, case.calendar_id = rules_id, book.calendar[0]
    private = private_of(case, demand.person, demand.title, demand.body)
    earlier = earlier_of(callers, as_of, rules)
    count(case, earlier)
    happened: list[tuple[str, Changes]] = [("received", _said(case, demand, district, private))]
    route: Route | None = None
    first = None if demand.new_facts else repeated(case, earlier, rules)
    if any(demand.category):
        case.state = State.CLASSIFIED
    if first is not None:
        case.state = State.ANSWERED
        case.repeat_of_id, case.disposition, case.ended_at = first.pk, REPEAT, as_of
        happened.append(("answered", {"repeat_of": first.number, "state_of_first": first.state}))
    elif dispatch and case.state == State.CLASSIFIED:
        route = route_of(case, book, as_of)
    rows: list[Dispatch | Assist] = []
    if route is not None:
        rows, changes = first_dispatch(case, route, by=by, as_of=as_of, book=book)
        happened.append(("dispatched", changes))
    events = chained(case, by, as_of, happened)
    case.version = 1
    last = earlier[0].pk if earlier else 0
    alone = nobody_since(callers, as_of - KEPT_IN_MIND, last)
    if not insert_family(case, [private, *rows, *events], key="case_id", when=alone):
        raise Overtaken
    return Received(case, True, route, first)


def _case(
    demand: Demand, by: Actor, as_of: datetime, book: Rulebook, number: str
) -> tuple[Case, Unit | None]:
    """The new case, and the unit of its district."""
    place = demand.place
    if not place and demand.community:
        place = book.places.street_of(demand.community) or ""
    district = book.places.district_of(place) if place else None
    answering = book.places.answering.get(district or "")
    unit = book.units.get(answering or "")
    labels = demand.labels or book.categories.labels(demand.category)
    case = made(
        Case,
        number=number,
        state=State.RECEIVED,
        channel=demand.channel,
        kind=demand.kind,
        category_1=demand.category[0],
        category_2=demand.category[1],
        category_3=demand.category[2],
        labels=";".join(labels),
        place_id=book.place_ids.get(place),
        community_id=book.place_ids.get(demand.community),
        district_id=unit.pk if unit else None,
        anonymous=demand.anonymous,
        confidential=demand.confidential,
        on_behalf=demand.on_behalf,
        enterprise=demand.enterprise,
        urgent=demand.urgent,
        created_at=as_of,
        received_by_id=by.user.pk if by.user else None,
    )
    return case, unit


def _said(case: Case, demand: Demand, district: Unit | None, private: CasePrivate) -> Changes:
    """The first event: what is public in words, what is personal in digests."""
    person_salt, text_salt = private.person_salt, private.text_salt
    person = {
        name: personal(person_salt, name, value)
        for name, value in demand.person.parts.items()
        if value
    }
    category = {"category": list(demand.category)} if any(demand.category) else {}
    return {
        "channel": case.channel,
        "kind": case.kind,
        **category,
        "place": demand.place,
        "community": demand.community,
        "district": district.code if district else None,
        "labels": case.labels,
        "urgent": case.urgent,
        "anonymous": case.anonymous,
        "confidential": case.confidential,
        "on_behalf": case.on_behalf,
        "enterprise": case.enterprise,
        "new_facts": demand.new_facts,
        "n_month": case.n_month,
        "n_year": case.n_year,
        "person": person,
        "title": personal(text_salt, "title", demand.title),
        "body": personal(text_salt, "body", demand.body),
    }
