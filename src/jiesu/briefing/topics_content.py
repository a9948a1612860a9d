"""The board of the monthly topics as a document: states, plans, targets, before and after.

Says what the board holds and nothing else; a model's answer always comes with its interval.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

from jiesu.briefing.document import (
    Block,
    Cell,
    Content,
    Facts,
    Heading,
    Items,
    Paragraph,
    Section,
    Table,
)
from jiesu.briefing.labels import Words
from jiesu.briefing.topic_view import (
    View,
    column,
    count_cell,
    number,
    score_cell,
    share_cell,
)
from jiesu.briefing.topics_charts import before_after_chart, plan_charts, targets_chart
from jiesu.briefing.wording import clean, lowered, moment, percent, whole_number
from jiesu.core.before_after import BeforeAfter, Effect, Estimate, Mean
from jiesu.core.selection import TESTS
from jiesu.core.topic_board import TopicBoard, TopicStatus
from jiesu.core.topics import Progress

CANDIDATES_SHOWN = 15


def topics_content(view: View, board: TopicBoard) -> Content:
    """The board's content in the view's language."""
    words = view.words
    period = view.month(board.period)
    title = words("topics.title", period=period)
    sections = [s for s in _sections(view, board) if s.blocks]
    sheets = (status_table(view, board), *_sheets(view, board))
    content = view.content(title, sections, sheets)
    return replace(content, essence=(_essence(view, board),))


def _essence(view: View, board: TopicBoard) -> str:
    as_of = board.as_of
    return view.words("topics.essence", day=view.day(board.on), as_of=moment(as_of, view.words))


def _sections(view: View, board: TopicBoard) -> Iterator[Section]:
    words = view.words
    yield Section("status", words("topics.status"), tuple(_status(view, board)))
    yield Section("plan", words("topics.plan"), tuple(plan_charts(view, board)))
    chart = targets_chart(view, board)
    targets = targets_table(view, board)
    blocks: list[Block] = [block for block in (chart, targets) if block is not None]
    yield Section("targets", words("topics.targets"), tuple(blocks))
    yield Section("topics", words("topics.each"), tuple(_each(view, board)))
    if board.candidates is not None:
        blocks = list(_candidates(view, board))
        yield Section("candidates", words("topics.candidates"), tuple(blocks))
    yield Section("notes", words("topics.notes"), tuple(_notes(view, board)))


# The status board -----------------------------------------------------------------------------


def _status(view: View, board: TopicBoard) -> Iterator[Block]:
    words = view.words
    states = words("join").join(
        words("topics.state.count", state=words(f"topics.state.{state}"), n=n)
        for state, n in board.states.items()
    )
    labels = {one.topic.theme for one in board.topics}
    yield Paragraph(
        words(
            "topics.overall",
            day=view.day(board.on),
            n=len(board.topics),
            themes=len(labels),
            states=states or words("none"),
        )
    )
    behind = [one for one in board.topics if one.completion.state == "behind"]
    if behind:
        yield Items(tuple(_behind(view, one) for one in behind))
    yield status_table(view, board)


def _behind(view: View, one: TopicStatus) -> str:
    words = view.words
    reasons = words("join").join(
        words(f"topics.reason.{reason}") for reason in one.completion.reasons
    )
    return words(
        "topics.behind",
        title=view.text(one.topic.title),
        lead=view.unit(one.topic.lead),
        reasons=reasons or clean(one.topic.state_reason),
    )


def state_text(view: View, one: TopicStatus) -> str:
    """A topic's state; one set by hand says so."""
    word = view.words(f"topics.state.{one.completion.state}")
    return view.words("topics.by_hand", state=word) if one.completion.by_hand else word


def status_table(view: View, board: TopicBoard) -> Table:
    """One row a topic: lead, state, tasks, policies, the targets' share, the survey."""
    words = view.words
    columns = (
        column(words, "theme", width=8.0),
        column(words, "topic", width=10.5),
        column(words, "lead", width=10.0),
        column(words, "state", width=5.6),
        column(words, "tasks", width=3.6),
        column(words, "policies", width=3.6),
        column(words, "target_share", "percent", 4.4, decimals=1),
        column(words, "survey", "percent", 4.2, decimals=1),
    )
    rows = tuple(_status_row(view, board, one) for one in board.topics)
    return Table(
        "topics_status",
        words("topics.table.status"),
        columns,
        rows,
        note=words("topics.table.status.note"),
        sheet=words("topics.sheet.status"),
    )


def _status_row(view: View, board: TopicBoard, one: TopicStatus) -> tuple[Cell, ...]:
    words, done, topic = view.words, one.completion, one.topic
    theme = board.theme(topic.theme)
    title = f"{topic.theme} {view.text(theme.title)}" if theme else clean(topic.theme)
    shares = [state.share for state in done.targets]
    lowest = min(shares) if shares else None
    return (
        Cell(title),
        Cell(view.text(topic.title)),
        Cell(view.unit(topic.lead)),
        Cell(state_text(view, one)),
        Cell(f"{done.tasks_done}/{len(topic.tasks)}"),
        Cell(f"{done.policies_issued}/{len(topic.policies)}"),
        share_cell(lowest, words("none")),
        share_cell(done.survey.share if done.survey else None, words("none")),
    )


# Targets --------------------------------------------------------------------------------------


def targets_table(view: View, board: TopicBoard) -> Table | None:
    """The physical targets with their newest figures."""
    words = view.words
    rows = []
    for one in board.topics:
        for state in one.completion.targets:
            target = state.target
            rows.append(
                (
                    Cell(view.text(one.topic.title)),
                    Cell(f"{view.text(target.title)}（{view.text(target.measured_in)}）")
                    if words.lang == "zh"
                    else Cell(f"{view.text(target.title)} ({view.text(target.measured_in)})"),
                    Cell(number(target.target)),
                    Cell(number(state.done)),
                    share_cell(state.share, words("none")),
                    share_cell(state.expected, words("none")),
                    Cell(state.month or words("none")),
                    Cell(clean(_source(state.target.progress, state.month) or target.source)),
                )
            )
    if not rows:
        return None
    columns = (
        column(words, "topic", width=9.0),
        column(words, "target", width=8.0),
        column(words, "aim", "decimal", 4.6),
        column(words, "done", "decimal", 4.6),
        column(words, "target_share", "percent", 4.0, decimals=1),
        column(words, "expected_share", "percent", 4.0, decimals=1),
        column(words, "month", width=5.0),
        column(words, "source", width=8.0),
    )
    return Table(
        "topics_targets",
        words("topics.table.targets"),
        columns,
        tuple(rows),
        note=words("topics.table.targets.note"),
        sheet=words("topics.sheet.targets"),
    )


def _source(progress: Iterable[Progress], month: str) -> str:
    return next((one.source for one in progress if one.month == month), "")


# Topic by topic -------------------------------------------------------------------------------


def _each(view: View, board: TopicBoard) -> Iterator[Block]:
    rate = lowered(clean(view.words.title(board.rate.title, board.rate.key)), view.words)
    for one in board.topics:
        yield Heading(view.text(one.topic.title))
        yield Facts(tuple(_facts(view, board, one)))
        if plan := view.text(one.topic.plan):
            yield Paragraph(plan, lead=view.words("topics.plan.lead"))
        if one.cases is not None:
            yield Paragraph(cases_sentence(view, one.cases, rate))
            chart = before_after_chart(view, one, rate)
            if chart is not None:
                yield chart


def _facts(view: View, board: TopicBoard, one: TopicStatus) -> Iterator[tuple[str, str]]:
    words, topic, done = view.words, one.topic, one.completion
    yield words("topics.column.lead"), view.unit(topic.lead)
    if topic.partners:
        yield words("topics.column.partners"), view.names(topic.partners)
    yield words("topics.column.started_on"), view.day(topic.started_on)
    state = state_text(view, one)
    reasons = [words(f"topics.reason.{reason}") for reason in done.reasons]
    if done.by_hand:
        computed = words(f"topics.state.{done.computed}")
        reason = clean(topic.state_reason, 200)
        state = words("topics.state.because", state=state, reason=reason, computed=computed)
    elif reasons:
        state = words("topics.state.behind_in", state=state, reasons=words("join").join(reasons))
    yield words("topics.column.state"), state
    if topic.categories:
        paths = [clean(" > ".join(path), 120) for path in topic.categories]
        yield words("topics.column.categories"), words("between").join(paths)
    if topic.words:
        yield words("topics.column.words"), words("join").join(clean(w) for w in topic.words)
    if done.survey is not None:
        yield (
            words("topics.column.survey_text"),
            words(
                "topics.survey",
                day=view.day(done.survey.on),
                by=clean(done.survey.by),
                asked=whole_number(done.survey.asked),
                satisfied=whole_number(done.survey.satisfied),
                share=view.percent(done.survey.share, 2),
            ),
        )


def cases_sentence(view: View, found: BeforeAfter, rate: str) -> str:
    """Before and after in exact figures, then what the models say, each with its interval."""
    words = view.words
    parts = [_mean(view, "before", found.before, rate)]
    if found.after.n:
        parts.append(_mean(view, "after", found.after, rate))
    parts += [_effect(view, effect, rate) for effect in (found.volume, found.rate) if effect]
    return words("join.sentences").join(part for part in parts if part)


def _mean(view: View, side: str, mean: Mean, rate: str) -> str:
    if mean.per_month is None:
        return view.words("topics.cases.none_before") if side == "before" else ""
    return view.words(
        f"topics.cases.{side}",
        n=mean.n,
        volume=number(mean.per_month, 1),
        share=view.percent(mean.share, 2),
        rate=rate,
        value=view.percent(mean.rate, 2),
    )


def _effect(view: View, effect: Effect, rate: str) -> str:
    words = view.words
    of = words("topics.effect.volume") if effect.of == "volume" else rate
    if effect.missing is not None:
        return words(
            f"topics.effect.{effect.missing}", of=of, before=effect.n_before, after=effect.n_after
        )
    average = effect.average or Estimate(0.0, 0.0, 0.0)
    key = "topics.effect.clear" if effect.clear else "topics.effect.unclear"
    shown = _ratio if effect.of == "volume" else _points
    return words(
        key,
        of=of,
        value=shown(average.value, view),
        low=shown(average.low, view),
        high=shown(average.high, view),
    )


def _ratio(value: float, view: View) -> str:
    """A ratio as a change in per cent: 0.8 is −20.0%."""
    return _signed((value - 1) * 100) + "%"


def _points(value: float, view: View) -> str:
    return view.words("topics.effect.points", value=_signed(value * 100))


def _signed(value: float) -> str:
    text = f"{abs(value):,.1f}"
    if text == "0.0":
        return text
    return f"+{text}" if value > 0 else f"−{text}"


# Candidates and notes -------------------------------------------------------------------------


def _candidates(view: View, board: TopicBoard) -> Iterator[Block]:
    words = view.words
    rules = board.candidate_rules
    yield Paragraph(words("topics.candidates.intro", months=rules.months))
    if not board.candidates:
        yield Paragraph(words("topics.candidates.none", n=rules.fewest_cases))
        return
    yield candidates_table(view, board, CANDIDATES_SHOWN)
    yield Items(tuple(words(f"topics.test.{key}", **_numbers(board)) for key in TESTS))


def _numbers(board: TopicBoard) -> dict[str, object]:
    rules = board.candidate_rules
    return {
        "at_least": rules.at_least,
        "top": rules.top,
        "answers": rules.fewest_answers,
        "leading": percent(rules.leading, 1),
    }


def candidates_table(view: View, board: TopicBoard, most: int | None = None) -> Table:
    """The candidates with the four tests and the evidence behind them."""
    words, none = view.words, view.words("none")
    titles = {one.topic.key: view.text(one.topic.title) for one in board.topics}
    columns = (
        column(words, "rank", "integer", 2.6),
        column(words, "category", width=13.0),
        column(words, "candidate_score", "decimal", 3.2, decimals=1),
        *(column(words, f"test_{key}", "decimal", 3.4, decimals=1) for key in TESTS),
        column(words, "volume", "integer", 4.0),
        column(words, "streets", width=4.4),
        column(words, "months_top", width=3.6),
        column(words, "unsolved", "percent", 3.8, decimals=1),
        column(words, "is_topic", width=7.0),
    )
    rows = []
    for one in (board.candidates or ())[:most]:
        unsolved = 1 - one.part / one.whole if one.whole else None
        rows.append(
            (
                count_cell(one.rank),
                Cell(clean(" > ".join(one.path), 120)),
                score_cell(one.score, none),
                *(score_cell(one.tests.get(key), none) for key in TESTS),
                count_cell(one.volume),
                Cell(f"{one.streets}/{one.n_streets}"),
                Cell(f"{one.months_top}/{one.n_months}"),
                share_cell(unsolved, none),
                Cell(titles.get(one.topic, none)),
            )
        )
    return Table(
        "topics_candidates",
        words("topics.table.candidates"),
        columns,
        tuple(rows),
        note=words("topics.table.candidates.note"),
        sheet=words("topics.sheet.candidates"),
        dense=True,
    )


def board_notes(board: TopicBoard, words: Words) -> list[str]:
    """What a reader must know of the input, in words."""
    titles = {
        one.topic.key: clean(words.title(one.topic.title, one.topic.key)) for one in board.topics
    }
    said = []
    for key, values in board.notes:
        shown = {name: clean(value, 120) for name, value in values.items()}
        shown["topic"] = titles.get(values.get("topic", ""), shown.get("topic", ""))
        said.append(words(f"topics.note.{key}", **shown))
    return said


def _notes(view: View, board: TopicBoard) -> Iterator[Block]:
    words = view.words
    if said := board_notes(board, words):
        yield Items(tuple(said))
    yield Paragraph(
        words(
            "topics.method.state",
            slack=view.percent(board.rules.target_slack, 0),
            survey=view.percent(board.rules.survey_at_least, 0),
        )
    )
    if any(one.cases is not None for one in board.topics):
        yield Paragraph(words("topics.method.cases"))
    effects = [e for one in board.topics if one.cases for e in (one.cases.volume, one.cases.rate)]
    if any(effect and not effect.missing and not effect.seasonal for effect in effects):
        yield Paragraph(words("topics.method.season"))


def _sheets(view: View, board: TopicBoard) -> Iterator[Table]:
    targets = targets_table(view, board)
    if targets is not None:
        yield targets
    yield _steps_table(view, board)
    months = _months_table(view, board)
    if months.rows:
        yield months
    if board.candidates:
        yield candidates_table(view, board)


def _steps_table(view: View, board: TopicBoard) -> Table:
    words = view.words
    columns = tuple(
        column(words, key, width=width)
        for key, width in (
            ("topic", 12.0), ("kind", 4.0), ("step", 14.0), ("owner", 10.0), ("due_on", 7.0),
            ("done_on", 7.0), ("state", 5.0),
        )
    )  # fmt: skip
    rows = tuple(
        (
            Cell(view.text(one.topic.title)),
            Cell(words(f"topics.kind.{kind}")),
            Cell(view.text(step.title)),
            Cell(view.unit(step.owner)),
            Cell(step.due_on.isoformat()),
            Cell(step.done_on.isoformat() if step.done_on else words("none")),
            Cell(words(f"topics.item.{step.state(board.on)}")),
        )
        for one in board.topics
        for kind, steps in (("task", one.topic.tasks), ("policy", one.topic.policies))
        for step in steps
    )
    caption = words("topics.table.steps")
    return Table("topics_steps", caption, columns, rows, sheet=words("topics.sheet.steps"))


def _months_table(view: View, board: TopicBoard) -> Table:
    """A workbook's month by month figures behind the charts."""
    words, none = view.words, view.words("none")
    columns = (
        column(words, "topic", width=12.0),
        column(words, "month", width=5.0),
        column(words, "side", width=5.0),
        column(words, "volume", "integer", 5.0),
        column(words, "others", "integer", 6.0),
        column(words, "whole", "integer", 6.0),
        column(words, "rate", "percent", 5.0, decimals=2),
    )
    rows = []
    for one in board.topics:
        for month in one.cases.months if one.cases else ():
            rate: Fraction | None = month.rate
            rows.append(
                (
                    Cell(view.text(one.topic.title)),
                    Cell(month.month),
                    Cell(words(f"topics.side.{month.side}")),
                    count_cell(month.volume),
                    count_cell(month.others),
                    count_cell(month.whole),
                    share_cell(rate, none, 2),
                )
            )
    caption = words("topics.table.months")
    return Table("topics_months", caption, columns, tuple(rows), sheet=words("topics.sheet.months"))
