"""A pack's machine-readable files: `meeting.json`, `scorecards.json`, `measures.json`.

Plain values in the forms that docs/meeting.md describes; statements of the press draft point into
them. Figures leave as integers or decimal strings.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from jiesu.core.commitments import Kept
from jiesu.core.governance import GovernanceResult
from jiesu.core.measures import MeasureTable, placed
from jiesu.core.meeting import Attendance, Meeting, Point
from jiesu.core.scorecard import Place, Scorecard
from jiesu.core.topic_board import TopicBoard
from jiesu.core.units import Units

Json = dict[str, Any]


def meeting_document(
    meeting: Meeting,
    kept: Iterable[Kept],
    units: Units,
    topics: TopicBoard | None,
    governance: GovernanceResult | None,
) -> Json:
    """The meeting as people decided it, with commitments, topics and places as of its day."""
    commitments = [_kept(one) for one in kept]
    return {
        "schema": "jiesu.meeting/1",
        "period": meeting.period,
        "held_on": meeting.held_on.isoformat(),
        "chair": meeting.chair or None,
        "draft": meeting.proposed,
        "agenda": list(meeting.agenda),
        "attendance": [_attendance(one, meeting, units) for one in meeting.attendance],
        "speakers": [
            {
                "unit": speaker.unit,
                "merits": [_point(point) for point in speaker.merits],
                "shortcomings": [_point(point) for point in speaker.shortcomings],
            }
            for speaker in meeting.speakers
        ],
        "experience": meeting.experience or None,
        "next_steps": [dict(step) for step in meeting.next_steps],
        "topics": None if topics is None else _topics(meeting, topics),
        "governance": None
        if governance is None
        else [{"unit": one.unit, "standing": one.standing} for one in governance.governed],
        "commitments": commitments,
        "overdue": sum(one["state"] == "overdue" for one in commitments),
    }


def _topics(meeting: Meeting, board: TopicBoard) -> Json:
    """What is heard of the topics; the board itself is `topics.json`."""
    by_key = {one.topic.key: one.topic for one in board.topics}
    duties = [duty for topic in by_key.values() for duty in topic.duties]
    return {
        "heard": list(meeting.topics),
        "plans": [dict(by_key[key].plan) if key in by_key else None for key in meeting.topics],
        "duties": len(duties),
        "duty_units": len({duty.unit for duty in duties}),
    }


def _attendance(attendance: Attendance, meeting: Meeting, units: Units) -> Json:
    on = meeting.held_on
    return {
        "way": attendance.way,
        "units_of_kind": {
            kind: sum(unit.kind == kind and unit.exists_between(on, on) for unit in units)
            for kind in attendance.kinds
        },
        "units": list(attendance.units),
        "offices": list(attendance.offices),
    }


def _point(point: Point) -> Json:
    if point.text is None:
        return {"evidence": point.evidence}
    return {"text": dict(point.text), "source": point.source}


def _kept(kept: Kept) -> Json:
    one = kept.commitment
    return {
        "id": one.key,
        "unit": one.unit,
        "made_on": one.made_on.isoformat(),
        "meeting": one.meeting,
        "promise": one.promise,
        "owner": one.owner,
        "due_on": one.due_on.isoformat(),
        "measure": one.measure or None,
        "target": None if one.target is None else f"{one.target:f}",
        "state": kept.state,
        "days_overdue": kept.days,
        "closed_on": None if one.closed_on is None else one.closed_on.isoformat(),
        "evidence": one.evidence or None,
    }


def scorecards_document(period: str, cards: Mapping[str, Scorecard]) -> Json:
    """Every unit's scorecard by its code."""
    return {
        "schema": "jiesu.scorecards/1",
        "period": period,
        "units": {code: _card(card) for code, card in cards.items()},
    }


def _card(card: Scorecard) -> Json:
    return {
        "places": [_place(place) for place in card.places],
        "on_lists": {key: list(codes) for key, codes in card.on_lists.items()},
        "merits": [evidence.key for evidence in card.merits],
        "shortcomings": [evidence.key for evidence in card.shortcomings],
        "overdue": sum(one.state == "overdue" for one in card.kept),
    }


def _place(place: Place) -> Json:
    return {
        "key": place.key,
        "title": dict(place.title),
        "value": place.value,
        "measured_in": dict(place.measured_in),
        "rank": place.rank,
        "of": place.n,
        "tied": place.tied,
        "period": place.period,
        "weak": place.weak,
        "file": place.file,
        "pointer": place.pointer,
    }


def measures_document(tables: Mapping[str, MeasureTable], units: Units) -> Json:
    """Outside measures by key: what each is, and every unit's figure; ranks are by kind of unit."""
    return {key: _measure(table, units) for key, table in tables.items()}


def _measure(table: MeasureTable, units: Units) -> Json:
    measure = table.measure
    kinds = dict.fromkeys(unit.kind for unit in units)
    found: Json = {}
    for kind in kinds:
        for one in placed(table, [unit.code for unit in units if unit.kind == kind]):
            source = table.readings[one.unit].source
            found[one.unit] = {
                "rank": one.rank,
                "shown": f"{one.shown:f}",
                "exact": f"{one.value.numerator}/{one.value.denominator}",
                "weak": one.weak,
                "source": source or measure.source,
            }
    return {
        "title": dict(measure.title),
        "measured_in": dict(measure.measured_in),
        "direction": measure.direction,
        "period": table.period,
        "span": table.span or None,
        "source": measure.source,
        "units": found,
    }
