"""docs/city-folder.md against the code: no key, column or word is left undescribed."""

import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from jiesu.city import adjustments, calendar_file, units_file
from jiesu.city.folder import CALENDARS, LANGUAGES, checked_city
from jiesu.city.run import run
from jiesu.city.synth.catalogue import categories
from jiesu.city.workspace import job_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "city-folder.md"


def rows() -> dict[str, str]:
    """The lines of the page's tables by what stands in their first cell."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    return {line.split("`")[1]: line for line in lines}


def test_every_key_of_city_toml_is_described_and_no_other(tmp_path: Path) -> None:
    # The remedy for an unknown key lists the known ones.
    tables = ("inputs", "bulletin", "meeting", "reports")
    text = "x = 1\n" + "".join(f"[{table}]\nx = 1\n" for table in tables)
    (tmp_path / "city.toml").write_text(text, "utf-8")
    known = set()
    for problem in checked_city(tmp_path)[1]:
        if problem.what == "this key is not known":
            prefix = problem.where.removesuffix("x")
            listed = problem.remedy.split(": ")[1].split(", ")
            known |= {prefix + key for key in listed}
    columns = {*units_file.REQUIRED, *units_file.OPTIONAL}
    columns |= {*adjustments.REQUIRED, *adjustments.OPTIONAL}
    # `name` is both a key and a column of units.csv.
    columns.remove("name")
    assert known - set(tables) == set(rows()) - columns
    assert all(f"`{word}`" in rows()["calendar"] for word in CALENDARS)
    assert all(f"`{word}`" in rows()["language"] for word in LANGUAGES)


def test_a_calendar_changes_no_figure_and_page_and_template_say_so(tmp_path: Path) -> None:
    texts = set()
    for calendar in CALENDARS:
        folder = tmp_path / calendar
        shutil.copytree(ROOT / "examples" / "small-city", folder)
        settings = folder / "city.toml"
        text = settings.read_text("utf-8").replace('"china"', f'"{calendar}"')
        settings.write_text(text, "utf-8")
        job = replace(job_of(folder, "2022-02"), formats=())
        run(job, now=datetime(2026, 1, 1, tzinfo=UTC))
        texts.add((job.out / "evaluation.json").read_bytes())
    assert len(texts) == 1
    template = (files("jiesu.city") / "shipped/template/city.toml").read_text("utf-8")
    for words in (" ".join(template.replace("#", "").split()), rows()["calendar"]):
        assert "has no effect on an evaluation" in words.replace("**", "")


def test_every_column_is_described_with_its_chinese_header() -> None:
    for chinese, column in {**units_file.CHINESE, **adjustments.CHINESE}.items():
        assert rows()[column].split("|")[2].strip() == chinese
    text = PAGE.read_text("utf-8")
    for chinese, column in calendar_file.CHINESE.items():
        assert re.search(rf"`{column}` \({chinese}[,:)]", text), column
    assert all(word in text for word in calendar_file.KINDS)


def test_the_number_of_categories_is_stated() -> None:
    (stated,) = re.findall(r"([0-9]+) categories", PAGE.read_text("utf-8"))
    assert int(stated) == len(categories())
