"""Stopping a case's clocks and letting them run again: objection, parking, waiting for the caller.

Whether a cause stops the clock at all is the desk's rules'. A pause whose latest end is known is
kept with that end at once and shortened when it ends sooner: nothing has to happen for it to
end. Leaves out who may pause (`actions`) and what it does to a due time (`clock`).
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from jiesu.cases.change import Change
from jiesu.cases.clock import reclock
from jiesu.cases.models import Case, Claim, Pause
from jiesu.cases.rulebook import rulebook
from jiesu.core.desk import Pauses


def pause(change: Change, cause: str, *, until: datetime | None = None) -> Pause | None:
    """Stop the clocks from now on, at the latest `until`; `None` where the rules let them run.

    The clocks go into the change's next event. A case is paused once for a cause.
    """
    case, as_of = change.case, change.as_of
    if not stops_the_clock(rulebook().rules_of(case.rules_id).pauses, cause):
        return None
    standing = running(case, cause, as_of)
    if standing is not None:
        return standing
    made = made_pause(change, cause, as_of, until)
    reclock(change, cause)
    return made


def made_pause(change: Change, cause: str, start: datetime, end: datetime | None) -> Pause:
    """A stretch in which the clocks stand, saved, and said in the change's next event."""
    made = Pause.objects.create(case=change.case, cause=cause, start=start, end=end)
    change.tell_also(paused=[{"pause": made.pk, "cause": cause, "start": start, "end": end}])
    return made


def resume(change: Change, cause: str) -> Pause | None:
    """Let the clocks run from now on; `None` where they did not stand for this cause."""
    standing = running(change.case, cause, change.as_of)
    if standing is None:
        return None
    standing.end = change.as_of
    standing.save(update_fields=["end"])
    change.tell_also(resumed=[standing.pk])
    reclock(change, f"{cause}_ended")
    return standing


def end_pauses(change: Change) -> None:
    """End whatever stands: the dispatch whose clocks these were ends. The clocks are not set."""
    standing = sorted(_running(change.case, change.as_of).values_list("pk", flat=True))
    if standing:
        Pause.objects.filter(pk__in=standing).update(end=change.as_of)
        change.tell_also(resumed=standing)


def unpark(change: Change) -> None:
    """End the parking of a case with the dispatch in which it was parked.

    What one unit cannot solve now another may, or the same one when it is asked again.
    """
    if not change.case.parked:
        return
    claims = change.case.claims.filter(kind=Claim.Kind.PARKING, state=Claim.State.APPROVED)
    claims.filter(ended_at=None).update(ended_at=change.as_of)
    change.set(parked=False)


def running(case: Case, cause: str, as_of: datetime) -> Pause | None:
    """The pause of a cause in which a moment lies."""
    return _running(case, as_of).filter(cause=cause, start__lte=as_of).first()


def time_in(case: Case, cause: str, since: datetime) -> timedelta:
    """For how long a case has been paused for a cause in pauses that began at `since` or later.

    One that runs counts to its latest end.
    """
    ended = case.pauses.filter(cause=cause, start__gte=since).exclude(end=None)
    spans = [end - start for start, end in ended.values_list("start", "end") if end is not None]
    return sum(spans, timedelta())


def stops_the_clock(rules: Pauses, cause: str) -> bool:
    """Whether a cause stops the clock when it begins. An upheld objection is credited at its end.

    That is done by whoever decides it (`actions.objections`).
    """
    match cause:
        case Pause.Cause.PARKED:
            return rules.parked
        case Pause.Cause.WAITING:
            return rules.waiting
        case Pause.Cause.OBJECTION:
            return rules.objection == "always"
        case _:
            raise ValueError(f"{cause!r} is no cause of a pause")


def _running(case: Case, as_of: datetime) -> QuerySet[Pause]:
    return case.pauses.filter(Q(end=None) | Q(end__gt=as_of))
