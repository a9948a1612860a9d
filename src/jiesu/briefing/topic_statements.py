"""Statements about monthly topics and governed places, each figure with its place in a file.

What a board shows in full (see `topics_view` and its neighbours) a meeting hears in a sentence
each. Chooses nothing: which topics are heard is in the meeting's file.
"""

from collections.abc import Iterator

from jiesu.briefing.pack import MEETING, TOPICS, Stage
from jiesu.briefing.wording import clean, listing, percent
from jiesu.core.press import Statement, Trace
from jiesu.core.scoring import rounded
from jiesu.core.topic_board import TopicBoard, TopicStatus
from jiesu.core.topics import TargetState

SECTION = "bulletin"


def topic_statements(stage: Stage) -> Iterator[Statement]:
    """How many topics are in each state, then a sentence for each that the meeting hears."""
    board, words = stage.pack.topics, stage.words
    if board is None or not board.topics:
        return
    parts, traces = [], []
    for state, n in board.states.items():
        parts.append(words("topic.states.part", state=words(f"topic.state.{state}"), n=n))
        where = f"/states/{state}"
        traces.append(Trace(f"topics {state}", str(n), str(n), TOPICS, where, "", board.period))
    total = str(len(board.topics))
    traces.append(Trace("how many", total, total, TOPICS, "/topics", "", board.period))
    text = words("topic.states", n=total, states=listing(parts, words))
    yield Statement("topics", SECTION, text, tuple(traces))
    yield from _duties(stage, board)
    heard = stage.pack.meeting.topics
    for number, one in enumerate(board.topics):
        if one.topic.key in heard:
            yield _topic(stage, number, one)
            yield from _asked(stage, one)


def _duties(stage: Stage, board: TopicBoard) -> Iterator[Statement]:
    """The duty list (职责清单): how many duties of how many units."""
    n = sum(len(one.topic.duties) for one in board.topics)
    units = {duty.unit for one in board.topics for duty in one.topic.duties}
    if not n:
        return
    text = stage.words("topic.duties", n=n, units=len(units))
    traces = (
        Trace("duties", str(n), str(n), MEETING, "/topics/duties", "", board.period),
        Trace("units", str(len(units)), str(len(units)), MEETING, "/topics/duty_units"),
    )
    yield Statement("duty_list", SECTION, text, traces)


def _topic(stage: Stage, number: int, one: TopicStatus) -> Statement:
    words, topic, done = stage.words, one.topic, one.completion
    where, period = f"/topics/{number}", stage.pack.meeting.period
    title, lead = stage.title(topic.title, topic.key), stage.unit(topic.lead)
    traces = [
        Trace("topic", title, topic.key, TOPICS, f"{where}/key", "", period),
        Trace("lead", lead, topic.lead, TOPICS, f"{where}/lead", topic.lead, period),
    ]
    parts = []
    for key, n, total in (
        ("tasks", done.tasks_done, len(topic.tasks)),
        ("policies", done.policies_issued, len(topic.policies)),
    ):
        if total:
            parts.append(words(f"topic.{key}", n=n, total=total))
            for name, figure in (("done", n), ("total", total)):
                pointer = f"{where}/{key}/{name}"
                traces.append(Trace(f"{key} {name}", str(figure), str(figure), TOPICS, pointer))
    for place, target in enumerate(done.targets):
        said, found = _target(stage, target, f"{where}/targets/{place}")
        parts.append(said)
        traces += found
    if done.survey is not None:
        share = percent(done.survey.share)
        parts.append(words("topic.survey", share=share))
        value = f"{rounded(done.survey.share, 6):f}"
        traces.append(Trace("satisfied", share, value, TOPICS, f"{where}/survey/share"))
    state = words(f"topic.state.{done.state}")
    traces.append(Trace("state", state, done.state, TOPICS, f"{where}/state", "", period))
    text = words("topic.one", title=title, lead=lead, parts=listing(parts, words), state=state)
    return Statement("topic", SECTION, text, tuple(traces))


def _target(stage: Stage, state: TargetState, where: str) -> tuple[str, list[Trace]]:
    """A physical target: what is reached of what was planned."""
    target = state.target
    figures = {"done": state.done, "target": target.target}
    shown = {
        key: f"{int(value):,}" if value.denominator == 1 else f"{rounded(value, 1):,f}"
        for key, value in figures.items()
    }
    share = percent(state.share, 1)
    text = stage.words(
        "topic.target",
        title=stage.title(target.title, target.key),
        done=shown["done"],
        target=shown["target"],
        measured_in=stage.title(target.measured_in),
        share=share,
    )
    traces = [
        Trace(f"{target.key} {key}", shown[key], str(value), TOPICS, f"{where}/{key}")
        for key, value in figures.items()
    ]
    reached = f"{rounded(state.share, 6):f}"
    traces.append(Trace(f"{target.key} share", share, reached, TOPICS, f"{where}/share"))
    return text, traces


def _asked(stage: Stage, one: TopicStatus) -> Iterator[Statement]:
    """What the plan of a topic asks for, as its lead unit wrote it."""
    if not one.topic.plan:
        return
    plan = stage.title(one.topic.plan, limit=600)
    number = stage.pack.meeting.topics.index(one.topic.key)
    trace = Trace("plan", plan, plan, MEETING, f"/topics/plans/{number}/{stage.words.lang}")
    text = stage.words("topic.asked", plan=plan.rstrip("。."))
    yield Statement("topic_asked", SECTION, text, (trace,), given=stage.unit(one.topic.lead))


def governance_statements(stage: Stage) -> Iterator[Statement]:
    """Places under special governance: those on the list, proposed to enter, and to leave."""
    found, words = stage.pack.governance, stage.words
    if found is None or not found.governed:
        return
    for standing in ("stay", "enter", "leave"):
        mine = [(n, one) for n, one in enumerate(found.governed) if one.standing == standing]
        if not mine:
            continue
        names = [stage.unit(one.unit) for _, one in mine]
        traces = tuple(
            Trace(standing, name, one.unit, MEETING, f"/governance/{n}/unit", one.unit)
            for (n, one), name in zip(mine, names, strict=True)
        )
        text = words(f"governed.{standing}", names=listing(names, words))
        yield Statement("governance", SECTION, clean(text, 2000), traces)
