"""docs/api.md says what the code does: operations, scopes, codes of problems, headers."""

import ast
import re
from pathlib import Path

from jiesu.api.access import Rule
from jiesu.cases.api_keys import SCOPES
from jiesu.cases.models import Role
from jiesu.cases.webhooks import AGAIN_MINUTES
from tests.api.operations import all_operations

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
STAFF = {role.value for role in Role} - {"resident", "client"}
GROUPS = {"all": STAFF | {"client"}, "staff": STAFF}
REFUSALS = ("Conflict", "Forbidden", "NotFound", "PreconditionMissing")


def rows(*titles: str) -> list[dict[str, str]]:
    """The page's table with these titles."""
    head = "| " + " | ".join(titles) + " |\n"
    lines = PAGE[PAGE.index(head) + len(head) :].split("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(titles, row, strict=True)) for row in cells]


def test_every_operation_is_documented_with_who_may_use_it() -> None:
    documented = {}
    for row in rows("request", "operation", "scope", "who"):
        roles = GROUPS.get(row["who"]) or set(row["who"].split(", "))
        documented[row["operation"]] = (row["request"], row["scope"], roles)
    expected = {}
    for one in all_operations():
        request = f"{one.method} {one.path}"
        if isinstance(one.rule, Rule):
            roles = {role.value for role in one.rule.roles}
            expected[one.id] = (request, one.rule.scope or "in person", roles)
        else:
            expected[one.id] = (request, "", {"anyone"})
    assert documented == expected


def test_every_scope_is_documented() -> None:
    assert {row["scope"] for row in rows("scope", "opens")} == set(SCOPES)


def codes_of(path: Path) -> set[str]:
    """The codes of the refusals that a module raises, as far as they stand there as words."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        place = 1 if node.func.id == "problem" else 0 if node.func.id in REFUSALS else None
        if place is not None and len(node.args) > place:
            code = node.args[place]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                found.add(code.value)
    return found


def test_every_code_of_a_problem_is_documented() -> None:
    """A new refusal needs its code in docs/api.md, "Problems"."""
    folders = (ROOT / "src/jiesu/api", ROOT / "src/jiesu/cases")
    used = set().union(*(codes_of(path) for one in folders for path in one.rglob("*.py")))
    section = PAGE.partition("## Problems")[2].partition("\n## ")[0]
    documented = set(re.findall(r"`(\w+)`", section))
    assert used - documented == set()
    assert {"invalid", "stale", "move_refused", "csrf_failed", "not_signed_in"} <= documented


def test_the_times_after_which_a_webhook_is_told_again_are_documented() -> None:
    minutes = [1, 5, 30, *(60 * hours for hours in (2, 6, 12, 24, 24))]
    assert list(AGAIN_MINUTES) == minutes
    assert "after 1, 5 and 30 minutes, 2, 6, 12, 24\nand 24 hours" in PAGE
