"""JSON arrays and JSON Lines read in pieces: every form, every piece, nothing that crashes."""

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from jiesu.core.problems import InputError
from jiesu.sources import json_rows
from jiesu.sources.json_rows import open_json_array, open_json_lines
from jiesu.sources.streams import TextStream

Rows = list[tuple[int, dict[str, str]]]
MILLION = 1_000_000


def read(path: Path, content: str | bytes) -> tuple[Rows, list[int]]:
    """The rows with their numbers, nulls left out, and the numbers of the rejects."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    opened = open_json_lines if path.suffix == ".jsonl" else open_json_array
    rows: Rows = []
    rejects: list[int] = []
    with closing(TextStream(path, "a.json", "auto")) as stream:
        table = opened(stream)
        names = {*table.headers, "late"}
        for batch in table.batches(names):
            cells = {name: column.to_pylist() for name, column in batch.columns.items()}
            for index, place in enumerate(batch.places.tolist()):
                row = {name: column[index] for name, column in cells.items()}
                rows.append((place, {name: cell for name, cell in row.items() if cell is not None}))
            rejects.extend(reject.place for reject in batch.rejects)
    return rows, rejects


def refusal(path: Path, content: str | bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(path, content)
    (problem,) = caught.value.problems
    assert problem.remedy
    return f"{problem.where}: {problem.what}" if problem.where else problem.what


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.json"


@pytest.fixture
def tiny_pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Read so many bytes at a time, so that every place is once the end of a piece."""
    return lambda size: monkeypatch.setattr(json_rows, "PIECE", size)


AB = [(1, {"a": "1"}), (2, {"a": "2"})]
FORMS: dict[str, str | bytes] = {
    "array": '[{"a": 1}, {"a": 2}]',
    "byte order mark": b'\xef\xbb\xbf[{"a": 1}, {"a": 2}]',
    "white space": '\r\n\t [\n{ "a" :1\n}\t,\r{"a":2} ]\n\n ',
    "under a key": '{"requests": [{"a": 1}, {"a": 2}]}',
    "under another key": '{"data":[{"a":1},{"a":2}]}',
    "with values beside": (
        '{"n": 2, "page": {"of": [1, {"a": 9}]}, "x": null, "rows": [{"a": 1}, {"a": 2}],'
        ' "more": [{"a": 3}, 4], "none": [], "end": {}}'
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_array_gives_its_rows(form: str, path: Path) -> None:
    assert read(path, FORMS[form]) == (AB, [])


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_pieces_of_any_size_give_the_same_rows(
    size: int, path: Path, tiny_pieces: Callable[[int], None]
) -> None:
    tiny_pieces(size)
    rows = [
        {"a": "道路\u0301😀", "b": '\\"[{', "c": None},
        {"a": {"x": ["[", {}]}, "b": True, "late": "\U0001f600\n"},
        {},
    ]
    expected = [
        (1, {"a": "道路\u0301😀", "b": '\\"[{'}),
        (2, {"a": '{"x": ["[", {}]}', "b": "true", "late": "\U0001f600\n"}),
        (3, {}),
    ]
    for ascii_only in (False, True):
        text = json.dumps(rows, ensure_ascii=ascii_only, indent=ascii_only or None)
        assert read(path, text) == (expected, [])
        assert read(path, f'{{"n": -12.5e-10, "t": true, "rows": {text}}}') == (expected, [])


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
def test_numbers_stay_as_they_are_written(
    size: int, path: Path, tiny_pieces: Callable[[int], None]
) -> None:
    tiny_pieces(size)
    numbers = ["1010002956134567", "42.10", "-0", "1e5", "1E-07", "0.30000000000000000001"]
    rows = ", ".join(f'{{"a": {number}}}' for number in numbers)
    expected = [(place, {"a": number}) for place, number in enumerate(numbers, start=1)]
    assert read(path, f"[{rows}]") == (expected, [])
    assert read(path.with_suffix(".jsonl"), rows.replace(", ", "\n")) == (expected, [])


def test_an_item_that_is_no_object_is_rejected_by_its_number(path: Path) -> None:
    content = '[{"a": 1}, 12345678901234567890, "x", [{"a": 2}], null, {"a": 6}]'
    assert read(path, content) == ([(1, {"a": "1"}), (6, {"a": "6"})], [2, 3, 4, 5])


def test_an_empty_object_is_a_row_without_values(path: Path) -> None:
    expected = [(1, {"a": "1"}), (2, {})]
    assert read(path, '[{"a": 1}, {}]') == (expected, [])
    assert read(path.with_suffix(".jsonl"), '{"a": 1}\n{}') == (expected, [])


def test_lines_of_files_put_together_may_begin_with_byte_order_marks(path: Path) -> None:
    lines = b'\xef\xbb\xbf{"a": 1}\n\xef\xbb\xbf{"a": 2}\n'
    assert read(path.with_suffix(".jsonl"), lines) == (AB, [])


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": (" \n", "is empty"),
    "an empty array": ("[]", "is empty"),
    "an empty array under a key": ('{"requests": [ ]}', "is empty"),
    "an empty object": ("{ }", "holds no array of objects"),
    "no array": ('{"error": {"codes": [1]}}', "holds no array of objects"),
    "a number": ("12", "holds no array of objects"),
    "a word": ("hello", "holds no array of objects"),
    "numbers": ("[1, 2, 3]", "holds no JSON objects"),
    "a bracket only": ("[", "after row 0: the JSON breaks off or is damaged"),
    "a brace only": ("{", "after row 0: the JSON breaks off or is damaged"),
    "a key that is none": ("{1: []}", "after row 0: the JSON breaks off or is damaged"),
    "no colon": ('{"a" []}', "after row 0: the JSON breaks off or is damaged"),
    "an open document": ('{"r": [{"a": 1}]', "after row 1: the JSON breaks off or is damaged"),
    "a comma too many": ('[{"a": 1},]', "after row 1: the JSON breaks off or is damaged"),
    "a comma too few": ('[{"a": 1} {"a": 2}]', "after row 1: the JSON breaks off or is damaged"),
    "a wrong bracket": ('[{"a": 1}}', "after row 1: the JSON breaks off or is damaged"),
    "a line break in a text": ('[{"a": "1\n"}]', "after row 0: the JSON breaks off or is damaged"),
    "garbage after": ('[{"a": 1}] x', "after row 1: text stands after the end of the JSON"),
    "two arrays": ('[{"a": 1}]\n[{"a": 2}]', "after row 1: text stands after the end of the JSON"),
    "not a number": ('[{"a": 1}, {"a": NaN}]', "row 2: NaN and Infinity are no JSON"),
    "infinity": ('[{"a": -Infinity}]', "row 1: NaN and Infinity are no JSON"),
    "infinity outside": ('{"x": Infinity}', "NaN and Infinity are no JSON"),
    "other encoding": (b'[{"a":\n"\xff\xff"}]', "line 2: is not UTF-8"),
}


@pytest.mark.parametrize("size", [3, 1 << 20])
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_array_of_objects_is_refused_in_one_line(
    case: str, size: int, path: Path, tiny_pieces: Callable[[int], None]
) -> None:
    tiny_pieces(size)
    content, expected = REFUSED[case]
    assert refusal(path, content).startswith(expected)


def test_an_array_that_breaks_off_anywhere_is_refused(path: Path) -> None:
    content = '{"n": 1.5, "rows": [{"a": "\\u9053\\"", "b": [true, 1e-5]}, {"a": 2}], "m": {}}'
    assert len(read(path, content)[0]) == 2
    for end in range(1, len(content)):
        assert refusal(path, content[:end]).endswith("the JSON breaks off or is damaged")


def nested(depth: int) -> str:
    """Lists within lists, `depth` of them."""
    return "[" * depth + "]" * depth


def test_a_hundred_levels_are_read_and_one_more_is_not(path: Path) -> None:
    # The object itself is the first level.
    assert read(path, f'[{{"a": {nested(99)}}}]') == ([(1, {"a": nested(99)})], [])
    expected = "row 2: is nested more than 100 levels deep"
    assert refusal(path, f'[{{"a": 1}}, {{"a": {nested(100)}}}]') == expected
    assert refusal(path, f'[{{"a": 1}}, {{"a": {nested(5000)}}}]') == expected
    lines = "\n".join(f'{{"a": {nested(depth)}}}' for depth in (99, 100, 970, 5000))
    assert read(path.with_suffix(".jsonl"), lines) == ([(1, {"a": nested(99)})], [2, 3, 4])


def test_an_object_larger_than_the_limit_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, tiny_pieces: Callable[[int], None]
) -> None:
    tiny_pieces(50)
    monkeypatch.setattr(json_rows, "_MAX_OBJECT", 1000)
    row = json.dumps({"a": "x" * 991})
    assert len(row) == 1000
    assert read(path, f"[{row}]") == ([(1, {"a": "x" * 991})], [])
    expected = "row 2: a value has more than 1,000 characters"
    assert refusal(path, f"[{row}, {row.replace('x', 'xx', 1)}]") == expected
    assert refusal(path, f'[{row}, {{"a": [{"12, " * 9000}') == expected
    assert refusal(path, f"[{row}, {'1' * 9000}]") == expected
    damaged = f'[{row}, {{"a" 1{" " * 9000}'
    assert refusal(path, damaged) == "after row 1: the JSON breaks off or is damaged"


def test_a_long_cell_is_named_by_its_row(path: Path) -> None:
    expected = "row 2: a cell has more than 1,000,000 characters"
    for size in (MILLION + 1, 20 * MILLION):
        assert refusal(path, f'[{{"a": 1}}, {{"a": "{"x" * size}"}}]') == expected
    assert refusal(path, f'[{{"a": 1}}, {{"a": {"1" * (MILLION + 1)}}}]') == expected
    assert refusal(path, f'[{{"a": 1}}, {{"a": "{"x" * 2 * MILLION}') == expected
    longest = "道" * MILLION
    assert read(path, json.dumps([{"a": longest}])) == ([(1, {"a": longest})], [])


def test_many_large_rows_come_in_several_batches(path: Path) -> None:
    # 60 rows of 0.9 million characters: none of the batches may hold them all.
    path.write_text(json.dumps([{"a": "x" * 900_000}] * 60))
    with closing(TextStream(path, "a.json", "auto")) as stream:
        sizes = [batch.n_rows for batch in open_json_array(stream).batches(["a"])]
    assert sum(sizes) == 60
    assert max(sizes) == 19


# What was seen to end the process or to take all memory with another parser.
HOSTILE = {
    "long integer": (".json", '[{"a": 1}, {"a": %s}]' % ("9" * 5000), "2 rows, 0 rejects"),
    "long integer alone": (".json", '[{"a": 1}, %s]' % ("9" * 5000), "1 rows, 1 rejects"),
    "long integer beside": (".json", '{"n": %s, "r": [{"a": 1}]}' % ("9" * 5000), "1 rows, 0"),
    "long fraction": (".json", '[{"a": 0.%s}]' % ("9" * 5000), "1 rows, 0 rejects"),
    "endless integer": (".json", "[" + "9" * 20 * MILLION, "row 1: a value has more than"),
    "deep lists": (".json", "[" * 200_000, "row 1: is nested more than 100 levels deep"),
    "very deep lists": (".json", "[" * 20 * MILLION, "row 1: is nested more than 100 levels deep"),
    "deep objects": (".json", '{"a":' * 200_000, "is nested more than 100 levels deep"),
    "deep in a row": (".json", '[{"a":1},{"a":' + "[" * 200_000, "row 2: is nested more than 100"),
    "deep and closed": (".json", '[{"a":' + nested(200_000) + "}]", "row 1: is nested more than"),
    "deep beside": (".json", '{"r":[{"a":1}],"x":' + "[" * 200_000, "after row 1: is nested more"),
    "white space": (".json", "[" + " " * 50 * MILLION, "after row 0: the JSON breaks off"),
    "long line integer": (".jsonl", '{"a": %s}\n{"a": 1}' % ("9" * 5000), "2 rows, 0 rejects"),
    "deep line": (".jsonl", '{"a": 1}\n{"a": ' + "[" * 200_000, "1 rows, 1 rejects"),
    "deep closed line": (".jsonl", '{"a": 1}\n{"a":' + nested(200_000) + "}", "1 rows, 1 rejects"),
}

CHILD = """
import re, resource, sys
from contextlib import closing
from pathlib import Path
from jiesu.core.problems import InputError
from jiesu.sources.json_rows import open_json_array, open_json_lines
from jiesu.sources.streams import TextStream

def peak_mib():
    # ru_maxrss begins with the peak of the process that started this one; VmHWM does not.
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) >> 10
    unit = 20 if sys.platform == "darwin" else 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> unit

before = peak_mib()
for name in sys.argv[1:]:
    path = Path(name)
    opened = open_json_lines if path.suffix == ".jsonl" else open_json_array
    try:
        with closing(TextStream(path, "FILE", "auto")) as stream:
            batches = list(opened(stream).batches(["a"]))
        rows = sum(batch.n_rows for batch in batches)
        print(f"{rows} rows, {sum(len(batch.rejects) for batch in batches)} rejects")
    except InputError as error:
        (problem,) = error.problems
        print(f"{problem.where}: {problem.what}" if problem.where else problem.what)
print(peak_mib() - before)
"""


def test_hostile_numbers_and_brackets_neither_crash_nor_take_memory(tmp_path: Path) -> None:
    paths = []
    for number, (suffix, content, _) in enumerate(HOSTILE.values()):
        path = tmp_path / f"{number}{suffix}"
        path.write_text(content)
        paths.append(str(path))
    run = subprocess.run(
        [sys.executable, "-c", CHILD, *paths], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
    *answers, peak = run.stdout.splitlines()
    for answer, (case, (_, _, expected)) in zip(answers, HOSTILE.items(), strict=True):
        assert answer.startswith(expected), case
    assert int(peak) < 150
