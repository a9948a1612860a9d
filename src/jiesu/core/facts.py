"""The facts that may be counted: one boolean a case, by name.

This is the vocabulary that policies use and that `evaluation` computes; the expression of
each fact lies there (`evaluation/facts.py`). Meanings: docs/methods/facts.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FACTS = (
    "created",
    "excluded",
    "due",
    "closed",
    "closed_on_time",
    "contact_logged",
    "called_back",
    "contacted",
    "resolved",
    "partly_resolved",
    "satisfied",
    "fairly_satisfied",
    "dissatisfied",
)
"""Every fact. `created` holds for each case of the period; the others may or may not."""

EXCLUSIVE = (
    ("resolved", "partly_resolved"),
    ("satisfied", "fairly_satisfied", "dissatisfied"),
)
"""The facts that are answers to one question: at most one of each holds for a case."""

BIT = {name: 1 << place for place, name in enumerate(FACTS)}
"""Each fact's bit in the mask by which a joint table is keyed."""


def mask_of(names: Iterable[str]) -> int:
    """The mask in which exactly these facts hold."""
    mask = 0
    for name in names:
        mask |= BIT[name]
    return mask


@dataclass(frozen=True, slots=True)
class Joint:
    """How many cases there are for each combination of facts: the joint table of the facts.

    `cells` maps a mask of facts to a count. Where cases are shared by integer weights the
    counts are sums of weights and `scale` is the largest weight, so that `count / scale` never
    says more cases than there are.
    """

    cells: Mapping[int, int]
    scale: int = 1

    def count(self, *names: str) -> int:
        """Cases (or weights) for which all the named facts hold."""
        wanted = mask_of(names)
        return sum(n for mask, n in self.cells.items() if mask & wanted == wanted)

    def without(self, name: str) -> "Joint":
        """The cases for which a fact does not hold."""
        bit = BIT[name]
        return Joint({mask: n for mask, n in self.cells.items() if not mask & bit}, self.scale)


EMPTY = Joint({})


def pooled(joints: Iterable[Joint]) -> Joint:
    """All cases of several joint tables together."""
    every = list(joints)
    if len(every) == 1:
        return every[0]
    cells: dict[int, int] = {}
    scale = 1
    for joint in every:
        scale = max(scale, joint.scale)
        for mask, n in joint.cells.items():
            cells[mask] = cells.get(mask, 0) + n
    return Joint(cells, scale)


def shared(lead: Joint, assist: Joint, lead_weight: int, assist_weight: int) -> Joint:
    """A unit's cases by weight: those it leads and those it assists with."""
    cells = {mask: n * lead_weight for mask, n in lead.cells.items()}
    for mask, n in assist.cells.items():
        cells[mask] = cells.get(mask, 0) + n * assist_weight
    return Joint(cells, max(lead_weight, assist_weight))
