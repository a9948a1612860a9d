"""The desk's ranking: the same from the live export and from a full one, kept and recounted."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiesu.cases.actions.units import move_unit, rename_unit
from jiesu.cases.actor import Actor
from jiesu.cases.change import changing
from jiesu.cases.figures import running
from jiesu.cases.figures.export import follow, live_files, write_cases
from jiesu.cases.figures.running import (
    evaluated,
    evaluation_of,
    figures_job,
    keep,
    kept_figures,
    running_figures,
)
from jiesu.cases.figures.site_city import period_named
from jiesu.cases.models import Callback, Case, PeriodFigures, RuleVersion
from jiesu.cases.privacy.vault import Person
from jiesu.cases.rulebook import local_day, rules_changed
from jiesu.core.contract import evaluation_document
from jiesu.core.problems import InputError
from jiesu.core.result import Evaluation, UnitResult
from tests.cases.cast import CATEGORIES, NOW, City, made_city

DAY = timedelta(days=1)
SYSTEM = Actor.system("test")
STREET = "110101001"


def figures(evaluation: Evaluation) -> dict[str, Any]:
    """The document without what tells one input from another."""
    document = evaluation_document(evaluation)
    return {key: value for key, value in document.items() if key != "input"}


def unit_of(evaluation: Evaluation, code: str = STREET) -> UnitResult:
    [found] = [unit for group in evaluation.groups for unit in group.units if unit.unit == code]
    return found


def called_back(case: Case, at: datetime, resolved: str, satisfaction: str) -> None:
    """A call-back that ends: the one that has fallen due by then, or another."""
    with changing(case.pk, "record_callback", by=SYSTEM, as_of=at) as change:
        unit = change.case.unit
        assert unit is not None
        callback = change.case.callbacks.filter(ended_at=None).first() or Callback(
            case=change.case, round=change.case.callbacks.count() + 1, unit=unit, due_at=at,
            next_at=at,
        )  # fmt: skip
        callback.state, callback.ended_at, callback.contacted = "done", at, True
        callback.resolved, callback.satisfaction = resolved, satisfaction
        callback.save()
        change.event("called_back", round=callback.round)


def changed(case: Case, at: datetime, **values: object) -> None:
    with changing(case.pk, "amend", by=SYSTEM, as_of=at) as change:
        change.set(**values)
        change.event("changed")


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the live export, of this test alone."""
    monkeypatch.setattr("jiesu.cases.figures.export.live_folder", lambda: tmp_path / "live")
    return tmp_path / "live"


def test_a_call_back_is_in_the_ranking_after_the_next_run_of_the_job(
    city: City, live: Path
) -> None:
    case = city.received()
    figures_job(NOW + DAY)
    before = kept_figures("2022-02")
    assert before is not None
    assert unit_scores(before.document) == {STREET: None}
    called_back(case, NOW + 8 * DAY, "yes", "satisfied")
    figures_job(NOW + 8 * DAY)
    after = running_figures(NOW + 8 * DAY)
    assert after is not None
    assert (after.period, after.as_of) == ("2022-02", NOW + 8 * DAY)
    assert not after.is_stale
    assert unit_scores(after.document) == {STREET: "100.0"}


def unit_scores(document: dict[str, Any]) -> dict[str, Any]:
    """The scores of units that have cases."""
    return {
        unit["unit"]: unit["score"]
        for group in document["groups"] if group["key"] == "street"
        for unit in group["units"] if unit["volume"]
    }  # fmt: skip


def test_the_same_figures_are_kept_in_the_same_bytes(city: City, live: Path) -> None:
    city.received()
    evaluation = evaluated("2022-02", NOW + DAY)
    assert bytes(keep(evaluation).document) == bytes(keep(evaluation).document)
    assert PeriodFigures.objects.count() == 1


def test_a_month_that_has_ended_is_recounted_when_its_cases_change(city: City, live: Path) -> None:
    case = city.received()
    figures_job(NOW)
    march = NOW + 20 * DAY
    city.received(at=march, new_facts=True)
    called_back(case, march, "no", "dissatisfied")
    figures_job(march)
    february, running_month = kept_figures("2022-02"), running_figures(march)
    assert february is not None
    assert running_month is not None
    assert unit_scores(february.document) == {STREET: "10.0"}
    assert running_month.period == "2022-03"
    # Not again at once: only when some time has passed.
    changed(case, march, excluded=True, exclusion_reason="court")
    figures_job(march + timedelta(seconds=30))
    february = kept_figures("2022-02")
    assert february is not None
    assert (february.as_of, february.is_stale) == (march, True)
    later = march + running.PAST_EVERY
    figures_job(later)
    february = kept_figures("2022-02")
    assert february is not None
    assert (february.as_of, february.is_stale) == (later, False)
    assert unit_scores(february.document) == {STREET: None}


def counted_months(city: City) -> tuple[Case, datetime]:
    """A case of February and one of March, both months counted: the first case, and when."""
    case, march = city.received(), NOW + 20 * DAY
    city.received(at=march, new_facts=True)
    for n in range(3):
        figures_job(march + n * running.PAST_EVERY)
    return case, march


def test_the_months_after_a_touched_one_are_stale_too(city: City, live: Path) -> None:
    case, march = counted_months(city)
    changed(case, march + DAY, parked=True)
    follow(touched=lambda times: running._touch(march + DAY, times))
    assert set(PeriodFigures.objects.values_list("period", "stale_since")) == {
        ("2022-02", march + DAY),
        ("2022-03", march + DAY),
    }


def test_a_past_month_keeps_its_units_as_they_were_and_the_next_has_them_as_they_are(
    city: City, live: Path
) -> None:
    for n, place in enumerate((STREET, "110102001")):
        case = city.received(place=place, person=Person())
        called_back(case, NOW + n * DAY, "no" if n else "yes", "satisfied")
    march = NOW + 25 * DAY
    city.received(at=march, new_facts=True)
    for n in range(2):
        figures_job(march + n * running.PAST_EVERY)
    february = kept_figures("2022-02")
    assert february is not None
    by, at = city.administrator, march + DAY
    move_unit(code=STREET, parent="110102", on=local_day(march), by=by, as_of=at)
    rename_unit(code=STREET, name="新名", on=local_day(march), by=by, as_of=at)
    before, after = evaluated("2022-02", at), evaluated("2022-03", at)
    assert [unit_of(before, code).volume for code in ("110101", "110102")] == [1, 1]
    assert [unit_of(after, code).volume for code in ("110101", "110102")] == [0, 1]
    assert [unit_of(one).name for one in (before, after)] == ["东华门街道", "新名"]
    figures_job(at + DAY)
    kept = kept_figures("2022-02")
    assert kept is not None
    assert (kept.compressed, kept.is_stale) == (february.compressed, False)


def test_what_is_recorded_late_of_a_unit_makes_its_month_stale(city: City, live: Path) -> None:
    case, march = counted_months(city)
    on, by = local_day(case.created_at), city.administrator
    move_unit(code=STREET, parent="110102", on=on, by=by, as_of=march + DAY)
    running._follow_units(march + DAY)
    february = kept_figures("2022-02")
    assert february is not None
    assert february.is_stale
    figures_job(march + DAY)
    assert unit_of(evaluated("2022-02", march + DAY), "110102").volume == 1


def test_nothing_is_kept_of_a_month_that_its_last_case_has_left(city: City, live: Path) -> None:
    policy = RuleVersion.objects.get(kind=RuleVersion.Kind.POLICY)
    by_due = policy.text.replace('by = "created_at"', 'by = "due_at"')
    assert by_due != policy.text
    RuleVersion.objects.filter(pk=policy.pk).update(text=by_due)
    rules_changed()
    case = city.received()
    figures_job(NOW)
    assert kept_figures("2022-02") is not None
    changed(case, NOW + DAY, due_at=NOW + 25 * DAY)
    for n in range(1, 4):
        figures_job(NOW + n * DAY)
    assert kept_figures("2022-02") is None


def test_without_cases_or_policies_the_job_says_so(city: City, live: Path) -> None:
    assert figures_job(NOW) == "0 cases into 0 files; 2022-02: no cases"
    assert kept_figures("2022-02") is None
    RuleVersion.objects.filter(kind="policy").delete()
    rules_changed()
    assert figures_job(NOW) == "no policy is loaded"
    with pytest.raises(InputError, match="no policy is loaded"):
        running_figures(NOW)


def test_what_is_no_period_or_has_no_case_is_refused_in_words(city: City, live: Path) -> None:
    with pytest.raises(InputError, match="no case yet"):
        evaluated("2022-02", NOW)
    city.received()
    with pytest.raises(InputError, match="no case falls in the period 2022-01"):
        evaluated("2022-01", NOW)
    with pytest.raises(InputError, match="not a period"):
        evaluated("february", NOW)


def test_the_units_of_the_database_are_ranked_with_those_above_them(city: City, live: Path) -> None:
    for n, place in enumerate(("110101001", "110101002", "110102001")):
        case = city.received(place=place, person=Person())
        resolved, satisfied = ("no", "dissatisfied") if n else ("yes", "satisfied")
        called_back(case, NOW + n * DAY, resolved, satisfied)
    evaluation = evaluated("2022-02", NOW + 9 * DAY)
    assert [unit_of(evaluation, code).rank for code in ("110101001", "110101002")] == [1, 2]
    assert (unit_of(evaluation, "110101").volume, unit_of(evaluation, "110101").rank) == (2, 1)


def test_only_files_of_the_periods_that_are_looked_at_are_read(city: City, live: Path) -> None:
    for months in range(16):
        city.received(at=NOW + months * 30 * DAY, new_facts=True)
    at = NOW + 460 * DAY
    follow()
    files = live_files()
    policy, period = period_named("2023-05")
    needed, _ = running._needed(files, policy, period)
    assert (len(files), len(needed)) == (16, 12)
    of_few = evaluated("2023-05", at)
    assert figures(of_few) == figures(evaluation_of("2023-05", files, at))


# One step of a city's work: what is done to which case, and how much time passes before it.
STEPS = st.tuples(
    st.sampled_from(
        ["receive", "contact", "feedback", "good", "bad", "exclude", "park", "pause",
         "move", "redo", "follow", "job"]
    ),
    st.integers(0, 20),
    st.sampled_from([0, 1, 5, 30, 24 * 4]),
)  # fmt: skip


def step(city: City, what: str, which: int, at: datetime) -> None:
    """Do a step to the n-th case, if there is one for it."""
    if what == "receive":
        place = ("110101001", "110101002", "110102001")[which % 3]
        city.received(CATEGORIES[which % 5], place=place, at=at, person=Person(), new_facts=True)
        return
    cases = list(Case.objects.exclude(unit=None).order_by("pk"))
    if not cases:
        return
    case = cases[which % len(cases)]
    doing: dict[str, Callable[[], None]] = {
        "contact": lambda: changed(case, at, contacted_at=at),
        "feedback": lambda: changed(case, at, feedback_at=case.feedback_at or at),
        "good": lambda: called_back(case, at, "yes", "satisfied"),
        "bad": lambda: called_back(case, at, "partial", "dissatisfied"),
        "exclude": lambda: changed(case, at, excluded=not case.excluded),
        "park": lambda: changed(case, at, parked=not case.parked),
        "pause": lambda: changed(case, at, paused_since=None if case.paused_since else at),
        "move": lambda: changed(case, at, unit=city.unit[("D01", "110101001")[which % 2]]),
        "redo": lambda: changed(case, at, n_redos=case.n_redos + 1, due_at=at + 5 * DAY),
    }
    doing[what]()


@pytest.mark.django_db
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=40))
def test_a_month_is_the_same_from_the_live_export_and_from_a_full_one(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    from django.db import transaction

    folder = tmp_path_factory.mktemp("live")
    with transaction.atomic():
        same_figures(folder, steps)
        transaction.set_rollback(True)
    rules_changed()


def same_figures(folder: Path, steps: list[tuple[str, int, int]]) -> None:
    city, at = made_city(), NOW - 7 * DAY
    for n in range(6):
        at += timedelta(hours=20)
        step(city, "receive", n, at)
    follow(folder)
    for what, which, hours in steps:
        at += timedelta(hours=hours)
        if what == "job":
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr("jiesu.cases.figures.export.live_folder", lambda: folder)
                figures_job(at)
        elif what == "follow":
            follow(folder)
        else:
            step(city, what, which, at)
    follow(folder)
    files = write_cases(folder / "full")
    seen: dict[str, Any] = {}
    for label in ("2022-01", "2022-02", "2022-03", "2022-Q1"):
        found = []
        for kind, which_files in (("live", live_files(folder)), ("full", files)):
            evaluate = running._from_live if kind == "live" else evaluation_of
            try:
                found.append(figures(evaluate(label, which_files, at)))
            except InputError as refused:
                found.append({"refused": [problem.what for problem in refused.problems]})
        assert found[0] == found[1]
        seen[label] = found[0]
    assert seen["2022-02"]["totals"]["volume"] >= 6
