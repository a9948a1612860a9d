"""The worked tables of the health check's method page, recomputed."""

from decimal import Decimal
from fractions import Fraction
from math import comb

import pytest

from jiesu.core.chance import (
    PeerSpread,
    Sample,
    adjusted,
    deviation,
    p_value,
    spread,
    together,
)
from jiesu.core.checkup import Earlier, follow
from jiesu.core.comparison import Compared, Measure
from jiesu.core.levers import Position, levers
from jiesu.core.scoring import rounded

from .cast import policy, scale, share
from .pages import table

PAGE = "health-check"


def sample(text: str) -> Sample:
    part, whole = text.split(" / ")
    return Sample.yes(int(part), int(whole))


def test_cases_with_levels_count_as_more() -> None:
    rows = table(PAGE, "peers: full", "peers: 0.9", "peers: none", "unit: cases", "counts as")
    for row in rows:
        full, nine, none, n = (
            int(row[key]) for key in ("peers: full", "peers: 0.9", "peers: none", "unit: cases")
        )
        whole = full + nine + none
        peers = Sample(full * 10 + nine * 9, whole, full * 100 + nine * 81, 10)
        mean = (full + Fraction(9, 10) * nine) / whole
        variance = (full + Fraction(81, 100) * nine) / whole - mean**2
        by_hand = n * mean * (1 - mean) / variance
        assert f"{rounded(by_hand, 1)}" == row["counts as"]
        own = Sample(n * 5, n, n * 50, 10)
        assert deviation(own, peers, 4).size == pytest.approx(float(by_hand), rel=1e-12)


def test_the_usual_spread() -> None:
    rows = table(PAGE, "cases", "solved", "distance by counting error alone", "with the spread")
    units = [Sample.yes(int(row["solved"]), int(row["cases"])) for row in rows]
    distances = [
        deviation(unit, together([other for other in units if other is not unit]), 9)
        for unit in units
    ]
    found = spread(distances, share("0.1"))
    [among] = table(PAGE, "ρ", "degrees of freedom")
    assert (f"{found.rho:.5f}", str(found.freedom)) == (among["ρ"], among["degrees of freedom"])
    for row, distance in zip(rows, distances, strict=True):
        assert f"{distance.z(0):.3f}" == row["distance by counting error alone"]
        assert f"{distance.z(found.rho):.3f}" == row["with the spread"]


def test_the_test() -> None:
    titles = ("unit", "peers", "n of peers", "ρ", "degrees of freedom", "usual")
    for row in table(PAGE, *titles, "p", "p, above only"):
        found = deviation(sample(row["unit"]), sample(row["peers"]), int(row["n of peers"]))
        among = PeerSpread(float(row["ρ"]), int(row["degrees of freedom"]))
        usual = share(row["usual"])
        assert str(p_value(found, among, usual)) == row["p"]
        assert str(p_value(found, among, usual, only_above=True)) == row["p, above only"]


def test_a_test_against_a_known_mean_is_the_exact_binomial_one() -> None:
    # So many peers that their mean is known: 0.9 to nine digits.
    peers = Sample.yes(9 * 10**11, 10**12)
    for x in range(0, 41, 4):
        tails = []
        for inside in (range(x + 1, 41), range(x)):
            beyond = sum(
                comb(40, k) * Fraction(9, 10) ** k * Fraction(1, 10) ** (40 - k) for k in inside
            )
            at = comb(40, x) * Fraction(9, 10) ** x * Fraction(1, 10) ** (40 - x)
            tails.append(beyond + at / 2)
        exact = min(2 * min(tails), Fraction(1))
        found = p_value(deviation(Sample.yes(x, 40), peers, 40), PeerSpread(0.0, 39), Fraction(1))
        assert float(found) == pytest.approx(max(float(exact), 1e-30), rel=1e-5)


def test_the_false_discovery_rate() -> None:
    rows = table(PAGE, "p", "q", "q under any dependence")
    values = [Decimal(row["p"]) for row in rows]
    for title, any_dependence in (("q", False), ("q under any dependence", True)):
        found = adjusted(values, any_dependence=any_dependence)
        assert [f"{rounded(q, 6)}" for q in found] == [row[title] for row in rows]


def test_levers() -> None:
    rules = policy()
    whole = {"response": (290, 300), "resolution": (240, 300), "satisfaction": (2280, 300)}
    samples: dict[Measure, Sample] = {
        (key, ()): Sample(part, n, part, 10 if key == "satisfaction" else 1)
        for key, (part, n) in whole.items()
    }
    others = sorted(Decimal(text) for text in ("85.0", "82.1", "82.1", "81.0", "79.0"))
    position = Position(Decimal("80.1"), Decimal(0), 5, others)
    rows = table(PAGE, "category", "cases", "solved", "peers", "more", "gain", "score", "rank")
    for row in rows:
        measure: Measure = ("resolution", (row["category"],))
        own = samples | {measure: Sample.yes(int(row["solved"]), int(row["cases"]))}
        found = levers(own, {measure: share(row["peers"])}, scale(rules), position)
        if row["more"] == "none":
            assert found == ()
            continue
        [lever] = found
        [step] = lever.steps
        assert str(step.more) == row["more"]
        assert step.open == int(row["cases"]) - int(row["solved"])
        assert f"{rounded(lever.gain, 4)}" == row["gain"]
        assert (str(lever.score), str(lever.rank)) == (row["score"], row["rank"])
        # By hand: the composite of the counts with so many more solved.
        after = (
            share("0.1") * Fraction(290, 300)
            + share("0.5") * Fraction(240 + step.more, 300)
            + share("0.4") * Fraction(228, 300)
        )
        assert rounded(after * 100, 1) == lever.score
        assert lever.rank == 1 + sum(other > lever.score for other in others)


def beside(own: str, peers: str, kind: str) -> Compared:
    part, theirs = share(own) * 1000, share(peers) * 1000
    found = Compared(
        "resolution", (), part, Fraction(1000), theirs, Fraction(1000), 9, Decimal(0), Decimal(1)
    )
    if kind == "no":
        return found
    return Compared(
        "resolution",
        (),
        part,
        Fraction(1000),
        theirs,
        Fraction(1000),
        9,
        Decimal(0),
        Decimal(1),
        kind="shortcoming",
    )


def test_what_became_of_earlier_shortcomings() -> None:
    titles = ("share then", "peers then", "share now", "peers now", "finding now", "state")
    for row in table(PAGE, *titles):
        gap = share(row["share then"]) - share(row["peers then"])
        now = []
        if row["share now"] != "none":
            now = [beside(row["share now"], row["peers now"], row["finding now"])]
        [found] = follow([Earlier("resolution", (), gap)], now)
        assert found.state == row["state"]
