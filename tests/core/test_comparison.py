"""Units beside their peers: who they are, what is tested, and how often chance is believed."""

from decimal import Decimal
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from jiesu.core.breakdown import UnitBreakdown
from jiesu.core.chance import Sample, adjusted
from jiesu.core.comparison import (
    EXCLUDED,
    LATE,
    SHARE,
    CheckupRules,
    Compared,
    Measure,
    compared,
    findings,
    judged,
    nearest,
    samples_of,
)
from jiesu.core.facts import Joint, mask_of

from .cast import answers, policy, scale

RULES = CheckupRules(peers=20)
EQUAL = CheckupRules(peers=20, usual=Fraction(0))


Levels = dict[tuple[str, Measure], float]


def city(
    seed: int,
    *,
    rho: float,
    units: int = 60,
    measures: int = 12,
    mean: float = 0.9,
    levels: Levels | None = None,
) -> dict[str, dict[Measure, Sample]]:
    """Units whose own levels spread around one mean by `rho`, and by nothing else.

    The levels themselves are put into `levels`.
    """
    random = Random(seed)
    samples: dict[str, dict[Measure, Sample]] = {}
    for n in range(units):
        cases = 40 + n * 480 // units
        table: dict[Measure, Sample] = {}
        for number in range(measures):
            level = mean
            if rho:
                worth = (1 - rho) / rho
                level = random.betavariate(mean * worth, (1 - mean) * worth)
            yes = sum(random.random() < level for _ in range(cases))
            measure = "resolution", (f"c{number}",)
            table[measure] = Sample.yes(yes, cases)
            if levels is not None:
                levels[f"u{n:02}", measure] = level
        samples[f"u{n:02}"] = table
    return samples


def found_in(samples: dict[str, dict[Measure, Sample]], rules: CheckupRules) -> list[Compared]:
    sizes = {code: next(iter(table.values())).whole for code, table in samples.items()}
    items = judged(compared(samples, nearest(sizes, rules.peers), rules), rules)
    return [item for found in items.values() for item in found if item.kind]


def test_without_real_differences_hardly_a_run_finds_anything() -> None:
    # With a false discovery rate of 5% one run in twenty may; testing for any difference is the
    # harder case.
    runs = [found_in(city(seed, rho=0), EQUAL) for seed in range(20)]
    assert sum(bool(found) for found in runs) <= 2


def test_the_usual_spread_between_units_is_no_finding() -> None:
    found = [item for seed in range(10) for item in found_in(city(seed, rho=0.01), RULES)]
    tests = 10 * 60 * 12
    # By counting error alone every seventh figure is "significant" here.
    alone = 0
    for seed in range(2):
        for table in city(seed, rho=0.01).values():
            for sample in table.values():
                deviation = (0.09 / sample.whole) ** 0.5
                alone += abs(float(sample.share) - 0.9) > 1.96 * deviation
    assert alone > 2 * 60 * 12 / 8
    assert len(found) < tests / 100


def test_hardly_a_finding_is_of_a_unit_within_the_usual_range() -> None:
    # The figures of docs/methods/health-check.md §5 are of the same cities with more units.
    mean, rho = 0.9, 0.05
    usual = (rho * mean * (1 - mean)) ** 0.5
    found = wrong = 0
    for seed in range(6):
        levels: Levels = {}
        samples = city(seed, rho=rho, mean=mean, levels=levels)
        sizes = {code: next(iter(table.values())).whole for code, table in samples.items()}
        items = judged(compared(samples, nearest(sizes, RULES.peers), RULES), RULES)
        for code, own in items.items():
            for item in own:
                found += item.kind is not None
                level = levels[code, (item.figure, item.category)]
                wrong += item.kind is not None and abs(level - mean) <= usual
    assert found > 50
    assert wrong <= found / 20


def test_a_unit_that_is_far_off_is_found_and_named_by_its_side() -> None:
    samples = city(3, rho=0.004)
    samples["u30"]["resolution", ("c0",)] = Sample.yes(190, 280)
    samples["u31"]["resolution", ("c1",)] = Sample.yes(288, 288)
    rules = CheckupRules(peers=20, usual=Fraction(1, 2))
    found = {(item.category, item.kind) for item in found_in(samples, rules)}
    assert (("c0",), "shortcoming") in found
    assert (("c1",), "strength") in found


def test_peers_are_the_nearest_by_ratio_and_never_the_unit_itself() -> None:
    sizes = {"a": 10, "b": 20, "c": 40, "d": 41, "e": 1000, "none": 0}
    peers = nearest(sizes, 2)
    assert peers["b"] == ("a", "c")  # Both are twice as far: in the order of codes.
    assert peers["e"] == ("d", "c")
    assert peers["a"] == ("b", "c")
    assert "none" not in peers
    assert nearest({"alone": 7}, 40) == {"alone": ()}


@given(st.dictionaries(st.text("abcdef", min_size=1), st.integers(0, 50)), st.integers(1, 6))
def test_no_unit_that_is_left_out_is_nearer_than_a_peer(sizes: dict[str, int], n: int) -> None:
    for code, near in nearest(sizes, n).items():

        def far(other: str, own: int = sizes[code]) -> Fraction:
            return Fraction(max(sizes[other], own), min(sizes[other], own))

        others = {other for other, size in sizes.items() if size} - {code, *near}
        assert len(near) == min(n, len(near) + len(others))
        assert all(far(other) >= max(map(far, near)) for other in others)


def breakdown(**categories: Joint) -> UnitBreakdown:
    return UnitBreakdown({(name,): joint for name, joint in categories.items()})


def test_samples_count_rates_lateness_exclusions_and_parts() -> None:
    due = mask_of(["created", "due"])
    on_time = mask_of(["created", "due", "closed_on_time"])
    found = breakdown(
        heat=answers(50, 48, 40, 30, 10, excluded=5), road=Joint({due: 3, on_time: 17})
    )
    samples = samples_of(found, scale(policy()), 2, of_place=True)
    # The excluded five are solved and satisfied: they count nowhere but in `excluded` and parts.
    assert samples["resolution", ("heat",)] == Sample(35, 45, 35)
    assert samples["satisfaction", ()] == Sample(25 * 10 + 10 * 9, 45, 25 * 100 + 10 * 81, 10)
    assert samples[LATE, ("road",)] == Sample.yes(3, 20)
    assert samples[EXCLUDED, ()] == Sample.yes(5, 70)
    assert samples[SHARE, ("heat",)] == Sample.yes(50, 70)
    assert (LATE, ("heat",)) not in samples
    elsewhere = samples_of(found, scale(policy()), 2, of_place=False)
    assert not any(figure == SHARE for figure, _ in elsewhere)


def test_shared_cases_keep_their_weight() -> None:
    joint = Joint({mask_of(["created", "called_back", "resolved"]): 30}, 3)
    found = samples_of(UnitBreakdown({("a",): joint}), scale(policy()), 1, of_place=False)
    assert found["resolution", ()].cases == 10


def test_too_few_cases_or_peers_are_not_tested_but_shown() -> None:
    samples: dict[str, dict[Measure, Sample]] = {
        f"u{n}": {("resolution", ()): Sample.yes(80, 100)} for n in range(12)
    }
    samples["small"] = {("resolution", ()): Sample.yes(0, 3)}
    peers = {code: tuple(other for other in samples if other != code) for code in samples}
    items = judged(compared(samples, peers, RULES), RULES)
    [small] = items["small"]
    assert (small.p, small.q, small.kind) == (None, None, None)
    assert (small.share, small.peers_share) == (Fraction(0), Fraction(8, 10))
    few = judged(compared(samples, {code: near[:7] for code, near in peers.items()}, RULES), RULES)
    assert all(item.p is None for found in few.values() for item in found)
    [alone] = compared({"alone": samples["u0"]}, {}, RULES)["alone"]
    assert (int(alone.part), alone.n_peers, alone.peers_share, alone.gap) == (80, 0, None, None)


def test_a_category_without_a_demand_is_a_part_of_nought_among_peers() -> None:
    def unit(cold: int) -> dict[Measure, Sample]:
        return samples_of(
            breakdown(cold=Joint({1: cold}), other=Joint({1: 200 - cold})),
            scale(policy()),
            1,
            of_place=True,
        )

    samples = {f"u{n:02}": unit(20) for n in range(10)}
    none = samples_of(breakdown(other=Joint({1: 200})), scale(policy()), 1, of_place=True)
    samples["none"], samples["hot"] = none, unit(90)
    peers = {code: tuple(other for other in samples if other != code) for code in samples}
    items = judged(compared(samples, peers, RULES), RULES)
    parts = {
        code: next(i for i in found if i.category == ("cold",)) for code, found in items.items()
    }
    assert parts["none"].share == 0
    assert parts["none"].kind is None  # Fewer demands are no merit.
    assert parts["u00"].peers_whole == 11 * 200
    assert parts["hot"].kind == "shortcoming"


def test_findings_come_by_the_cases_they_are_about() -> None:
    def item(category: str, part: int, whole: int) -> Compared:
        return Compared(
            "resolution",
            (category,),
            Fraction(part),
            Fraction(whole),
            Fraction(9),
            Fraction(10),
            9,
            Decimal(0),
            Decimal(1),
            kind="shortcoming",
        )

    items = [item("a", 10, 100), item("b", 700, 1000), item("c", 10, 100)]
    assert [found.category for found in findings(items, "shortcoming")] == [
        ("b",),
        ("a",),
        ("c",),
    ]


@given(st.lists(st.decimals("0.000001", 1, places=6), max_size=30))
def test_q_values_follow_p_values_and_are_never_smaller(values: list[Decimal]) -> None:
    found = adjusted(values)
    assert all(q >= Fraction(p) and q <= 1 for p, q in zip(values, found, strict=True))
    by_p = sorted(zip(values, found, strict=True))
    assert [q for _, q in by_p] == sorted(found)
    # The step-up rule itself, at 10%.
    m = len(values)
    least = max(
        (i for i, p in enumerate(sorted(values), 1) if Fraction(p) * m * 10 <= i), default=0
    )
    assert sum(q <= Fraction(1, 10) for q in found) == least
