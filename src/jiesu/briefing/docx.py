"""The bulletin as a Word document, in the form in which offices exchange documents.

The body is written as WordprocessingML (python-docx builds tables cell by cell, which is slow);
python-docx keeps the package, the pictures, the headers and footers. Charts are pictures.
"""

import zipfile
from copy import deepcopy
from datetime import datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

import docx
from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph as TextParagraph

from jiesu.briefing.document import (
    Block,
    Column,
    Content,
    Facts,
    Figure,
    Heading,
    Paragraph,
    Section,
    Table,
)
from jiesu.briefing.docx_styles import (
    RED,
    TEXT_WIDTH_MM,
    Look,
    looks,
    put_fonts,
    put_page,
    put_styles,
)
from jiesu.briefing.pdf import png_pages
from jiesu.briefing.wording import text_width

TEXT_WIDTH = round(TEXT_WIDTH_MM / 25.4 * 1440)
LANDSCAPE_WIDTH = round(225 / 25.4 * 1440)
SMALLEST = 6.2
"""A table whose letters would be smaller on an upright page gets a page across."""
SHORT = 24
"""A table of at most so many rows is kept on one page."""
MADE_ON = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed day: the same content, the same bytes


def docx_bytes(content: Content) -> bytes:
    """The whole document; the same bytes for the same content."""
    return _Writer(content).written()


def _p(style: str, text: str, more: str = "", run: str = "") -> str:
    """A paragraph of one run; `more` are further paragraph properties, in schema order."""
    return (
        f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>{_r(text, run)}</w:p>'
    )


def _r(text: str, properties: str = "") -> str:
    if not text:
        return ""
    rpr = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{rpr}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


class _Writer:
    """One document in the making."""

    def __init__(self, content: Content) -> None:
        self.content = content
        self.document: Document = docx.Document()
        self.styles = looks(content.lang)
        figures = [
            block
            for section in content.sections + content.annexes
            for block in section.blocks
            if isinstance(block, Figure)
        ]
        pictures = png_pages(figures)
        self.pictures = {f.key: p for f, p in zip(figures, pictures, strict=True)}

    def written(self) -> bytes:
        content, document = self.content, self.document
        put_page(document, content.lang)
        put_fonts(document)
        self._furniture()
        self._first_page()
        for section in content.sections:
            self._add(_p("Heading1", section.title))
            for block in section.blocks:
                self._block(block)
        self._signature()
        for annex in content.annexes:
            self._annex(annex)
        self._imprint()
        put_styles(document, self.styles, content.lang)
        properties = document.core_properties
        properties.title, properties.author = content.title, content.office
        properties.created = properties.modified = MADE_ON
        properties.comments, properties.language = content.mark, content.lang
        buffer = BytesIO()
        document.save(buffer)
        return _with_fixed_times(buffer)

    def _add(self, xml: str) -> Any:
        element = parse_xml(xml)
        self.document.element.body.insert_element_before(element, "w:sectPr")
        return element

    # Furniture ----------------------------------------------------------------------------

    def _furniture(self) -> None:
        """The mark above every page; the page number on its outer side, — 1 —."""
        section = self.document.sections[0]
        headers = (section.header, section.even_page_header, section.first_page_header)
        for header in headers:
            _fill(header, _p("Mark", self.content.mark))
        right = '<w:ind w:rightChars="100" w:right="280"/><w:jc w:val="right"/>'
        left = '<w:ind w:leftChars="100" w:left="280"/><w:jc w:val="left"/>'
        _fill(section.footer, _number(right))
        _fill(section.even_page_footer, _number(left))
        rule = '<w:pBdr><w:top w:val="single" w:sz="4" w:space="3" w:color="808080"/></w:pBdr>'
        stop = "。" if self.content.lang == "zh" else ". "
        essence = stop.join(self.content.essence) + stop.strip()
        _fill(section.first_page_footer, _p("Essence", essence, rule), _number(right))

    # The first page ------------------------------------------------------------------------

    def _first_page(self) -> None:
        content = self.content
        wide = max(text_width(content.masthead), 1.0)
        size = int(min(46.0, 436 / wide) * 2) if wide < 18 else 48
        self._add(
            _p("Masthead", content.masthead, run=f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>')
        )
        rule = f'<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="11" w:color="{RED}"/></w:pBdr>'
        self._add(_p("DocumentNumber", content.number, rule))
        self._add(_p("Title", content.title))
        self._add(_p("Recipients", content.recipients))

    def _signature(self) -> None:
        content = self.content
        blank = _p("AnnexList", "")
        self._add(blank)
        word = content.annex_word + ("：" if content.lang == "zh" else ": ")
        for i, annex in enumerate(content.annexes, start=1):
            if content.lang == "zh":
                # The numbers stand below one another: two characters in, and the word's three.
                lead = word if i == 1 else "　" * len(word)
                self._add(_p("AnnexList", f"{lead}{i}. {annex.title}"))
            else:
                self._add(_p("AnnexList", f"{word if i == 1 else ''}{i}. {annex.title}"))
        self._add(blank)
        self._add(blank)
        spaces = '<w:ind w:rightChars="400" w:right="1280"/>' if content.lang == "zh" else ""
        self._add(_p("Signature", content.office, spaces))
        last = '<w:keepNext w:val="0"/>' + spaces
        self._add(_p("Signature", content.signed_on, last))

    def _imprint(self) -> None:
        """Who issued it and when, between two lines at the foot of the last page."""
        content = self.content
        border = '<w:{0} w:val="single" w:sz="8" w:space="0" w:color="000000"/>'
        wide = TEXT_WIDTH * 13 // 20
        widths = (wide, TEXT_WIDTH - wide)
        cells = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
            + _p("Imprint", text, f'<w:ind w:left="280" w:right="280"/><w:jc w:val="{align}"/>')
            + "</w:tc>"
            for text, align, width in zip(
                (content.office, content.printed), ("left", "right"), widths, strict=True
            )
        )
        self._add(_p("AnnexText", ""))
        self._add(
            f"<w:tbl {nsdecls('w')}><w:tblPr>"
            '<w:tblpPr w:vertAnchor="margin" w:horzAnchor="margin" w:tblpXSpec="left" '
            'w:tblpYSpec="bottom"/>'
            f'<w:tblW w:w="{TEXT_WIDTH}" w:type="dxa"/><w:tblBorders>{border.format("top")}'
            f'{border.format("bottom")}</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr>'
            f'<w:tblGrid><w:gridCol w:w="{widths[0]}"/><w:gridCol w:w="{widths[1]}"/></w:tblGrid>'
            f"<w:tr>{cells}</w:tr></w:tbl>"
        )
        self._add(_p("AnnexText", ""))

    # Blocks ----------------------------------------------------------------------------------

    def _block(self, block: Block, *, width: int = TEXT_WIDTH, text: str = "Normal") -> None:
        match block:
            case Heading(words, level):
                self._add(_p(f"Heading{level}", words))
            case Paragraph():
                self._paragraph(block, text)
            case Table():
                self._table(block.on_page(), width)
            case Figure():
                self._figure(block)
            case Facts():
                self._facts(block, width)

    def _paragraph(self, paragraph: Paragraph, style: str) -> None:
        runs = _r(paragraph.lead, "<w:b/><w:bCs/>") + _r(paragraph.text)
        self._add(f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>')

    def _figure(self, figure: Figure) -> None:
        element = self._add(_p("Picture", ""))
        paragraph = TextParagraph(element, self.document._body)
        picture = paragraph.add_run().add_picture(
            BytesIO(self.pictures[figure.key]), width=Mm(TEXT_WIDTH_MM)
        )
        properties = picture._inline.docPr
        properties.set("descr", figure.description)
        properties.set("title", figure.caption)
        self._add(_p("FigureCaption", figure.caption))

    def _table(self, table: Table, width: int) -> None:
        if not table.dense:
            self._add(_p("Caption", table.caption))
        total = sum(column.room for column in table.columns)
        size = min(8.5 if table.dense else 10.5, width / 20 / total * 0.9)
        style = self._cell_style(size)
        self._add(_table_xml(table, width, style, keep=len(table.rows) <= SHORT))
        self._add(_p("TableNote", table.note))

    def _cell_style(self, size: float) -> str:
        """The paragraph style of a table's cells in a size, made when first needed."""
        half_points = max(9, int(size * 2))
        key = f"Cell{half_points}"
        self.styles.setdefault(key, Look(size=half_points / 2, line=0, align="left"))
        return key

    def _facts(self, facts: Facts, width: int) -> None:
        columns = (Column("label", "", width=11), Column("value", "", width=30))
        widths = _widths(columns, width)
        style = self._cell_style(9.5)
        rows = "".join(
            "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
            + _cell(label, widths[0], style, "left", bold=True)
            + _cell(value, widths[1], style, "left")
            + "</w:tr>"
            for label, value in facts.pairs
        )
        self._add(_framed(rows, widths))
        self._add(_p("TableNote", ""))

    # Annexes -----------------------------------------------------------------------------------

    def _annex(self, annex: Section) -> None:
        across = any(_needs_width(b) for b in annex.blocks if isinstance(b, Table))
        if across:
            self._section_break(across=False)
        no_break = '<w:pageBreakBefore w:val="0"/>' if across else ""
        self._add(_p("AnnexLabel", annex.label, no_break))
        self._add(_p("AnnexTitle", annex.title))
        for block in annex.blocks:
            width = LANDSCAPE_WIDTH if across else TEXT_WIDTH
            self._block(block, width=width, text="AnnexText")
        if across:
            self._section_break(across=True)

    def _section_break(self, *, across: bool) -> None:
        """End a section here, upright or across; headers and footers stay the same."""
        properties = deepcopy(self.document.element.body.sectPr)
        if across:
            size, margins = properties.find(qn("w:pgSz")), properties.find(qn("w:pgMar"))
            wide, high = size.get(qn("w:h")), size.get(qn("w:w"))
            size.set(qn("w:w"), wide)
            size.set(qn("w:h"), high)
            size.set(qn("w:orient"), "landscape")
            top, left = margins.get(qn("w:left")), margins.get(qn("w:top"))
            margins.set(qn("w:top"), top)
            margins.set(qn("w:bottom"), top)
            margins.set(qn("w:left"), left)
            margins.set(qn("w:right"), left)
        paragraph = self._add(_p("Imprint", ""))
        paragraph.pPr.append(properties)
        # Only the first section has a first page of its own kind.
        last = self.document.element.body.sectPr
        for title_page in last.findall(qn("w:titlePg")):
            last.remove(title_page)


def _needs_width(table: Table) -> bool:
    total = sum(column.room for column in table.on_page().columns)
    return TEXT_WIDTH / 20 / total * 0.9 < SMALLEST


def _table_xml(table: Table, width: int, style: str, *, keep: bool) -> str:
    """Head rows repeat on every page and no row is split."""
    widths = _widths(table.columns, width)
    aligns = [_align(column) for column in table.columns]
    head = "".join(
        _cell("\n".join(column.lines), wide, style, align, bold=True, keep=True, head=True)
        for column, wide, align in zip(table.columns, widths, aligns, strict=True)
    )
    rows = [f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"]
    last = len(table.rows) - 1
    for i, row in enumerate(table.rows):
        together = keep and i < last
        cells = "".join(
            _cell(cell.text, wide, style, align, keep=together)
            for cell, wide, align in zip(row, widths, aligns, strict=True)
        )
        rows.append(f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>")
    return _framed("".join(rows), widths)


def _align(column: Column) -> str:
    if column.centred:
        return "center"
    return "left" if column.kind == "text" else "right"


def _widths(columns: tuple[Column, ...], width: int) -> list[int]:
    """Column widths in twentieths of a point that add up to the table's."""
    total = sum(column.room for column in columns)
    widths = [int(column.room / total * width) for column in columns]
    widths[-1] += width - sum(widths)
    return widths


def _cell(
    text: str,
    width: int,
    style: str,
    align: str,
    *,
    bold: bool = False,
    keep: bool = False,
    head: bool = False,
) -> str:
    border = (
        '<w:tcBorders><w:bottom w:val="single" w:sz="6" w:space="0" w:color="000000"/>'
        "</w:tcBorders>"
        if head
        else ""
    )
    kept = "<w:keepNext/>" if keep else ""
    run = '<w:rFonts w:eastAsia="黑体"/>' if bold else ""
    if head and text.isascii():
        run += f'<w:sz w:val="{int(int(style.removeprefix("Cell")) * 0.87)}"/>'
    lines = [f"<w:t>{escape(line)}</w:t>" for line in text.split("\n")]
    rpr = f"<w:rPr>{run}</w:rPr>" if run else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{border}'
        '<w:vAlign w:val="center"/></w:tcPr>'
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{kept}<w:jc w:val="{align}"/></w:pPr>'
        f"<w:r>{rpr}{'<w:br/>'.join(lines)}</w:r></w:p></w:tc>"
    )


def _framed(rows: str, widths: list[int]) -> str:
    """A table with strong lines above and below and thin ones between its rows."""
    strong = 'w:val="single" w:sz="12" w:space="0" w:color="000000"'
    thin = 'w:val="single" w:sz="4" w:space="0" w:color="BFBFBF"'
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:jc w:val="center"/><w:tblBorders><w:top {strong}/><w:bottom {strong}/>'
        f'<w:insideH {thin}/></w:tblBorders><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:top w:w="28" w:type="dxa"/><w:left w:w="40" w:type="dxa"/>'
        '<w:bottom w:w="28" w:type="dxa"/><w:right w:w="40" w:type="dxa"/></w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def _number(place: str) -> str:
    """A page number between dashes."""
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE '
        '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        "<w:r><w:t>1</w:t></w:r>"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    return (
        f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="PageNumber"/>{place}</w:pPr>'
        f"{_r('— ')}{field}{_r(' —')}</w:p>"
    )


def _fill(part: Any, *paragraphs: str) -> None:
    """Give a header or footer these paragraphs and no others."""
    part.is_linked_to_previous = False
    element = part._element
    for old in list(element):
        element.remove(old)
    for xml in paragraphs:
        element.append(parse_xml(xml))


def _with_fixed_times(buffer: BytesIO) -> bytes:
    """The same package with the files' times set, since the packer writes the clock's."""
    out = BytesIO()
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            info = zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(item))
    return out.getvalue()
