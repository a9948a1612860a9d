"""The line that is named for a mistake holds the key that is wrong."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import jiesu
from jiesu.core.problems import Problem
from jiesu.core.settings import Settings, toml_table
from jiesu.core.toml_lines import key_lines, line_of

SHIPPED = sorted(Path(jiesu.__file__).parent.rglob("*.toml"))


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """Every key path of a parsed document, as `Settings` writes them."""
    if isinstance(value, dict):
        for key, below in value.items():
            here = f"{path}.{key}" if path else key
            yield here
            yield from _paths(below, here)
    elif isinstance(value, list):
        for number, below in enumerate(value, start=1):
            yield f"{path}[{number}]"
            yield from _paths(below, f"{path}[{number}]")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_key_of_a_shipped_file_is_found_on_a_line_that_holds_it(path: Path) -> None:
    text = path.read_text("utf-8")
    lines, shown = key_lines(text), text.splitlines()
    paths = list(_paths(tomllib.loads(text)))
    assert paths
    assert set(lines) == set(paths)
    for key_path in paths:
        if not key_path.endswith("]"):
            key = key_path.rpartition("]")[2].lstrip(".").rpartition(".")[2]
            assert key in shown[lines[key_path] - 1], key_path


DOCUMENT = dedent(
    '''\
    # a = 1
    title = "[no.table]\\" # not a comment"
    text = """
    key = 1
    ["x"]
    \\""" still text""\"""
    raw = \'\'\'
    [raw]
    it's\'\'\'\'
    "a quoted.key" = 5
    dotted . "in side" = 1979-05-27 07:32:00

    [table] # with a comment
    numbers = [
      1, # one
      # none
      [2, 3],

      "]", 4,
    ]
    inline = { a = 1, b = { c = "}" }, d.e = [] }

    [[rates]]
    key = 'first'
    [rates.part]
    resolved = 1
    [[rates.steps]]
    n = 1
    [[rates.steps]]
    n = 2

    [[rates]]
    steps = [
      { n = 1, words = { zh = "一" } },
      { n = 2 },
    ]
    [above.all.tables]
    x = inf
    [above]
    y = true
    '''
)

PLACES = {
    "title": 2,
    "text": 3,
    "raw": 7,
    "a quoted.key": 10,
    "dotted": 11,
    "dotted.in side": 11,
    "table": 13,
    "table.numbers": 14,
    "table.numbers[1]": 15,
    "table.numbers[2]": 17,
    "table.numbers[2][2]": 17,
    "table.numbers[3]": 19,
    "table.numbers[4]": 19,
    "table.inline": 21,
    "table.inline.b.c": 21,
    "table.inline.d.e": 21,
    "rates": 23,
    "rates[1]": 23,
    "rates[1].key": 24,
    "rates[1].part": 25,
    "rates[1].part.resolved": 26,
    "rates[1].steps": 27,
    "rates[1].steps[1]": 27,
    "rates[1].steps[1].n": 28,
    "rates[1].steps[2]": 29,
    "rates[1].steps[2].n": 30,
    "rates[2]": 32,
    "rates[2].steps": 33,
    "rates[2].steps[1]": 34,
    "rates[2].steps[1].words.zh": 34,
    "rates[2].steps[2].n": 35,
    "above.all": 37,
    "above.all.tables.x": 38,
    "above": 39,
    "above.y": 40,
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_form_of_key_and_value_is_followed(newline: str) -> None:
    text = DOCUMENT.replace("\n", newline)
    lines = key_lines(text)
    assert {path: lines[path] for path in PLACES} == PLACES
    assert set(lines) == set(_paths(tomllib.loads(text)))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("rates[1].weight", 23),
        ("rates[2].steps[9].n", 33),
        ("rates[1].part.resolved.by.whom", 26),
        ("table.nothing", 13),
        ("nothing", None),
        ("", None),
    ],
)
def test_of_a_key_that_is_not_there_the_table_around_it_is_named(
    path: str, line: int | None
) -> None:
    assert line_of(key_lines(DOCUMENT), path) == line


_KEYS = st.text(st.sampled_from("ab=[]{}.,#\"'\\ 中"), min_size=1, max_size=4)
_SCALARS = st.one_of(
    st.integers(-9, 9), st.booleans(), st.text(st.sampled_from("a=[]{},#\"'\\\n"), max_size=6)
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3)
)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _written(value: Any, gap: str) -> str:
    if isinstance(value, dict):
        pairs = (f"{_quoted(key)} = {_written(below, '')}" for key, below in value.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{gap}{f',{gap}'.join(_written(below, gap) for below in value)}{gap}]"
    if isinstance(value, str):
        return _quoted(value)
    return str(value).lower()


@given(st.dictionaries(_KEYS, _VALUES, max_size=4), st.sampled_from(["", " ", "\n  # x = [\n"]))
def test_whatever_is_written_each_key_is_found_where_it_was_written(
    document: dict[str, Any], gap: str
) -> None:
    text, begins = "", {}
    for key, value in document.items():
        begins[key] = text.count("\n") + 1
        text += f"{_quoted(key)} = {_written(value, gap if not _has_table(value) else ' ')}\n"
    assert tomllib.loads(text) == document
    lines = key_lines(text)
    assert {key: lines[key] for key in document} == begins
    assert set(lines) == set(_paths(document))


def _has_table(value: Any) -> bool:
    """Whether an inline table is in it, which has no line breaks."""
    inside = value if isinstance(value, list) else ()
    return isinstance(value, dict) or any(map(_has_table, inside))


def test_a_mistake_is_named_with_its_line() -> None:
    top = Settings(toml_table(b"a = 1\n[[b]]\nc = 2\n\n[d]\n", "x.toml"), "x.toml")
    (table,) = top.each("b")
    table.text("c")
    table.text("missing")
    top.below("a").text("unheard")
    top.text("nowhere")
    top.finish()
    assert [str(problem).split(": ")[0] for problem in top.problems] == [
        "x.toml, line 3, b[1].c",
        "x.toml, line 2, b[1].missing",
        "x.toml, line 1, a",
        "x.toml, nowhere",
        "x.toml, line 5, d",
    ]
    assert top.problems[0] == Problem(
        "x.toml", "b[1].c", "2 is not a text", "write a text in quotes", 3
    )
