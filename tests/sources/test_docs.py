"""docs/sources.md says what the code does."""

import re
from pathlib import Path

import pytest

from jiesu.core.case_table import COLUMNS
from jiesu.core.problems import InputError
from jiesu.sources.delimited import BLOCK
from jiesu.sources.profile import load_profile, parse_profile, shipped_profiles
from jiesu.sources.source_table import MAX_CELL
from jiesu.sources.workbook import MAX_CELLS, MAX_INFLATED

PAGE = (Path(__file__).parents[2] / "docs" / "sources.md").read_text("utf-8")


def test_the_example_on_the_page_is_a_valid_profile() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    profile = parse_profile(example, file="example.toml", name="example")
    assert profile.required == ("case_id", "created_at", "unit", "due_at")


def test_every_key_of_a_profile_stands_on_the_page() -> None:
    # The remedy for an unknown key lists the known ones.
    text = "x = 1\n[columns]\nunit = { x = 1 }\n[agreement]\nx = 1\n"
    with pytest.raises(InputError) as caught:
        parse_profile(text, file="wrong.toml", name="wrong")
    known = {
        problem.where: problem.remedy.split(": ")[1].split(", ")
        for problem in caught.value.problems
        if problem.what == "this key is not known"
    }
    section = {
        heading: re.findall(rf"^#+ {heading}\n(.*?)^#", PAGE, re.DOTALL | re.MULTILINE)[0]
        for heading in ("Keys of the file", "Keys of a column", "The agreement check")
    }
    rows = re.compile(r"^\| (`.*?) \|", re.MULTILINE)
    for where, heading in (("x", "Keys of the file"), ("columns.unit.x", "Keys of a column")):
        described = re.findall(r"`(\w+)`", " ".join(rows.findall(section[heading])))
        assert sorted(described) == known[where]
    assert all(f"`{key}`" in section["The agreement check"] for key in known["agreement.x"])
    assert known["agreement.x"] == ["false", "from", "true"]


def test_every_column_stands_on_the_page_with_its_header_and_codes() -> None:
    for column in COLUMNS:
        (row,) = re.findall(rf"^\| `{column.name}` \|.*$", PAGE, re.MULTILINE)
        assert f"| {column.zh} |" in row
        assert re.findall(r"`(\w+)`", row)[1:] == list(
            column.codes or (["true", "false"] if column.kind == "boolean" else [])
        )


def test_every_shipped_profile_stands_on_the_page_with_its_zone() -> None:
    for name in shipped_profiles():
        (row,) = re.findall(rf"^\| `{name}` \|.*$", PAGE, re.MULTILINE)
        assert load_profile(name).zone in row


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    assert f"| {MAX_CELL:,} characters |" in PAGE
    assert f"| {BLOCK >> 20} MiB |" in PAGE
    assert f"| {MAX_INFLATED >> 30} GiB, and {MAX_CELLS // 10**6} million cells" in PAGE
