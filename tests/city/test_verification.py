"""Verifying editions: the method page's table of tampering, and any byte of any file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiesu.city import verification
from jiesu.city.editions import edition_folder, seal
from jiesu.city.verification import Verdict, verify_editions, verify_folder
from jiesu.core.problems import InputError
from tests.core.pages import table

from .sealed import (
    PERIOD,
    change_cases,
    change_frozen_case,
    exclude,
    opened_up,
    published,
    sealed_anew,
    small_city,
    unresolved,
)


@pytest.fixture(scope="module")
def three_editions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city whose February was corrected twice."""
    city = small_city(tmp_path_factory.mktemp("sealed"))
    published(city, formats=("html",))
    for case in unresolved(city)[:2]:
        change_cases(city, exclude(case))
        published(city, reason=f"appeal {case}", formats=("html",))
    return city


@pytest.fixture
def city(three_editions: Path, tmp_path: Path) -> Path:
    """A copy that a test may tamper with."""
    copy = tmp_path / "city"
    shutil.copytree(three_editions / "editions", copy / "editions")
    for number in (1, 2, 3):
        opened_up(edition_folder(copy, PERIOD, number))
    return copy


def problems(verdicts: list[Verdict]) -> list[str]:
    return [str(problem) for verdict in verdicts for problem in verdict.problems]


def test_untouched_editions_are_the_same_to_the_byte(city: Path) -> None:
    verdicts = list(verify_editions(city))
    assert problems(verdicts) == []
    assert [verdict.edition.number for verdict in verdicts if verdict.edition] == [1, 2, 3]
    assert all(verdict.added == () for verdict in verdicts)


def test_an_edition_is_verified_wherever_it_lies(three_editions: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(edition_folder(three_editions, PERIOD, 2), copy)
    assert verify_folder(copy).problems == ()


def _edited(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(path.read_text("utf-8"))
    change(document)
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    path.write_text(text, "utf-8")


def _one_point_more(document: dict[str, Any]) -> None:
    unit = document["groups"][0]["units"][0]
    unit["score"] = "99.9" if unit["score"] != "99.9" else "99.8"


def _case_changed(city: Path) -> None:
    folder = edition_folder(city, PERIOD, 3)
    change_frozen_case(folder)
    sealed_anew(folder)


def _figure_changed(city: Path) -> None:
    folder = edition_folder(city, PERIOD, 3)
    _edited(folder / "evaluation.json", _one_point_more)
    sealed_anew(folder)


def _byte_changed(city: Path) -> None:
    path = edition_folder(city, PERIOD, 2) / "policy.toml"
    path.write_bytes(path.read_bytes().replace(b"0.50", b"0.60", 1))


def _exchanged(city: Path) -> None:
    one, two = (edition_folder(city, PERIOD, number) for number in (1, 2))
    one.rename(one.with_name("x"))
    two.rename(one)
    one.with_name("x").rename(two)


TAMPERING: dict[str, Callable[[Path], object]] = {
    "a byte of a file changed": _byte_changed,
    "a file removed": lambda city: (edition_folder(city, PERIOD, 1) / "bulletin.html").unlink(),
    "a file added": lambda city: (edition_folder(city, PERIOD, 1) / "more.txt").write_text("x"),
    "the record changed": lambda city: _edited(
        edition_folder(city, PERIOD, 3) / "edition.json",
        lambda record: record.update(reason="another"),
    ),
    "the seal changed": lambda city: (
        edition_folder(city, PERIOD, 3) / "edition.sha256"
    ).write_text("0" * 64 + "  edition.json\n"),
    "a case changed and all digests made anew": _case_changed,
    "a figure changed and all digests made anew": _figure_changed,
    "an edition in the middle removed": lambda city: shutil.rmtree(edition_folder(city, PERIOD, 2)),
    "two editions exchanged": _exchanged,
    "an edition in the middle sealed anew": lambda city: sealed_anew(
        edition_folder(city, PERIOD, 2), reason="another"
    ),
}

SAID_OF = {
    "digest": ("changed after it was sealed", "the file is missing"),
    "strange file": ("does not belong to the edition",),
    "seal": ("the seal is not that of",),
    "figures": ("the cases of the edition do not give this figure",),
    "numbers": ("edition 2 is missing",),
    "record": ("this is edition 2 of",),
    "chain": ("its seal of the edition before it is not that edition's",),
}


def test_the_page_names_every_kind_of_tampering_that_is_tested() -> None:
    rows = table("editions", "what was done", "found by")
    assert [row["what was done"] for row in rows] == list(TAMPERING)


@pytest.mark.parametrize(
    "row", table("editions", "what was done", "found by"), ids=lambda row: row["what was done"]
)
def test_tampering_is_found_as_the_page_says(city: Path, row: dict[str, str]) -> None:
    TAMPERING[row["what was done"]](city)
    found = problems(list(verify_editions(city)))
    assert any(words in problem for problem in found for words in SAID_OF[row["found by"]])


def test_what_differs_is_named(city: Path) -> None:
    _figure_changed(city)
    [problem] = verify_folder(edition_folder(city, PERIOD, 3)).problems
    assert problem.file == "2022-02/3/evaluation.json"
    assert problem.where == "groups[0].units[0].score"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_of_any_file_that_is_flipped_is_found(
    three_editions: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = edition_folder(three_editions, PERIOD, 2)
    name = data.draw(st.sampled_from(sorted(path.name for path in folder.iterdir())))
    content = bytearray((folder / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    copy = tmp_path_factory.mktemp("flipped")
    for path in folder.iterdir():
        if path.name != name:
            (copy / path.name).symlink_to(path)
    (copy / name).write_bytes(content)
    found = verify_folder(copy).problems
    assert found
    assert any(name in problem.file or problem.file.endswith("edition.sha256") for problem in found)


@pytest.mark.parametrize(
    "record",
    [b"", b"[]", b"{}", b"\xff", b'{"schema": "jiesu.edition/2"}', b"[" * 100_000],
    ids=["empty", "list", "bare", "binary", "other", "deep"],
)
def test_a_record_that_is_none_is_a_problem_and_no_fault(city: Path, record: bytes) -> None:
    (edition_folder(city, PERIOD, 1) / "edition.json").write_bytes(record)
    assert any(
        "no record of an edition" in problem for problem in problems(list(verify_editions(city)))
    )


def test_a_record_cannot_point_outside_its_folder(city: Path) -> None:
    folder = edition_folder(city, PERIOD, 1)
    _edited(
        folder / "edition.json",
        lambda record: record["files"].update({"../../../city.toml": "0" * 64}),
    )
    [problem, *_] = verify_folder(folder).problems
    assert "no record of an edition" in problem.what


@pytest.mark.parametrize("content", [b"", b"PAR1 and nothing else", None])
def test_cases_that_cannot_be_read_and_are_sealed_anew_are_a_problem(
    city: Path, content: bytes | None
) -> None:
    folder = edition_folder(city, PERIOD, 1)
    path = folder / "cases.parquet"
    if content is None:
        pq.write_table(pq.read_table(path).drop_columns("excluded"), path)
    else:
        path.write_bytes(content)
    sealed_anew(folder)
    [problem] = verify_folder(folder).problems
    assert problem.file == "2022-02/1/cases.parquet"
    assert "cannot be counted" in problem.what


def test_a_folder_among_the_files_is_named(city: Path) -> None:
    (edition_folder(city, PERIOD, 1) / "more").mkdir()
    (city / "editions" / PERIOD / "notes.txt").write_text("x", "utf-8")
    found = problems(list(verify_editions(city)))
    assert any("2022-02/1/more" in problem for problem in found)
    assert any("notes.txt: this is no edition" in problem for problem in found)


def test_there_must_be_something_to_verify(city: Path, tmp_path: Path) -> None:
    for folder, where in ((tmp_path, ()), (city, ("2022-01",)), (city, (PERIOD, 9))):
        with pytest.raises(InputError) as caught:
            list(verify_editions(folder, *where))
        assert "there is no edition" in str(caught.value)


def test_one_edition_of_many_can_be_verified(city: Path) -> None:
    [verdict] = verify_editions(city, PERIOD, 2)
    assert verdict.edition is not None
    assert (verdict.edition.number, verdict.problems) == (2, ())


# Other versions of jiesu ---------------------------------------------------------------------


def _without_grades(document: dict[str, Any]) -> None:
    for group in document["groups"]:
        for unit in group["units"]:
            del unit["grade"]


def test_keys_that_a_later_version_adds_are_no_difference(city: Path) -> None:
    folder = edition_folder(city, PERIOD, 1)
    _edited(folder / "evaluation.json", _without_grades)
    sealed_anew(folder, made_by="0.0.1")
    verdict = verify_folder(folder)
    assert verdict.problems == ()
    assert verdict.added == ("grade",)


def test_the_version_that_made_an_edition_must_give_the_same_bytes(city: Path) -> None:
    folder = edition_folder(city, PERIOD, 1)
    _edited(folder / "evaluation.json", _without_grades)
    sealed_anew(folder)
    assert verify_folder(folder).problems


def test_figures_of_another_version_must_be_the_same(city: Path) -> None:
    folder = edition_folder(city, PERIOD, 1)
    _edited(folder / "evaluation.json", _one_point_more)
    sealed_anew(folder, made_by="0.0.1")
    [problem] = verify_folder(folder).problems
    assert problem.where == "groups[0].units[0].score"


def test_many_different_figures_are_not_all_named(city: Path) -> None:
    folder = edition_folder(city, PERIOD, 1)

    def all_volumes(document: dict[str, Any]) -> None:
        for group in document["groups"]:
            for unit in group["units"]:
                unit["volume"] += 1

    _edited(folder / "evaluation.json", all_volumes)
    sealed_anew(folder)
    found = verify_folder(folder).problems
    assert len(found) <= verification.FIGURES_NAMED + 1


def test_the_seal_is_what_sha256sum_says(city: Path) -> None:
    folder = edition_folder(city, PERIOD, 1)
    assert (folder / "edition.sha256").read_text("utf-8").split()[0] == seal(folder)
