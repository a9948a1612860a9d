"""Documentation that cannot fall behind: keys, commands and links."""

import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer.main

from jiesu.cli.main import app
from jiesu.core.policy import parse_policy
from jiesu.core.problems import InputError

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = [*DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md"), ROOT / "README.md"]


def policy_keys() -> set[str]:
    """All keys that a policy may have: each table is asked by a key that it does not know."""
    file = ROOT / "src/jiesu/city/shipped/policies/beijing.toml"
    table: dict[str, Any] = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    table["grades"] = [{"key": "a", "title": "a", "at_least": 1}]
    table["adjustments"], table["statistics"] = {}, {}
    measure = next(item for item in table["lists"] if item["kind"] == "measure")
    for part in (
        table,
        *(table[key] for key in ("period", "cases", "ranking", "adjustments", "statistics")),
        table["rates"][0], table["groups"][0], table["grades"][0], measure,
    ):  # fmt: skip
        part["no_such_key"] = 1
    with pytest.raises(InputError) as caught:
        parse_policy(table, file="p", digest="")
    keys: set[str] = set()
    for problem in caught.value.problems:
        assert "this key is not known" in problem.what
        keys |= set(problem.remedy.removeprefix("remove it or use one of: ").split(", "))
    return keys


def test_every_key_of_a_policy_is_documented_and_no_other() -> None:
    text = (DOCS / "policy.md").read_text("utf-8")
    cells = re.findall(r"^\| (`.*?`) \|", text, re.M)
    documented = {key for cell in cells for key in re.findall(r"`(\w+)`", cell)}
    tables = set(re.findall(r"^## `\[+(\w+)\]+`", text, re.M))
    assert documented | tables == policy_keys()


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    commands = {name for name, command in known.items() if not command.hidden}
    assert {name for name in commands if f"jiesu {name}" in text} == commands


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_decision_is_in_the_index() -> None:
    index = (DOCS / "adr" / "README.md").read_text("utf-8")
    records = {path.name for path in (DOCS / "adr").glob("[0-9]*.md")}
    assert records
    assert {name for name in records if f"({name})" in index} == records
