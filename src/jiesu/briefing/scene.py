"""What every table, chart and sentence of a bulletin looks up: titles, names, units by code.

Holds no figures of its own and no layout.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from zlib import crc32

from jiesu.briefing.labels import Words
from jiesu.briefing.wording import clean, full_name
from jiesu.core.policy import Policy, RateRule
from jiesu.core.result import Evaluation, Group, NamedList, UnitResult


@dataclass(frozen=True)
class Scene:
    """What every table needs: the evaluation, the words, and units by group and code.

    `boundaries` is a city's own GeoJSON file, see docs/city-folder.md.
    """

    evaluation: Evaluation
    words: Words
    units: Mapping[str, Mapping[str, UnitResult]]
    names: Mapping[str, str]
    boundaries: Path | None = None

    @classmethod
    def of(cls, evaluation: Evaluation, words: Words, boundaries: Path | None = None) -> "Scene":
        units = {
            group.key: {unit.unit: unit for unit in group.units} for group in evaluation.groups
        }
        names = {code: unit.name for group in units.values() for code, unit in group.items()}
        return cls(evaluation, words, units, names, boundaries)

    @property
    def policy(self) -> Policy:
        return self.evaluation.policy

    @property
    def score(self) -> str:
        """What the score is called: composite only where it is made of several rates."""
        several = len(self.policy.rates) > 1
        return self.words("column.score" if several else "column.one_score")

    @property
    def as_of(self) -> datetime:
        """Until when the data are looked at, in the period's zone."""
        return self.evaluation.as_of.astimezone(self.evaluation.period.start.tzinfo)

    def full_name(self, name: str, parent: str | None) -> str:
        """A unit's name with that of the unit it belongs to before it, where that is known."""
        return full_name(name, self.names.get(parent or "", ""), self.words.lang)

    def unit_name(self, unit: UnitResult) -> str:
        return self.full_name(unit.name, unit.parent)

    def listed_name(self, group: str, code: str, name: str) -> str:
        known = self.units.get(group, {}).get(code)
        return self.unit_name(known) if known else clean(name)

    def whole_word(self, fact: str) -> str:
        return self.words.known(f"fact.{fact}", clean(fact))

    def group_title(self, group: Group) -> str:
        return clean(self.words.title(group.title, group.key))

    def rate_title(self, rule: RateRule) -> str:
        return clean(self.words.title(rule.title, rule.key))

    def short_name(self, unit: UnitResult) -> str:
        """A name for a chart's label: without the parent's where it is unique in the group."""
        own = clean(unit.name, 24)
        return own if self.alike[unit.name] == 1 else clean(self.unit_name(unit), 24)

    @cached_property
    def alike(self) -> Counter[str]:
        """How many units bear each name."""
        return Counter(unit.name for group in self.units.values() for unit in group.values())

    def weights(self, group: str) -> Mapping[str, Fraction]:
        """The composite's weights by rate key that hold for a group."""
        for rule in self.policy.groups:
            if rule.key == group:
                return self.policy.weights_of(rule)
        return {rate.key: rate.weight for rate in self.policy.rates}

    def rank_words(self, group: Group, unit: UnitResult) -> str:
        """第3名, or 并列第3名 where others of the group have the same rank."""
        if unit.rank is None:
            return self.words("none")
        tied = self.ranks[group.key][unit.rank] > 1
        return self.words("list.rank.tied" if tied else "list.rank", n=unit.rank)

    @cached_property
    def ranks(self) -> Mapping[str, Counter[int | None]]:
        """How many units of each group have each rank."""
        return {
            key: Counter(unit.rank for unit in units.values()) for key, units in self.units.items()
        }

    def anchor(self, key: str) -> str:
        """A key from the policy as part of an element's id."""
        return re.sub(r"[^A-Za-z0-9]+", "-", key).strip("-") or f"g{crc32(key.encode())}"

    def list_title(self, named: NamedList) -> str:
        return clean(self.words.title(named.title, named.key))
