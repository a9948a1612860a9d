"""Meetings as files: `meetings/PERIOD.toml`, read, proposed, and never overwritten.

A proposal is written where no file is; where one is, it goes beside it as `PERIOD.proposed.toml`.
What a meeting consists of is said in `core.meeting`; keys: docs/meeting.md.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import unified_diff
from pathlib import Path

from jiesu.core.meeting import AGENDA, WAYS, Attendance, Meeting, Point, Speaker
from jiesu.core.problems import InputError, Problem, writable
from jiesu.core.settings import Settings, toml_table
from jiesu.core.topics import is_month
from jiesu.core.units import Units

FOLDER = "meetings"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def meeting_path(folder: Path, period: str) -> Path:
    """Where the meeting of a month lies in a city folder."""
    return folder / FOLDER / f"{period}.toml"


def read_meetings(folder: Path, units: Units) -> dict[str, Meeting]:
    """All meetings of a city folder by month, the oldest first. Raises InputError for mistakes."""
    meetings, problems = checked_meetings(folder, units)
    if problems:
        raise InputError(problems)
    return meetings


def checked_meetings(folder: Path, units: Units | None) -> tuple[dict[str, Meeting], list[Problem]]:
    """The meetings that could be read, and every mistake; proposals are left alone."""
    found: dict[str, Meeting] = {}
    problems: list[Problem] = []
    for path in sorted((folder / FOLDER).glob("*.toml")):
        if path.name.endswith(".proposed.toml"):
            continue
        try:
            table = toml_table(path.read_bytes(), f"{FOLDER}/{path.name}")
        except InputError as error:
            problems += error.problems
            continue
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            problems.append(Problem(f"{FOLDER}/{path.name}", "", what, "make it readable"))
            continue
        settings = Settings(table, f"{FOLDER}/{path.name}")
        meeting = _Reader(settings, units).meeting(path.stem)
        problems += settings.problems
        if meeting is not None and not settings.problems:
            found[meeting.period] = meeting
    return found, problems


@dataclass(frozen=True, slots=True)
class _Reader:
    """One meeting's file."""

    top: Settings
    units: Units | None

    def meeting(self, stem: str) -> Meeting | None:
        top = self.top
        period = top.text("period")
        if period and not is_month(period):
            top.wrong("period", f"{period!r} is no month", "write it as 2022-02")
        elif period and period != stem:
            remedy = f"name the file {period}.toml, or mend the period"
            top.wrong("period", f"the file of {stem} holds the meeting of {period}", remedy)
        held_on = top.day("held_on")
        if held_on is None and not top.has("held_on"):
            top.wrong("held_on", "this key is missing", "write a date without quotes: 2022-02-28")
        experience = top.text("experience", "")
        self._known(top, "experience", (experience,) if experience else ())
        meeting = Meeting(
            period=period,
            held_on=held_on or date.min,
            chair=top.text("chair", ""),
            agenda=self._agenda(),
            attendance=tuple(self._attendance(table) for table in top.each("attendance")),
            speakers=tuple(self._speaker(table) for table in top.each("speakers")),
            experience=experience,
            next_steps=tuple(table.words("text") for table in top.each("next_steps")),
            topics=top.texts("topics", ()),
            proposed=top.flag("draft", False),
        )
        self._once("speakers", [speaker.unit for speaker in meeting.speakers])
        top.finish()
        return meeting

    def _agenda(self) -> tuple[str, ...]:
        agenda = self.top.texts("agenda", AGENDA)
        for part in agenda:
            if part not in AGENDA:
                remedy = f"choose from: {', '.join(AGENDA)}"
                self.top.wrong("agenda", f"{part!r} is not a part of a meeting", remedy)
        self._once("agenda", agenda)
        return agenda

    def _once(self, key: str, names: Sequence[str]) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.top.wrong(key, f"{name!r} stands twice", "leave it once")

    def _attendance(self, table: Settings) -> Attendance:
        attendance = Attendance(
            table.choice("way", WAYS),
            table.texts("kinds", ()),
            table.texts("units", ()),
            table.texts("offices", ()),
        )
        self._known(table, "units", attendance.units)
        if self.units is not None:
            kinds = sorted({unit.kind for unit in self.units})
            for kind in attendance.kinds:
                if kind not in kinds:
                    remedy = f"choose from: {', '.join(kinds)}"
                    table.wrong("kinds", f"no unit is of the kind {kind!r}", remedy)
        return attendance

    def _speaker(self, table: Settings) -> Speaker:
        unit = table.text("unit")
        self._known(table, "unit", (unit,) if unit else ())
        return Speaker(
            unit,
            tuple(self._point(point) for point in table.each("merits")),
            tuple(self._point(point) for point in table.each("shortcomings")),
        )

    def _point(self, table: Settings) -> Point:
        evidence = table.text("evidence", "")
        if evidence:
            if table.raw("text") is not None or table.raw("source") is not None:
                remedy = "write an entry of its own for the text"
                table.wrong("text", "an entry has either evidence or a text", remedy)
            return Point(evidence)
        return Point(text=table.words("text"), source=table.text("source"))

    def _known(self, table: Settings, key: str, codes: Iterable[str]) -> None:
        if self.units is None:
            return
        for code in codes:
            if code not in self.units:
                table.wrong(key, f"{code!r} is no unit", "use a code of units.csv")


# Proposals ------------------------------------------------------------------------------------

Said = Callable[[str, Point], str]
"""What a point of a unit says, for a comment in the file."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """Where a proposal was written, and how it differs from the file that is there already.

    `difference` are the lines of a unified diff; empty where there was no file.
    """

    path: Path
    difference: tuple[str, ...]


def write_draft(
    folder: Path, meeting: Meeting, units: Units, said: Said, others: Sequence[str]
) -> Drafted:
    """Write a proposal: as the meeting's file where there is none, else beside it.

    `others` are codes of units that may tell how they work instead of the proposed one. Raises
    InputError where it cannot be written.
    """
    path = meeting_path(folder, meeting.period)
    text = draft_text(meeting, units, said, others)
    with writable(f"{FOLDER}/{path.name}"):
        path.parent.mkdir(exist_ok=True)
        beside = path.with_name(f"{meeting.period}.proposed.toml")
        _write_whole(beside, text)
        try:
            # Linked only where nothing is: an edited file is never written to, a new one is whole.
            os.link(beside, path)
            beside.unlink()
            return Drafted(path, ())
        except FileExistsError:
            pass
        except OSError:
            # A file system without links: what is there is still not written to.
            if not path.exists():
                beside.rename(path)
                return Drafted(path, ())
    try:
        existing = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        existing = ""
    lines = unified_diff(
        existing.splitlines(), text.splitlines(), path.name, beside.name, lineterm="", n=1
    )
    return Drafted(beside, tuple(lines))


def _write_whole(path: Path, text: str) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with half.open("w", encoding="utf-8") as target:
            target.write(text)
            target.flush()
            os.fsync(target.fileno())
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def draft_text(meeting: Meeting, units: Units, said: Said, others: Sequence[str]) -> str:
    """The proposal as TOML with comments."""
    lines = [
        f"# {meeting.period} 点评会方案，由数据拟出，供修改。各键说明见 docs/meeting.md。",
        "# A proposal made from the figures, to be edited. Keys: docs/meeting.md.",
        "",
        f"period = {_quoted(meeting.period)}",
        f"held_on = {meeting.held_on.isoformat()}",
        f"chair = {_quoted(meeting.chair)}" if meeting.chair else '# chair = ""',
        "draft = true # 定稿后删去这一行。 Remove this line when people have decided.",
        f"agenda = {_texts(meeting.agenda)}",
        *([f"topics = {_texts(meeting.topics)}"] if meeting.topics else []),
        *_experience(meeting, units, others),
    ]
    for attendance in meeting.attendance:
        lines += ["", "[[attendance]]", f"way = {_quoted(attendance.way)}"]
        for key in ("kinds", "units", "offices"):
            if values := getattr(attendance, key):
                lines.append(f"{key} = {_texts(values)}")
    for speaker in meeting.speakers:
        lines += ["", f"[[speakers]] # {_name(units, speaker.unit)}"]
        lines.append(f"unit = {_quoted(speaker.unit)}")
        for key, points in (("merits", speaker.merits), ("shortcomings", speaker.shortcomings)):
            lines.append(f"{key} = [")
            lines += [_point(point, said(speaker.unit, point)) for point in points]
            lines.append("]")
    for step in meeting.next_steps:
        lines += ["", "[[next_steps]]", f"text = {_words(step)}"]
    return "\n".join(lines) + "\n"


def _experience(meeting: Meeting, units: Units, others: Sequence[str]) -> list[str]:
    lines = []
    if meeting.experience:
        name = _name(units, meeting.experience)
        lines.append(f"experience = {_quoted(meeting.experience)} # {name}")
    if others:
        names = "、".join(f"{_name(units, code)} {code}" for code in others)
        lines.append(f"# 也可以是 or: {names}")
    return lines


def _name(units: Units, code: str) -> str:
    """A unit's name with that of the unit above, as a comment may hold it."""
    if code not in units:
        return code
    unit = units[code]
    above = units[unit.parent].name if unit.parent and unit.parent in units else ""
    return _on_a_line(f"{above}{unit.name}")


def _on_a_line(text: str) -> str:
    """A text as a comment may hold it."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def _point(point: Point, words: str) -> str:
    comment = f" # {_on_a_line(words)}" if words else ""
    if point.text is None:
        return f"  {{ evidence = {_quoted(point.evidence)} }},{comment}"
    return f"  {{ text = {_words(point.text)}, source = {_quoted(point.source)} }},"


def _words(texts: Mapping[str, str]) -> str:
    return f"{{ zh = {_quoted(texts['zh'])}, en = {_quoted(texts['en'])} }}"


def _texts(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _quoted(text: str) -> str:
    """A text as a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _CONTROLS.sub(lambda c: f"\\u{ord(c[0]):04x}", escaped) + '"'
