"""Monthly topics of a city folder: `topics.toml` and the progress lines in `topics/*.csv`.

Yields plain objects of `core.topics`, or every mistake with file, key path or line, and remedy.
Keys: docs/topics.md. Counts nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from pathlib import Path

from jiesu.city.folder import City
from jiesu.city.lines import by_line, read_lines
from jiesu.core.problems import InputError, Problem
from jiesu.core.selection import CandidateRules
from jiesu.core.settings import Settings, exact, toml_table
from jiesu.core.topics import (
    BY_HAND,
    CategoryPath,
    Duty,
    Progress,
    Step,
    Survey,
    Target,
    Theme,
    Topic,
    TopicBook,
    TopicRules,
    is_month,
    last_day,
)
from jiesu.core.units import Units

SEPARATOR = ">"
"""Between the levels of a category: names hold slashes and commas, hardly ever this."""

MAX_CATEGORY_LEVELS = 3
LARGEST = 10**12
PROGRESS_COLUMNS = ("topic", "target", "month", "done")
CHINESE = {
    "专题": "topic",
    "目标": "target",
    "月份": "month",
    "累计完成": "done",
    "来源": "source",
}


@dataclass(frozen=True, slots=True)
class TopicsFile:
    """What the files hold: the topics, and the settings of the selection tests."""

    book: TopicBook
    candidates: CandidateRules = field(default_factory=CandidateRules)


def read_topics(city: City, units: Units | None) -> TopicsFile | None:
    """The topics of a city folder, `None` where it has none. Raises InputError with all mistakes.

    `units` `None` leaves unit codes unchecked.
    """
    found, problems = checked_topics(city, units)
    if problems:
        raise InputError(problems)
    return found


def check_topics(city: City, units: Units | None) -> list[Problem]:
    """Every mistake in a city folder's topics."""
    return checked_topics(city, units)[1]


def checked_topics(city: City, units: Units | None) -> tuple[TopicsFile | None, list[Problem]]:
    """The topics as far as they could be read, and every mistake."""
    path = city.outside.get("topics")
    if path is None:
        return None, []
    try:
        table = toml_table(path.read_bytes(), path.name)
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        return None, [Problem(path.name, "", what, "make it a readable file, or mend city.toml")]
    except InputError as error:
        return None, list(error.problems)
    top = Settings(table, path.name)
    found = TopicsFile(_book(top, units), _candidates(top.below("candidates")))
    top.finish()
    problems = top.problems
    folder = city.outside.get("topic_progress")
    if folder is not None:
        progress, wrong = _progress(city, folder, found.book, keys_hold=top.keys_hold)
        problems += wrong
        found = replace(found, book=_with_progress(found.book, progress))
    return found, problems


def _book(top: Settings, units: Units | None) -> TopicBook:
    rules = top.below("rules")
    usual = TopicRules()
    themes = tuple(_theme(item) for item in top.each("themes"))
    labels = [theme.label for theme in themes]
    for number, label in enumerate(labels, start=1):
        if label in labels[: number - 1]:
            what = f"{label} has a theme already"
            top.wrong(f"themes[{number}].month", what, "put the problems under that theme")
    reader = _Topics(units, set(labels))
    topics = tuple(reader.topic(item) for item in top.each("topics"))
    return TopicBook(
        themes=themes,
        topics=topics,
        rules=TopicRules(
            target_slack=rules.number("target_slack", usual.target_slack, 0, 1),
            survey_at_least=rules.number("survey_at_least", usual.survey_at_least, 0, 1),
            rate=rules.text("rate", ""),
        ),
    )


def _candidates(table: Settings) -> CandidateRules:
    usual = CandidateRules()
    return CandidateRules(
        level=table.integer("level", usual.level, 1, MAX_CATEGORY_LEVELS),
        months=table.integer("months", usual.months, 1, 120),
        at_least=table.integer("at_least", usual.at_least, 1, 10**6),
        top=table.integer("top", usual.top, 1, 1000),
        fewest_cases=table.integer("fewest_cases", usual.fewest_cases, 1, 10**9),
        fewest_answers=table.integer("fewest_answers", usual.fewest_answers, 1, 10**6),
        # Of fewer than four streets there is no quarter.
        fewest_streets=table.integer("fewest_streets", usual.fewest_streets, 4, 10**6),
        leading=table.number("leading", usual.leading, 0, 1),
    )


def _theme(table: Settings) -> Theme:
    return Theme(
        year=table.integer("year", None, 1900, 2199),
        month=table.integer("month", None, 1, 12),
        title=table.words("title"),
    )


class _Topics:
    """Reads one topic after the other and remembers what must be unique."""

    def __init__(self, units: Units | None, themes: set[str]) -> None:
        self._units = units
        self._themes = themes
        self._keys: set[str] = set()

    def topic(self, table: Settings) -> Topic:
        started_on = needed_day(table, "started_on")
        key = own_key(table, self._keys, "topic")
        theme = table.text("theme")
        if theme and theme not in self._themes:
            what = f"no theme is of the month {theme[:40]!r}"
            table.wrong("theme", what, 'write the month of a [[themes]] entry, as "2022-01"')
        lead = self._lead(table)
        partners = table.texts("partners", ())
        for code in partners:
            self._unit(table, "partners", code)
        if lead in partners or len(set(partners)) < len(partners):
            table.wrong("partners", "a unit is named twice", "name the lead and each partner once")
        topic = Topic(
            key=key,
            title=table.words("title"),
            theme=theme,
            lead=lead,
            started_on=started_on,
            partners=partners,
            categories=_categories(table),
            words=table.texts("words", ()),
            plan=table.words("plan", {"zh": "", "en": ""}),
            tasks=self._tasks(table),
            policies=tuple(self._step(item, "issued_on") for item in table.each("policies")),
            duties=tuple(self._duty(item) for item in table.each("duties")),
            targets=_targets(table, started_on),
            surveys=tuple(_survey(item) for item in table.each("surveys")),
            state=table.choice("state", ("", *BY_HAND), ""),
            state_reason=table.text("state_reason", ""),
        )
        if topic.state and not topic.state_reason:
            what = "the state is set by hand and nobody says why"
            table.wrong("state_reason", what, "write the reason, or remove the state")
        return topic

    def _lead(self, table: Settings) -> str:
        value = table.raw("lead")
        if isinstance(value, str) and value.strip():
            self._unit(table, "lead", value)
            return value
        if isinstance(value, list) and len(value) > 1:
            what, remedy = "a topic has one lead unit", "leave one, and name the others as partners"
            table.wrong("lead", what, remedy)
        else:
            table.wrong("lead", "the topic has no lead unit", "write the code of one unit")
        return ""

    def _unit(self, table: Settings, key: str, code: str) -> None:
        if code and self._units is not None and code not in self._units:
            what = f"no unit has the code {code[:40]!r}"
            table.wrong(key, what, "write a code of the units file")

    def _owner(self, table: Settings, key: str) -> str:
        code = table.text(key)
        self._unit(table, key, code)
        return code

    def _tasks(self, table: Settings) -> tuple[Step, ...]:
        keys: set[str] = set()
        found = []
        for item in table.each("tasks"):
            key = own_key(item, keys, "task")
            found.append(replace(self._step(item, "done_on"), key=key))
        return tuple(found)

    def _step(self, table: Settings, done: str) -> Step:
        """A task (`done_on`) or a policy (`issued_on`)."""
        due_on, starts_on = due_day(table), table.day("starts_on")
        if starts_on is not None and due_on < starts_on:
            what = f"it is due on {due_on}, before it starts"
            table.wrong("starts_on", what, "write a later due day, or an earlier start")
        done_on = table.day(done)
        if starts_on is not None and done_on is not None and done_on < starts_on:
            table.wrong(done, "it ends before it starts", "mend one of the days")
        return Step(
            title=table.words("title"),
            owner=self._owner(table, "owner"),
            due_on=due_on,
            done_on=done_on,
            starts_on=starts_on,
        )

    def _duty(self, table: Settings) -> Duty:
        return Duty(self._owner(table, "unit"), table.words("duty"))


def _categories(table: Settings) -> tuple[CategoryPath, ...]:
    found: list[CategoryPath] = []
    for text in table.texts("categories", ()):
        path = tuple(level.strip() for level in text.split(SEPARATOR))
        if not all(path) or len(path) > MAX_CATEGORY_LEVELS:
            what = f"{text[:80]!r} is no branch of the category tree"
            remedy = 'write up to three levels, the first first: "住房 > 物业管理"'
            table.wrong("categories", what, remedy)
        elif path in found:
            table.wrong("categories", f"{text[:80]!r} stands twice", "remove one")
        found.append(path)
    return tuple(found)


def _targets(table: Settings, started_on: date) -> tuple[Target, ...]:
    keys: set[str] = set()
    found = []
    for item in table.each("targets"):
        key = own_key(item, keys, "target")
        target = item.number("target", None, 0, LARGEST)
        if item.has("target") and not target:
            item.wrong("target", "a target of 0 is none", "write a number above 0")
        due_on = due_day(item)
        if due_on <= started_on:
            what = f"it is due on {due_on}, not after the topic's start"
            item.wrong("due_on", what, "write a later day, or mend started_on of the topic")
        found.append(
            Target(
                key=key,
                title=item.words("title"),
                target=target or Fraction(1),
                measured_in=item.words("measured_in"),
                due_on=due_on,
                source=item.text("source", ""),
                progress=_progress_of(item),
            )
        )
    return tuple(found)


def _progress_of(table: Settings) -> tuple[Progress, ...]:
    """The table `done = { "2022-01" = 120 }`: the figure reached since the start, by month."""
    figures = table.below("done")
    found = []
    for month in figures.table:
        done = figures.number(month, None, 0, LARGEST)
        if not is_month(month):
            figures.wrong(month, f"{month[:40]!r} is not a month", 'write it as "2022-02"')
            continue
        found.append(Progress(month, done))
    return tuple(sorted(found, key=lambda one: one.month))


def _survey(table: Settings) -> Survey:
    asked = table.integer("asked", None, 1, 10**9)
    satisfied = table.integer("satisfied", None, 0, 10**9)
    if satisfied > asked:
        what = f"{satisfied} satisfied of {asked} asked"
        table.wrong("satisfied", what, "write at most as many as were asked")
    return Survey(needed_day(table, "on"), asked, min(satisfied, asked), table.text("by"))


def own_key(table: Settings, seen: set[str], noun: str) -> str:
    """The entry's key; noted when an entry before it has the same."""
    value = table.text("key")
    if value and value in seen:
        table.wrong("key", f"another {noun} has the key {value[:40]!r}", "give each its own key")
    seen.add(value)
    return value


def needed_day(table: Settings, key: str) -> date:
    """A date that must be there; a far one after noting that it is not."""
    found = table.day(key)
    if found is None:
        if table.raw(key) is None:
            table.wrong(key, "this key is missing", "write a date without quotes: 2022-01-19")
        return date.max if key == "due_on" else date(1900, 1, 1)
    return found


def due_day(table: Settings) -> date:
    """`due_on` as a date, or `due` as a month, by the end of which it is due."""
    month = table.raw("due")
    if month is None:
        return needed_day(table, "due_on")
    if table.has("due_on"):
        table.raw("due_on")
        table.wrong("due", "due and due_on are both there", "leave one of them")
    if isinstance(month, str) and is_month(month):
        return last_day(month)
    table.wrong("due", f"{month!r} is not a month", 'write it as "2022-03", or a date at due_on')
    return date.max


Key = tuple[str, str]


def _progress(
    city: City, folder: Path, book: TopicBook, *, keys_hold: bool
) -> tuple[dict[Key, list[Progress]], list[Problem]]:
    """The lines of all CSV files of a folder (or of one file), by topic and target.

    Without `keys_hold` an unknown key may be that of a topic whose key is wrong.
    """
    files = sorted(folder.glob("*.csv")) if folder.is_dir() else [folder]
    known = {(topic.key, target.key): target for topic in book.topics for target in topic.targets}
    months = {(*key, one.month) for key, target in known.items() for one in target.progress}
    found: dict[Key, list[Progress]] = {}
    problems: list[Problem] = []
    for path in files:
        wrong: list[Problem] = []
        file = city.shown(path)
        lines = read_lines(path, PROGRESS_COLUMNS, ("source",), wrong, also=CHINESE, shown=file)
        for line in lines:
            if not keys_hold and (line.cells["topic"], line.cells["target"]) not in known:
                continue
            note = _noter(file, line.where, wrong)
            one = _progress_line(line.cells, known, months, note)
            if one is not None:
                key, progress = one
                found.setdefault(key, []).append(progress)
        problems += by_line(wrong)
    return found, problems


Note = Callable[[str, str, str], None]


def _noter(file: str, where: str, problems: list[Problem]) -> Note:
    def note(column: str, what: str, remedy: str) -> None:
        problems.append(Problem(file, f"{where}, {column}", what, remedy))

    return note


def _progress_line(
    cells: Mapping[str, str],
    known: Mapping[Key, Target],
    months: set[tuple[str, str, str]],
    note: Note,
) -> tuple[Key, Progress] | None:
    key, month = (cells["topic"], cells["target"]), cells["month"]
    done = exact(cells["done"])
    if key not in known:
        column = "target" if any(topic == key[0] for topic, _ in known) else "topic"
        what = f"no topic has the key {key[0][:40]!r}"
        if column == "target":
            what = f"the topic has no target {key[1][:40]!r}"
        note(column, what, "write a key that topics.toml has")
    elif not is_month(month):
        note("month", f"{month[:40]!r} is not a month", "write it as 2022-02")
    elif done is None or not 0 <= done <= LARGEST:
        note("done", f"{cells['done'][:40]!r} is not a figure", "write a number from 0 on")
    elif (*key, month) in months:
        note("month", f"{month} has a figure already", "leave one of them")
    else:
        months.add((*key, month))
        return key, Progress(month, done, cells.get("source", ""))
    return None


def _with_progress(book: TopicBook, lines: Mapping[Key, Sequence[Progress]]) -> TopicBook:
    def grown(topic: Topic, target: Target) -> Target:
        more = (*target.progress, *lines.get((topic.key, target.key), ()))
        return replace(target, progress=tuple(sorted(more, key=lambda one: one.month)))

    return replace(
        book,
        topics=tuple(
            replace(topic, targets=tuple(grown(topic, target) for target in topic.targets))
            for topic in book.topics
        ),
    )
