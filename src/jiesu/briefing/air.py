"""The document about a city's air: districts, streets, stations, day by day.

Puts final figures into tables, sentences and charts; computes none. The district table has the
form in which Beijing publishes it: this month and since 1 January, sorted by the latter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from jiesu.briefing.air_charts import Series, Span, calendar_chart, lines_charts, strips_charts
from jiesu.briefing.content import chinese_number, numbered
from jiesu.briefing.document import (
    Block,
    Cell,
    Column,
    Content,
    Facts,
    Figure,
    Heading,
    Paragraph,
    Section,
    Table,
)
from jiesu.briefing.labels import Words
from jiesu.briefing.wording import clean, day, full_name, listing, percent, plain, text_width
from jiesu.core.air import TITLES, UNIT, AirFigure, AirPlace, AirResult
from jiesu.core.result import InputFile

TEN = 10
HANDFUL = 12
"""Up to so many stations each has a chart of its own; of more, districts have one."""
NAMED = 20
FILES_SHOWN = 6
SHORT_DIGEST = 12
MARK = "*"


@dataclass(frozen=True, slots=True)
class AirImprint:
    """What stands on the document beside the figures; each empty field is left out."""

    names: Mapping[str, str] = field(default_factory=dict)
    office: str = ""
    synthetic: bool = False
    files: tuple[InputFile, ...] = ()


def air_content(result: AirResult, lang: str, imprint: AirImprint | None = None) -> Content:
    """The document in `zh` or `en`; ValueError for another language."""
    sheet = _Sheet(result, Words(lang))
    imprint = imprint or AirImprint()
    words = sheet.words
    city = clean(words.title(imprint.names, "")) if imprint.names else ""
    annex = Section("air-stations", words("air.stations"), tuple(sheet.station_blocks()))
    annexes = (replace(annex, label=words("annex.n", n=1)),)
    until = day(result.until, words)
    title = words("air.title", year=result.until.year, headline=sheet.headline, until=until)
    return Content(
        lang=lang,
        title=f"{city}{title}" if lang == "zh" else f"{city}: {title}" if city else title,
        sections=numbered(sheet.sections(imprint), words),
        annexes=annexes,
        mark=words("synthetic") if imprint.synthetic else "",
        essence=tuple(sheet.essence()),
        office=clean(imprint.office),
        signed_on=until if imprint.office else "",
        annex_word=words("annex"),
        ui=words.ui(),
    )


class _Sheet:
    """A result with the words of one language."""

    def __init__(self, result: AirResult, words: Words) -> None:
        self.result = result
        self.words = words
        self.headline = TITLES[result.headline]
        self.districts = {place.key: clean(place.name) for place in result.districts}
        self.span = Span(result.first, result.headline, self.headline, UNIT)

    @property
    def share(self) -> str:
        return percent(self.result.rule.min_share, 0)

    def days_of(self, *, month: bool = False) -> str:
        first = self.result.month_first if month else self.result.first
        last = day(self.result.until, self.words)
        return self.words("air.days.of", first=day(first, self.words), last=last)

    def essence(self) -> Iterator[str]:
        result, words = self.result, self.words
        month, days = self.days_of(month=True), result.counts.days
        yield words("air.essence.span", span=self.days_of(), days=days, month=month)
        yield words("air.essence.days", hours=result.rule.min_hours, share=self.share)
        yield words("air.essence.ranks", unit=UNIT)

    def sections(self, imprint: AirImprint) -> Iterator[Section]:
        words = self.words
        title = words("air.districts", headline=self.headline)
        yield Section("districts", title, tuple(self.district_blocks()))
        if any(place.stations for place in self.result.streets):
            title = words("air.streets", headline=self.headline)
            yield Section("streets", title, tuple(self.street_blocks()))
        yield Section("days", words("air.days"), tuple(self.charts()))
        yield Section("method", words("air.method"), tuple(self.method_blocks(imprint)))

    # Districts -------------------------------------------------------------------------------

    def district_blocks(self) -> Iterator[Block]:
        result = self.result
        yield Paragraph(self.words("join.sentences").join(self.sentences(result.districts)))
        yield self.table("districts", result.districts)

    def figure(self, place: AirPlace) -> AirFigure:
        return place.figures[self.result.headline]

    def sentences(self, places: Sequence[AirPlace]) -> Iterator[str]:
        words = self.words
        known = [place for place in places if self.figure(place).shown is not None]
        span, headline = self.days_of(), self.headline
        if len(known) > 1:
            best, worst = self.ends(known)
            yield words("air.best", span=span, headline=headline, best=best, worst=worst)
        elif known:
            yield words("air.one", span=span, headline=headline, best=self.valued(known[0]))
        else:
            yield words("air.none", span=span)
        bare = [place.name for place in places if not place.stations]
        silent = [p.name for p in places if p.stations and self.figure(p).shown is None]
        weak = [place.name for place in known if self.figure(place).weak]
        for key, names in (("air.no_station", bare), ("air.no_value", silent)):
            if names:
                yield words(key, names=self.names(names))
        if weak:
            yield words("air.weak", names=self.names(weak), share=self.share)

    def ends(self, known: Sequence[AirPlace]) -> tuple[str, str]:
        """Who is lowest and highest by the printed figure; all of them where they are tied."""
        shown = [self.figure(place).shown for place in known]
        lowest = [place for place in known if self.figure(place).shown == shown[0]]
        highest = [place for place in known if self.figure(place).shown == shown[-1]]
        return tuple(  # type: ignore[return-value]
            listing([self.valued(place) for place in places], self.words)
            for places in (lowest, highest)
        )

    def valued(self, place: AirPlace) -> str:
        value = f"{self.figure(place).shown:f}"
        return self.words("air.place", name=clean(place.name), value=value, unit=UNIT)

    def names(self, names: Sequence[str]) -> str:
        shown = listing([clean(name) for name in names[:NAMED]], self.words)
        if len(names) <= NAMED:
            return shown
        return f"{shown}{self.words('between')}{self.words('air.more', n=len(names))}"

    def full_name(self, place: AirPlace) -> str:
        """A street with its district, for names alone are not unique."""
        above = self.districts.get(place.district or "", "")
        return full_name(place.name, above, self.words.lang)

    # Tables ----------------------------------------------------------------------------------

    def table(
        self, kind: str, places: Sequence[AirPlace], key: str = "", caption: str = ""
    ) -> Table:
        """Places in their order, with this month and since 1 January of each pollutant."""
        words, result, decimals = self.words, self.result, self.result.rule.decimals
        month = result.until.month
        named = {"districts": "district", "streets": "street", "stations": "station"}[kind]
        names = [self.full_name(p) if kind == "streets" else clean(p.name) for p in places]
        columns = [Column("name", words(f"air.column.{named}"), width=_width(names))]
        cells = [[Cell(name)] for name in names]
        if kind != "stations":
            columns.insert(0, Column("rank", words("air.column.rank"), "integer", 3, centred=True))
            for place, row in zip(places, cells, strict=True):
                row.insert(0, self.whole(self.figure(place).rank))
        else:
            columns.append(Column("district", words("air.column.district"), width=5))
            for place, row in zip(places, cells, strict=True):
                known = self.districts.get(place.district or "", words("none"))
                row.append(Cell(known))
        for name in result.rule.pollutants:
            first = name == result.headline
            titles = (
                words("air.column.month", month=month)
                if first
                else words("air.column.in_month", title=TITLES[name], month=month),
                words("air.column.year")
                if first
                else words("air.column.since", title=TITLES[name]),
            )
            columns += [
                Column(f"{name}_month", titles[0], "decimal", 5, decimals),
                Column(f"{name}_year", titles[1], "decimal", 6, decimals),
            ]
            for place, row in zip(places, cells, strict=True):
                row += [self.value(place.month[name]), self.value(place.figures[name])]
        columns.append(Column("days", words("air.column.days"), width=4.4, centred=True))
        for place, row in zip(places, cells, strict=True):
            figure = self.figure(place)
            row.append(Cell(f"{figure.days_valid}/{figure.days}"))
        if kind == "districts":
            columns.append(Column("stations", words("air.column.stations"), "integer", 3.4))
            for place, row in zip(places, cells, strict=True):
                row.append(self.whole(len(place.stations)))
        return Table(
            key or f"air_{kind}",
            caption or words(f"air.table.{kind}", title=self.headline, unit=UNIT),
            tuple(columns),
            tuple(tuple(row) for row in cells),
            note=words("air.note", share=self.share) if kind == "districts" else "",
        )

    def value(self, figure: AirFigure) -> Cell:
        if figure.shown is None:
            return Cell(self.words("none"))
        return Cell(f"{figure.shown:f}{MARK if figure.weak else ''}", figure.shown)

    def whole(self, number: int | None) -> Cell:
        return Cell(self.words("none") if number is None else str(number), number)

    # Streets and stations --------------------------------------------------------------------

    def street_blocks(self) -> Iterator[Block]:
        words, headline = self.words, self.headline
        streets = [place for place in self.result.streets if self.figure(place).shown is not None]
        without = sum(not place.stations for place in self.result.streets)
        weak = [self.full_name(place) for place in streets if self.figure(place).weak]
        sentences = []
        if without:
            sentences.append(words("air.no_street_station", n=without))
        if weak:
            sentences.append(words("air.weak", names=self.names(weak), share=self.share))
        if sentences:
            yield Paragraph(words("join.sentences").join(sentences))
        for key, chosen in (("bottom", streets[-TEN:]), ("top", streets[:TEN])):
            n = chinese_number(len(chosen)) if words.lang == "zh" else len(chosen)
            caption = words(f"air.{key}", headline=headline, n=n)
            yield Heading(caption)
            yield self.table("streets", chosen, f"air_streets_{key}", caption)

    def station_blocks(self) -> Iterator[Block]:
        result = self.result
        if result.unlisted:
            yield Paragraph(self.words("air.unlisted", names=self.names(result.unlisted)))
        stations = sorted(
            result.stations,
            key=lambda place: (self.figure(place).value is None, self.figure(place).value or 0),
        )
        yield replace(self.table("stations", stations), dense=True)

    # Charts ----------------------------------------------------------------------------------

    def charts(self) -> Iterator[Figure]:
        words, result = self.words, self.result
        everyone = [place.key for place in result.stations if place.key not in result.unlisted]
        city = Series("", result.daily(result.headline, everyone), "", None)
        yield calendar_chart(city, self.span, words)
        districts = [self.series(one, band=True) for one in result.districts if self.drawn(one)]
        stations = [place for place in result.stations if self.drawn(place)]
        few = len(stations) <= HANDFUL
        if districts:
            yield from strips_charts(districts, self.span, words, words("air.what.districts"))
        if few and stations:
            rows = [self.series(place) for place in stations]
            yield from lines_charts(rows, self.span, words, words("air.what.stations"))
        elif districts:
            yield from lines_charts(districts, self.span, words, words("air.what.districts"))

    def drawn(self, place: AirPlace) -> bool:
        return self.figure(place).value is not None

    def series(self, place: AirPlace, *, band: bool = False) -> Series:
        figure, name = self.figure(place), self.result.headline
        mean = f"{figure.shown:f}{MARK if figure.weak else ''}"
        daily = self.result.daily(name, place.stations)
        low: list[Fraction | None] = []
        high: list[Fraction | None] = []
        if band and len(place.stations) > 1:
            each = [self.result.daily(name, (code,)) for code in place.stations]
            for values in zip(*each, strict=True):
                known = [value for value in values if value is not None]
                low.append(min(known, default=None))
                high.append(max(known, default=None))
        return Series(clean(place.name, 16), daily, mean, figure.value, low, high)

    # Method ----------------------------------------------------------------------------------

    def method_blocks(self, imprint: AirImprint) -> Iterator[Block]:
        words, rule = self.words, self.result.rule
        lowest, highest = plain(rule.lowest), plain(rule.highest)
        yield Paragraph(words("air.method.days", lowest=lowest, highest=highest, unit=UNIT))
        yield Facts(tuple(self.facts(imprint)))

    def facts(self, imprint: AirImprint) -> Iterator[tuple[str, str]]:
        words, result = self.words, self.result
        yield words("air.source.span"), self.days_of()
        listed = len(result.stations) - len(result.unlisted)
        valid = sum(self.figure(place).days_valid > 0 for place in result.stations)
        text = words("air.source.stations.text", listed=listed, valid=valid)
        yield words("air.source.stations"), text
        if result.rule.source:
            yield words("air.source.source"), clean(result.rule.source, 200)
        if imprint.files:
            yield words("air.source.files"), self.files(file.name for file in imprint.files)
            digests = self.files(file.sha256[:SHORT_DIGEST] for file in imprint.files)
            yield words("air.source.digest"), digests

    def files(self, texts: Iterable[str]) -> str:
        every = [clean(text) for text in texts]
        shown = listing(every[:FILES_SHOWN], self.words)
        if len(every) > FILES_SHOWN:
            shown += self.words("between") + self.words("source.more", n=len(every))
        return shown


def _width(names: Sequence[str]) -> float:
    return min(max(max(map(text_width, names), default=0.0) + 0.5, 5.0), 14.0)
