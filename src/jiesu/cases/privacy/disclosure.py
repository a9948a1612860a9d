"""What is personal of a case as each role may see it: masked in lists, in full on purpose.

The masks are `core.masking`'s; looking at the whole is an action (`actions.privacy`), which needs
a reason and is written down. Units see nothing of how to reach a caller who asked for discretion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jiesu.cases.actor import Actor
from jiesu.cases.models import Case, CasePrivate, Role
from jiesu.cases.privacy.vault import Person, answer_of, person_of, text_of
from jiesu.cases.scopes import may, visible_cases
from jiesu.core.masking import mask_digits_in

SEE_CONFIDENTIAL = frozenset({Role.DISPATCHER, Role.CALLER})
"""The roles that learn who a confidential caller is: who sends the case on, and who calls back."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A case's person and words as they may stand in a page; nothing where that is hidden."""

    person: Person
    title: str = field(default="", repr=False)
    body: str = field(default="", repr=False)
    answer: str = field(default="", repr=False)


def sees_caller(actor: Actor, case: Case) -> bool:
    """Whether an actor who sees a case may see anything of who asked."""
    return not case.confidential or sees_all_callers(actor)


def sees_all_callers(actor: Actor) -> bool:
    """Whether an actor learns of confidential callers too who they are."""
    return actor.is_system or actor.role in SEE_CONFIDENTIAL


def linked_firsts(actor: Actor, cases: Sequence[Case]) -> set[int]:
    """The keys of those that cases repeat, as far as the actor may be told of the link.

    It says that both are one caller's: the actor must see the caller of both, and the first case.
    Needs `repeat_of` selected, or asks for each.
    """
    firsts = {
        case.repeat_of.pk
        for case in cases
        if case.repeat_of is not None
        and sees_caller(actor, case)
        and sees_caller(actor, case.repeat_of)
    }
    if not firsts:
        return firsts
    return set(visible_cases(actor).filter(pk__in=firsts).values_list("pk", flat=True))


def masked_persons(actor: Actor, cases: Sequence[Case]) -> dict[int, Person]:
    """The callers of cases that the actor sees, masked, by key of the case: for a list."""
    rows = CasePrivate.objects.filter(case__in=[case.pk for case in cases]).defer("text")
    private = {row.case_id: row for row in rows}
    return {
        case.pk: person_of(case, private[case.pk]).masked if sees_caller(actor, case) else Person()
        for case in cases
    }


def masked_case(actor: Actor, case: Case) -> Masked:
    """A case that the actor sees: the caller masked; the words for those who work with it.

    These are who may reveal it; numbers and addresses on the net are hidden in their words too.
    """
    private = CasePrivate.objects.get(case=case)
    person = person_of(case, private).masked if sees_caller(actor, case) else Person()
    if not may(actor, "reveal", case):
        return Masked(person)
    title, body = text_of(case, private)
    words = (title, body, answer_of(case, private))
    return Masked(person, *map(mask_digits_in, words))
