"""docs/roles.md and the table of permissions say the same."""

import re
from pathlib import Path

from jiesu.cases.models import Role
from jiesu.cases.scopes import ACTIONS, CITY_WIDE

PAGE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \|", re.M)


def ways_of(action: str) -> str:
    """How the page says who may do an action."""
    said: dict[str, list[str]] = {}
    for way in ACTIONS[action]:
        names = [role.value for role in Role if role in way.roles]
        said.setdefault(way.reach, []).extend(names)
    return "; ".join(
        ", ".join(dict.fromkeys(names)) + ("" if reach == "any" else f" ({reach})")
        for reach, names in said.items()
    )


def test_the_page_names_every_action_with_the_roles_that_may_do_it() -> None:
    text = PAGE.read_text("utf-8")
    page = {action: who.strip() for action, who in ROW.findall(text)}
    assert page == {action: ways_of(action) for action in ACTIONS}


def test_the_page_names_every_role_and_whether_it_sees_the_whole_city() -> None:
    text = PAGE.read_text("utf-8")
    rows = dict(re.findall(r"^\| (\w+) \| [^|]+ \| (all|own|none|its own)[^|]* \|", text, re.M))
    assert set(rows) == {role.value for role in Role}
    assert {name for name, sees in rows.items() if sees == "all"} == {
        role.value for role in CITY_WIDE
    }


def test_nobody_of_a_unit_may_write_a_call_back_or_decide_of_its_own_claim() -> None:
    units = {Role.CLERK, Role.HEAD, Role.COORDINATOR}
    for action in ("take_callback", "record_attempt", "record_callback", "send_link"):
        assert not {role for way in ACTIONS[action] for role in way.roles} & units
    assert not {role for way in ACTIONS["decide_claim"] for role in way.roles} & units
