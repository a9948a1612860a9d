"""Where a bulletin's figures come from: period, rules, input, and how each figure is made.

The method is written from the policy itself, so that a bulletin explains the very rules that
were applied.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from jiesu.briefing.document import Block, Paragraph
from jiesu.briefing.measures import measure_facts
from jiesu.briefing.scene import Scene
from jiesu.briefing.wording import (
    clean,
    listing,
    lowered,
    moment,
    percent,
    period_label,
    period_name,
    plain,
    span,
    weight,
    whole_number,
    zone_name,
)
from jiesu.core.policy import RateRule

FILES_SHOWN = 6
SHORT_DIGEST = 12


def essence(scene: Scene) -> tuple[str, ...]:
    """Period, as-of, rules and input in short lines, for the shortest form of a document."""
    words, evaluation = scene.words, scene.evaluation
    rows = evaluation.input
    return (
        words(
            "essence.period",
            period=period_name(evaluation.period, words),
            span=span(evaluation.period, words),
        ),
        words("essence.as_of", as_of=moment(scene.as_of, words)),
        words(
            "essence.policy",
            name=clean(evaluation.policy.name),
            version=clean(evaluation.policy.version),
            digest=evaluation.policy.digest[:SHORT_DIGEST],
        ),
        words(
            "essence.input",
            digest=rows.digest[:SHORT_DIGEST],
            accepted=whole_number(rows.accepted),
            rejected=whole_number(rows.rejected),
            duplicates=whole_number(rows.duplicates),
        ),
    )


def provenance(scene: Scene) -> tuple[tuple[str, str], ...]:
    """Everything that is needed to compute the same figures again, as label and value."""
    words, evaluation = scene.words, scene.evaluation
    policy, rows = evaluation.policy, evaluation.input
    pairs = [("period", period_name(evaluation.period, words))]
    zone = zone_name(evaluation.period.start)
    pairs.append(("span", f"{span(evaluation.period, words)}, {zone}"))
    if evaluation.previous_period is not None:
        pairs.append(("previous", period_name(evaluation.previous_period, words)))
    pairs.append(("as_of", moment(scene.as_of, words)))
    title = clean(words.title(policy.title, policy.name))
    pairs.append(("policy", f"{title} · {clean(policy.name)} {clean(policy.version)}"))
    pairs.append(("policy_digest", policy.digest))
    found = [(words(f"source.{key}"), value) for key, value in pairs]
    found += _weights(scene)
    n = len(rows.files)
    files = [clean(file.name) for file in rows.files[:FILES_SHOWN]]
    shown = listing(files, words)
    if n > FILES_SHOWN:
        shown = f"{shown}{words('between')}{words('source.more', n=n)}"
    total = rows.accepted + rows.rejected + rows.duplicates
    counted = words(
        "source.rows.text",
        accepted=whole_number(rows.accepted),
        rejected=whole_number(rows.rejected),
        duplicates=whole_number(rows.duplicates),
        total=whole_number(total),
    )
    found += [
        (words("source.input"), shown),
        (words("source.input_digest"), rows.digest),
        (words("source.rows"), counted),
        (words("source.versions"), words("source.versions.text")),
    ]
    found += measure_facts(scene)
    if evaluation.synthetic:
        found.append((words("source.data"), words("synthetic")))
    found += [(words("source.note"), note_text(scene, *note)) for note in evaluation.notes]
    return tuple(found)


def note_text(scene: Scene, key: str, values: Mapping[str, str]) -> str:
    """A note about the input in words; one that this version does not know as it stands."""
    pairs = {name: clean(str(value)) for name, value in values.items()}
    if "period" in pairs:
        pairs["period"] = period_label(pairs["period"], scene.words)
    text = scene.words.known(f"note.{key}", "")
    try:
        return text.format(**pairs) if text else _bare(key, pairs)
    except (KeyError, IndexError, ValueError):
        return _bare(key, pairs)


def _bare(key: str, pairs: dict[str, str]) -> str:
    return clean(": ".join([key, "; ".join(f"{k} {v}" for k, v in pairs.items())]), 300)


def _weights(scene: Scene) -> Iterator[tuple[str, str]]:
    """The composite's weights; once for all groups, or for each with weights of its own."""
    words = scene.words
    own = [rule for rule in scene.policy.groups if rule.weights]
    if len(own) < len(scene.policy.groups) or not own:
        yield words("source.weights"), _weights_text(scene, "")
    for rule in own:
        title = clean(words.title(rule.title, rule.key))
        yield words("source.weights.of", group=title), _weights_text(scene, rule.key)


def _weights_text(scene: Scene, group: str) -> str:
    weights = scene.weights(group)
    items = [
        f"{scene.rate_title(rule)} {weight(weights[rule.key])}"
        for rule in scene.policy.rates
        if rule.key in weights
    ]
    return listing(items, scene.words)


# How the figures are made ------------------------------------------------------------------


def method_blocks(scene: Scene) -> Iterator[Block]:
    """A formula and a line or two for each figure that the bulletin shows."""
    words, policy, evaluation = scene.words, scene.policy, scene.evaluation
    last_of = {rule.whole: rule.key for rule in policy.rates}
    for rule in policy.rates:
        # What holds for every rate over one whole is said once, after the last of them.
        text = words("method.rate.text", whole=scene.whole_word(rule.whole))
        said = text if last_of[rule.whole] == rule.key else ""
        yield Paragraph(said, _formula(scene, rule) + words("list.end.lead"))
    yield from _composite(scene)
    yield _ranks(scene)
    if evaluation.previous_period is not None:
        key = "rank" if policy.improvement == "rank" else "score"
        yield _entry(scene, "change", f"method.change.{key}")
    yield _entry(scene, "versions", "method.versions.text")
    yield _entry(scene, "totals", "method.totals.text")
    units = [unit for group in evaluation.groups for unit in group.units]
    level = percent(policy.confidence, 0)
    if any(unit.figures.interval for unit in units):
        yield _entry(scene, "interval", "method.interval.text", percent=level)
    if any(group.funnel for group in evaluation.groups):
        whole = scene.whole_word(policy.rates[0].whole)
        yield _entry(scene, "funnel", "method.funnel.text", whole=whole)
    if any(unit.adjustments for unit in units):
        yield _entry(scene, "adjustments", "method.adjustments.text")


def _entry(scene: Scene, key: str, text: str, **values: object) -> Paragraph:
    lead = scene.words("list.lead", title=scene.words(f"method.{key}"))
    return Paragraph(scene.words(text, **values), lead)


def _formula(scene: Scene, rule: RateRule) -> str:
    """满意率 =（满意 + 0.9 × 基本满意）÷ 有效回访, from the policy's own weights."""
    words = scene.words
    terms = [
        name if share == 1 else f"{plain(share)} × {name}"
        for fact, share in rule.part.items()
        if share and (name := words.known(f"fact.{fact}", clean(fact)))
    ]
    part = " + ".join(terms)
    if len(terms) > 1:
        part = words("bracket", text=part)
    return words(
        "method.rate", title=scene.rate_title(rule), part=part, whole=scene.whole_word(rule.whole)
    )


def _terms(scene: Scene, weights: dict[str, Fraction]) -> str:
    items = [
        f"{weight(weights[rule.key])} × {lowered(scene.rate_title(rule), scene.words)}"
        for rule in scene.policy.rates
        if weights.get(rule.key)
    ]
    return " + ".join(items)


def _composite(scene: Scene) -> Iterator[Paragraph]:
    words, policy = scene.words, scene.policy
    own = [rule for rule in policy.groups if rule.weights]
    text = words("method.composite.text", decimals=policy.decimals)
    if len(own) < len(policy.groups) or not own:
        terms = _terms(scene, dict(scene.weights("")))
        formula = words("method.composite", score=scene.score, terms=terms)
        yield Paragraph(text, formula + words("list.end.lead"))
    for rule in own:
        terms = _terms(scene, dict(rule.weights))
        group = clean(words.title(rule.title, rule.key))
        formula = words("method.composite.of", score=scene.score, group=group, terms=terms)
        yield Paragraph(text, formula + words("list.end.lead"))


def _ranks(scene: Scene) -> Paragraph:
    words, policy = scene.words, scene.policy
    facts = {rule.whole for rule in policy.rates}
    whole = scene.whole_word(facts.pop()) if len(facts) == 1 else words("column.whole")
    text = words("method.ranks.text", whole=whole, n=policy.min_whole)
    if policy.rank_by == "interval_low":
        text = words("join.sentences").join([text, words("method.ranks.low")])
    return Paragraph(text, words("list.lead", title=words("method.ranks")))
