"""From an evaluation to the bulletin's content: every sentence, table and chart, in order.

Says only what the data show: without a previous period nothing is said of change. Knows no
city and no policy by name, and no file format.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from jiesu.briefing.charts import funnel_chart, paths_chart
from jiesu.briefing.columns import RATE_DECIMALS
from jiesu.briefing.document import (
    Block,
    Content,
    Facts,
    Figure,
    Heading,
    Paragraph,
    Section,
    Table,
)
from jiesu.briefing.labels import Words
from jiesu.briefing.maps import map_chart
from jiesu.briefing.measures import list_note, measured, table_of_list
from jiesu.briefing.provenance import essence, method_blocks, note_text, provenance
from jiesu.briefing.scene import Scene
from jiesu.briefing.tables import (
    adjustments_table,
    apart,
    apart_reason,
    apart_table,
    groups_table,
    list_table,
    lists_table,
    ranking_table,
    totals_table,
)
from jiesu.briefing.wording import (
    clean,
    day,
    issue_number,
    listing,
    lowered,
    moment,
    office_line,
    percent,
    period_name,
    signed,
    span,
    whole_number,
    zone_name,
)
from jiesu.core.policy import ALL
from jiesu.core.result import Evaluation, Figures, Group, ListedUnit, NamedList

FEWEST_FOR_TABLE = 3
"""A list of fewer units is a sentence only."""


@dataclass(frozen=True, slots=True)
class Imprint:
    """What the office says of itself; each empty field takes the usual words.

    `number` is the document's number, `recipients` the line of those it is sent to.
    """

    office: str = ""
    number: str = ""
    recipients: str = ""


def bulletin(
    evaluation: Evaluation,
    lang: str,
    imprint: Imprint | None = None,
    boundaries: Path | None = None,
) -> Content:
    """The content of a period's bulletin in `zh` or `en`; ValueError for another language.

    `boundaries` is a city's own GeoJSON file for the map; China's districts are known without.
    """
    words, imprint = Words(lang), imprint or Imprint()
    scene = Scene.of(evaluation, words, boundaries)
    annexes = tuple(
        replace(section, label=words("annex.n", n=i))
        for i, section in enumerate(_annexes(scene), start=1)
    )
    city = clean(words.title(evaluation.city, ""))
    signed_on = day(scene.as_of.date(), words)
    period = period_name(evaluation.period, words)
    return Content(
        lang=lang,
        masthead=words("masthead", city=city).removeprefix(" · "),
        number=clean(imprint.number) or issue_number(evaluation.period, words),
        title=words("title", period=period),
        mark=words("synthetic") if evaluation.synthetic else "",
        recipients=clean(imprint.recipients, 300) or _recipients(scene),
        sections=numbered(_sections(scene), words),
        annexes=annexes,
        sheets=_sheets(scene, annexes),
        essence=essence(scene),
        provenance=provenance(scene),
        office=office_line(imprint.office, city, words),
        signed_on=signed_on,
        printed=words("printed", day=signed_on),
        annex_word=words("annex"),
        ui=words.ui(),
    )


def _recipients(scene: Scene) -> str:
    words, groups = scene.words, scene.evaluation.groups
    if not groups or [group.key for group in groups] == [ALL]:
        return words("recipients.all")
    titles = [lowered(scene.group_title(group), words) for group in groups]
    return words("recipients", names=words("recipients.join").join(titles))


def _sections(scene: Scene) -> Iterator[Section]:
    yield Section("overall", scene.words("overall"), tuple(_overall(scene)))
    for group in scene.evaluation.groups:
        title = scene.group_title(group)
        yield Section(scene.anchor(group.key), title, tuple(_group_blocks(scene, group)))


# 一、总体情况 --------------------------------------------------------------------------------


def _overall(scene: Scene) -> Iterator[Block]:
    words, evaluation = scene.words, scene.evaluation
    policy = evaluation.policy
    yield Paragraph(
        words(
            "overall.essence",
            period=period_name(evaluation.period, words),
            span=span(evaluation.period, words),
            zone=zone_name(evaluation.period.start),
            as_of=moment(scene.as_of, words),
            policy=clean(words.title(policy.title, policy.name)),
            name=clean(policy.name),
            version=clean(policy.version),
        )
    )
    yield Paragraph(words("join.sentences").join(_volume_sentences(scene)))
    figures = [
        sentence
        for key, version in (
            ("overall.figures", evaluation.totals.figures),
            ("overall.figures_with", evaluation.totals.with_excluded),
        )
        if (sentence := _figures_sentence(scene, key, version))
    ]
    if figures:
        yield Paragraph(words("join.sentences").join(figures))
    known = [note for note in evaluation.notes if words.known(f"note.{note[0]}", "")]
    for note in known:
        yield Paragraph(note_text(scene, *note))
    yield totals_table(scene)
    if len(evaluation.groups) > 1:
        yield groups_table(scene)


def _volume_sentences(scene: Scene) -> Iterator[str]:
    """How many cases there were, against the previous period, and which are not ranked."""
    words, evaluation, totals = scene.words, scene.evaluation, scene.evaluation.totals
    sentence = words("overall.volume", n=whole_number(totals.volume))
    before = totals.previous_volume
    if evaluation.previous_period is not None and before:
        more = totals.volume - before
        key = "up" if more > 0 else "down" if more < 0 else "same"
        sentence += words(
            f"overall.{key}",
            period=period_name(evaluation.previous_period, words),
            n=whole_number(abs(more)),
            percent=percent(Fraction(abs(more), before), 1),
        )
    yield sentence + words("list.end")
    if totals.excluded:
        share = percent(Fraction(totals.excluded, totals.volume or 1), RATE_DECIMALS)
        yield words("overall.excluded", n=whole_number(totals.excluded), percent=share)
    for key, n in (("unassigned", totals.unassigned), ("unlisted", totals.unlisted)):
        if n:
            yield words(f"overall.{key}", n=whole_number(n))


def _figures_sentence(scene: Scene, key: str, figures: Figures) -> str:
    """The city's rates and score in one version; nothing where a rate is missing."""
    words = scene.words
    rates = []
    for rule in scene.policy.rates:
        rate = figures.rates.get(rule.key)
        if rate is None or rate.value is None:
            return ""
        title = lowered(scene.rate_title(rule), words)
        rates.append(words("overall.rate", title=title, value=percent(rate.value, RATE_DECIMALS)))
    if figures.score is None:
        return ""
    score = lowered(scene.score, words)
    return words(key, rates=listing(rates, words), score=score, value=f"{figures.score:f}")


# 二、 and so on: the groups ------------------------------------------------------------------


def _group_blocks(scene: Scene, group: Group) -> Iterator[Block]:
    yield Paragraph(scene.words("join.sentences").join(_group_sentences(scene, group)))
    for named in scene.evaluation.lists:
        if named.group == group.key:
            yield Heading(scene.list_title(named))
            yield Paragraph(_list_sentence(scene, group, named))
            if named.kind != "tied_first" and len(named.units) >= FEWEST_FOR_TABLE:
                yield list_table(scene, named)
            elif note := list_note(scene, named):
                yield Paragraph(note)
    charts = [funnel_chart(scene, group), map_chart(scene, group), paths_chart(scene, group)]
    figures = [chart for chart in charts if chart is not None]
    if figures:
        yield Heading(scene.words("group.figures"))
        yield from figures


def _group_sentences(scene: Scene, group: Group) -> Iterator[str]:
    words = scene.words
    if not group.n_ranked:
        yield words("group.none")
    elif group.pooled.score is None:
        yield words("group.intro.only", n=group.n_ranked)
    else:
        pooled = words(
            "group.intro.pooled",
            score=lowered(scene.score, words),
            value=f"{group.pooled.score:f}",
        )
        mean = (
            words("group.intro.mean", value=f"{group.mean_of_units:f}")
            if group.mean_of_units is not None
            else ""
        )
        yield words("group.intro", n=group.n_ranked, pooled=pooled, mean=mean)
    not_ranked = apart(group)
    if not_ranked:
        counts: dict[str, int] = {}
        for unit in not_ranked:
            reason = apart_reason(unit, words)
            counts[reason] = counts.get(reason, 0) + 1
        reasons = [words("group.apart.reason", reason=r, n=n) for r, n in counts.items()]
        yield words("group.apart", n=len(not_ranked), reasons=listing(reasons, words))
    yield from _chance_sentence(scene, group)


def _chance_sentence(scene: Scene, group: Group) -> Iterator[str]:
    if group.funnel is None:
        return
    outside = [unit for unit in group.units if unit.within_chance is False and unit.score]
    centre = group.funnel.centre
    above = sum(unit.score > centre for unit in outside if unit.score is not None)
    if outside:
        yield scene.words("group.chance", above=above, below=len(outside) - above)
    elif group.n_ranked > 1:
        yield scene.words("group.chance.none")


# Named lists ---------------------------------------------------------------------------------


def _list_sentence(scene: Scene, group: Group, named: NamedList) -> str:
    """The sentence that names a list's units, in the list's order."""
    words = scene.words
    if not named.available:
        missing = "list.no_previous" if named.kind == "improved" else "list.missing"
        return words(missing)
    if not named.units:
        return words("list.empty")
    if named.kind == "tied_first":
        return _tied_first_sentence(scene, named)
    items = [_list_item(scene, group, named, unit) for unit in named.units]
    return listing(items, words) + words("list.end")


def _tied_first_sentence(scene: Scene, named: NamedList) -> str:
    words = scene.words
    names = [scene.listed_name(named.group, unit.unit, unit.name) for unit in named.units]
    score = lowered(scene.score, words)
    value = f"{named.units[0].score:f}" if named.units[0].score is not None else words("none")
    if len(names) == 1:
        return words("list.first", name=names[0], score=score, value=value)
    return words("list.tied", names=listing(names, words), n=len(names), score=score, value=value)


def _list_item(scene: Scene, group: Group, named: NamedList, listed: ListedUnit) -> str:
    words = scene.words
    name = scene.listed_name(named.group, listed.unit, listed.name)
    if named.kind in ("top", "bottom"):
        known = scene.units[group.key].get(listed.unit)
        rank = scene.rank_words(group, known) if known else words("none")
        value = f"{listed.score:f}" if listed.score is not None else words("none")
        return words("list.scored", name=name, value=value, rank=rank)
    return words("list.plain", name=name, value=_list_value(scene, named, listed))


def _list_value(scene: Scene, named: NamedList, listed: ListedUnit) -> str:
    words = scene.words
    if named.kind == "volume":
        return words("list.cases", n=whole_number(int(listed.value)))
    if named.kind == "improved":
        by = "list.by_rank" if scene.policy.improvement == "rank" else "list.by_score"
        return words(by, value=signed(listed.value))
    return measured(table_of_list(scene, named), listed.value, listed.weak, words)


# Annexes -------------------------------------------------------------------------------------


def _annexes(scene: Scene) -> Iterator[Section]:
    words = scene.words
    for group in scene.evaluation.groups:
        blocks: list[Block] = []
        ranking = ranking_table(scene, group)
        if ranking.rows:
            blocks.append(replace(ranking, dense=True))
        for more in (apart_table(scene, group), adjustments_table(scene, group)):
            if more is not None:
                blocks += [Heading(more.caption, 3), replace(more, dense=True)]
        if blocks:
            title = words(
                "annex.ranking",
                group=scene.group_title(group),
                score=lowered(scene.score, words),
            )
            yield Section(f"annex-{scene.anchor(group.key)}", title, tuple(blocks))
    method = [
        Heading(words("method.heading"), 3),
        *method_blocks(scene),
        Heading(words("source.heading"), 3),
        Facts(provenance(scene)),
    ]
    yield Section("annex-method", words("annex.method"), tuple(method))


def _sheets(scene: Scene, annexes: tuple[Section, ...]) -> tuple[Table, ...]:
    """The tables of a workbook: totals, lists, then all of the annexes."""
    tables = [block for annex in annexes for block in annex.blocks if isinstance(block, Table)]
    lists = lists_table(scene)
    groups = [groups_table(scene)] if scene.evaluation.groups else []
    return (totals_table(scene), *groups, *([lists] if lists.rows else []), *tables)


def numbered(sections: Iterable[Section], words: Words) -> tuple[Section, ...]:
    """Numbers on sections, headings, tables and figures, as the language writes them."""
    done = []
    tables = figures = 0
    for n, section in enumerate(sections, start=1):
        blocks: list[Block] = []
        headings = 0
        for block in section.blocks:
            if isinstance(block, Heading):
                headings += 1
                block = replace(block, text=_heading(n, headings, block.text, words))
            elif isinstance(block, Table):
                tables += 1
                block = replace(block, caption=words("table", n=tables, title=block.caption))
            elif isinstance(block, Figure):
                figures += 1
                block = replace(block, caption=words("figure", n=figures, title=block.caption))
            blocks.append(block)
        title = f"{chinese_number(n)}、{section.title}" if words.lang == "zh" else ""
        title = title or f"{n}. {section.title}"
        done.append(replace(section, title=title, blocks=tuple(blocks)))
    return tuple(done)


def _heading(section: int, n: int, text: str, words: Words) -> str:
    return f"（{chinese_number(n)}）{text}" if words.lang == "zh" else f"{section}.{n} {text}"


def chinese_number(n: int) -> str:
    """1 to 99 in Chinese numerals, as headings count: 一, 十, 十二, 二十一."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(n, 10)
    if not 0 < n < 100:
        return str(n)
    head = "" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十"
    return head + (digits[ones] if ones else "")
