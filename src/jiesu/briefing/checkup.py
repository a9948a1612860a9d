"""From a unit's health check to its document: the conclusion first, then what it stands on.

Says only what the data show: a part whose data are not at hand says so in one sentence. No case
text, caller or address. Tables are built in `checkup_tables`.
"""

from collections.abc import Iterator
from fractions import Fraction

from jiesu.briefing.checkup_charts import (
    MOST_CATEGORIES,
    category_chart,
    path_chart,
    volume_chart,
)
from jiesu.briefing.checkup_desk import Desk, by_number, count_text, share_text, sources
from jiesu.briefing.checkup_tables import (
    categories_table,
    findings_table,
    followed_table,
    key_table,
    levers_table,
    months_table,
    open_table,
    places_table,
)
from jiesu.briefing.content import numbered
from jiesu.briefing.document import Block, Content, Facts, Figure, Heading, Paragraph, Section
from jiesu.briefing.labels import Words
from jiesu.briefing.wording import (
    clean,
    day,
    listing,
    lowered,
    moment,
    office_line,
    percent,
    period_label,
    plain,
    score_text,
    whole_number,
)
from jiesu.core.checkup import Frame, UnitCheckup
from jiesu.core.comparison import LATE, Compared
from jiesu.core.result import RankPoint

SAID = 2
"""So many strengths and shortcomings stand in the conclusion."""


def checkup_content(frame: Frame, unit: UnitCheckup, lang: str, *, office: str = "") -> Content:
    """The document of one unit in `zh` or `en`; ValueError for another language."""
    words = Words(lang)
    desk = Desk(frame, unit, words)
    city = clean(words.title(frame.city, ""))
    signed_on = day(frame.as_of.astimezone(frame.period.start.tzinfo).date(), words)
    return Content(
        lang=lang,
        title=words("checkup.title", name=desk.name, period=desk.period),
        sections=numbered(_sections(desk), words),
        ui=words.ui(),
        masthead=words("checkup.masthead", city=city).removeprefix(" · "),
        number=words("checkup.number", period=desk.period),
        mark=words("synthetic") if frame.synthetic else "",
        recipients=desk.name,
        essence=(),
        provenance=sources(desk.frame, words),
        office=office_line(office, city, words),
        signed_on=signed_on,
        printed=words("printed", day=signed_on),
    )


def _sections(desk: Desk) -> Iterator[Section]:
    for key, blocks in (
        ("summary", _summary(desk)),
        ("course", _course(desk)),
        ("findings", _findings(desk)),
        ("categories", _categories(desk)),
        ("recurs", _recurs(desk)),
        ("open", _open(desk)),
        ("levers", _levers(desk)),
        ("followed", _followed(desk)),
        ("method", _method(desk)),
    ):
        yield Section(key, desk.words(f"checkup.{key}"), tuple(blocks))


# The conclusion ------------------------------------------------------------------------------


def _summary(desk: Desk) -> Iterator[Block]:
    words, unit = desk.words, desk.unit
    sentences = [_stands(desk)]
    for key, items in (("strengths", unit.strengths), ("shortcomings", unit.shortcomings)):
        if items:
            shown = words("between").join(desk.item(item) for item in items[:SAID])
            sentences.append(words(f"checkup.summary.{key}", items=shown))
    if not unit.strengths and not unit.shortcomings:
        sentences.append(words("checkup.summary.nothing"))
    if unit.levers:
        first = next((one for one in unit.levers if len(one.steps) == 1), unit.levers[0])
        sentences.append(words("checkup.summary.lever", lever=desk.lever(first)))
    if unit.unsolved:
        n = whole_number(unit.unsolved)
        sentences.append(words("checkup.summary.open", day=_as_of(desk), n=n))
    yield Paragraph(words("join.sentences").join(sentences))
    yield key_table(desk)


def _stands(desk: Desk) -> str:
    words, unit, result = desk.words, desk.unit, desk.unit.result
    if result.rank is None or result.score is None:
        reason = words.known(f"apart.{result.apart}", words("none"))
        stands = words("checkup.stands.apart", period=desk.period, name=desk.name, reason=reason)
    else:
        tied = "tied" if unit.tied > 1 else "alone"
        stands = words(
            "checkup.stands",
            period=desk.period,
            name=desk.name,
            score=lowered(desk.score, words),
            value=score_text(result.score, words),
            n=unit.n_ranked,
            group=lowered(desk.group, words),
            tied=words(f"checkup.stands.{tied}"),
            rank=result.rank,
        )
    return stands + words(
        "checkup.stands.volume", n=whole_number(result.volume), change=_change(desk)
    )


def _change(desk: Desk) -> str:
    """Against the period before, where there were demands in it."""
    words, result = desk.words, desk.unit.result
    before = result.previous_volume
    if not before:
        return ""
    if before == result.volume:
        return words("checkup.same")
    key = "checkup.change" if desk.frame.period.kind == "year" else "checkup.change.before"
    more = result.volume - before
    word = words("checkup.up" if more > 0 else "checkup.down")
    return words(key, word=word, percent=percent(Fraction(abs(more), before), 1))


def _as_of(desk: Desk) -> str:
    return day(desk.frame.as_of.astimezone(desk.frame.period.start.tzinfo).date(), desk.words)


# Volume, rates, ranks ------------------------------------------------------------------------


def _course(desk: Desk) -> Iterator[Block]:
    words, unit, result = desk.words, desk.unit, desk.unit.result
    per = ""
    if result.per_10000 is not None:
        per = words("checkup.course.per", value=f"{result.per_10000:,f}")
    n = whole_number(result.volume)
    sentences = [words("checkup.course.volume", n=n, change=_change(desk), per=per)]
    months = [line for line in unit.months if line.volume]
    if len(months) > 1:
        high = max(months, key=lambda line: line.volume)
        low = min(months, key=lambda line: line.volume)
        sentences.append(
            words(
                "checkup.course.peak",
                high=period_label(high.period, words),
                n=whole_number(high.volume),
                low=period_label(low.period, words),
                m=whole_number(low.volume),
            )
        )
    sentences += _path_sentences(desk, unit.path)
    yield Paragraph(words("join.sentences").join(sentences))
    yield from _figures(volume_chart(desk), path_chart(desk))
    if len(unit.months) > 1:
        yield months_table(desk)


def _path_sentences(desk: Desk, path: tuple[RankPoint, ...]) -> Iterator[str]:
    words = desk.words
    ranked = [(point.rank, point.period) for point in path if point.rank is not None]
    if len(ranked) > 1:
        best = min(ranked, key=lambda point: point[0])
        worst = max(ranked, key=lambda point: point[0])
        yield words(
            "checkup.course.path",
            best=best[0],
            best_month=period_label(best[1], words),
            worst=worst[0],
            worst_month=period_label(worst[1], words),
        )
    if ranked and len(ranked) < len(path):
        yield words("checkup.course.unranked", n=len(path) - len(ranked))


def _figures(*charts: Figure | None) -> Iterator[Figure]:
    yield from (chart for chart in charts if chart is not None)


# Findings, categories ------------------------------------------------------------------------


def _findings(desk: Desk) -> Iterator[Block]:
    words, unit, frame = desk.words, desk.unit, desk.frame
    yield Paragraph(
        words(
            "checkup.findings.tests",
            own=whole_number(unit.n_tests),
            units=whole_number(frame.n_units),
            all=whole_number(frame.n_tests),
            alpha=plain(frame.rules.alpha),
        )
    )
    for key, items in (("strengths", unit.strengths), ("shortcomings", unit.shortcomings)):
        yield Heading(words(f"checkup.findings.{key}"))
        if items:
            yield findings_table(desk, key, items)
        else:
            yield Paragraph(words("checkup.findings.none"))


def _categories(desk: Desk) -> Iterator[Block]:
    words = desk.words
    weights = {rule.key: rule.weight for rule in desk.frame.policy.rates}
    rate = max(weights, key=lambda key: weights[key])
    rows = [item for item in desk.unit.compared if item.figure == rate and item.category]
    rows.sort(key=lambda item: (-item.whole, item.category))
    if not rows:
        yield Paragraph(words("checkup.categories.none"))
        return
    largest = rows[:MOST_CATEGORIES]
    chart = category_chart(desk, rate, [item for item in largest if item.n_peers])
    if chart is not None:
        title = lowered(desk.figure(rate), words)
        yield Paragraph(words("checkup.categories.intro", n=len(largest), rate=title))
        yield chart
    yield categories_table(desk, rate, [item.category for item in rows])


# What recurs, what is open -------------------------------------------------------------------


def _recurs(desk: Desk) -> Iterator[Block]:
    words, unit = desk.words, desk.unit
    if unit.recurrences:
        yield places_table(desk)
    else:
        yield Paragraph(words("checkup.places.none"))
    yield Paragraph(_repeats(desk))
    yield Paragraph(words("join.sentences").join(_topics(desk)))
    yield Paragraph(_exclusions(desk))


def _repeats(desk: Desk) -> str:
    words, repeats, k = desk.words, desk.unit.repeats, desk.frame.rules.repeat_from
    if not repeats.known:
        return words("checkup.repeats.unknown")
    if not repeats.callers:
        return words("checkup.repeats.none", k=k)
    return words(
        "checkup.repeats",
        k=k,
        callers=whole_number(repeats.callers),
        demands=whole_number(repeats.demands),
        share=share_text(Fraction(repeats.demands, repeats.known)),
    )


def _topics(desk: Desk) -> Iterator[str]:
    words, unit = desk.words, desk.unit
    if unit.topics:
        items = [
            words(
                "checkup.topics.item",
                title=clean(words.title(topic.title, topic.key)),
                n=whole_number(topic.n),
            )
            for topic in sorted(unit.topics, key=lambda topic: (-topic.n, topic.key))
        ]
        yield words("checkup.topics", items=listing(items, words))
    if unit.labelled:
        label = clean(desk.frame.rules.topic_label)
        yield words("checkup.topics.labelled", label=label, n=whole_number(unit.labelled))
    if not unit.topics and not unit.labelled:
        yield words("checkup.topics.none")


def _exclusions(desk: Desk) -> str:
    words, unit = desk.words, desk.unit
    if not unit.exclusions:
        return words("checkup.exclusions.none")
    n = sum(unit.exclusions.values())
    items = [
        words(
            "checkup.exclusions.item",
            reason=clean(reason or "", 40) or words("checkup.unnamed"),
            n=whole_number(count),
        )
        for reason, count in by_number(unit.exclusions)
    ]
    return words(
        "checkup.exclusions",
        n=whole_number(n),
        share=share_text(Fraction(n, unit.result.volume or 1)),
        items=listing(items, words),
    )


def _open(desk: Desk) -> Iterator[Block]:
    words, unit = desk.words, desk.unit
    late: Compared | None = unit.figure(LATE)
    if late is None:
        yield Paragraph(words("checkup.late.unknown"))
    else:
        yield Paragraph(
            words(
                "checkup.late.n",
                whole=count_text(late.whole),
                n=count_text(late.part),
                share=share_text(late.share),
                peers=desk.share(late.peers_share),
            )
        )
    as_of = moment(desk.frame.as_of.astimezone(desk.frame.period.start.tzinfo), words)
    if not unit.unsolved:
        yield Paragraph(words("checkup.open.none", as_of=as_of))
        return
    table = open_table(desk)
    sentences = [words("checkup.open.n", as_of=as_of, n=whole_number(unit.unsolved))]
    if table is not None:
        sentences.append(words("checkup.open.shown", n=table[0]))
    yield Paragraph(words("join.sentences").join(sentences))
    if table is not None:
        yield table[1]


# Levers, earlier findings, method ------------------------------------------------------------


def _levers(desk: Desk) -> Iterator[Block]:
    words, unit = desk.words, desk.unit
    if unit.no_levers:
        yield Paragraph(words(f"checkup.levers.no.{unit.no_levers}"))
    elif not unit.levers:
        yield Paragraph(words("checkup.levers.none"))
    else:
        yield Paragraph(words("checkup.levers.intro"))
        yield levers_table(desk)


def _followed(desk: Desk) -> Iterator[Block]:
    words, unit, frame = desk.words, desk.unit, desk.frame
    previous = frame.previous
    shown = period_label(previous, words) if previous else words("checkup.earlier")
    if unit.followed is None:
        yield Paragraph(words("checkup.followed.none", previous=shown))
    elif not unit.followed:
        yield Paragraph(words("checkup.followed.nothing", previous=shown))
    else:
        yield followed_table(desk, shown)


def _method(desk: Desk) -> Iterator[Block]:
    words, rules = desk.words, desk.frame.rules
    yield Paragraph(
        words(
            "checkup.method.text",
            peers=rules.peers,
            usual=plain(rules.usual),
            control=words(f"checkup.control.{rules.control}"),
            cases=rules.fewest_cases,
            points=plain(rules.least_points),
        )
    )
    if "units" in desk.frame.missing:
        yield Paragraph(words("checkup.method.units"))
    yield Facts(sources(desk.frame, words))
