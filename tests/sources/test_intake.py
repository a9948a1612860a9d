"""Counts, duplicates, files of our own, and where output lands."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jiesu.core.problems import InputError
from jiesu.core.result import InputFile
from jiesu.sources.canonical_file import Mark, arrow_type, mark_of, schema, write_canonical
from jiesu.sources.duplicates import ids_are_apart
from jiesu.sources.intake import Intake, read_cases, used_as_it_stands, zone_of
from jiesu.sources.profile import Profile, load_profile, parse_profile

from .conftest import TINY, Take, read_csv


def tiny_profile() -> Profile:
    return parse_profile(TINY, file="tiny.toml", name="tiny")


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(["id,at,where", *rows]) + "\n")
    return path


def read_into(into: Path, *inputs: Path, profile: Profile | None = None) -> Intake:
    return read_cases(
        inputs,
        profile or tiny_profile(),
        into=into,
        rejects=into / "rejects.csv",
        duplicates=into / "duplicates.csv",
    )


def cases(*ids: str) -> pa.Table:
    stamps = pa.array([0] * len(ids), pa.timestamp("us", tz="UTC"))
    return pa.table({"created_at": stamps, "case_id": pa.array(ids), "unit": pa.nulls(len(ids))})


def test_within_a_file_the_first_row_is_kept(tmp_path: Path, take: Take) -> None:
    path = write(
        tmp_path / "a.csv", "1,2022-02-01,x", "2,2022-02-01,x", "1,2022-02-01,x", "1,2022-02-02,y"
    )
    run = take(path)
    assert [(row["case_id"], row["location"]) for row in run.rows] == [("1", "x"), ("2", "x")]
    name = str(path)
    assert [tuple(row.values()) for row in run.duplicates] == [
        (name, "4", "1", name, "2", "identical"),
        (name, "5", "1", name, "2", "different"),
    ]


def test_across_files_the_later_file_s_first_row_is_kept(tmp_path: Path, take: Take) -> None:
    first = write(tmp_path / "1.csv", "a,2022-02-01,old", "b,2022-02-01,same", "c,2022-02-01,")
    second = write(tmp_path / "2.csv", "b,2022-02-01,same", "a,2022-02-01,new", "a,2022-02-01,no")
    run = take(first, second)
    assert [(row["case_id"], row["location"]) for row in run.rows] == [
        ("c", None),
        ("b", "same"),
        ("a", "new"),
    ]
    one, two = str(first), str(second)
    assert [tuple(row.values()) for row in run.duplicates] == [
        (one, "2", "a", two, "3", "different"),
        (one, "3", "b", two, "2", "identical"),
        (two, "4", "a", two, "3", "different"),
    ]
    again = take(second, first)
    assert [row["location"] for row in again.rows if row["case_id"] == "a"] == ["old"]


@pytest.mark.parametrize(
    ("folder", "decoy"),
    [("it's", "its"), ("out[1]", "out1"), ("a*b", "axb"), ("a?", "ab"), ("空 格", "空格")],
)
def test_duplicates_are_found_whatever_the_folder_is_called(
    folder: str, decoy: str, tmp_path: Path
) -> None:
    write(tmp_path / "a.csv", "1,2022-02-01,x", "1,2022-02-01,x", "2,2022-02-01,x")
    for name in (decoy, folder):
        (tmp_path / name).mkdir()
        write_canonical([cases("1", "7")], tmp_path / name / "own.parquet", unique=True)
        write_canonical([cases("7", "8")], tmp_path / name / "own-2.parquet", unique=True)
    place = tmp_path / folder
    assert read_into(place / "cases", tmp_path / "a.csv").duplicates == 1
    own = [place / "own.parquet", place / "own-2.parquet"]
    intake = read_into(place / "again", *own, profile=load_profile("jiesu"))
    assert (intake.accepted, intake.duplicates) == (3, 1)
    (row,) = read_csv(place / "again" / "duplicates.csv")
    assert (row["file"], row["line"], row["kept_line"]) == (str(own[0]), "2", "1")


def test_duplicates_are_found_in_parts_when_there_are_many_rows(
    tmp_path: Path, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jiesu.sources.duplicates._HASHES_AT_ONCE", 100)
    rows = [f"{n % 700},2022-02-01,{n}" for n in range(1000)]
    run = take(write(tmp_path / "a.csv", *rows))
    assert run.intake.duplicates == 300
    assert sorted(int(row["case_id"]) for row in run.duplicates) == list(range(300))


def test_rows_in_are_accepted_rejected_or_duplicates(tmp_path: Path, take: Take) -> None:
    rows = [f"{n % 900},2022-02-{n % 31 + 1:02},x" for n in range(5000)]
    run = take(write(tmp_path / "a.csv", *rows))
    n_impossible = sum(n % 31 + 1 > 28 for n in range(5000))
    assert run.intake.rejected == n_impossible
    assert run.intake.accepted == 900
    assert run.intake.duplicates == 5000 - n_impossible - 900
    assert len(set(run.column("case_id"))) == 900


def test_directories_and_patterns_are_read_in_the_order_of_names(
    tmp_path: Path, take: Take
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "b.csv", "1,2022-02-01,b")
    write(folder / "a.csv", "1,2022-02-01,a")
    write(folder / ".hidden.csv", "9,2022-02-01,hidden")
    (folder / "notes.md").write_text("not data")
    (folder / "rejects.csv").write_text("file,line\n")
    for inputs in ([folder], [folder / "[ab].csv"], [folder / "a.csv", folder / "b.csv"]):
        run = take(*inputs)
        assert [row["location"] for row in run.rows] == ["b"]
        assert [file.name for file in run.intake.files] == ["a.csv", "b.csv"]


def test_files_carry_their_digest_and_names_that_tell_them_apart(
    tmp_path: Path, take: Take
) -> None:
    paths = []
    for month in ("01", "02"):
        (tmp_path / month).mkdir()
        paths.append(write(tmp_path / month / "cases.csv", f"{month},2022-{month}-01,x"))
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    assert take(*paths).intake.files == (
        InputFile("01/cases.csv", digests[0]),
        InputFile("02/cases.csv", digests[1]),
    )


def test_a_canonical_file_is_whole_marked_and_of_the_exact_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    units = pa.array(["u"] * 200_000).dictionary_encode()
    big = cases(*map(str, range(200_000))).set_column(2, "unit", units)
    assert write_canonical([big, cases("x")], path, unique=True) == 200_001
    assert mark_of(path) == Mark(version=1, rows=200_001, unique=True)
    read = pq.read_table(path)
    assert read.schema.remove_metadata() == schema()
    assert read.column("case_id").to_pylist() == [*map(str, range(200_000)), "x"]
    assert pq.ParquetFile(path).metadata.num_row_groups == 2
    assert read.column("unit").null_count == 1


def test_a_canonical_file_that_fails_midway_does_not_appear(tmp_path: Path) -> None:
    batches = [cases("1"), pa.table({"colour": ["red"]})]
    with pytest.raises(TypeError, match="colour"):
        write_canonical(batches, tmp_path / "a.parquet", unique=True)
    assert list(tmp_path.iterdir()) == []


def test_our_own_file_is_used_where_it_lies_and_any_change_ends_that(
    tmp_path: Path, take: Take
) -> None:
    path = tmp_path / "own.parquet"
    write_canonical([cases("1", "2")], path, unique=True)
    run = take(path, profile="jiesu")
    assert run.intake.cases == (path,)
    assert run.intake.accepted == 2
    assert run.intake.files[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table, table]), path)
    assert mark_of(path) is None
    run = take(path, profile="jiesu")
    assert run.intake.cases != (path,)
    assert (run.intake.accepted, run.intake.duplicates) == (2, 2)
    assert [row["line"] for row in run.duplicates] == ["3", "4"]


def test_only_a_marked_unique_parquet_file_is_used_as_it_stands_and_only_by_its_profile(
    tmp_path: Path,
) -> None:
    own = load_profile("jiesu")
    path, twice, plain = (tmp_path / f"{name}.parquet" for name in ("own", "twice", "plain"))
    write_canonical([cases("1")], path, unique=True)
    write_canonical([cases("1", "1")], twice, unique=False)
    pq.write_table(cases("1"), plain)
    (tmp_path / "own.pq").write_bytes(path.read_bytes())
    assert used_as_it_stands(path, own)
    assert not used_as_it_stands(path, tiny_profile())
    assert not used_as_it_stands(tmp_path / "own.pq", own)
    assert not used_as_it_stands(twice, own)
    assert not used_as_it_stands(plain, own)
    assert not used_as_it_stands(tmp_path / "none.parquet", own)


def test_our_own_files_are_checked_against_one_another_and_never_written_over(
    tmp_path: Path,
) -> None:
    into = tmp_path / "cases"
    into.mkdir()
    paths = [into / "cases-0001.parquet", into / "cases-0002.parquet"]
    for path, ids in zip(paths, (("1", "2"), ("2", "3")), strict=True):
        write_canonical([cases(*ids)], path, unique=True)
    before = [path.read_bytes() for path in paths]
    intake = read_cases(
        [into],
        load_profile("jiesu"),
        into=into,
        rejects=tmp_path / "r.csv",
        duplicates=tmp_path / "d.csv",
    )
    assert intake.cases == (into / "cases-0001-2.parquet", paths[1])
    assert [path.read_bytes() for path in paths] == before
    assert pq.read_table(intake.cases[0]).column("case_id").to_pylist() == ["1"]
    (row,) = read_csv(tmp_path / "d.csv")
    assert (row["line"], row["kept_line"], row["rows"]) == ("2", "1", "identical")


def test_month_by_month_into_one_folder_keeps_what_was_there(tmp_path: Path) -> None:
    into = tmp_path / "cases"
    months = [write(tmp_path / f"2022-0{n}.csv", f"{n},2022-0{n}-01,x") for n in (1, 2)]
    for path in months:
        assert read_into(into, path).cases == (into / f"{path.stem}.parquet",)
    assert [pq.read_table(into / f"2022-0{n}.parquet").num_rows for n in (1, 2)] == [1, 1]


def test_a_file_that_is_there_already_is_refused_before_reading_and_kept(tmp_path: Path) -> None:
    into = tmp_path / "cases"
    first, second = (write(tmp_path / f"{n}.csv", f"{n},2022-02-01,x", ",") for n in "12")
    read_into(into, first)
    (into / "2.parquet").write_text("not even a table")
    before = {path: path.read_bytes() for path in into.iterdir()}
    with pytest.raises(InputError) as caught:
        read_into(into, first, second)
    assert [problem.file for problem in caught.value.problems] == [
        str(into / "1.parquet"),
        str(into / "2.parquet"),
    ]
    assert {path: path.read_bytes() for path in into.iterdir()} == before


def test_outputs_are_named_after_their_inputs_and_never_alike(tmp_path: Path) -> None:
    paths = []
    for number, name in enumerate(("a.csv", "b/a.csv", "b/A.TSV", "b/.x.csv", "b/2022.01")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        tab = "\t" if name.endswith("TSV") else ","
        text = f"id,at,where\n{number},2022-02-01,x\n".replace(",", tab)
        (tmp_path / name).write_text(text)
        paths.append(tmp_path / name)
    names = [path.name for path in read_into(tmp_path / "cases", *paths).cases]
    assert names == ["a.parquet", "a-2.parquet", "A-3.parquet", "x.parquet", "2022.01.parquet"]


def test_a_rewritten_file_of_our_own_takes_no_place_of_another(tmp_path: Path) -> None:
    own, into = tmp_path / "own", tmp_path / "cases"
    own.mkdir()
    write_canonical([cases("1", "2")], own / "a.parquet", unique=True)
    write_canonical([cases("2", "3")], own / "b.parquet", unique=True)
    into.mkdir()
    (into / "a.parquet").write_text("kept")
    with pytest.raises(InputError, match=r"a\.parquet: is there already"):
        read_cases(
            [own],
            load_profile("jiesu"),
            into=into,
            rejects=tmp_path / "r.csv",
            duplicates=tmp_path / "d.csv",
        )
    assert [path.read_text() for path in into.iterdir()] == ["kept"]


def test_progress_ends_at_the_bytes_of_all_files(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *(f"{n},2022-02-01,{'x' * 500}" for n in range(20_000)))
    seen: list[tuple[int, int]] = []
    read_cases(
        [path],
        tiny_profile(),
        into=tmp_path / "out",
        rejects=tmp_path / "r.csv",
        duplicates=tmp_path / "d.csv",
        progress=lambda done, total: seen.append((done, total)),
    )
    size = path.stat().st_size
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


def test_an_exception_in_the_caller_s_progress_stops_the_work(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", *(f"{n},2022-02-01,{'x' * 500}" for n in range(40_000)))

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_cases(
            [path],
            tiny_profile(),
            into=tmp_path / "out",
            rejects=tmp_path / "r.csv",
            duplicates=tmp_path / "d.csv",
            progress=stop,
        )
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_made_is_an_input_error(tmp_path: Path, take: Take) -> None:
    (tmp_path / "out").write_text("a file stands where the folder should")
    with pytest.raises(InputError, match="out"):
        take(write(tmp_path / "a.csv", "1,2022-02-01,x"))


def test_ids_lie_apart_only_where_no_two_files_can_share_one(tmp_path: Path) -> None:
    paths = []
    for name, ids in (("a", ["1", "3"]), ("b", ["4", "9"]), ("c", ["30", "31"])):
        table = pa.table({"case_id": ids, "created_at": pa.array([0, 0], arrow_type("instant"))})
        paths.append(tmp_path / f"{name}.parquet")
        write_canonical([table], paths[-1], unique=True)
    a, b, c = paths
    assert ids_are_apart([b, a])
    assert ids_are_apart([a])
    assert ids_are_apart([a, c])  # "3" < "30": texts, not numbers
    assert not ids_are_apart([a, b, a])
    wide = tmp_path / "wide.parquet"
    table = pa.table({"case_id": ["2", "5"], "created_at": pa.array([0, 0], arrow_type("instant"))})
    write_canonical([table], wide, unique=True)
    assert not ids_are_apart([wide, b, a])


def test_periods_of_canonical_files_are_cut_in_the_zone_they_came_from(tmp_path: Path) -> None:
    source = write(tmp_path / "a.csv", "1,2022-02-01,x", "1,2022-02-01,x")
    boston = parse_profile(
        TINY.replace('zone = "Asia/Shanghai"', 'zone = "America/New_York"'), file="b", name="b"
    )

    def imported(profile: Profile, name: str) -> Path:
        [path] = read_cases(
            [source],
            profile,
            into=tmp_path / name,
            rejects=tmp_path / "rejects.csv",
            duplicates=tmp_path / "duplicates.csv",
        ).cases
        return path

    own, other = imported(boston, "own"), imported(tiny_profile(), "other")
    profile = load_profile("jiesu")
    assert zone_of([source], boston).key == "America/New_York"
    assert zone_of([own], profile).key == "America/New_York"
    assert zone_of([own, source], profile).key == "America/New_York"
    assert zone_of([other], profile).key == tiny_profile().zone
    assert zone_of([own, other], profile).key == profile.zone
