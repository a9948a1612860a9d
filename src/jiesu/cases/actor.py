"""Who acts: a user in a role, a resident at a public form, or the system itself.

Every action is given one. What an actor may do is said in `scopes`.
"""

from dataclasses import dataclass
from typing import Self

from jiesu.cases.models import Role, User
from jiesu.cases.refusals import Forbidden
from jiesu.core.texts import Text


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as the history names it, and from where.

    `name` is `user:12`, `resident` or `system:sweep`; `origin` an address or the name of a job.
    `unit_id` is the unit that a clerk, a head or a coordinator acts for. `scopes` are those of an
    API key, whose row is `key_id`; `None` means that no key narrows what the role may do.
    """

    name: str
    role: Role | None
    origin: str = ""
    user: User | None = None
    unit_id: int | None = None
    scopes: frozenset[str] | None = None
    key_id: int | None = None

    @classmethod
    def of(
        cls,
        user: User,
        origin: str = "",
        scopes: frozenset[str] | None = None,
        key_id: int | None = None,
    ) -> Self:
        """A signed-in user, or the user of an API key."""
        role = Role(user.role)
        return cls(f"user:{user.pk}", role, origin, user, user.unit_id, scopes, key_id)

    @classmethod
    def resident(cls, origin: str = "") -> Self:
        """Somebody at a public form or behind a call-back's link."""
        return cls("resident", Role.RESIDENT, origin)

    @classmethod
    def system(cls, job: str) -> Self:
        """A job of the worker. It may do everything, and says which job it is."""
        return cls(f"system:{job}", None, job)

    @property
    def account(self) -> User:
        """Who answers for what is done. Raises Forbidden: residents and jobs have no account."""
        if self.user is None:
            raise Forbidden("account_needed", Text("somebody with an account does this: sign in"))
        return self.user

    @property
    def is_system(self) -> bool:
        return self.role is None
