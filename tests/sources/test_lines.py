"""The line that a report names is the line that an editor shows."""

import csv
import io
import random
from pathlib import Path

import pytest

from jiesu.core.problems import InputError
from jiesu.sources.delimited import open_delimited
from jiesu.sources.streams import TextStream

from .conftest import Take


def lines_of(path: Path) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """Line of each row by its first cell, and the rejects, as the reader sees them."""
    stream = TextStream(path, "a.csv", "auto")
    found: dict[str, int] = {}
    rejects = []
    for batch in open_delimited(stream, ",").batches(["id"]):
        if batch.n_rows:
            ids = batch.columns["id"].to_pylist()
            found.update(zip(ids, batch.places.tolist(), strict=True))
        rejects += [(row.place, row.reason) for row in batch.rejects]
    stream.close()
    return found, rejects


def test_blank_lines_line_breaks_in_cells_and_bad_rows_are_all_counted(tmp_path: Path) -> None:
    text = (
        "\n"  # 1
        'id,"a\nb",c\n'  # 2-3
        "x1,1,1\n"  # 4
        "\n\r\n"  # 5-6
        '"x2","two\n\nlines","\n"\n'  # 7-10
        "bad,1\n"  # 11
        "\n"  # 12
        "x3,,\n"  # 13
        '"bad\nworse",1,2,3\n'  # 14-15
        ",,\n"  # 16
        "x4,1,1"  # 17
    )
    (tmp_path / "a.csv").write_bytes(text.encode())
    found, rejects = lines_of(tmp_path / "a.csv")
    assert found == {"x1": 4, "x2": 7, "x3": 13, "": 16, "x4": 17}
    assert [line for line, _ in rejects] == [11, 14]
    assert rejects[0][1] == "has 2 cells instead of 3"


@pytest.mark.parametrize("block", [4 << 20, 5000])
@pytest.mark.parametrize("seed", range(6))
def test_lines_agree_with_the_csv_module_on_random_files(
    seed: int, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jiesu.sources.delimited.BLOCK", block)
    chance = random.Random(seed)
    cells = ("x", "", "two\nlines", "a\n\nb", "路", '5" pipe', "\n", "a,b", "z" * 400)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=chance.choice(["\n", "\r\n"]))
    writer.writerow(["id", "a", "b"])
    for number in range(chance.choice([50, 40_000 if block > 5000 else 4_000])):
        if chance.random() < 0.02:
            out.write("\n" * chance.randint(1, 3))
        width = chance.choice([1, 3]) if chance.random() < 0.02 else 2
        writer.writerow([f"n{number}", *(chance.choice(cells) for _ in range(width))])
    encoding = chance.choice(["utf-8", "gb18030"])
    (tmp_path / "a.csv").write_bytes(out.getvalue().encode(encoding))
    good, bad = {}, []
    reader = csv.reader(io.StringIO(out.getvalue(), newline=""))
    line = next(reader) and reader.line_num + 1
    for row in reader:
        # The line at which a row begins is the one after the line at which the last one ended.
        if len(row) == 3:
            good[row[0]] = line
        elif row:
            bad.append(line)
        line = reader.line_num + 1
    found, rejects = lines_of(tmp_path / "a.csv")
    assert found == good
    assert [place for place, _ in rejects] == bad


def test_a_wrong_byte_far_down_is_named_by_its_line(tmp_path: Path, take: Take) -> None:
    good = b'1,2022-02-01,"\xe8\xb7\xaf\n"\n' * 200_000
    (tmp_path / "a.csv").write_bytes(b"id,at,where\n" + good + b"2,2022-02-01,\xff\n" + good)
    with pytest.raises(InputError, match="line 400002: is not UTF-8"):
        take(tmp_path / "a.csv")


def test_lines_that_end_with_a_carriage_return_alone_are_lines(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,at,where\r1,2022-02-01,x\r2,soon,x\r")
    run = take(tmp_path / "a.csv")
    assert run.column("case_id") == ["1"]
    assert [row["line"] for row in run.rejects] == ["3"]


def test_rejects_hold_file_line_column_reason_and_the_cut_value(tmp_path: Path, take: Take) -> None:
    long = "not a time " * 20
    (tmp_path / "a.csv").write_text(
        f'id,at,where\n1,2022-02-01,x\n,2022-02-01,x\n3,{long},x\n4,,\n"=5",@now,x\n6,2022-02-01\n'
    )
    run = take(tmp_path / "a.csv")
    assert run.column("case_id") == ["1"]
    assert [tuple(row.values()) for row in run.rejects] == [
        (str(tmp_path / "a.csv"), "3", "case_id", "is missing", ""),
        (str(tmp_path / "a.csv"), "4", "created_at", "is no readable time", long[:80]),
        (str(tmp_path / "a.csv"), "5", "created_at", "is missing", ""),
        (str(tmp_path / "a.csv"), "6", "created_at", "is no readable time", "'@now"),
        (str(tmp_path / "a.csv"), "7", "", "has 2 cells instead of 3", ""),
    ]
    assert (tmp_path / "out" / "rejects.csv").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "out" / "duplicates.csv").stat().st_mode & 0o777 == 0o600
