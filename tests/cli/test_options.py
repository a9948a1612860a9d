"""What several commands' options have in common."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from jiesu.cli.air import air_command
from jiesu.cli.options import day, formats, language, moment, plain
from jiesu.core.problems import InputError

PAGES = ("html", "docx", "pdf")


def test_formats_stand_in_the_order_of_the_command_and_all_by_default() -> None:
    assert formats("", PAGES) == PAGES
    assert formats(" PDF,html,,pdf", PAGES) == ("html", "pdf")


def test_json_alone_asks_for_no_document() -> None:
    assert formats("json", PAGES) == ()
    assert formats("json,docx", PAGES) == ("docx",)


@pytest.mark.parametrize("text", ["odt", "xlsx", "html,xlsx"])
def test_a_format_that_the_command_lacks_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is not a format .*: html, docx, pdf, json"):
        formats(text, PAGES)


def test_a_language_is_known_or_left_to_the_folder() -> None:
    assert (language(None), language(""), language("en")) == ("", "", "en")
    with pytest.raises(InputError, match="--lang: 'fr' is not known; choose one of: zh, en"):
        language("fr")


def test_days_and_moments_have_the_same_bounds() -> None:
    assert day("1900-01-01", "--date") == date(1900, 1, 1)
    assert moment("2200-12-31T23:59:00+00:00", "--as-of") == datetime(
        2200, 12, 31, 23, 59, tzinfo=UTC
    )
    assert moment(None, "--as-of") is None
    for text in ("1899-12-31", "2201-01-01", "2022-02-30", "today", ""):
        with pytest.raises(InputError, match=re.escape(f"--until: {text!r} is not a day")):
            day(text, "--until")
        with pytest.raises(InputError, match=re.escape(f"--as-of: {text!r} is not a time")):
            moment(text, "--as-of")


def test_a_name_cannot_steer_the_terminal() -> None:
    assert plain("八里庄\x1b[31m\u202e街道") == "八里庄\ufffd[31m\ufffd街道"


@pytest.mark.parametrize(
    "given", [{"until": "2022-02-18", "city": Path("city")}, {"until": None, "city": None}]
)
def test_the_air_of_a_period_and_of_a_day_exclude_one_another(given: dict[str, object]) -> None:
    rest = {"files": (), "stations": None, "out": None, "rules": None}
    options = {**rest, "time_zone": "Asia/Shanghai", "formats": "", "lang": "", **given}
    with pytest.raises(InputError, match="--period needs --city, and excludes --until"):
        air_command(period="2022-02", **options)  # type: ignore[arg-type]
