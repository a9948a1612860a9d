"""Between intake and unit: classify, answer without a unit, dispatch, give on.

Objection, return and consultation are in `objections`; whom the directory names is in `routes`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import Q

from jiesu.cases.actor import Actor
from jiesu.cases.asking import lapse_requests
from jiesu.cases.callback_queue import OPEN_VALUES
from jiesu.cases.change import Change, changing
from jiesu.cases.claim_rules import lapse_claims
from jiesu.cases.clock import set_clocks
from jiesu.cases.explanations import by_hand_words, cited_consultation, once_more_words
from jiesu.cases.history.events import personal
from jiesu.cases.models import Assist, Case, Dispatch, Place, Role, Unit
from jiesu.cases.pauses import end_pauses, unpark
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.vault import caller_hashes, person_of, sealed
from jiesu.cases.privacy.words import fault_of
from jiesu.cases.refusals import Conflict, Forbidden, Invalid
from jiesu.cases.repeats import REPEAT, repeated_later
from jiesu.cases.routes import (
    Route,
    first_dispatch,
    is_in_office,
    may_lead,
    route_of,
    standing,
    urged,
)
from jiesu.cases.rulebook import local_day, rulebook
from jiesu.core.category_tree import Levels
from jiesu.core.lifecycle import CallbackState, State, moved
from jiesu.core.texts import Text

_ENDING = {State.ANSWERED: "answer", State.REFERRED: "refer", State.DECLINED: "decline"}


def classify_case(
    *,
    case_id: int,
    category: Levels,
    by: Actor,
    as_of: datetime,
    kind: str = "",
    urgent: bool | None = None,
    place: str = "",
    new_facts: bool | None = None,
    expected: int | None = None,
) -> Case:
    """Give a case its category, and its kind and place where these were not known or are wrong.

    `place` is the code of a street or a district. Before the dispatch, which goes by them. A case
    that no unit has had yet and that repeats another is linked and answered, as at its intake;
    `new_facts` says whether it brings something new, where that was not said or is wrong. Raises
    Invalid.
    """
    book = rulebook()
    with changing(case_id, "classify", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        rules = book.rules_of(case.rules_id)
        if not category[0] or not book.categories.knows(category):
            raise Invalid({"category": Text("this category is not in the city's tree")})
        if kind and kind not in {choice.key for choice in rules.kinds}:
            raise Invalid({"kind": Text("this kind of demand is not known")})
        change.move("classify")
        if place:
            _put_right_place(change, place)
        change.set(
            category_1=category[0],
            category_2=category[1],
            category_3=category[2],
            labels=";".join(book.categories.labels(category)),
            kind=kind or case.kind,
            urgent=case.urgent if urgent is None else urgent,
        )
        said = {} if new_facts is None else {"new_facts": new_facts}
        change.event("classified", category=list(category), **said)
        if case.dispatched_at is None and not (
            _brings_new_facts(case) if new_facts is None else new_facts
        ):
            _answer_repeat(change)
    return case


def _brings_new_facts(case: Case) -> bool:
    """What was said of it last, at the intake or later."""
    told = case.events.filter(kind__in=("received", "classified")).order_by("-seq")
    said = (changes["new_facts"] for changes in told.values_list("changes", flat=True)
            if "new_facts" in changes)  # fmt: skip
    return next(said, False)


def _answer_repeat(change: Change) -> None:
    """End a case that repeats another, as the intake does it."""
    case = change.case
    first = repeated_later(case, _callers(change), rulebook().rules_of(case.rules_id))
    if first is None:
        return
    lapse_requests(change)
    change.move("answer")
    change.set(repeat_of=Case.objects.get(pk=first.pk), disposition=REPEAT, ended_at=change.as_of)
    change.event("answered", state_of_first=first.state)


def _callers(change: Change) -> list[str]:
    """By which the caller's demands are found: under every key, during a rotation."""
    phone = person_of(change.case, change.private()).phone
    return sorted({change.case.caller, *caller_hashes(phone)} - {""})


def _put_right_place(change: Change, code: str) -> None:
    """Set where a case is; the community stays only where it lies there."""
    book, case = rulebook(), change.case
    place = Place.objects.filter(code=code, kind__in=("district", "street")).first()
    if place is None or code not in book.places:
        raise Invalid({"place": Text("no street or district has this code")})
    district = book.places.district_of(code)
    answering = book.places.answering.get(district or "")
    stays = case.community is not None and code in {
        above.code for above in book.places.upward(case.community.code)
    }
    change.set(
        place=place,
        community=case.community if stays else None,
        district=book.units.get(answering or ""),
    )


def dispose_case(
    *,
    case_id: int,
    reason: str,
    answer: str,
    by: Actor,
    as_of: datetime,
    repeat_of: int | None = None,
    expected: int | None = None,
) -> Case:
    """End a case without a unit: answered, referred or declined by a reason of article 11.

    `answer` is what the caller was told; `repeat_of` the case that this one repeats, without
    which nothing is a repeat: whoever counts them and tells of the first goes by the link.
    """
    if not answer.strip():
        raise Invalid({"answer": Text("say what the caller was told")})
    with changing(case_id, "dispose", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        rule = rulebook().rules_of(case.rules_id).reason("disposition", reason)
        if rule is None or rule.ends_in is None:
            raise Invalid({"reason": Text("this reason is not in the catalogue")})
        if reason == REPEAT and repeat_of is None:
            raise Invalid({"repeat_of": Text("name the case that this one repeats")})
        moved(_ENDING[rule.ends_in], case.state)
        first = _first_of(change, repeat_of) if repeat_of is not None else None
        lapse_requests(change)
        _call_nobody(change)
        change.move(_ENDING[rule.ends_in])
        change.set(disposition=reason, ended_at=as_of, repeat_of=first)
        private = change.private()
        private.disposition = sealed(case, "disposition", answer)
        private.save(update_fields=["disposition"])
        change.event(rule.ends_in.value, answer=personal(private.text_salt, "answer", answer))
    return case


def _call_nobody(change: Change) -> None:
    """End the call-back that had fallen due before the last unit returned the case."""
    for callback in change.case.callbacks.filter(state__in=OPEN_VALUES):
        callback.state = CallbackState.INVALID.value
        callback.ended_at, callback.ended_by = change.as_of, change.by.name
        callback.taken_by, callback.taken_until = None, None
        callback.save()
        change.event("callback_invalid", round=callback.round, why="not_dispatched")


def _first_of(change: Change, pk: int) -> Case:
    first = Case.objects.filter(pk=pk).first()
    if first is None or first.pk == change.case.pk:
        raise Invalid({"repeat_of": Text("there is no such case")})
    # Its state is told to whoever asks about this one: it must be the same caller's.
    if first.caller not in _callers(change):
        raise Invalid({"repeat_of": Text("that case is not this caller's")})
    if first.repeat_of_id == change.case.pk:
        raise Invalid({"repeat_of": Text("that case repeats this one: dispatch this one")})
    return first.repeat_of or first


def dispatch_case(
    *,
    case_id: int,
    by: Actor,
    as_of: datetime,
    unit: str = "",
    limit: str = "",
    assist_units: Sequence[str] = (),
    why: str = "",
    expected: int | None = None,
) -> Case:
    """Send a classified case to a unit: to the directory's, or to a `unit` by hand, with `why`.

    A unit that a consultation has chosen needs no `why`: the dispatch cites the consultation.
    Raises Conflict where the directory has no unit for it, Invalid for what is wrong.
    """
    with changing(case_id, "dispatch", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        moved("dispatch", case.state)
        if unit:
            cited = cited_consultation(case, unit)
            route = route_by_hand(case, unit, limit, assist_units, why, as_of, explanation=cited)
        else:
            found = route_of(case, rulebook(), as_of)
            if found is None:
                text = Text(
                    "the directory has no unit for this category and place: choose one by hand"
                )
                raise Conflict("no_unit", text)
            route = found
        send(change, "dispatch", route)
    return case


def redispatch_case(
    *,
    case_id: int,
    unit: str,
    why: str,
    by: Actor,
    as_of: datetime,
    limit: str = "",
    expected: int | None = None,
) -> Case:
    """Give a case to another unit; a district gives on what came through it (article 12)."""
    with changing(case_id, "redispatch", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        moved("redispatch", case.state)
        route = route_by_hand(case, unit, limit or case.limit, (), why, as_of)
        if route.unit == case.unit:
            raise Invalid({"unit": Text("the case is there already")})
        if by.role is Role.COORDINATOR and not _is_below(route.unit, by.unit_id):
            raise Forbidden("not_your_unit", Text("a district gives cases to its own units only"))
        send(change, "redispatch", route)
    return case


def _is_below(unit: Unit, district: int | None) -> bool:
    return district in (unit.pk, unit.parent_id)


def route_by_hand(
    case: Case,
    unit: str,
    limit: str,
    assist_units: Sequence[str],
    why: str,
    as_of: datetime,
    *,
    explanation: Mapping[str, str] | None = None,
    designated: bool = False,
) -> Route:
    """A route that somebody chose. Raises Invalid for what is wrong with it.

    They say `why`, unless the records have an `explanation`.
    """
    book, day = rulebook(), local_day(as_of)
    rules = book.rules_of(case.rules_id)
    wrong: dict[str, Text] = {}
    chosen = book.units.get(unit)
    if chosen is None or not is_in_office(chosen, day):
        wrong["unit"] = Text("no unit in office has this code")
    elif not may_lead(chosen, day):
        wrong["unit"] = Text("a community assists and never leads (article 17): choose its street")
    if limit and limit not in rules.limits:
        wrong["limit"] = Text("this time limit is not known")
    if explanation is None and not why.strip():
        wrong["why"] = Text("say why this unit")
    if (fault := fault_of(why)) is not None:
        wrong["why"] = fault
    others = [book.units.get(code) for code in assist_units]
    if any(one is None or one == chosen or not is_in_office(one, day) for one in others):
        wrong["assist_units"] = Text("one is no unit in office, or the lead unit itself")
    if wrong or chosen is None:
        raise Invalid(wrong)
    parent = standing(chosen.parent, book, day) if chosen.kind == "street" else None
    route = Route(
        unit=chosen,
        limit=limit or rules.usual_limit,
        explanation=by_hand_words(chosen) if explanation is None else explanation,
        why=why.strip(),
        assist_units=tuple(one for one in others if one is not None),
        copied_to=parent,
        designated=designated,
    )
    # A limit that the case has was chosen by its urgency already, or is that of its redo.
    is_new = case.urgent and route.limit != case.limit
    return urged(route, case, book, as_of) if is_new else route


def send(change: Change, move: str, route: Route, *, ended_as: str = "redispatched") -> Dispatch:
    """Make a dispatch inside a change: the one before it ends, new clocks begin.

    Pauses and parking end with it, and what its unit had asked and nobody decided lapses; so do
    claims of a unit that the case leaves. A unit that had returned the case, or had been designated
    for it, is designated.
    """
    case, as_of = change.case, change.as_of
    if not route.designated and _had_its_say(case, route.unit):
        words = once_more_words(route.explanation)
        route = replace(route, designated=True, explanation=words)
    last = case.dispatches.order_by("-number").first()
    lapse_requests(change)
    end_pauses(change)
    unpark(change)
    if last is not None and last.ended_at is None:
        last.ended_at, last.ended_as = as_of, ended_as
        last.save(update_fields=["ended_at", "ended_as"])
    number = last.number + 1 if last else 1
    rows, said = dispatched_rows(change, route, number, move)
    dispatch = rows[0]
    dispatch.save(force_insert=True)
    have = set(case.assists.values_list("unit", flat=True))
    for row in rows[1:]:
        if row.unit_id not in have:
            row.save(force_insert=True)
    kind = {"dispatch": "dispatched", "redo": "redone"}.get(move, "redispatched")
    assert isinstance(dispatch, Dispatch)
    if route.why:
        # Called by its number, as whoever checks the history finds the words.
        said |= {"dispatch": number, **write_words(change, dispatch, why=route.why)}
    change.event(kind, **{key: value for key, value in said.items() if key != "unit"})
    lapse_claims(change)
    return dispatch


def _had_its_say(case: Case, unit: Unit) -> bool:
    """Whether a unit's own doubt about a case was looked at, by whoever sends it the case again."""
    reviewed = Q(designated=True) | Q(ended_as="returned")
    return case.dispatches.filter(reviewed, unit=unit).exists()


def dispatched_rows(
    change: Change, route: Route, number: int, move: str
) -> tuple[list[Dispatch | Assist], dict[str, object]]:
    """The rows of a dispatch, with the case's fields set through the change."""
    shadow = Case(pk=change.case.pk, rules_id=change.case.rules_id)
    rows, said = first_dispatch(
        shadow, route, by=change.by, as_of=change.as_of, book=rulebook(), number=number
    )
    for row in rows:
        row.case = change.case
    change.move(move)
    change.set(
        unit=route.unit,
        limit=shadow.limit,
        calendar_id=shadow.calendar_id,
        dispatched_at=change.case.dispatched_at or change.as_of,
        signed_at=None,
        # Both clocks are the dispatch's: whoever has the case now contacts the caller (article 15).
        contacted_at=None,
    )
    set_clocks(
        change,
        move,
        contact_due_at=shadow.contact_due_at,
        due_at=shadow.due_at,
        paused_since=None,
        provisional=shadow.provisional,
    )
    return rows, dict(said)
