"""A desk to look at: made-up people with made-up demands, and a sign-in for each role.

Cases are played through the desk's own actions at moments before now, so that each state and each
record beside a case is there (`demo_scenes`). Works on the synthetic city of `jiesu synth`. No
name, phone or demand in it is real. Starting the site around it is the command line's.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from jiesu.cases.actions.accounts import make_api_key
from jiesu.cases.actor import Actor
from jiesu.cases.demo.scenes import SCENES
from jiesu.cases.demo.stage import Cast, Stage
from jiesu.cases.models import Role, User
from jiesu.cases.rulebook import rulebook
from jiesu.cases.sweep import sweep
from jiesu.core.problems import InputError, Problem

STREET, DISTRICT = "110101001000", "110101"
DEPARTMENT, REGULATOR, ENTERPRISE = "D02", "D01", "E03"

SIGN_INS: Mapping[str, tuple[Role, str]] = {
    "operator": (Role.OPERATOR, ""),
    "dispatcher": (Role.DISPATCHER, ""),
    "clerk": (Role.CLERK, STREET),
    "head": (Role.HEAD, STREET),
    "coordinator": (Role.COORDINATOR, DISTRICT),
    "department": (Role.CLERK, DEPARTMENT),
    "regulator": (Role.CLERK, REGULATOR),
    "enterprise": (Role.CLERK, ENTERPRISE),
    "caller": (Role.CALLER, ""),
    "evaluator": (Role.EVALUATOR, ""),
    "leader": (Role.LEADER, ""),
    "auditor": (Role.AUDITOR, ""),
    "administrator": (Role.ADMINISTRATOR, ""),
    "client": (Role.CLIENT, ""),
}
"""Who there is, after `demo-`: a role and, where it has one, a unit.

Residents have no accounts: they come through a public form or the link of a call-back.
"""

KEY_SCOPES = ("intake", "read")


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in of the demo; all have one password."""

    username: str
    role: str
    unit: str


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made: the sign-ins with their password, and the number of cases played.

    A program signs in by a key: `api_key` is that of the client.
    """

    sign_ins: tuple[SignIn, ...]
    password: str
    api_key: str
    n_cases: int


def make_demo(*, as_of: datetime, password: str = "") -> Demo:
    """Make the sign-ins and play the cases, up to `as_of`; once for a database.

    Without a `password` one is drawn. Raises InputError where the city is not the synthetic one,
    or the demo is there.
    """
    _require_synthetic_city()
    password = password or secrets.token_urlsafe(9)
    users = _users(password)
    actors = {name: Actor.of(user, "127.0.0.1") for name, user in users.items()}
    stage = Stage(Cast(**{name: actors[name] for name in Cast.__dataclass_fields__}), as_of)
    for scene in SCENES:
        scene(stage)
    # What has come up by itself by now, as the worker would have let it.
    sweep(as_of)
    _, api_key = make_api_key(
        username="demo-client",
        name="demo",
        scopes=KEY_SCOPES,
        by=actors["administrator"],
        as_of=as_of,
    )
    names = rulebook().names
    shown = tuple(
        SignIn(user.username, str(Role(user.role).value), names.get(SIGN_INS[name][1], ""))
        for name, user in users.items()
        if name != "client"
    )
    return Demo(shown, password, api_key, stage.n_cases)


def _require_synthetic_city() -> None:
    units = rulebook().units
    missing = sorted({unit for _, unit in SIGN_INS.values() if unit} - units.keys())
    if missing:
        what = f"it has no unit {', '.join(missing)}: this is not the synthetic city"
        raise InputError(Problem("the desk", "", what, "load the folder that jiesu synth writes"))


@transaction.atomic
def _users(password: str) -> dict[str, User]:
    if User.objects.filter(demo=True).exists():
        what, remedy = "the demo is there", "begin with an empty database"
        raise InputError(Problem("the desk", "", what, remedy))
    # One password, hashed once: hashing is made to be slow.
    hashed, units = make_password(password), rulebook().units
    users = {}
    for name, (role, unit) in SIGN_INS.items():
        is_administrator = role is Role.ADMINISTRATOR
        users[name] = User.objects.create(
            username=f"demo-{name}",
            password=hashed,
            role=role,
            unit=units.get(unit),
            demo=True,
            is_staff=is_administrator,
            is_superuser=is_administrator,
        )
    return users
