"""Charts and sentences of the topics: marks differ in form, hostile words do no harm."""

import xml.etree.ElementTree as ET
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from jiesu.briefing.labels import Words
from jiesu.briefing.topic_view import View, number
from jiesu.briefing.topics_charts import before_after_chart, plan_charts, targets_chart
from jiesu.briefing.topics_content import cases_sentence, topics_content
from jiesu.core.before_after import BeforeAfter, Effect, Estimate, MonthFigures, MonthFit, Side
from jiesu.core.policy import RateRule
from jiesu.core.selection import CandidateRules
from jiesu.core.topic_board import TopicBoard, TopicStatus
from jiesu.core.topics import Progress, Step, Target, Theme, Topic, TopicRules, completion

ON = date(2022, 2, 28)
HOSTILE = '<script>alert("1")</script>\u202e'


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def view(lang: str = "zh") -> View:
    return View(Words(lang), None, words("城"), True)


def step(due: date, done: date | None = None, title: str = "任务") -> Step:
    return Step(words(title), "D1", due, done, date(2022, 1, 1))


def months(n: int = 12, after: int = 4) -> tuple[MonthFigures, ...]:
    found = []
    for i in range(n):
        side: Side = "after" if i >= n - after else "before"
        label = f"2021-{i + 1:02}"
        found.append(MonthFigures(label, 30, 100 + i, 1000, Fraction(80), 90 if i else 0, side))
    return tuple(found)


def effect(**changes: object) -> Effect:
    fits = tuple(MonthFit(m.month, 100.0, 110.0, 90.0, 130.0) for m in months())
    given: dict[str, object] = {
        "average": Estimate(0.8, 0.7, 0.9), "level": Estimate(0.8, 0.7, 0.9), "months": fits,
    }  # fmt: skip
    return Effect("volume", 8, 4, **{**given, **changes})  # type: ignore[arg-type]


def board(*topics: Topic, cases: BeforeAfter | None = None) -> TopicBoard:
    rate = RateRule("r", words("解决率"), "called_back", {"resolved": Fraction(1)}, Fraction(1))
    return TopicBoard(
        period="2022-02",
        on=ON,
        as_of=datetime(2022, 3, 1, tzinfo=UTC),
        themes=(Theme(2022, 1, words("主题")),),
        topics=tuple(TopicStatus(one, completion(one, ON, TopicRules()), cases) for one in topics),
        rules=TopicRules(),
        rate=rate,
        candidates=None,
        candidate_rules=CandidateRules(),
        notes=(),
        city=words("城"),
        synthetic=True,
    )


def topic(**changes: object) -> Topic:
    return Topic("k", words("题"), "2022-01", "D1", date(2022, 1, 1), **changes)  # type: ignore[arg-type]


def shapes(svg: str) -> dict[str, int]:
    root = ET.fromstring(svg)
    found: dict[str, int] = {}
    for element in root.iter():
        name = element.tag.split("}")[1]
        found[name] = found.get(name, 0) + 1
    return found


def test_done_late_open_and_overdue_differ_in_form_and_not_only_in_colour() -> None:
    steps = {
        "done": step(date(2022, 1, 31), date(2022, 1, 20)),
        "late": step(date(2022, 1, 31), date(2022, 2, 20)),
        "open": step(date(2022, 3, 31)),
        "overdue": step(date(2022, 1, 31)),
    }
    counted = {}
    for name, one in steps.items():
        (figure,) = plan_charts(view(), board(topic(tasks=(one,))))
        svg = figure.svg.replace("#b3261e", "#000000")
        bar = svg.split("任务</text>")[1]
        counted[name] = (bar.count("<line"), bar.split("<rect")[1].split("/>")[0].count("#ffffff"))
    assert len(set(counted.values())) == 4


def test_a_plan_of_many_rows_is_cut_into_pictures_between_topics() -> None:
    many = [
        Topic(
            f"k{n}", words(f"题{n}"), "2022-01", "D1", date(2022, 1, 1),
            tasks=tuple(step(date(2022, 3, 1), title=f"任务{i}") for i in range(15)),
        )
        for n in range(7)
    ]  # fmt: skip
    figures = list(plan_charts(view(), board(*many)))
    assert len(figures) == 4
    assert len({figure.key for figure in figures}) == 4
    joined = "".join(figure.svg for figure in figures)
    assert all(f">题{n}<" in joined for n in range(7))


def test_without_plans_targets_or_months_there_is_no_chart() -> None:
    bare = board(topic())
    assert list(plan_charts(view(), bare)) == []
    assert targets_chart(view(), bare) is None
    assert before_after_chart(view(), bare.topics[0], "解决率") is None


def test_a_target_behind_is_marked_by_a_sign() -> None:
    def target(done: int) -> Target:
        progress = (Progress("2022-02", Fraction(done)),)
        return Target("t", words("数"), Fraction(100), words("个"), date(2022, 4, 1), "", progress)

    behind = targets_chart(view(), board(topic(targets=(target(1),))))
    ahead = targets_chart(view(), board(topic(targets=(target(99),))))
    assert behind is not None
    assert ahead is not None
    assert "▼ 1.0%" in behind.svg
    assert "▼ " not in ahead.svg.replace("▼为", "")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_band_is_drawn_only_where_a_model_speaks(lang: str) -> None:
    without = BeforeAfter(months(), Effect("volume", 8, 4, "few_months"), None)
    with_model = BeforeAfter(months(), effect(), None)
    drawn = []
    for cases in (without, with_model):
        figure = before_after_chart(view(lang), board(topic(), cases=cases).topics[0], "rate")
        assert figure is not None
        drawn.append(shapes(figure.svg).get("polygon", 0))
    assert drawn == [0, 1]


def test_an_effect_is_told_with_its_interval_and_only_a_clear_one_as_such() -> None:
    clear = cases_sentence(view(), BeforeAfter(months(), effect(), None), "解决率")
    assert "−20.0%（95%区间−30.0%至−10.0%），超出偶然波动" in clear
    unclear = effect(average=Estimate(0.9, 0.7, 1.1))
    said = cases_sentence(view("en"), BeforeAfter(months(), unclear, None), "the rate")
    assert "−10.0% on average (95% interval −30.0% to +10.0%): no clear change" in said
    few = Effect("volume", 3, 1, "few_months")
    assert "实施前3个月、实施后1个月" in cases_sentence(view(), BeforeAfter(months(), few), "率")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_hostile_words_are_text_and_nothing_else(lang: str) -> None:
    from jiesu.briefing.html import html_text

    hostile = Topic(
        "k", words(HOSTILE), "2022-01", HOSTILE, date(2022, 1, 1),
        partners=(HOSTILE,),
        categories=((HOSTILE,),),
        tasks=(Step(words(HOSTILE), HOSTILE, date(2022, 3, 1)),),
        plan=words(HOSTILE),
    )  # fmt: skip
    shown = board(hostile, cases=BeforeAfter(months(), effect(), None))
    text = html_text(topics_content(view(lang), shown))
    assert "<script>alert" not in text
    assert "\u202e" not in text
    for figure in plan_charts(view(lang), shown):
        ET.fromstring(figure.svg)


def test_numbers_stay_whole_where_they_are() -> None:
    assert number(Fraction(12_345)) == "12,345"
    assert number(Fraction(25, 2)) == "12.50"
