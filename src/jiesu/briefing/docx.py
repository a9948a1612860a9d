"""A document for Word, in the form in which offices exchange documents.

The body is written as WordprocessingML (python-docx builds tables cell by cell, which is slow);
python-docx keeps the package, the pictures, the headers and footers. Charts are pictures.
"""

import zipfile
from copy import deepcopy
from datetime import datetime
from io import BytesIO
from typing import Any

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
    Items,
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
from jiesu.briefing.docx_xml import (
    cell,
    framed,
    page_number,
    paragraph,
    run,
    shared_widths,
    table_xml,
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
            before = "<w:pageBreakBefore/>" if section.new_page else ""
            if section.title or before:
                self._add(
                    paragraph("Heading1" if section.title else "Anchor", section.title, before)
                )
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
            _fill(header, paragraph("Mark", self.content.mark))
        right = '<w:ind w:rightChars="100" w:right="280"/><w:jc w:val="right"/>'
        left = '<w:ind w:leftChars="100" w:left="280"/><w:jc w:val="left"/>'
        _fill(section.footer, page_number(right))
        _fill(section.even_page_footer, page_number(left))
        rule = '<w:pBdr><w:top w:val="single" w:sz="4" w:space="3" w:color="808080"/></w:pBdr>'
        stop = "。" if self.content.lang == "zh" else ". "
        essence = stop.join(self.content.essence) + stop.strip()
        lines = [paragraph("Essence", essence, rule)] if self.content.essence else []
        _fill(section.first_page_footer, *lines, page_number(right))

    # The first page ------------------------------------------------------------------------

    def _first_page(self) -> None:
        content = self.content
        wide = max(text_width(content.masthead), 1.0)
        size = int(min(46.0, 436 / wide) * 2) if wide < 18 else 48
        if content.masthead:
            look = f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/>'
            self._add(paragraph("Masthead", content.masthead, look=look))
            line = f'w:val="single" w:sz="18" w:space="11" w:color="{RED}"'
            rule = f"<w:pBdr><w:bottom {line}/></w:pBdr>"
            self._add(paragraph("DocumentNumber", content.number, rule))
        self._add(paragraph("Title", content.title))
        if content.recipients:
            self._add(paragraph("Recipients", content.recipients))

    def _signature(self) -> None:
        content = self.content
        if not content.annexes and not content.office:
            return
        blank = paragraph("AnnexList", "")
        self._add(blank)
        word = content.annex_word + ("：" if content.lang == "zh" else ": ")
        for i, annex in enumerate(content.annexes, start=1):
            if content.lang == "zh":
                # The numbers stand below one another: two characters in, and the word's three.
                lead = word if i == 1 else "　" * len(word)
                self._add(paragraph("AnnexList", f"{lead}{i}. {annex.title}"))
            else:
                self._add(paragraph("AnnexList", f"{word if i == 1 else ''}{i}. {annex.title}"))
        if not content.office:
            return
        self._add(blank)
        self._add(blank)
        spaces = '<w:ind w:rightChars="400" w:right="1280"/>' if content.lang == "zh" else ""
        self._add(paragraph("Signature", content.office, spaces))
        last = '<w:keepNext w:val="0"/>' + spaces
        self._add(paragraph("Signature", content.signed_on, last))

    def _imprint(self) -> None:
        """Who issued it and when, between two lines at the foot of the last page."""
        content = self.content
        if not content.printed:
            return
        letters = text_width(content.office) + text_width(content.printed) + 6
        half_points = int(min(28.0, 2 * TEXT_WIDTH / 20 / letters))
        size = f'<w:sz w:val="{half_points}"/><w:szCs w:val="{half_points}"/>'
        line = 'w:val="single" w:sz="8" w:space="4" w:color="000000"'
        properties = (
            f'<w:framePr w:w="{TEXT_WIDTH}" w:vSpace="0" w:wrap="around" w:vAnchor="margin" '
            'w:hAnchor="margin" w:xAlign="left" w:yAlign="bottom"/>'
            f"<w:pBdr><w:top {line}/><w:bottom {line}/></w:pBdr>"
            f'<w:tabs><w:tab w:val="right" w:pos="{TEXT_WIDTH - 140}"/></w:tabs>'
            '<w:ind w:left="140" w:right="140"/>'
        )
        runs = run(content.office, size) + "<w:r><w:tab/></w:r>" + run(content.printed, size)
        style = f'<w:pPr><w:pStyle w:val="Imprint"/>{properties}</w:pPr>'
        self._add(f"<w:p {nsdecls('w')}>{style}{runs}</w:p>")
        self._add(paragraph("Anchor", ""))

    # Blocks ----------------------------------------------------------------------------------

    def _block(self, block: Block, *, width: int = TEXT_WIDTH, text: str = "Normal") -> None:
        match block:
            case Heading(words, level):
                annexed = text == "AnnexText"
                self._add(paragraph("AnnexHeading" if annexed else f"Heading{level}", words))
            case Paragraph():
                self._paragraph(block, text)
            case Table():
                self._table(block.on_page(), width)
            case Figure():
                self._figure(block)
            case Facts():
                self._facts(block, width)
            case Items():
                for i, words in enumerate(block.texts, start=1):
                    mark = f"{i}. " if block.numbered else "• "
                    self._add(paragraph(text, mark + words))

    def _paragraph(self, block: Paragraph, style: str) -> None:
        runs = run(block.lead, "<w:b/><w:bCs/>") + run(block.text)
        self._add(f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{runs}</w:p>')

    def _figure(self, figure: Figure) -> None:
        element = self._add(paragraph("Picture", ""))
        place = TextParagraph(element, self.document._body)
        picture = place.add_run().add_picture(
            BytesIO(self.pictures[figure.key]), width=Mm(TEXT_WIDTH_MM)
        )
        properties = picture._inline.docPr
        properties.set("descr", figure.description)
        properties.set("title", figure.caption)
        self._add(paragraph("FigureCaption", figure.caption))

    def _table(self, table: Table, width: int) -> None:
        if not table.dense:
            self._add(paragraph("Caption", table.caption))
        total = sum(column.room for column in table.columns)
        size = min(8.5 if table.dense else 10.5, width / 20 / total * 0.9)
        style = self._cell_style(size)
        self._add(table_xml(table, width, style, keep=len(table.rows) <= SHORT))
        self._add(paragraph("TableNote", table.note))

    def _cell_style(self, size: float) -> str:
        """The paragraph style of a table's cells in a size, made when first needed."""
        half_points = max(9, int(size * 2))
        key = f"Cell{half_points}"
        self.styles.setdefault(key, Look(size=half_points / 2, line=0, align="left"))
        return key

    def _facts(self, facts: Facts, width: int) -> None:
        columns = (Column("label", "", width=11), Column("value", "", width=30))
        widths = shared_widths(columns, width)
        style = self._cell_style(9)
        rows = "".join(
            "<w:tr><w:trPr><w:cantSplit/></w:trPr>"
            + cell(label, widths[0], style, "left", bold=True)
            + cell(value, widths[1], style, "left")
            + "</w:tr>"
            for label, value in facts.pairs
        )
        self._add(framed(rows, widths, margin=8))
        self._add(paragraph("Anchor", ""))

    # Annexes -----------------------------------------------------------------------------------

    def _annex(self, annex: Section) -> None:
        across = any(_needs_width(b) for b in annex.blocks if isinstance(b, Table))
        if across:
            self._section_break(across=False)
        no_break = '<w:pageBreakBefore w:val="0"/>' if across else ""
        self._add(paragraph("AnnexLabel", annex.label, no_break))
        self._add(paragraph("AnnexTitle", annex.title))
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
        last_line = self._add(paragraph("Imprint", ""))
        last_line.pPr.append(properties)
        # Only the first section has a first page of its own kind.
        last = self.document.element.body.sectPr
        for title_page in last.findall(qn("w:titlePg")):
            last.remove(title_page)


def _needs_width(table: Table) -> bool:
    total = sum(column.room for column in table.on_page().columns)
    return TEXT_WIDTH / 20 / total * 0.9 < SMALLEST


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
