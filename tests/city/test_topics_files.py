"""topics.toml, topics/*.csv and governance.toml: what is read, and every mistake by its place."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from jiesu.city.check import check_city
from jiesu.city.folder import read_city
from jiesu.city.governance_file import checked_governance, read_governance
from jiesu.city.template import write_template
from jiesu.city.topics_files import check_topics, checked_topics, read_topics
from jiesu.core.problems import InputError
from jiesu.core.units import Unit, Units

UNITS = Units.of(
    [
        Unit("D1", "甲部门", "department"),
        Unit("D2", "乙部门", "department"),
        Unit("B", "东区", "district"),
        Unit("S1", "一街道", "street", "B", 50_000),
    ]
)

THEME = """
[[themes]]
year = 2022
month = 1
title = "居住"
"""

TOPIC = """
[[topics]]
key = "lifts"
title = { zh = "电梯", en = "Lifts" }
theme = "2022-01"
lead = "D1"
started_on = 2021-09-19
"""

TARGET = """
[[topics.targets]]
key = "built"
title = "新开工"
target = 100
measured_in = "部"
due_on = 2022-12-31
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_template(tmp_path / "city")
    return tmp_path / "city"


def mistakes(folder: Path, text: str, progress: str | None = None) -> list[str]:
    """`where: what` of every mistake in the topics."""
    (folder / "topics.toml").write_text(text, "utf-8")
    if progress is not None:
        (folder / "topics").mkdir(exist_ok=True)
        (folder / "topics" / "a.csv").write_text(progress, "utf-8")
    problems = checked_topics(read_city(folder), UNITS)[1]
    assert all(problem.remedy for problem in problems)
    return [f"{problem.where}: {problem.what}" for problem in problems]


def test_a_folder_without_the_files_has_no_topics_and_no_list(folder: Path) -> None:
    assert read_topics(read_city(folder), UNITS) is None
    assert read_governance(read_city(folder), UNITS) is None


def test_a_topic_with_everything_is_read(folder: Path) -> None:
    text = (
        THEME
        + TOPIC
        + """
partners = ["D2"]
categories = ["住房 > 改造 > 电梯", "供暖"]
words = ["装梯"]
plan = "先易后难"
state = "behind"
state_reason = "会议决定"
[[topics.tasks]]
key = "t1"
title = "摸底"
owner = "D2"
due = "2022-02"
starts_on = 2022-01-05
done_on = 2022-02-10
[[topics.policies]]
title = "指引"
owner = "D1"
due_on = 2022-03-15
[[topics.duties]]
unit = "D1"
duty = "牵头"
"""
        + TARGET
        + """done = { "2022-01" = 12.5, "2021-12" = 3 }
[[topics.surveys]]
on = 2022-02-10
asked = 10
satisfied = 9
by = "调查机构"
[rules]
target_slack = 0.2
[candidates]
level = 2
fewest_streets = 4
leading = 0.1
"""
    )
    assert mistakes(folder, text, "专题,目标,月份,累计完成\nlifts,built,2022-02,20\n") == []
    found = read_topics(read_city(folder), UNITS)
    assert found is not None
    (topic,) = found.book.topics
    assert topic.categories == (("住房", "改造", "电梯"), ("供暖",))
    assert topic.tasks[0].due_on == date(2022, 2, 28)
    assert topic.policies[0].due_on == date(2022, 3, 15)
    progress = topic.targets[0].progress
    assert [one.month for one in progress] == ["2021-12", "2022-01", "2022-02"]
    assert progress[1].done == Fraction(25, 2)
    assert found.book.rules.target_slack == Fraction(1, 5)
    assert (found.candidates.level, found.candidates.months) == (2, 12)
    assert (found.candidates.fewest_streets, found.candidates.leading) == (4, Fraction(1, 10))
    assert mistakes(folder, text.replace("streets = 4", "streets = 3")) != []
    assert topic.plan["en"] == "先易后难"


WRONG_TOPICS = {
    "no lead": (TOPIC.replace('lead = "D1"\n', ""), "topics[1].lead: the topic has no lead unit"),
    "two leads": (
        TOPIC.replace('"D1"', '["D1", "D2"]'),
        "topics[1].lead: a topic has one lead unit",
    ),
    "unknown lead": (TOPIC.replace("D1", "X9"), "topics[1].lead: no unit has the code 'X9'"),
    "partner twice": (
        TOPIC + 'partners = ["D1"]',
        "topics[1].partners: a unit is named twice",
    ),
    "no theme": (
        TOPIC.replace("2022-01", "2022-03"),
        "topics[1].theme: no theme is of the month '2022-03'",
    ),
    "no start": (
        TOPIC.replace("started_on = 2021-09-19", ""),
        "topics[1].started_on: this key is missing",
    ),
    "start in quotes": (
        TOPIC.replace("2021-09-19", '"2021-09-19"'),
        "topics[1].started_on: '2021-09-19' is not a date",
    ),
    "key twice": (TOPIC + TOPIC, "topics[2].key: another topic has the key 'lifts'"),
    "unknown key": (TOPIC + "leed = 1", "topics[1].leed: this key is not known"),
    "four levels": (
        TOPIC + 'categories = ["a > b > c > d"]',
        "topics[1].categories: 'a > b > c > d' is no branch of the category tree",
    ),
    "state without a reason": (
        TOPIC + 'state = "done"',
        "topics[1].state_reason: the state is set by hand and nobody says why",
    ),
    "task due before it starts": (
        TOPIC
        + '[[topics.tasks]]\nkey="t"\ntitle="t"\nowner="D1"\ndue="2022-01"\nstarts_on=2022-02-01',
        "topics[1].tasks[1].starts_on: it is due on 2022-01-31, before it starts",
    ),
    "task without a due day": (
        TOPIC + '[[topics.tasks]]\nkey="t"\ntitle="t"\nowner="D1"',
        "topics[1].tasks[1].due_on: this key is missing",
    ),
    "no such month": (
        TOPIC + '[[topics.policies]]\ntitle="t"\nowner="D1"\ndue="2022-13"',
        "topics[1].policies[1].due: '2022-13' is not a month",
    ),
    "unknown owner": (
        TOPIC + '[[topics.policies]]\ntitle="t"\nowner="D7"\ndue="2022-12"',
        "topics[1].policies[1].owner: no unit has the code 'D7'",
    ),
    "target of 0": (
        TOPIC + TARGET.replace("target = 100", "target = 0"),
        "topics[1].targets[1].target: a target of 0 is none",
    ),
    "target due before the start": (
        TOPIC + TARGET.replace("2022-12-31", "2021-01-01"),
        "topics[1].targets[1].due_on: it is due on 2021-01-01, not after the topic's start",
    ),
    "progress of no month": (
        TOPIC + TARGET + 'done = { "2022" = 1 }',
        "topics[1].targets[1].done.2022: '2022' is not a month",
    ),
    "more satisfied than asked": (
        TOPIC + '[[topics.surveys]]\non=2022-01-01\nasked=5\nsatisfied=6\nby="x"',
        "topics[1].surveys[1].satisfied: 6 satisfied of 5 asked",
    ),
}


@pytest.mark.parametrize("case", WRONG_TOPICS)
def test_a_mistake_in_a_topic_is_named_by_its_key(folder: Path, case: str) -> None:
    text, expected = WRONG_TOPICS[case]
    assert mistakes(folder, THEME + text) == [expected]


def test_a_month_has_one_theme(folder: Path) -> None:
    found = mistakes(folder, THEME + THEME)
    assert found == ["themes[2].month: 2022-01 has a theme already"]


def test_wrong_lines_of_progress_are_named_each_with_its_cell(folder: Path) -> None:
    lines = """topic,target,month,done
lifts,built,2022-02,20
lofts,built,2022-02,20
lifts,bilt,2022-02,20
lifts,built,2022-2,20
lifts,built,2022-03,many
lifts,built,2022-03,-1
lifts,built,2022-02,21
"""
    assert mistakes(folder, THEME + TOPIC + TARGET, lines) == [
        "line 3, topic: no topic has the key 'lofts'",
        "line 4, target: the topic has no target 'bilt'",
        "line 5, month: '2022-2' is not a month",
        "line 6, done: 'many' is not a figure",
        "line 7, done: '-1' is not a figure",
        "line 8, month: 2022-02 has a figure already",
    ]


def test_lines_of_progress_of_a_topic_with_another_s_key_are_not_named_too(folder: Path) -> None:
    lines = "topic,target,month,done\n" + "".join(
        f"{topic},built,2022-{month:02},20\n" for topic in ("lifts", "lofts") for month in (1, 2)
    )
    assert mistakes(folder, THEME + TOPIC + TARGET + TOPIC + TARGET, lines) == [
        "topics[2].key: another topic has the key 'lifts'"
    ]


def test_a_file_is_named_by_its_path_and_a_key_by_its_line(folder: Path) -> None:
    (folder / "topics.toml").write_text(THEME + TOPIC.replace("D1", "D9"), "utf-8")
    (folder / "topics").mkdir(exist_ok=True)
    (folder / "topics" / "a.csv").write_text("topic,target,month,done\nx,y,2022-02,1\n", "utf-8")
    found = [str(problem).partition(":")[0] for problem in check_topics(read_city(folder), UNITS)]
    assert found == ["topics.toml, line 11, topics[1].lead", "topics/a.csv, line 2, topic"]


def test_all_mistakes_come_at_once_and_stop_reading(folder: Path) -> None:
    wrong = TOPIC.replace("D1", "X9").replace("2021-09-19", "19")
    assert len(mistakes(folder, THEME + wrong)) == 2
    with pytest.raises(InputError) as caught:
        read_topics(read_city(folder), UNITS)
    assert len(caught.value.problems) == 2


def test_text_that_is_no_toml_is_named(folder: Path) -> None:
    (found,) = mistakes(folder, "[[topics")
    assert found.startswith(": not TOML")


RULES = """
[[enter]]
key = "e"
title = "居前"
figure = "volume"
side = "top"
n = 10
months = 6
of = 12
[[leave]]
key = "l"
title = "退出"
figure = "volume"
side = "top"
percent = 5
months = 6
"""

PLACE = """
[[places]]
unit = "S1"
entered_on = 2021-07-19
"""


def list_mistakes(folder: Path, text: str) -> list[str]:
    (folder / "governance.toml").write_text(text, "utf-8")
    problems = checked_governance(read_city(folder), UNITS)[1]
    return [f"{problem.where}: {problem.what}" for problem in problems]


def test_rules_and_places_are_read(folder: Path) -> None:
    more = """
[[places.measures]]
level = "district"
title = "专班"
owner = "B"
due = "2022-02"
[[places.reports]]
on = 2022-01-05
text = "过半"
"""
    assert list_mistakes(folder, RULES + PLACE + more) == []
    book = read_governance(read_city(folder), UNITS)
    assert book is not None
    assert book.rules.enter[0].n == 10
    assert book.rules.leave[0].of == 6
    assert book.places[0].measures[0].level == "district"


WRONG_LISTS = {
    "no rules": (
        "stay_months = 3",
        ["enter: there is no such rule", "leave: there is no such rule"],
    ),
    "n and percent": (
        RULES.replace("n = 10", "n = 10\npercent = 5"),
        ["enter[1].n: it needs either n or percent, and not both"],
    ),
    "too few of": (
        RULES.replace("of = 12", "of = 3"),
        ["enter[1].of: 6 months of 3 can never be"],
    ),
    "rules of one key": (
        RULES.replace('"l"', '"e"'),
        ["leave[1].key: another rule has the key 'e'"],
    ),
    "unknown figure": (
        RULES.replace('figure = "volume"\nside = "top"\nn', 'figure = "x"\nside = "top"\nn'),
        ["enter[1].figure: 'x' is not known here"],
    ),
    "unknown unit": (
        RULES + PLACE.replace("S1", "S9"),
        ["places[1].unit: no unit has the code 'S9'"],
    ),
    "wrong kind": (RULES + PLACE.replace("S1", "B"), ["places[1].unit: the unit is a district"]),
    "leaves before it enters": (
        RULES + PLACE + "exited_on = 2021-07-19",
        ["places[1].exited_on: it leaves before it enters"],
    ),
    "twice at one time": (
        RULES + PLACE + PLACE.replace("07", "09"),
        ["places[2].entered_on: the place is on the list already at that time"],
    ),
    "no level": (
        RULES + PLACE + '[[places.measures]]\ntitle="a"\nowner="B"\ndue="2022-02"',
        ["places[1].measures[1].level: this key is missing"],
    ),
}


@pytest.mark.parametrize("case", WRONG_LISTS)
def test_a_mistake_in_the_list_is_named_by_its_key(folder: Path, case: str) -> None:
    text, expected = WRONG_LISTS[case]
    assert list_mistakes(folder, text) == expected


def test_a_place_may_come_back_after_it_left(folder: Path) -> None:
    back = PLACE + "exited_on = 2021-12-19" + PLACE.replace("2021-07-19", "2021-12-19")
    assert list_mistakes(folder, RULES + back) == []


def test_check_names_the_mistakes_of_both_files(folder: Path) -> None:
    (folder / "topics.toml").write_text(THEME + TOPIC, "utf-8")
    (folder / "governance.toml").write_text("stay_months = 3", "utf-8")
    (folder / "cases" / "a.csv").write_text("case_id,created_at\n1,2022-02-01 08:00:00\n", "utf-8")
    files = {problem.file for problem in check_city(folder)}
    assert files == {"topics.toml", "governance.toml"}
