"""Files that are not what they say: one clear line, the file's name, the remedy, no output."""

import gzip
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import current_thread
from threading import enumerate as enumerate_threads

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from jiesu.core.problems import InputError
from jiesu.sources.profile import load_profile
from jiesu.sources.readers import expand_inputs, open_table
from jiesu.sources.streams import PIECE, TextStream
from jiesu.sources.workbook import refuse_bomb

from .conftest import Take

GOOD = b"case_id,created_at,location\n" + b"".join(
    b"%d,2022-02-01 10:00,road\n" % number for number in range(2000)
)


def write(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def half_parquet(path: Path) -> None:
    pq.write_table(pa.table({"case_id": ["1"], "created_at": ["2022-01-01"]}), path)
    path.write_bytes(path.read_bytes()[:-100])


def broken_parquet(path: Path) -> None:
    ids = [str(number) for number in range(50_000)]
    table = pa.table({"case_id": ids, "created_at": ["2022-01-01"] * 50_000})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[2000:12000] = bytes(10_000)
    path.write_bytes(data)


def workbook_with_long_cell(path: Path) -> None:
    # Excel itself allows 32,767 characters, so the file is made by hand.
    cells = "".join(
        f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in ("case_id", "created_at")
    )
    long = f'<c t="inlineStr"><is><t>{"y" * 10_000_000}</t></is></c>'
    workbook_by_hand(path, f"<row>{cells}</row><row>{long}</row>")


def workbook_by_hand(path: Path, rows: str) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r0" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}"><Relationship Id="r1" '
            f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
        )


def far_cell(path: Path) -> None:
    workbook_by_hand(path, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row><c r="A1"/>')


def xlsx_bomb(path: Path) -> None:
    name = "xl/worksheets/sheet1.xml"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w", force_zip64=True) as entry,
    ):
        for _ in range(40):
            entry.write(bytes(1 << 20))


LONG = "x" * 10_000_000
ROW = {"case_id": "1", "created_at": "2022-02-01"}
DAMAGED: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty": ("a.csv", write(b""), "is empty"),
    "blank": ("a.csv", write(b"\n\n\n"), "is empty"),
    "header only": ("a.csv", write(b"case_id,created_at\n"), "holds no row"),
    "html": ("a.csv", write(b"\n<!DOCTYPE html><html>log in</html>"), "HTML page"),
    "html without doctype": ("a.csv", write(b"\xef\xbb\xbf<html>x</html>"), "HTML page"),
    "xml": ("a.csv", write(b"<?xml version='1.0'?><rows/>"), "XML"),
    "noise": ("a.csv", write(bytes(range(1, 32)) * 40), "binary"),
    "noise with NUL": ("a.csv", write(bytes(range(256)) * 40), "NUL bytes"),
    "image": ("a.csv", write(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "NUL bytes"),
    "old excel": ("a.xls", write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 99), "old Excel"),
    "cut gzip": ("a.csv.gz", write(gzip.compress(GOOD)[:-30]), "cut off"),
    "rotten gzip": ("a.csv.gz", write(gzip.compress(GOOD)[:60] + b"x" * 900), "damaged"),
    "gzip with tail": ("a.csv.gz", write(gzip.compress(GOOD) + b"tail"), "damaged"),
    "gb18030 as utf-8": (
        "a.csv",
        write(b"\xef\xbb\xbf" + GOOD + "9,2022-02-01,道路办".encode("gb18030")),
        "line 2002: is not UTF-8",
    ),
    "utf-16": ("a.csv", write(GOOD.decode().encode("utf-16")), "UTF-16"),
    "missing columns": (
        "a.csv",
        write(b"id,when\n1,2022-02-01\n"),
        "lacks case_id (case_id or",
    ),
    "twice the same header": ("a.csv", write(b"case_id,created_at,case_id\n1,2,3\n"), "than once"),
    "no accepted row": ("a.csv", write(b"case_id,created_at\n1,soon\n2,\n"), "none of 2 rows"),
    "long cell": (
        "a.csv",
        write(GOOD + b'1,2022-02-01,"' + LONG.encode() + b'"\n'),
        "line 2002: a",
    ),
    "long cell within a block": (
        "a.csv",
        write(GOOD + b"1,2022-02-01," + LONG[:1_000_001].encode()),
        "line 2002: a cell",
    ),
    "open quote": ("a.csv", write(GOOD + b'1,2022-02-01,"road\n' + GOOD), "inside a quoted cell"),
    "open quote in the middle": (
        "a.csv",
        write(GOOD + b'1,"2022-02-01,road\n' + GOOD),
        "inside a quoted cell",
    ),
    "open quote, large file": ("a.csv", write(GOOD + b'1,2,"' + GOOD * 200), "line 2002: a cell"),
    "NUL in a row": ("a.csv", write(GOOD + b"1,2022-02-01,a\0b\n"), "line 2002: NUL"),
    "giant line": ("a.csv", write(b"x" * 9_000_000), "first line"),
    "giant line of cells": ("a.csv", write(b"x," * 4_000_000), "first line"),
    "half a parquet": ("a.parquet", half_parquet, "Parquet"),
    "rotten parquet": ("a.parquet", broken_parquet, "Parquet"),
    "csv named parquet": ("a.parquet", write(GOOD), "is no Parquet"),
    "csv named xlsx": ("a.xlsx", write(GOOD), "is no Excel workbook"),
    "zip that is cut": ("a.xlsx", write(b"PK\x03\x04" + b"x" * 500), "Excel workbook"),
    "xlsx bomb": ("a.xlsx", xlsx_bomb, "unpacks to more than"),
    "xlsx with a far cell": ("a.xlsx", far_cell, "far out"),
    "xlsx with a long cell": ("a.xlsx", workbook_with_long_cell, "row 2: a cell"),
    "broken json": ("a.json", write(json.dumps([ROW] * 99).encode()[:-40]), "breaks off"),
    "json without an array": ("a.json", write(b'{"error": "no such page"}'), "no array"),
    "json of numbers": ("a.json", write(b"[1, 2, 3]"), "no JSON objects"),
    "json lines that are none": ("a.jsonl", write(b"hello\nworld\n"), "no JSON objects"),
    "long json cell": ("a.jsonl", write(json.dumps({**ROW, "x": LONG}).encode()), "line 1: a cell"),
    "long json array cell": (
        "a.json",
        write(json.dumps([{**ROW, "x": LONG}]).encode()),
        "row 1: a",
    ),
    "long json line": ("a.jsonl", write(b'{"a": "' + LONG.encode() * 2), "line 1: a cell"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_gives_one_clear_problem_and_no_output(
    case: str, tmp_path: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jiesu.sources.workbook.MAX_INFLATED", 32 << 20)
    name, make, expected = DAMAGED[case]
    path = tmp_path / name
    make(path)
    with pytest.raises(InputError) as caught:
        take(path, profile="jiesu")
    (problem,) = caught.value.problems
    line = str(problem)
    assert line.startswith(str(path))
    assert expected in line
    assert "\n" not in line
    assert len(line) < 500
    assert problem.remedy
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["rejects.csv"]


@pytest.mark.parametrize(
    "row", [b'9,"' + b"x" * 9_000_000 + b'"\n', b"9,a\0b\n", b"9,\xff\n", b"9," + b"x" * 1_500_000]
)
def test_nothing_reads_on_in_a_file_that_is_refused(
    row: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = TextStream.read

    def noted(stream: TextStream, size: int = PIECE) -> bytes:
        reads.append(current_thread().name)
        return read(stream, size)

    monkeypatch.setattr(TextStream, "read", noted)
    before = enumerate_threads()
    path = tmp_path / "a.csv"
    path.write_bytes(b"id,a\n" + b"1,2\n" * 2_000_000 + row + b"\n1,2" * 5_000_000)
    with open_table(path, load_profile("jiesu")) as table, pytest.raises(InputError):
        list(table.batches(["id"]))
    # A thread of Arrow's that were still in `read` at the end of the process would stop it there.
    assert set(reads) <= {"MainThread", "jiesu-ahead"}
    assert enumerate_threads() == before


def test_a_refused_bomb_lets_the_process_end(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", 1) as file:
        file.write(b"case_id,created_at\n")
        for _ in range(400):
            file.write(b"a" * PIECE)
    command = [sys.executable, "-m", "jiesu", "profile", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "line 2: a cell has more than" in done.stderr
    assert done.stderr.count("\n") == 1


def test_missing_inputs_are_named_all_at_once(tmp_path: Path, take: Take) -> None:
    (tmp_path / "void").mkdir()
    inputs = [tmp_path / "no.csv", tmp_path / "void", tmp_path / "*.tsv"]
    with pytest.raises(InputError) as caught:
        take(*inputs)
    assert [problem.file for problem in caught.value.problems] == [str(path) for path in inputs]
    with pytest.raises(InputError, match="no file is given"):
        take()


def test_the_second_of_two_files_being_damaged_leaves_no_output(tmp_path: Path, take: Take) -> None:
    good, bad = tmp_path / "1.csv", tmp_path / "2.csv.gz"
    good.write_bytes(GOOD)
    bad.write_bytes(gzip.compress(GOOD)[:-9])
    with pytest.raises(InputError):
        take(good, bad, profile="jiesu")
    assert not (tmp_path / "out" / "cases").exists()


def test_a_workbook_is_measured_by_what_it_really_unpacks_to(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet().write(9, 9, "x")
    refuse_bomb(path, "a.xlsx")
    refuse_bomb(path, "a.xlsx", max_cells=100)
    with pytest.raises(InputError, match="100 cells"):
        refuse_bomb(path, "a.xlsx", max_cells=99)
    with pytest.raises(InputError, match="unpacks"):
        refuse_bomb(path, "a.xlsx", max_inflated=1000)


def test_a_profile_that_does_not_exist_is_refused_with_the_shipped_names() -> None:
    with pytest.raises(InputError, match="boston311, jiesu, nyc311, open311, pingshan"):
        load_profile("bosten311")


def test_a_name_that_is_too_long_is_an_input_error(tmp_path: Path) -> None:
    name = "x" * 300 + ".csv"
    with pytest.raises(InputError, match=r"x\.csv: .*check the name") as caught:
        expand_inputs([tmp_path / name])
    assert len(caught.value.problems) == 1
