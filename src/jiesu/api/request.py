"""What every operation asks of a request: who acts, and which case is meant."""

from django.http import HttpRequest

from jiesu.cases.actor import Actor
from jiesu.cases.models import Case
from jiesu.cases.refusals import NotFound
from jiesu.cases.scopes import visible_cases
from jiesu.core.texts import Text


def actor_of(request: HttpRequest) -> Actor:
    """Who acts, as the operation's rule found out."""
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):
        raise TypeError("an operation was reached without its rule")
    return actor


def case_of(request: HttpRequest, number: str, *parts: str) -> Case:
    """The case with a number. Raises NotFound also for one that the actor does not see."""
    # PostgreSQL takes no NUL, also not to find nothing.
    found = None
    if "\x00" not in number:
        cases = visible_cases(actor_of(request)).select_related(*parts)
        found = cases.filter(number=number).first()
    if found is None:
        raise NotFound("no_such_case", Text("there is no such case"))
    return found


def number_of(number: str) -> tuple[int, int]:
    """The key and the version of the case with a number, for an action: it asks who may see it."""
    found = None
    if "\x00" not in number:
        found = Case.objects.filter(number=number).values_list("pk", "version").first()
    if found is None:
        raise NotFound("no_such_case", Text("there is no such case"))
    return found
