"""A city folder's `city.toml`: what the city is called and where everything lies.

Leaves out what the files that it names hold (see the module that reads each) and whether they
are there (see `check`). Keys: docs/city-folder.md.
"""

import glob
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jiesu.core.meeting import MeetingRules
from jiesu.core.problems import InputError, Problem
from jiesu.core.reporting import ReportRules
from jiesu.core.settings import Settings, toml_table

FILE = "city.toml"
LANGUAGES = ("zh", "en")
CALENDARS = ("china", "weekends", "none")
"""Which days are working days: China's public holidays, Saturdays and Sundays off, or all.

The desk counts time limits by it; an evaluation takes them from the case files."""


USUAL_PLACES = {
    "texts": "texts",
    "measures": "measures",
    "measure_rules": "measures.toml",
    "air": "air",
    "air_rules": "air.toml",
    "stations": "stations.csv",
    "index": "index.toml",
    "index_values": "index",
    "topics": "topics.toml",
    "topic_progress": "topics",
    "governance": "governance.toml",
    "commitments": "commitments.csv",
    "checkup": "checkup.toml",
    "places": "places.csv",
    "categories": "categories.csv",
    "directory": "directory",
    "desk": "desk.toml",
    "calendar_file": "calendar.csv",
    "past_rules": "past-rules",
}
"""Inputs that a folder may lack, by their key in `[inputs]`: where they lie unless it says so."""


@dataclass(frozen=True, slots=True)
class City:
    """A city folder as its `city.toml` describes it.

    A `Path` is a file or folder, already joined to `folder`; a text in `profile` or in
    `policies` is the name of one that comes with jiesu. `cases` are files, directories and
    glob patterns as the sources package takes them. `office` signs the bulletin and `recipients`
    are whom it is sent to; empty for the usual words. `outside` has the file or folder of each
    input of `USUAL_PLACES` that `city.toml` names or that lies in its usual place.
    """

    folder: Path
    name: Mapping[str, str]
    time_zone: str
    language: str
    calendar: str
    synthetic: bool
    cases: tuple[Path, ...]
    profile: Path | str
    policies: tuple[Path | str, ...]
    units: Path | None
    adjustments: Path | None
    boundaries: Path | None
    office: str
    recipients: str
    outside: Mapping[str, Path]
    meeting: MeetingRules
    reports: ReportRules

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def shown(self, path: Path) -> str:
        """How a file is named to people: by its path within the folder."""
        within = path.is_relative_to(self.folder)
        return path.relative_to(self.folder).as_posix() if within else str(path)


def read_city(folder: Path) -> City:
    """The city of a folder. Raises InputError with every mistake in its `city.toml`."""
    city, problems = checked_city(folder)
    if problems or city is None:
        raise InputError(problems)
    return city


def checked_city(folder: Path) -> tuple[City | None, list[Problem]]:
    """The city as far as it could be read, and every mistake; for a check that must go on.

    Without a city the file is missing or is no TOML; a wrong key leaves its default behind.
    """
    table, problems = _document(folder)
    if table is None:
        return None, problems
    top = Settings(table, FILE)
    inputs, bulletin = top.below("inputs"), top.below("bulletin")
    profile = inputs.text("profile")
    city = City(
        folder=folder,
        name=top.words("name"),
        time_zone=top.zone("time_zone"),
        language=top.choice("language", LANGUAGES, "zh"),
        calendar=top.choice("calendar", CALENDARS, "none"),
        synthetic=top.flag("synthetic", False),
        cases=tuple(_file_or_pattern(folder, item) for item in inputs.some_texts("cases")),
        profile=_named_or_file(folder, profile),
        policies=tuple(_named_or_file(folder, item) for item in inputs.some_texts("policy")),
        units=_optional_file(folder, inputs, "units"),
        adjustments=_optional_file(folder, inputs, "adjustments"),
        boundaries=_optional_file(folder, inputs, "boundaries"),
        office=bulletin.text("office", ""),
        recipients=bulletin.text("recipients", ""),
        outside=_outside(folder, inputs),
        meeting=_meeting_rules(top.below("meeting")),
        reports=_report_rules(top.below("reports")),
    )
    top.finish()
    return city, top.problems


def _document(folder: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    try:
        return toml_table((folder / FILE).read_bytes(), FILE), []
    except FileNotFoundError:
        if folder.is_dir():
            what, remedy = "the folder has no such file", "make one with jiesu init"
        else:
            what, remedy = f"there is no folder {folder}", "name a city folder, or run jiesu init"
        return None, [Problem(FILE, "", what, remedy)]
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        return None, [Problem(FILE, "", what, "name a city folder that can be read")]
    except InputError as error:
        return None, list(error.problems)


def _file_or_pattern(folder: Path, value: str) -> Path:
    """The path of what is there; else a pattern, in which the folder's own name is no pattern."""
    path = folder / value
    return path if path.exists() else Path(glob.escape(str(folder))) / value


def _named_or_file(folder: Path, value: str) -> Path | str:
    """The path of what is there, ends in .toml or has a slash; else the name of a shipped one."""
    is_path = value.endswith(".toml") or "/" in value or "\\" in value
    return folder / value if value and (is_path or (folder / value).exists()) else value


def _meeting_rules(table: Settings) -> MeetingRules:
    """The `[meeting]` table: how review meetings are proposed."""
    usual = MeetingRules()
    return MeetingRules(
        title=table.words("title", usual.title),
        speaker_role=table.words("speaker_role", usual.speaker_role),
        experience_role=table.words("experience_role", usual.experience_role),
        speakers=table.integer("speakers", usual.speakers, 0, 20),
        topics=table.integer("topics", usual.topics, 0, 50),
        speaker_group=table.text("speaker_group", usual.speaker_group),
        experience_group=table.text("experience_group", usual.experience_group),
        heard_months=table.integer("heard_months", usual.heard_months, 0, 120),
        merits=table.integer("merits", usual.merits, 0, 20),
        shortcomings=table.integer("shortcomings", usual.shortcomings, 0, 20),
        leads_percent=table.integer("leads_percent", usual.leads_percent, 0, 50),
        notices=table.texts("notices", usual.notices),
        notice_days=table.integer("notice_days", usual.notice_days, 1, 365),
        chair=table.text("chair", usual.chair),
        hall=table.texts("hall", usual.hall),
        branch=table.texts("branch", usual.branch),
        video=table.texts("video", usual.video),
    )


def _report_rules(table: Settings) -> ReportRules:
    """The `[reports]` table: how daily, weekly and monthly reports are made."""
    usual = ReportRules()
    return ReportRules(
        cut_hour=table.integer("cut_hour", usual.cut_hour, 0, 23),
        week_start=table.integer("week_start", usual.week_start, 1, 7),
        watch=table.texts("watch", usual.watch),
        soon_hours=table.integer("soon_hours", usual.soon_hours, 1, 24 * 30),
        ends=table.integer("ends", usual.ends, 1, 20),
        categories=table.integer("categories", usual.categories, 1, 20),
        alert_from=table.integer("alert_from", usual.alert_from, 1, 1_000_000),
        alert_ratio=table.number("alert_ratio", usual.alert_ratio, 1, 100),
        alert_level=table.number("alert_level", usual.alert_level, 0, 1),
        enterprise=table.texts("enterprise", usual.enterprise),
    )


def _outside(folder: Path, inputs: Settings) -> dict[str, Path]:
    """Where each optional input lies: the place that is named, or the usual one if it is there."""
    found = {}
    for key, usual in USUAL_PLACES.items():
        path = _optional_file(folder, inputs, key)
        if path is None and (folder / usual).exists():
            path = folder / usual
        if path is not None:
            found[key] = path
    return found


def _optional_file(folder: Path, inputs: Settings, key: str) -> Path | None:
    value = inputs.text(key, "")
    return folder / value if value else None
