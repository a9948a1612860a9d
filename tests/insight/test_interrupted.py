"""Interrupted time series: against figures by hand, against simulated truth, and at the edges."""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest

from jiesu.core.before_after import Effect, MonthFigures, Side
from jiesu.insight.interrupted import effects, rate_effect, volume_effect
from jiesu.insight.series import NoFit, fit, lag_for

from ..core.pages import table


def months(
    before: Sequence[int], after: Sequence[int], *, others: int = 1000, solved: float = 0.5
) -> list[MonthFigures]:
    found = []
    for i, volume in enumerate([*before, *after]):
        side: Side = "before" if i < len(before) else "after"
        part = Fraction(round(volume * solved))
        found.append(MonthFigures(f"m{i:02}", 30, volume, others, part, volume, side))
    return found


def simulated(
    rng: np.random.Generator,
    n_before: int,
    n_after: int,
    *,
    level: float,
    slope: float,
    noise: float,
) -> list[MonthFigures]:
    """Counts around 300 of 50,000, overdispersed by a Gamma factor; a rate of 70% that rises."""
    found = []
    for i in range(n_before + n_after):
        since = i - n_before
        others = int(rng.integers(40_000, 60_000))
        mean = 300 * others / 50_000 * math.exp(0.01 * since)
        if since >= 0:
            mean *= level * slope**since
        if noise:
            mean *= rng.gamma(1 / noise, noise)
        volume = int(rng.poisson(mean))
        rate = 1 / (1 + math.exp(-(0.85 + 0.3 * (since >= 0))))
        whole = volume * 85 // 100
        part = Fraction(int(rng.binomial(whole, rate)))
        side: Side = "after" if since >= 0 else "before"
        found.append(MonthFigures(f"m{i:02}", 30, volume, others, part, whole, side))
    return found


def test_models_of_the_method_page() -> None:
    titles = ("months before", "months after", "before", "after", "average", "slope")
    for row in table("topics", *titles):
        before = [int(row["before"])] * int(row["months before"])
        after = [int(row["after"])] * int(row["months after"])
        effect = volume_effect(months(before, after))
        assert effect.average is not None
        assert effect.slope is not None
        assert f"{effect.average.value:.4f}" == row["average"]
        assert f"{effect.slope.value:.4f}" == row["slope"]
        assert effect.dispersion == 1.0


def test_the_change_of_a_flat_rate_is_the_difference_of_both_rates() -> None:
    figures = [
        *months([100] * 8, [], solved=0.5),
        *months([], [100] * 5, solved=0.6),
    ]
    renamed = [
        MonthFigures(f"m{i:02}", m.days, m.volume, m.others, m.part, m.whole, m.side)
        for i, m in enumerate(figures)
    ]
    effect = rate_effect(renamed)
    assert effect.average is not None
    assert effect.level is not None
    assert effect.average.value == pytest.approx(0.1, abs=1e-9)
    assert effect.level.value == pytest.approx((0.6 / 0.4) / (0.5 / 0.5), abs=1e-9)


def test_a_trend_before_is_not_taken_for_an_effect() -> None:
    volumes = [round(1000 * 1.05**i) for i in range(14)]
    effect = volume_effect(months(volumes[:9], volumes[9:], others=100_000))
    assert effect.average is not None
    assert effect.average.value == pytest.approx(1.0, abs=0.01)
    assert not effect.clear


@pytest.mark.parametrize(("noise", "least"), [(0.0, 0.93), (0.01, 0.90)])
def test_intervals_hold_the_true_effect_about_as_often_as_they_say(
    noise: float, least: float
) -> None:
    rng = np.random.default_rng(20220228)
    n, level, slope = 150, 0.8, 0.97
    true = {"level": level, "slope": slope, "average": level * slope**2}
    hits = dict.fromkeys(true, 0)
    rate_hits = 0
    for _ in range(n):
        figures = simulated(rng, 9, 5, level=level, slope=slope, noise=noise)
        volume, rate = volume_effect(figures), rate_effect(figures)
        for key, value in true.items():
            found = getattr(volume, key)
            hits[key] += found.low <= value <= found.high
        assert rate.level is not None
        rate_hits += rate.level.low <= math.exp(0.3) <= rate.level.high
    assert all(least <= hit / n <= 1.0 for hit in hits.values()), hits
    assert rate_hits / n >= 0.9


def test_a_large_effect_is_found_and_no_effect_mostly_is_not() -> None:
    rng = np.random.default_rng(7)
    large = [
        volume_effect(simulated(rng, 9, 5, level=0.5, slope=1.0, noise=0.002)).clear
        for _ in range(40)
    ]
    no = [
        volume_effect(simulated(rng, 9, 5, level=1.0, slope=1.0, noise=0.002)).clear
        for _ in range(60)
    ]
    assert sum(large) >= 36
    assert sum(no) <= 8


@pytest.mark.parametrize(("before", "after"), [(5, 4), (6, 3), (0, 12), (14, 0)])
def test_too_few_months_give_their_number_and_no_figure(before: int, after: int) -> None:
    found = effects(months([50] * before, [40] * after))
    for effect in (found.volume, found.rate):
        assert effect is not None
        assert effect.missing == "few_months"
        assert (effect.n_before, effect.n_after) == (before, after)
        assert effect.average is None
        assert not effect.clear


def test_months_of_the_start_and_running_ones_are_left_out_but_time_goes_on() -> None:
    figures = months([100] * 8, [80] * 6)
    odd = figures[7]
    start = MonthFigures(odd.month, 30, 9_999, 1000, odd.part, odd.whole, "start")
    running = MonthFigures("m99", 3, 1, 1, Fraction(0), 0, "running")
    effect = volume_effect([*figures[:7], start, *figures[8:], running])
    assert (effect.n_before, effect.n_after) == (7, 6)
    assert effect.average is not None
    assert effect.average.value == pytest.approx(0.8, abs=1e-6)
    assert [fitted.month for fitted in effect.months] == [
        m.month for m in [*figures[:7], *figures[8:]]
    ]


def missing(effect: Effect) -> str | None:
    return effect.missing


def test_hopeless_series_are_said_to_be_so() -> None:
    assert missing(volume_effect(months([0] * 8, [0] * 6))) == "few_cases"
    assert missing(volume_effect(months([1] * 8, [1] * 6))) == "few_cases"
    # Every demand solved: a logit that runs away.
    assert missing(rate_effect(months([100] * 8, [100] * 6, solved=1.0))) == "no_fit"
    # None at all after the start: the log of zero.
    assert missing(volume_effect(months([100] * 8, [0] * 6))) == "no_fit"
    assert effects([]).volume == Effect("volume", 0, 0, "few_months")


def test_months_without_a_call_back_leave_the_rate_only() -> None:
    figures = months([100] * 8, [80] * 6)
    bare = [
        MonthFigures(m.month, 30, m.volume, m.others, Fraction(0), 0, m.side) if i < 3 else m
        for i, m in enumerate(figures)
    ]
    assert volume_effect(bare).missing is None
    assert missing(rate_effect(bare)) == "few_months"


def test_season_enters_with_two_years_and_is_taken_out() -> None:
    wave = [round(1000 * math.exp(0.4 * math.sin(2 * math.pi * i / 12))) for i in range(34)]
    with_season = volume_effect(months(wave[:25], wave[25:], others=100_000))
    without = volume_effect(months(wave[:14], wave[14:20], others=100_000))
    assert with_season.seasonal
    assert not without.seasonal
    assert with_season.average is not None
    assert with_season.average.value == pytest.approx(1.0, abs=0.03)


def test_a_rare_topic_of_a_big_city_has_the_effect_that_it_has_among_few() -> None:
    big = volume_effect(months([10] * 10, [5] * 10, others=1_000_000))
    small = volume_effect(months([10] * 10, [5] * 10, others=1000))
    assert missing(volume_effect(months([5] * 10, [5] * 10, others=1_000_000))) is None
    assert big.average is not None
    assert small.average is not None
    assert big.average.value == pytest.approx(0.5, abs=1e-6)
    assert big.average.low == pytest.approx(small.average.low, abs=1e-6)
    assert [month.fitted for month in big.months] == pytest.approx([10.0] * 10 + [5.0] * 10)


def test_without_other_demand_days_are_the_measure() -> None:
    effect = volume_effect(months([100] * 8, [80] * 6, others=0))
    assert effect.average is not None
    assert effect.average.value == pytest.approx(0.8, abs=1e-6)


def test_the_interval_is_never_narrower_than_the_model_s_own() -> None:
    rng = np.random.default_rng(1)
    design = np.column_stack([np.ones(14), np.arange(14.0)])
    response = rng.poisson(200, 14).astype(float)
    robust, plain = fit("poisson", response, design), fit("poisson", response, design, serial=False)
    for weights in ([1.0, 0.0], [0.0, 1.0], [1.0, 7.0]):
        gradient = np.array(weights)
        assert robust.variance(gradient) >= plain.variance(gradient)


def test_a_design_without_room_has_no_fit() -> None:
    ones = np.ones((4, 1))
    with pytest.raises(NoFit):
        fit("poisson", np.ones(4), np.column_stack([ones, ones]))
    with pytest.raises(NoFit):
        fit("poisson", np.ones(1), np.ones((1, 1)))


def test_lags_follow_the_rule_of_thumb() -> None:
    assert [lag_for(n) for n in (14, 36, 100)] == [2, 3, 4]
