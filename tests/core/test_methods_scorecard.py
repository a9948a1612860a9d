"""The worked tables of docs/methods/scorecard.md, recomputed."""

from datetime import date

from jiesu.core.commitments import Commitment, commitments_on
from jiesu.core.meeting import Meeting, MeetingRules, Speaker, in_turn
from jiesu.core.scorecard import Place, scorecards

from .pages import table


def place(rank: int, n: int, tied: int, key: str = "measure.x") -> Place:
    return Place(key, "measure", {"zh": "x"}, "1", {"zh": ""}, rank, n, tied, "2022-02", "f", "/p")


def test_places_that_are_merits_and_those_that_are_not() -> None:
    for row in table("scorecard", "rank", "n", "tied", "percent", "place"):
        rules = MeetingRules(leads_percent=int(row["percent"]))
        one = place(int(row["rank"]), int(row["n"]), int(row["tied"]))
        card = scorecards(["A"], {"A": (one,)}, [], {}, [], rules)["A"]
        found = [evidence.kind for evidence in (*card.merits, *card.shortcomings)]
        assert found == ([] if row["place"] == "none" else [row["place"]]), row
        assert all(e.good == (e.kind in ("first", "leads")) for e in card.merits)


def meeting(number: int, speakers: str) -> Meeting:
    talks = tuple(Speaker(unit) for unit in speakers.split())
    return Meeting(f"2021-{number:02}", date(2021, number, 28), "", (), (), talks, "", ())


def test_units_speak_in_turn() -> None:
    for row in table("scorecard", "units", "past talks, oldest first", "n", "speak"):
        talks = row["past talks, oldest first"]
        past = [] if talks == "none" else talks.split(", ")
        meetings = [meeting(n, speakers) for n, speakers in enumerate(past, start=1)]
        found = in_turn(row["units"].split(), meetings, int(row["n"]))
        assert found == tuple(row["speak"].split()), row


def day(text: str) -> date | None:
    return None if text == "none" else date.fromisoformat(text)


def test_commitments_as_of_a_meeting() -> None:
    titles = ("made on", "due on", "closed", "closed on", "p", "d", "state", "days")
    for row in table("scorecard", *titles):
        made_on, due_on, on = (date.fromisoformat(row[key]) for key in ("made on", "due on", "d"))
        closed = "" if row["closed"] == "none" else row["closed"]
        commitment = Commitment(
            "C1", "A", made_on, "2021-12", "x", "y", due_on, "", None, closed, day(row["closed on"])
        )
        found = commitments_on([commitment], on, day(row["p"]))
        if row["state"] == "none":
            assert found == (), row
        else:
            assert [(one.state, str(one.days)) for one in found] == [(row["state"], row["days"])]
