"""The dispatch directory of a folder with all it speaks of; the synthetic city's is complete."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from jiesu.city.check import check_city
from jiesu.city.dispatch_files import DispatchFiles, read_dispatch
from jiesu.city.folder import read_city
from jiesu.city.synth.catalogue import LIMIT_SECONDS, categories
from jiesu.city.synth.write import write_city
from jiesu.city.units_file import read_units
from jiesu.core.directory import DISTRICT, STREET, directory_on
from jiesu.core.units import Units

ON = date(2022, 2, 1)
KINDS = ("consultation", "help", "complaint", "report", "suggestion", "praise")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synth") / "city"
    write_city(out, period="2022-02", months=1, cases=20, seed=1)
    return out


@pytest.fixture(scope="module")
def units(folder: Path) -> Units:
    return read_units(folder / "units.csv")


@pytest.fixture(scope="module")
def dispatch(folder: Path, units: Units) -> DispatchFiles:
    return read_dispatch(read_city(folder), units)


def test_the_synthetic_citys_directory_is_complete_and_right(
    dispatch: DispatchFiles, units: Units
) -> None:
    directory = directory_on(dispatch.directories, ON)
    assert directory is not None
    assert dispatch.findings(directory, units, ON, limits=LIMIT_SECONDS, kinds=KINDS) == []
    assert list(dispatch.holes(directory, units, ON, kinds=KINDS)) == []
    ways = Counter(
        entry.via if entry.via == "district" else entry.unit for entry in directory.entries
    )
    assert ways[STREET] > len(directory.entries) / 2
    assert ways["district"] >= 5
    assert sum(n for way, n in ways.items() if way not in (STREET, DISTRICT, "district")) >= 20


def test_its_tree_is_the_catalogue_and_its_places_are_the_units_with_communities(
    dispatch: DispatchFiles, units: Units
) -> None:
    assert [item.levels for item in dispatch.categories] == [item.levels for item in categories()]
    kinds = Counter(place.kind for place in dispatch.places)
    assert (kinds["district"], kinds["street"]) == (17, 343)
    assert 343 * 4 <= kinds["community"] <= 343 * 16
    assert all(dispatch.places.answering[place.code] in units for place in dispatch.places)


def test_a_mistake_in_one_of_the_files_is_named_by_the_check_of_the_folder(folder: Path) -> None:
    assert check_city(folder) == []
    added = {"places.csv": "x,,street,,\n", "categories.csv": ",b,,\n",
             "directory/2018-12-19.csv": "住房,,,,,,,,,\n"}  # fmt: skip
    before = {name: (folder / name).read_bytes() for name in added}
    try:
        for name, line in added.items():
            (folder / name).write_bytes(before[name] + line.encode())
        assert [problem.file for problem in check_city(folder)] == list(added)
    finally:
        for name, content in before.items():
            (folder / name).write_bytes(content)


def test_a_folder_without_the_files_has_the_places_of_its_units(tmp_path: Path) -> None:
    small = Path(__file__).resolve().parents[2] / "examples" / "small-city"
    city = read_city(small)
    assert city.units is not None
    files = read_dispatch(city, read_units(city.units))
    assert files.places.streets
    assert (len(files.categories), files.directories) == (0, ())
