"""docs/sources.md says what the code does."""

import re
from pathlib import Path

from jiesu.core.case_table import COLUMNS
from jiesu.sources import profile as profiles
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
    keys = profiles.TOP_KEYS | profiles.COLUMN_KEYS
    assert {key for key in keys if f"`{key}`" not in PAGE} == set()


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
