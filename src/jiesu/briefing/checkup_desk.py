"""What every part of a health check looks up: names, titles, numbers in words.

Holds no figures of its own and no layout.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from jiesu.briefing.labels import Words
from jiesu.briefing.wording import (
    clean,
    full_name,
    lowered,
    moment,
    percent,
    period_name,
    plain,
    signed,
    span,
    whole_number,
)
from jiesu.core.checkup import Frame, UnitCheckup
from jiesu.core.comparison import EXCLUDED, LATE, SHARE, Compared
from jiesu.core.levers import Lever
from jiesu.core.scoring import rounded
from jiesu.core.topics import CategoryPath

DECIMALS = 1
"""Percentages have one decimal here: with some hundred cases a second one says nothing."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A unit's health check with the words of one language."""

    frame: Frame
    unit: UnitCheckup
    words: Words

    @property
    def name(self) -> str:
        return full_name(self.unit.name, self.unit.above, self.words.lang)

    @property
    def period(self) -> str:
        """2021年度 for a year, else the period's name."""
        period = self.frame.period
        if period.kind == "year":
            return self.words("checkup.year", year=period.label)
        return period_name(period, self.words)

    @property
    def group(self) -> str:
        return clean(self.words.title(self.unit.group_title, self.unit.group))

    @property
    def score(self) -> str:
        several = len(self.frame.policy.rates) > 1
        return self.words("column.score" if several else "column.one_score")

    def figure(self, figure: str) -> str:
        """What a figure is called."""
        for rule in self.frame.policy.rates:
            if rule.key == figure:
                return clean(self.words.title(rule.title, rule.key))
        if figure in (LATE, EXCLUDED, SHARE):
            return self.words(f"checkup.{figure}")
        return clean(figure)

    def category(self, path: CategoryPath) -> str:
        if not path:
            return self.words("checkup.all")
        return self.words("checkup.level").join(clean(level, 24) for level in path)

    def measure(self, figure: str, path: CategoryPath) -> str:
        """“住房—物业管理”解决率, or the figure alone for all demands."""
        title = self.figure(figure)
        if not path:
            return title
        return self.words("checkup.measure", figure=title, category=self.category(path))

    def item(self, item: Compared) -> str:
        """A finding in words, with both shares."""
        return self.words(
            "checkup.item",
            measure=lowered(self.measure(item.figure, item.category), self.words),
            own=share_text(item.share),
            peers=self.share(item.peers_share),
        )

    def share(self, share: Fraction | None) -> str:
        """A percentage, or the sign for nothing where the peers have none."""
        return self.words("none") if share is None else share_text(share)

    def steps(self, lever: Lever) -> str:
        return self.words("between").join(
            self.words(
                "checkup.step",
                rate=lowered(self.figure(step.rate), self.words),
                more=f"{step.more:,}",
                open=f"{step.open:,}",
            )
            for step in lever.steps
        )

    def moves(self, lever: Lever) -> str:
        before = self.unit.result.rank
        if before is None or lever.rank is None:
            return self.words("none")
        return self.words("checkup.moves", before=before, after=lever.rank)

    def lever(self, lever: Lever) -> str:
        """A lever as part of a sentence."""
        before = self.unit.result.rank
        rank = ""
        if before is not None and lever.rank is not None:
            rank = self.words("checkup.lever.rank", before=before, after=lever.rank)
        return self.words(
            "checkup.lever.said",
            category=lowered(self.category(lever.category), self.words),
            steps=self.steps(lever),
            gain=gain_text(lever.gain),
            rank=rank,
        )

    def judged(self, item: Compared) -> str:
        key = item.kind or ("untested" if item.p is None else "usual")
        return self.words(f"checkup.judged.{key}")


def share_text(share: Fraction) -> str:
    return percent(share, DECIMALS)


def bare(share: Fraction) -> str:
    """A percentage without its sign, for a column that has it in its head."""
    return percent(share, DECIMALS).removesuffix("%")


def points(gap: Fraction) -> str:
    """A difference in percentage points with its sign."""
    return signed(rounded(gap * 100, DECIMALS))


def apart(item: Compared) -> str:
    """How far a share lies from the peers', in percentage points; more is positive."""
    peers = item.peers_share
    return "" if peers is None else points(item.share - peers)


def gain_text(gain: Fraction) -> str:
    """Points of score with two decimals: small gains are gains too."""
    return signed(rounded(gain, 2))


def q_text(q: Fraction | None) -> str:
    if q is None:
        return ""
    return "<0.0001" if q < Fraction(1, 10_000) else f"{rounded(q, 4):f}"


def by_number(table: Mapping[str | None, int]) -> list[tuple[str | None, int]]:
    return sorted(table.items(), key=lambda entry: (-entry[1], entry[0] or ""))


def count_text(value: Fraction) -> str:
    """A count of cases as other counts are written; the part of a shared case is a fraction."""
    return whole_number(int(value)) if value.denominator == 1 else plain(value)


def sources(frame: Frame, words: Words) -> tuple[tuple[str, str], ...]:
    """What a run's documents were made from: period, moment, policy, cases."""
    policy = frame.policy
    title = clean(words.title(policy.title, policy.name))
    return (
        (words("checkup.source.period"), span(frame.period, words)),
        (
            words("checkup.source.as_of"),
            moment(frame.as_of.astimezone(frame.period.start.tzinfo), words),
        ),
        (
            words("checkup.source.policy"),
            f"{title} {clean(policy.version)} ({policy.digest[:12]})",
        ),
        (words("checkup.source.input"), frame.input_digest[:16]),
    )
