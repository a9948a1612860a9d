"""Policies: what is refused, and how the mistakes are named."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from jiesu.core.facts import FACTS
from jiesu.core.period import parse_period
from jiesu.core.policy import parse_policy, policy_in_force
from jiesu.core.problems import InputError

from .cast import SHANGHAI, policy, policy_table

Table = dict[str, Any]


def mistakes(change: Callable[[Table], None]) -> list[str]:
    table = policy_table()
    change(table)
    with pytest.raises(InputError) as caught:
        parse_policy(table, file="policy.toml", digest="")
    return [str(problem) for problem in caught.value.problems]


def test_beijing_has_the_weights_levels_and_groups_of_the_rules() -> None:
    beijing = policy()
    weights = {
        rate.key: str(Decimal(float(rate.weight)).quantize(Decimal("0.01")))
        for rate in beijing.rates
    }
    assert weights == {"response": "0.10", "resolution": "0.50", "satisfaction": "0.40"}
    assert {rate.whole for rate in beijing.rates} == {"called_back"}
    levels = beijing.rates[2].part
    assert levels["satisfied"] == 1
    assert levels["fairly_satisfied"] * 10 == 9
    assert [group.key for group in beijing.groups] == [
        "street",
        "district",
        "department",
        "enterprise",
    ]


def test_weights_that_do_not_add_up_are_refused_with_their_sum() -> None:
    def change(table: Table) -> None:
        table["rates"][0]["weight"] = Decimal("0.20")

    assert mistakes(change) == [
        "policy.toml, rates: the weights add up to 1.1, not to 1; change them so that they do"
    ]


def test_a_group_s_own_weights_must_cover_the_rates_and_add_up() -> None:
    def change(table: Table) -> None:
        table["groups"][0]["weights"] = {"response": 1}
        table["groups"][1]["weights"] = {"response": 1, "resolution": 1, "satisfaction": 1}

    found = mistakes(change)
    assert [line.partition(":")[0] for line in found] == [
        "policy.toml, groups[1].weights",
        "policy.toml, groups[2].weights",
    ]


def test_an_unknown_fact_is_named_with_the_known_ones() -> None:
    def change(table: Table) -> None:
        table["rates"][1]["part"] = {"solved": 1}

    [found] = mistakes(change)
    assert found.startswith("policy.toml, rates[2].part.solved: this fact is not known; use one of")
    assert all(fact in found for fact in FACTS)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda table: table["groups"][1].update(kinds=[]), "groups[2].kinds"),
        (lambda table: table.update(colour="red"), "colour"),
        (lambda table: table["lists"][0].update(m=3), "lists[1].m"),
        (lambda table: table["lists"][0].update(group="village"), "lists[1].group"),
        (lambda table: table["lists"][0].update(kind="worst"), "lists[1].kind"),
        (lambda table: table["rates"][0].update(weight=0.1), "rates[1].weight"),
        (lambda table: table["rates"][0].pop("whole"), "rates[1].whole"),
        (lambda table: table["groups"][1].update(kinds=["street"]), "groups[2].kinds"),
        (lambda table: table["lists"][1].update(key="street_first"), "lists[2].key"),
        (lambda table: table["period"].update(start_day=31), "period.start_day"),
        (lambda table: table.update(valid_to=date(2000, 1, 1)), "valid_to"),
        (lambda table: table.update(rates=[]), "rates"),
        (lambda table: table.update(format=2), "format"),
        (lambda table: table.update(decimals="one"), "decimals"),
        (lambda table: table.update(statistics={"confidence": 1}), "statistics.confidence"),
        (
            lambda table: table["rates"][1].update(part={"resolved": 1, "satisfied": 1}),
            "rates[2].part",
        ),
        (lambda table: table["groups"][0].update(key="all"), "groups[1].key"),
        (lambda table: table["ranking"].update(by="interval_low", totals="mean"), "ranking.by"),
        (
            lambda table: (
                table["lists"][0].update(key="bottom", group="*")
                or table["lists"][1].update(key="street_bottom")
            ),
            "lists[1].key",
        ),
    ],
)
def test_a_mistake_is_named_with_its_key(change: Callable[[Table], None], where: str) -> None:
    assert f"policy.toml, {where}: " in "\n".join(mistakes(change))


def test_all_mistakes_are_named_at_once() -> None:
    def change(table: Table) -> None:
        table["colour"] = "red"
        table["groups"][1]["kinds"] = []
        table["lists"][0]["n"] = 0

    assert len(mistakes(change)) == 3


def test_the_version_in_force_on_the_last_day_applies() -> None:
    old = policy(version="old", valid_from=date(2020, 1, 1), valid_to=date(2022, 2, 1))
    new = policy(version="new", valid_from=date(2022, 2, 1))
    months = old.period.months(SHANGHAI)
    chosen = {
        label: policy_in_force([new, old], parse_period(label, months), file="p").version
        for label in ("2022-01", "2022-02", "2021", "2022")
    }
    assert chosen == {"2022-01": "old", "2022-02": "new", "2021": "old", "2022": "new"}


def test_overlapping_versions_are_refused() -> None:
    old = policy(version="old", valid_from=date(2020, 1, 1))
    new = policy(version="new", valid_from=date(2022, 2, 1))
    period = parse_period("2022-02", old.period.months(SHANGHAI))
    with pytest.raises(InputError, match="versions old and new are both in force from 2022-02-01"):
        policy_in_force([old, new], period, file="policies")


def test_a_time_without_a_version_is_refused() -> None:
    late = policy(valid_from=date(2023, 1, 1))
    period = parse_period("2022-02", late.period.months(SHANGHAI))
    with pytest.raises(InputError, match="no version of the policy is in force on 2022-02-18"):
        policy_in_force([late], period, file="policies")
