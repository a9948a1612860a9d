"""Standings, lists and totals of hand-made months."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.assessment import assess
from jiesu.core.facts import Joint, mask_of, pooled
from jiesu.core.period import parse_period
from jiesu.core.ranking import competition_ranks
from jiesu.core.roster import Line, Roster
from jiesu.core.scoring import composite, figures, rates, rounded, score, wilson
from jiesu.core.standings import Counted
from jiesu.core.units import Unit, Units

from .cast import SHANGHAI, Z95, answers, assessed, counts, policy, scale, units

BEIJING = policy()
STREETS = Units.of(
    [
        Unit("D", "East", "district"),
        Unit("S1", "First", "street", "D"),
        Unit("S2", "Second", "street", "D"),
        Unit("S3", "Third", "street", "D"),
        Unit("B", "Water", "department"),
    ]
)


def test_the_score_that_divided_decimals_get_wrong() -> None:
    assert str(figures(answers(24, 18, 11, 5), scale(BEIJING)).score) == "38.8"


def test_excluded_cases_count_in_one_version_and_in_the_volume() -> None:
    # Two of ten are excluded, and they are the two best.
    joint = answers(10, 10, 5, 5, excluded=2)
    found = assessed(BEIJING, counts({"S1": joint}), roster=Roster(STREETS, {}))
    street = units(found.groups[0])["S1"]
    assert (street.volume, street.n_excluded) == (10, 2)
    assert street.figures.rates["resolution"].value == Fraction(3, 8)
    assert street.with_excluded.rates["resolution"].value == Fraction(5, 10)
    assert found.totals.excluded == 2


def test_units_without_call_backs_are_listed_apart_with_the_reason() -> None:
    now = counts({"S1": answers(4, 4, 4, 4), "S2": Joint({mask_of(["created"]): 7})})
    group = assessed(BEIJING, now, roster=Roster(STREETS, {})).groups[0]
    assert [(unit.unit, unit.rank, unit.score, unit.apart) for unit in group.units] == [
        ("S1", 1, Decimal("100.0"), None),
        ("S2", None, None, "too_few"),
        ("S3", None, None, "no_cases"),
    ]
    assert group.n_ranked == 1


def test_the_policy_s_minimum_decides_who_is_ranked() -> None:
    now = counts({"S1": answers(4, 4, 4, 4), "S2": answers(5, 5, 5, 0)})
    group = assessed(policy(ranking={"min_whole": 5}), now, roster=Roster(STREETS, {})).groups[0]
    assert [(unit.unit, unit.rank) for unit in group.units] == [
        ("S2", 1),
        ("S1", None),
        ("S3", None),
    ]


def test_a_district_pools_its_own_cases_and_those_below() -> None:
    now = counts(
        {"S1": answers(10, 10, 10, 10), "S2": answers(30, 30, 0, 0), "D": answers(10, 0, 0, 0)}
    )
    found = assessed(BEIJING, now, roster=Roster(STREETS, {}))
    [district] = [group for group in found.groups if group.key == "district"]
    east = district.units[0]
    assert east.volume == 50
    assert east.figures.rates["response"].value == Fraction(40, 50)
    assert east.figures.rates["resolution"].value == Fraction(10, 50)
    # 100.0 and 10.0 are the streets' scores.
    assert east.mean_of_units == Decimal("55.0")
    assert east.score == rounded(Fraction(8 + 10 + 8), 1)


def test_a_policy_may_rank_districts_by_the_mean_of_their_units() -> None:
    now = counts({"S1": answers(10, 10, 10, 10), "S2": answers(30, 30, 0, 0)})
    found = assessed(policy(ranking={"totals": "mean"}), now, roster=Roster(STREETS, {}))
    [district] = [group for group in found.groups if group.key == "district"]
    assert district.units[0].score == Decimal("55.0")


def test_a_year_is_pooled_or_the_mean_of_its_months_by_policy() -> None:
    months = [answers(10, 10, 10, 10), answers(30, 30, 0, 0)] + [Joint({})] * 10
    parts = tuple(counts({"U": joint}) for joint in months)
    scores = {}
    for way in ("pooled", "mean"):
        rules = policy(ranking={"long_periods": way})
        year = parse_period("2022", rules.period.months(SHANGHAI))
        found = assess(rules, Roster(None, {}), Counted(year, parts), None, [])
        scores[way] = str(found.groups[0].units[0].score)
    # Pooled: 10 + 50 * 10/40 + 40 * 10/40; mean of the two months with call-backs: (100 + 10) / 2.
    assert scores == {"pooled": "32.5", "mean": "55.0"}


def test_a_unit_without_a_scored_month_is_listed_apart_in_the_long_period() -> None:
    rules = policy(ranking={"long_periods": "mean", "min_whole": 10})
    quarter = parse_period("2022-Q1", rules.period.months(SHANGHAI))
    parts = tuple(counts({"U": answers(5, 5, 5, 5)}) for _ in range(3))
    found = assess(rules, Roster(None, {}), Counted(quarter, parts), None, [])
    [unit] = found.groups[0].units
    assert (unit.score, unit.rank, unit.apart) == (None, None, "too_few")


def test_a_month_s_points_are_not_the_quarter_s() -> None:
    rules = policy(ranking={"long_periods": "mean"}, adjustments={"max_bonus": 5})
    quarter = parse_period("2022-Q1", rules.period.months(SHANGHAI))
    parts = tuple(counts({"U": answers(10, 10, 5, 5)}) for _ in range(3))
    lines = (
        Line("U", "2022-02", Decimal(3), "the month", "No. 1"),
        Line("U", "2022-Q1", Decimal(1), "the quarter", "No. 2"),
    )
    found = assess(rules, Roster(None, {}, lines), Counted(quarter, parts), None, [])
    [unit] = found.groups[0].units
    assert (unit.base_score, unit.points, unit.score) == (
        Decimal("55.0"),
        Decimal("1.0"),
        Decimal("56.0"),
    )
    assert found.groups[0].mean_of_units == Decimal("55.0")


def test_a_unit_that_only_assists_is_in_the_group_of_all() -> None:
    rules = policy(cases={"lead_weight": 2, "assist_weight": 1})
    now = counts({"A": answers(2, 2, 2, 2)}, assist={"B": answers(2, 2, 2, 2)})
    assert set(units(assessed(rules, now).groups[0])) == {"A", "B"}


def test_per_10000_counts_the_demands_of_the_place() -> None:
    people = Units.of([Unit("S", "S", "street", population=10_000)])
    found = assessed(
        BEIJING, counts({"S": answers(1, 1, 1, 1)}, places={"S": 7}), roster=Roster(people, {})
    )
    assert units(found.groups[0])["S"].per_10000 == Decimal("7.00")


def test_shared_cases_count_by_integer_weights() -> None:
    rules = policy(cases={"lead_weight": 2, "assist_weight": 1})
    now = counts({"S1": answers(2, 2, 2, 2)}, assist={"S1": answers(2, 0, 0, 0)})
    [unit] = assessed(rules, now).groups[0].units
    assert unit.figures.rates["resolution"].whole == 6
    assert unit.figures.rates["resolution"].value == Fraction(4, 6)
    # The interval is that of three cases, not of six.
    expected = wilson(Fraction(4, 6), 3, Z95)
    assert unit.figures.rates["resolution"].interval == expected
    assert unit.volume == 2


def test_adjustments_are_added_once_approved_and_the_base_score_stays() -> None:
    rules = policy(adjustments={"max_bonus": 2, "max_deduction": 2})
    lines = (
        Line("S1", "2022-02", Decimal("-1.5"), "late reports", "No. 7"),
        Line("S1", "2022-02", Decimal("2"), "not approved", ""),
        Line("S1", "2022-01", Decimal("2"), "another month", "No. 6"),
    )
    now = counts({"S1": answers(4, 4, 4, 4), "S2": answers(100, 100, 99, 99)})
    group = assessed(rules, now, roster=Roster(STREETS, {}, lines)).groups[0]
    first = units(group)["S1"]
    assert (first.score, first.figures.score) == (Decimal("98.5"), Decimal("100.0"))
    assert [line.approval for line in first.adjustments] == ["No. 7"]
    assert (units(group)["S2"].rank, first.rank) == (1, 2)


def test_ranking_by_the_lower_bound_puts_the_surer_unit_first() -> None:
    now = counts({"few": answers(2, 2, 2, 2), "many": answers(200, 200, 198, 198)})
    by_score = assessed(BEIJING, now).groups[0]
    by_bound = assessed(policy(ranking={"by": "interval_low"}), now).groups[0]
    assert [unit.unit for unit in by_score.units] == ["few", "many"]
    assert [unit.unit for unit in by_bound.units] == ["many", "few"]


def test_a_street_far_from_the_group_is_not_within_chance() -> None:
    now: dict[str | None, Joint] = {f"S{i}": answers(200, 190 + i % 3, 180, 170) for i in range(12)}
    now["odd"] = answers(200, 120, 60, 40)
    group = assessed(BEIJING, counts(now)).groups[0]
    marks = {unit.unit: unit.within_chance for unit in group.units}
    assert marks.pop("odd") is False
    assert set(marks.values()) == {True}
    assert group.funnel is not None
    assert group.funnel.dispersion >= 1


def test_without_a_units_file_lists_of_the_first_group_are_made_for_all() -> None:
    found = assessed(BEIJING, counts({"x": answers(4, 4, 4, 4)}, places={"p": 3, "q": 5}))
    assert [group.key for group in found.groups] == ["all"]
    lists = {named.kind: named for named in found.lists}
    assert [unit.unit for unit in lists["tied_first"].units] == ["x"]
    assert [(unit.unit, str(unit.value)) for unit in lists["volume"].units] == [
        ("q", "5"),
        ("p", "3"),
    ]
    assert not lists["measure"].available
    assert not lists["improved"].available


def test_median_and_p90_are_read_from_the_histogram() -> None:
    hours: dict[str | None, dict[int, int]] = {"U": {0: 5, 10: 4, 99: 1}}
    joint = Joint({mask_of(["created", "due"]): 10})
    [unit] = assessed(policy("on-time"), counts({"U": joint}, hours=hours)).groups[0].units
    closing = unit.closing_time
    assert closing is not None
    assert (closing.n, closing.median_hours, closing.p90_hours) == (10, 0, 10)


def test_units_are_in_the_groups_only_while_they_exist() -> None:
    gone = Unit("S9", "Merged", "street", "D", valid_to=date(2022, 1, 19))
    roster = Roster(Units.of([*STREETS, gone]), {})
    found = assessed(BEIJING, counts({"S9": answers(2, 2, 2, 2)}), roster=roster)
    assert "S9" not in units(found.groups[0])
    assert (found.totals.lapsed, found.totals.unlisted, found.totals.volume) == (2, 0, 2)
    [east] = next(group for group in found.groups if group.key == "district").units
    assert east.volume == 2


masks = st.lists(
    st.sampled_from(["contacted", "resolved", "satisfied", "fairly_satisfied"]), unique=True
).map(lambda names: mask_of(["created", "called_back", *names[:3]]))
joints = st.dictionaries(
    masks.filter(
        lambda mask: (
            mask & mask_of(["satisfied", "fairly_satisfied"])
            != mask_of(["satisfied", "fairly_satisfied"])
        )
    ),
    st.integers(1, 500),
    min_size=1,
    max_size=8,
).map(Joint)


@given(joints)
def test_a_perfect_case_never_lowers_the_composite(joint: Joint) -> None:
    perfect = Joint({mask_of(["created", "called_back", "contacted", "resolved", "satisfied"]): 1})
    before = composite(rates(joint, scale(BEIJING)), scale(BEIJING))
    after = composite(rates(pooled([joint, perfect]), scale(BEIJING)), scale(BEIJING))
    assert before is not None
    assert after is not None
    assert after >= before


@given(joints)
def test_intervals_hold_the_figure_and_stay_in_range(joint: Joint) -> None:
    found = figures(joint, scale(BEIJING))
    assert found.score is not None
    assert found.interval is not None
    assert 0 <= found.interval.low <= found.score <= found.interval.high <= 100


@given(joints, st.integers(0, 3))
def test_the_fast_score_is_that_of_the_figures(joint: Joint, decimals: int) -> None:
    exact = scale(policy(decimals=decimals), intervals=False)
    assert score(joint, exact)[0] == figures(joint, exact).score
    assert (
        score(joint, exact, but="contacted")[0] == figures(joint.without("contacted"), exact).score
    )


@given(joints, st.integers(2, 50))
def test_more_of_the_same_narrows_the_interval(joint: Joint, times: int) -> None:
    more = Joint({mask: n * times for mask, n in joint.cells.items()})
    one, many = (figures(table, scale(BEIJING)) for table in (joint, more))
    assert one.score == many.score
    assert one.interval is not None
    assert many.interval is not None
    assert one.interval.low <= many.interval.low
    assert many.interval.high <= one.interval.high


@given(st.lists(st.integers(0, 6), max_size=30), st.randoms())
def test_ranks_ignore_input_order_and_ties_share(values: list[int], random: object) -> None:
    table = {f"u{i}": Decimal(value) for i, value in enumerate(values)}
    found = competition_ranks(table)
    assert found == {
        key: 1 + sum(other > value for other in table.values()) for key, value in table.items()
    }
    assert competition_ranks(dict(reversed(table.items()))) == found


@given(st.fractions(-1000, 1000), st.integers(0, 6))
def test_rounding_is_half_away_from_zero(value: Fraction, decimals: int) -> None:
    found = Fraction(rounded(value, decimals))
    step = Fraction(1, 10**decimals)
    assert abs(found - value) <= step / 2
    if abs(found - value) == step / 2:
        assert abs(found) > abs(value)
