"""More time for a case: extensions (延期), waiting for the caller, and a new calendar.

Articles 13 and 15, rule 19 of domain.md §10: an extension is asked for before the limit ends, with
a reason of the catalogue, the caller told; others than the unit decide. How much and how often,
and how long a unit may wait, are the desk's rules. The arithmetic is in `clock`.
"""

from datetime import datetime, timedelta

from jiesu.cases.actor import Actor
from jiesu.cases.asking import catalogue_reason, dispatch_at_work
from jiesu.cases.change import Change, changing
from jiesu.cases.clock import reclock
from jiesu.cases.jobs import More
from jiesu.cases.models import Case, Dispatch, Extension, Pause, User
from jiesu.cases.pauses import pause, running, time_in
from jiesu.cases.pauses import resume as resume_clocks
from jiesu.cases.privacy.record_words import write_words
from jiesu.cases.privacy.words import checked_words
from jiesu.cases.refusals import Conflict, Forbidden, Invalid, one_of
from jiesu.cases.rulebook import rulebook
from jiesu.core.lifecycle import HANDLING
from jiesu.core.texts import Text
from jiesu.core.worktime import MOST_AMOUNT, UNITS, Limit, plain_due

CHUNK = 500
"""So many cases are looked up, and done by a run of the worker, at once."""


def ask_extension(
    *,
    case_id: int,
    reason: str,
    statement: str,
    amount: int,
    unit_of_time: str,
    by: Actor,
    as_of: datetime,
    caller_told_at: datetime | None = None,
    expected: int | None = None,
) -> Extension:
    """Ask for a longer limit, before it ends. `caller_told_at` is when the caller was told of it.

    Raises Invalid for what is wrong, Conflict where the limit has run out, an extension is open
    or the dispatch has had as many as the rules allow.
    """
    account, statement = by.account, checked_words("statement", statement)
    with changing(case_id, "ask_extension", by=by, as_of=as_of, expected=expected) as change:
        dispatch = dispatch_at_work(change)
        _may_ask(change, dispatch)
        catalogue_reason(change.case, "extension", reason)
        limit = _checked_amount(change.case, amount, unit_of_time)
        _caller_told(change, dispatch, caller_told_at)
        extension = Extension.objects.create(
            case=change.case,
            dispatch=dispatch,
            reason=reason,
            amount=limit.amount,
            unit_of_time=limit.unit,
            asked_by=account,
            asked_at=as_of,
            caller_told_at=caller_told_at,
        )
        change.event(
            "extension_asked",
            extension=extension.pk,
            reason=reason,
            amount=limit.amount,
            unit_of_time=limit.unit,
            caller_told_at=caller_told_at,
            **write_words(change, extension, statement=statement),
        )
    return extension


def decide_extension(
    *,
    case_id: int,
    granted: bool,
    by: Actor,
    as_of: datetime,
    expected: int | None = None,
) -> Extension:
    """Grant an extension or not; a granted one is added to what is left of the limit.

    Raises Forbidden for one's own request or one's own unit's, Conflict where none is open, and
    for a grant after the unit has given its feedback.
    """
    account = by.account
    with changing(case_id, "decide_extension", by=by, as_of=as_of, expected=expected) as change:
        extension = change.case.extensions.filter(decided_at=None).first()
        if extension is None:
            raise Conflict("no_extension", Text("no extension is asked for"))
        _not_ones_own(extension, by, account)
        if granted:
            dispatch_at_work(change)
        extension.decided_by, extension.decided_at = account, as_of
        extension.granted = granted
        extension.save(update_fields=["decided_by", "decided_at", "granted"])
        if granted:
            reclock(change, "extension")
        kind = "extension_granted" if granted else "extension_refused"
        change.event(kind, extension=extension.pk)
    return extension


def wait_for_caller(
    *, case_id: int, by: Actor, as_of: datetime, expected: int | None = None
) -> Pause:
    """Let the clocks stand while the unit waits for the caller, until `resume`.

    Whoever waits for a caller has reached them: else the response clock would stand for a contact
    that was never made. The pause ends by itself when the hours that a dispatch has for this are
    used up. Raises Conflict where the unit has not reached the caller or nobody knows them, the
    rules have no such pause, the hours are used up, the limit has run out, or the unit waits
    already.
    """
    with changing(case_id, "wait", by=by, as_of=as_of, expected=expected) as change:
        case = change.case
        dispatch = dispatch_at_work(change)
        _has_been_contacted(case)
        if running(case, Pause.Cause.WAITING, as_of) is not None:
            raise Conflict("waiting", Text("the unit waits for the caller already"))
        _before_the_deadline(change)
        rules = rulebook().rules_of(case.rules_id).pauses
        left = timedelta(hours=rules.waiting_hours)
        left -= time_in(case, Pause.Cause.WAITING, dispatch.at)
        if left <= timedelta():
            raise Conflict(
                "waiting_used_up",
                Text("all {hours} hours are used up", hours=rules.waiting_hours),
            )
        made = pause(change, Pause.Cause.WAITING, until=as_of + left)
        if made is None:
            text = Text("by the desk's rules the clock runs on while a unit waits for the caller")
            raise Conflict("waiting_does_not_pause", text)
        change.event("waiting", until=made.end)
    return made


def resume(*, case_id: int, by: Actor, as_of: datetime, expected: int | None = None) -> Pause:
    """Let the clocks run again: the caller has answered. Raises Conflict where they run."""
    with changing(case_id, "wait", by=by, as_of=as_of, expected=expected) as change:
        ended = resume_clocks(change, Pause.Cause.WAITING)
        if ended is None:
            raise Conflict(
                "not_waiting", Text("the unit doesn't wait for the caller: the clocks run")
            )
        change.event("waited", start=ended.start, end=ended.end)
    return ended


def recompute_provisional(*, by: Actor, as_of: datetime, most: int | None = None) -> int:
    """Work out provisional due times by the newest calendar; how many cases that was.

    Each case is a transaction of its own, with an event: killed at any point, or ended after `most`
    cases, the next run does the rest. A due time that is provisional by the newest calendar too
    stays so.
    """
    newest, _ = rulebook().calendar
    waiting = Case.objects.filter(provisional=True, state__in=sorted(HANDLING)).exclude(
        calendar=newest
    )
    keys = waiting.order_by("pk").values_list("pk", flat=True)
    n_cases, last = 0, 0
    while chunk := list(keys.filter(pk__gt=last)[:CHUNK]):
        for key in chunk:
            if n_cases == most:
                return n_cases
            n_cases += _recomputed(key, newest, by, as_of)
        last = chunk[-1]
    return n_cases


def calendar_job(as_of: datetime) -> str:
    """The worker's run: nothing to do but after a new calendar was loaded."""
    if not rulebook().calendars:
        return "no calendar is loaded"
    n_cases = recompute_provisional(by=Actor.system("calendar"), as_of=as_of, most=CHUNK)
    note = f"{n_cases} due times worked out anew"
    return More(note) if n_cases == CHUNK else note


def _recomputed(case_id: int, calendar: int, by: Actor, as_of: datetime) -> bool:
    with changing(case_id, "recompute", by=by, as_of=as_of) as change:
        case = change.case
        # Somebody may have been quicker between the look and the lock.
        if not case.provisional or case.calendar_id == calendar or case.state not in HANDLING:
            return False
        change.set(calendar_id=calendar)
        reclock(change, "calendar")
        change.event("recomputed")
    return True


def _may_ask(change: Change, dispatch: Dispatch) -> None:
    """Raise Conflict where no extension of a dispatch may be asked for now."""
    case = change.case
    rules = rulebook().rules_of(case.rules_id).extensions
    if case.extensions.filter(decided_at=None).exists():
        raise Conflict("extension_open", Text("an extension is asked for: wait for its decision"))
    _before_the_deadline(change)
    if dispatch.extensions.filter(granted=True).count() >= rules.max_count:
        text = Text("a dispatch has {most} extensions at most", most=rules.max_count)
        raise Conflict("extensions_used_up", text)


def _has_been_contacted(case: Case) -> None:
    """Raise Conflict where the unit that has a case has not reached its caller."""
    if case.anonymous:
        text = Text("the caller gave no name and no number: there is nobody to wait for")
        raise Conflict("anonymous", text)
    if case.contacted_at is None:
        text = Text("contact the caller first: who has not been reached is not waited for")
        raise Conflict("not_contacted", text)


def _before_the_deadline(change: Change) -> None:
    """Raise Conflict where the limit has run out. A clock that stands has not, if it had time.

    And where there is none: a case that was imported without a due time.
    """
    case = change.case
    if case.due_at is None:
        raise Conflict("no_limit", Text("the record that was imported has no limit"))
    stands = case.paused_since is not None and case.paused_since < case.due_at
    if not stands and change.as_of >= case.due_at:
        raise Conflict(
            "limit_run_out", Text("the limit has run out: this is asked for before it does")
        )


def _checked_amount(case: Case, amount: int, unit_of_time: str) -> Limit:
    """The extension as a limit. Raises Invalid for one that is none or longer than allowed.

    Hours, natural and working days are compared by where they would end from the due time on.
    """
    book = rulebook()
    longest = book.rules_of(case.rules_id).extensions.longest
    wrong: dict[str, Text] = {}
    if unit_of_time not in UNITS:
        wrong["unit_of_time"] = one_of(UNITS)
    elif not 1 <= amount <= MOST_AMOUNT:
        wrong["amount"] = Text("write a whole number of at least 1")
    else:
        limit = Limit("extension", amount, unit_of_time)
        calendar = book.calendar_of(case.calendar_id)
        assert case.due_at is not None
        if plain_due(case.due_at, limit, calendar) <= plain_due(case.due_at, longest, calendar):
            return limit
        wrong["amount"] = Text("an extension is at most {longest}", longest=longest.words)
    raise Invalid(wrong)


def _caller_told(change: Change, dispatch: Dispatch, told_at: datetime | None) -> None:
    """Raise Invalid where the caller was to be told first and was not."""
    rules = rulebook().rules_of(change.case.rules_id).extensions
    if told_at is None:
        if rules.notice:
            raise Invalid({"caller_told_at": Text("tell the caller first, and say when that was")})
    elif told_at.tzinfo is None:
        raise Invalid({"caller_told_at": Text("give the time with its zone")})
    elif not dispatch.at <= told_at <= change.as_of:
        raise Invalid({"caller_told_at": Text("it lies between the dispatch and now")})


def _not_ones_own(extension: Extension, by: Actor, account: User) -> None:
    """Nobody decides what they or their unit have asked for."""
    if account.pk == extension.asked_by_id or by.unit_id == extension.dispatch.unit_id:
        text = Text("who has asked does not decide: the district or the city does")
        raise Forbidden("own_request", text)
