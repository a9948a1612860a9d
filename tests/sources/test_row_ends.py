"""The last whole row of a text, against a plain walk over its characters."""

import random
from itertools import product

import pytest

from jiesu.sources.row_ends import row_ends


def walked(text: str, delimiter: str, line_end: str) -> int:
    """The same by a walk: in a cell, at its start, or within its quotes."""
    state, last, at = "start", 0, 0
    while at < len(text):
        sign = text[at]
        if state == "quoted":
            if sign == '"' and text[at + 1 : at + 2] == '"':
                at += 1
            elif sign == '"':
                state = "cell"
        elif sign == '"' and state == "start":
            state = "quoted"
        else:
            state = "start" if sign in (delimiter, "\r", "\n") else "cell"
            last = at + 1 if sign == line_end else last
        at += 1
    return last


@pytest.mark.parametrize("line_end", ["\n", "\r"])
def test_all_short_texts_end_where_a_walk_ends(line_end: str) -> None:
    end_of_rows = row_ends(",", line_end)
    for length in range(8):
        for signs in product('a",' + line_end, repeat=length):
            text = "".join(signs)
            assert end_of_rows(text.encode()) == walked(text, ",", line_end), text


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "^"])
def test_long_texts_end_where_a_walk_ends(delimiter: str) -> None:
    end_of_rows = row_ends(delimiter, "\n")
    draw = random.Random(3)
    cells = ["a", "", '""', '"b"', f'"{delimiter}"', '"\n"', '"x""\n"', "\r", "é", '5" pipe', '"']
    for n_odd in (0, 1, 2):
        for _ in range(300):
            some = draw.choices(cells[: len(cells) - 2 + n_odd], k=draw.randrange(60))
            ends = draw.choices([delimiter, "\n", "\r\n"], k=len(some))
            text = "".join(map("".join, zip(some, ends, strict=True)))
            text = text[: draw.randrange(len(text) + 1)].encode().decode("latin-1")
            assert end_of_rows(text.encode("latin-1")) == walked(text, delimiter, "\n"), text


def test_a_megabyte_of_opened_quotes_takes_no_time_to_speak_of() -> None:
    assert row_ends(",", "\n")(b'a,b\n1,"' + b'x"x,"' * 300_000) == 4
    assert row_ends(",", "\n")(b'a,b\n"1' + b'""' * 600_000) == 4
