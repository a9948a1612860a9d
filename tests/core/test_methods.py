"""Every worked table of the method pages, recomputed."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from jiesu.core.assessment import Findings
from jiesu.core.counts import Counts
from jiesu.core.facts import FACTS, Joint, mask_of, pooled
from jiesu.core.period import parse_period
from jiesu.core.policy import LIST_KINDS
from jiesu.core.roster import Line, Roster
from jiesu.core.scoring import (
    composite,
    composite_variance,
    figures,
    rates,
    rounded,
    spread,
    wilson,
)
from jiesu.core.standings import counted_points
from jiesu.core.units import Unit, Units

from .cast import SHANGHAI, Z95, answers, assessed, counts, policy, scale, share, units
from .pages import METHODS, table

BEIJING = policy()
MONTHS = BEIJING.period.months(SHANGHAI)


def text(value: Decimal | None) -> str:
    return "none" if value is None else str(value)


def test_every_method_page_is_in_the_index() -> None:
    index = (METHODS / "README.md").read_text("utf-8")
    pages = {page.name for page in METHODS.glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"]({page})" in index} == pages


def test_periods_page() -> None:
    for row in table("periods", "period", "start", "end", "previous"):
        period = parse_period(row["period"], MONTHS)
        assert f"{period.start:%Y-%m-%d %H:%M}" == row["start"]
        assert f"{period.end:%Y-%m-%d %H:%M}" == row["end"]
        assert period.previous().label == row["previous"]


def test_running_periods_page() -> None:
    for row in table("periods", "period", "as of", "previous as of (to the end of)"):
        period = parse_period(row["period"], MONTHS)
        as_of = datetime.fromisoformat(row["as of"]).replace(tzinfo=SHANGHAI)
        found = period.previous_as_of(as_of)
        assert f"{found:%Y-%m-%d %H:%M:%S.%f}" == (
            row["previous as of (to the end of)"] + " 23:59:59.999999"
        )


def test_facts_page_names_every_fact() -> None:
    rows = table("facts", "fact", "holds when", "when null")
    assert tuple(row["fact"] for row in rows) == FACTS


def test_rates_page() -> None:
    columns = ("valid", "contacted", "resolved", "partly", "satisfied", "fairly")
    rows = table("rates", *columns, "response", "resolution", "satisfaction")
    for row in rows:
        valid, contacted, resolved, partly, satisfied, fairly = (int(row[name]) for name in columns)
        joint = answers(valid, contacted, resolved, satisfied, fairly, partly=partly)
        found = rates(joint, scale(BEIJING))
        for key in ("response", "resolution", "satisfaction"):
            value = found[key].value
            assert text(None if value is None else rounded(value, 6)) == row[key]


def test_rate_intervals_page() -> None:
    for row in table("rates", "rate", "whole", "low", "high"):
        found = wilson(share(row["rate"]), int(row["whole"]), Z95)
        assert (str(found.low), str(found.high)) == (row["low"], row["high"])


def test_composite_page() -> None:
    columns = ("valid", "contacted", "resolved", "satisfied", "fairly")
    for row in table("composite", *columns, "exact", "score"):
        joint = answers(*(int(row[name]) for name in columns))
        exact = composite(rates(joint, scale(BEIJING)), scale(BEIJING))
        assert exact is not None
        assert exact * 100 == share(row["exact"])
        assert str(figures(joint, scale(BEIJING)).score) == row["score"]


def test_composite_interval_page() -> None:
    joints = []
    for row in table("composite", "cases", "contacted", "resolved", "level"):
        names = ["created", "called_back", row["level"]]
        names += [name for name in ("contacted", "resolved") if row[name] == "yes"]
        joints.append(Joint({mask_of(names): int(row["cases"])}))
    joint = pooled(joints)
    [row] = table("composite", "score", "variance", "low", "high")
    found = figures(joint, scale(BEIJING))
    assert str(found.score) == row["score"]
    assert composite_variance(joint, found.rates, scale(BEIJING)) == share(row["variance"])
    assert found.interval is not None
    assert (str(found.interval.low), str(found.interval.high)) == (row["low"], row["high"])


def test_adjustments_page() -> None:
    for row in table("composite", "points", "caps", "max_bonus", "max_deduction", "counted"):
        limits = {key: int(row[key]) for key in ("max_bonus", "max_deduction")}
        cap = None if row["caps"] == "none" else Decimal(row["caps"])
        points = [Decimal(value) for value in row["points"].split(", ")]
        one_reason = cap is not None
        lines = [
            Line("U", "2022-02", value, "same" if one_reason else f"reason {i}", "No. 1", cap)
            for i, value in enumerate(points)
        ]
        assert counted_points(policy(adjustments=limits), lines) == share(row["counted"])


def _ranking() -> list[dict[str, str]]:
    return table("ranks", "unit", "score", "volume", "rank")


def _scored(score: str, volume: int = 0) -> Joint:
    """Any score with one decimal under `on-time`; cases not due add to the volume alone."""
    good = int(Decimal(score) * 10)
    return Joint(
        {
            mask_of(["created", "due", "closed_on_time"]): good,
            mask_of(["created", "due"]): 1000 - good,
            mask_of(["created"]): volume,
        }
    )


def _group_with(rows: list[dict[str, str]], lists: list[dict[str, object]]) -> Findings:
    now: dict[str | None, Joint] = {
        row["unit"]: _scored(row["score"], int(row["volume"])) for row in rows
    }
    return assessed(policy("on-time", lists=lists), counts(now))


def test_ranks_page() -> None:
    rows = _ranking()
    found = _group_with(rows, [])
    group = found.groups[0]
    assert "".join(unit.unit for unit in group.units) == "BACDEFG"
    for row in rows:
        assert units(group)[row["unit"]].rank == int(row["rank"])
        assert str(units(group)[row["unit"]].score) == row["score"]


def test_lists_page() -> None:
    for row in table("ranks", "list", "n", "ties", "units"):
        rule = {
            "key": "chosen",
            "kind": row["list"],
            "n": int(row["n"]),
            "ties": row["ties"],
            "title": "chosen",
        }
        found = _group_with(_ranking(), [rule])
        [named] = found.lists
        assert " ".join(unit.unit for unit in named.units) == row["units"]


def test_ranks_page_names_every_kind_of_list() -> None:
    rows = table("ranks", "kind", "who is on it")
    named = " ".join(row["kind"].replace("`", "") for row in rows).replace(",", "").split()
    assert tuple(named) == LIST_KINDS


def _with_rank(score: str, rank: str) -> Counts:
    """A unit U with a score, behind so many better units that it has a rank."""
    better: dict[str | None, Joint] = {
        f"better {i}": _scored("100.0") for i in range(int(rank) - 1)
    }
    return counts({**better, "U": _scored(score)})


@pytest.mark.parametrize("by", ["score", "rank"])
def test_improvement_page(by: str) -> None:
    titles = ("previous score", "score", "previous rank", "rank")
    rules = policy("on-time", ranking={"improvement": by})
    for row in table("improvement", *titles, "change by score", "change by rank"):
        before = None
        if row["previous score"] != "none":
            before = _with_rank(row["previous score"], row["previous rank"])
        found = assessed(rules, _with_rank(row["score"], row["rank"]), before)
        unit = units(found.groups[0])["U"]
        assert str(unit.rank) == row["rank"]
        assert text(unit.change) == row[f"change by {by}"]


def test_volume_page() -> None:
    lead: dict[str | None, Joint] = {}
    places: dict[str | None, int] = {}
    for row in table("volume", "case", "unit", "place", "excluded"):
        unit = None if row["unit"] == "none" else row["unit"]
        place = unit if row["place"] == "none" else row["place"]
        names = ["created"] + ["excluded"] * (row["excluded"] == "yes")
        lead[unit] = pooled([lead.get(unit, Joint({})), Joint({mask_of(names): 1})])
        places[place] = places.get(place, 0) + 1
    people = {"S1": 20_000, "S2": 5_000}
    roster = Roster(
        Units.of(Unit(code, code, "street", population=n) for code, n in people.items()), {}
    )
    found = assessed(BEIJING, counts(lead, places=places), roster=roster)
    streets = units(found.groups[0])
    volumes = next(named for named in found.lists if named.kind == "volume")
    by_place = {unit.unit: unit.value for unit in volumes.units}
    for row in table("volume", "code", "volume as unit", "volume as place", "per 10,000"):
        street = streets[row["code"]]
        assert str(street.volume) == row["volume as unit"]
        assert str(by_place[row["code"]]) == row["volume as place"]
        assert str(street.per_10000) == row["per 10,000"]
    assert found.totals.volume == 5
    assert found.totals.unassigned == 1
    assert found.totals.unlisted == 1


def test_funnel_page() -> None:
    titles = ("cases", "solved", "rate", "z", "low", "high", "within chance")
    rows = table("funnel", *titles)
    rules = policy("on-time")
    joints = {
        row["cases"]: Joint(
            {
                mask_of(["created", "due", "closed_on_time"]): int(row["solved"]),
                mask_of(["created", "due"]): int(row["cases"]) - int(row["solved"]),
            }
        )
        for row in rows
    }
    sizes = [
        (Fraction(int(row["solved"]), int(row["cases"])), Fraction(int(row["cases"])))
        for row in rows
    ]
    found = spread(pooled(joints.values()), sizes, scale(rules), Z95, rules.winsor)
    assert found is not None
    [shown] = table("funnel", "centre", "dispersion")
    assert str(rounded(found.centre * 100, 2)) == shown["centre"]
    assert f"{found.dispersion:.2f}" == shown["dispersion"]
    for row, (value, n) in zip(rows, sizes, strict=True):
        low, high = found.limits(n)
        assert (f"{low * 100:.2f}", f"{high * 100:.2f}") == (row["low"], row["high"])
        assert str(rounded(value * 100, 2)) == row["rate"]
        assert found.holds(value, n) == (row["within chance"] == "yes")
        z = (float(value) - float(found.centre)) / (float(found.variance) / float(n)) ** 0.5
        assert z == pytest.approx(float(row["z"]), abs=0.0006)
