"""The four files: structure, fonts, numbers, and names that would like to be code."""

import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import docx as python_docx
import pypdf
import pytest
from docx.oxml.ns import qn
from python_calamine import CalamineWorkbook

from jiesu.briefing.content import bulletin
from jiesu.briefing.document import Block, Facts, Paragraph, Section, Table
from jiesu.briefing.docx import docx_bytes
from jiesu.briefing.html import html_text
from jiesu.briefing.pdf import pdf_bytes
from jiesu.briefing.write import write_bulletin
from jiesu.briefing.xlsx import xlsx_bytes
from jiesu.core.problems import InputError
from jiesu.core.result import Evaluation

NAMES = ("<b>=1+1</b>", '=cmd|"/c calc"!A1', '#image("x.png")', "$x$ *_bold_* @ref // \\", "+1-2")

# --- HTML -----------------------------------------------------------------------------------


class Page(HTMLParser):
    """Collects what the tests ask about."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_html_stands_alone(full: Evaluation) -> None:
    text = html_text(bulletin(full, "zh"))
    page = Page(text)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in text
    for tag, attributes in page.attributes:
        target = attributes.get("href") or attributes.get("src") or "#"
        assert target.startswith("#"), (tag, target)


def test_html_is_marked_up_for_everybody(full: Evaluation) -> None:
    page = Page(html_text(bulletin(full, "zh")))
    assert ("html", {"lang": "zh-Hans"}) in page.attributes
    assert page.tags.count("h1") == 1
    heads = [attributes for tag, attributes in page.attributes if tag == "th"]
    assert heads
    assert all(attributes.get("scope") in ("col", "row") for attributes in heads)
    assert page.tags.count("caption") == page.tags.count("table")
    ids = {attributes.get("id") for _, attributes in page.attributes if attributes.get("id")}
    targets = {a["href"] for t, a in page.attributes if t == "a" and a.get("href")}
    assert {str(target)[1:] for target in targets} <= ids
    all_ids = [attributes["id"] for _, attributes in page.attributes if attributes.get("id")]
    assert len(all_ids) == len(set(all_ids))
    assert "合成数据 · 演示" in page.words


def test_html_escapes_names(hostile: Evaluation) -> None:
    text = html_text(bulletin(hostile, "en"))
    page = Page(text)
    assert "b" not in page.tags
    assert "<b>=1+1</b>" not in text
    assert set(NAMES) <= set(page.words)


# --- PDF -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pdf(full: Evaluation) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(pdf_bytes(bulletin(full, "zh"))))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_pdf_has_title_language_and_a_sane_number_of_a4_pages(pdf: pypdf.PdfReader) -> None:
    assert pdf.metadata is not None
    assert pdf.metadata.title == "关于2022年2月接诉即办工作情况的通报"
    assert 15 <= len(pdf.pages) <= 40
    box = pdf.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)


def test_pdf_text_can_be_read_out(pdf: pypdf.PdfReader, full: Evaluation) -> None:
    first = squeezed(pdf.pages[0].extract_text())
    assert "北京市接诉即办工作通报" in first
    assert "2022年第2期" in first
    assert full.policy.digest[:12] in first
    whole = squeezed("".join(page.extract_text() for page in pdf.pages))
    assert "附件1街道乡镇综合评分排名" in whole
    assert full.input.digest in whole
    assert "并列第一，共12个" in whole


def test_every_pdf_page_bears_the_mark_and_its_number(pdf: pypdf.PdfReader) -> None:
    for number, page in enumerate(pdf.pages, start=1):
        text = squeezed(page.extract_text())
        assert "合成数据·演示" in text
        assert f"—{number}—" in text


def test_pdf_fonts_are_embedded(pdf: pypdf.PdfReader) -> None:
    names = set()
    for page in pdf.pages:
        resources: Any = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            below = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile3" in below["/FontDescriptor"]
            names.add(str(below["/BaseFont"]).split("+")[-1].removesuffix("-Identity-H"))
    assert names == {"NotoSerifSC-Regular", "NotoSansSC-Regular"}


def test_names_that_look_like_typst_are_literal_in_pdf(hostile: Evaluation) -> None:
    reader = pypdf.PdfReader(BytesIO(pdf_bytes(bulletin(hostile, "en"))))
    text = squeezed("".join(page.extract_text() for page in reader.pages))
    for name in NAMES:
        assert squeezed(name) in text


def test_the_same_evaluation_gives_the_same_files(tiny: Evaluation) -> None:
    for writer in (pdf_bytes, docx_bytes, xlsx_bytes):
        assert writer(bulletin(tiny, "zh")) == writer(bulletin(tiny, "zh"))


def test_a_long_name_stays_in_the_page(tiny: Evaluation) -> None:
    group = tiny.groups[0]
    unit = replace(group.units[0], name="W" * 79)
    long = replace(tiny, groups=(replace(group, units=(unit, *group.units[1:])),), lists=())
    reader = pypdf.PdfReader(BytesIO(pdf_bytes(bulletin(long, "en"))))
    text = "".join(page.extract_text() for page in reader.pages)
    assert "W" * 79 not in text
    assert len(re.findall("W", text)) >= 79


# --- DOCX ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def word(full: Evaluation) -> Any:
    return python_docx.Document(BytesIO(docx_bytes(bulletin(full, "zh"))))


def test_docx_page_is_that_of_the_standard(word: Any) -> None:
    section = word.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(margin.mm) for margin in margins] == [37, 35, 28, 26]
    assert section.different_first_page_header_footer
    assert word.settings.odd_and_even_pages_header_footer


@pytest.mark.parametrize(
    ("style", "font", "half_points"),
    [
        ("Title", "方正小标宋简体", 44),
        ("Normal", "仿宋_GB2312", 32),
        ("Heading1", "黑体", 32),
        ("Heading2", "楷体_GB2312", 32),
        ("Heading3", "仿宋_GB2312", 32),
        ("PageNumber", "宋体", 28),
    ],
)
def test_docx_styles_have_the_standard_fonts_and_sizes(
    word: Any, style: str, font: str, half_points: int
) -> None:
    element = next(s.element for s in word.styles if s.style_id == style)
    fonts = element.rPr.find(qn("w:rFonts"))
    assert fonts.get(qn("w:eastAsia")) == font
    assert int(element.rPr.find(qn("w:sz")).get(qn("w:val"))) == half_points


def test_docx_body_has_exact_lines_and_a_two_character_indent(word: Any) -> None:
    properties = next(s.element for s in word.styles if s.style_id == "Normal").pPr
    spacing, indent = properties.find(qn("w:spacing")), properties.find(qn("w:ind"))
    assert spacing.get(qn("w:lineRule")) == "exact"
    assert 28 * 20 <= int(spacing.get(qn("w:line"))) <= 29 * 20
    assert indent.get(qn("w:firstLineChars")) == "200"


def test_docx_headings_are_real_headings_in_order(word: Any) -> None:
    first = [p.text for p in word.paragraphs if p.style.style_id == "Heading1"]
    assert first == ["一、总体情况", "二、街道乡镇", "三、区", "四、市级部门", "五、国有企业"]
    second = [p.text for p in word.paragraphs if p.style.style_id == "Heading2"]
    assert second[0] == "（一）综合评分并列第一"


def test_docx_tables_repeat_their_heads_and_split_no_row(word: Any, full: Evaluation) -> None:
    big = max(word.tables, key=lambda table: len(table._tbl.tr_lst))
    assert len(big._tbl.tr_lst) == full.groups[0].n_ranked + 1
    for table in word.tables[:-1]:
        rows = table._tbl.tr_lst
        assert all(row.find(f".//{qn('w:cantSplit')}") is not None for row in rows)
        width = sum(int(c.get(qn("w:w"))) for c in table._tbl.tblGrid)
        assert width <= 156 / 25.4 * 1440 + 1
    assert big._tbl.tr_lst[0].find(f".//{qn('w:tblHeader')}") is not None


def test_docx_bears_mark_and_page_number_on_odd_even_and_first_pages(word: Any) -> None:
    section = word.sections[0]
    for header in (section.header, section.even_page_header, section.first_page_header):
        assert header.paragraphs[0].text == "合成数据 · 演示"
    for footer in (section.footer, section.even_page_footer, section.first_page_footer):
        assert "PAGE" in footer._element.xml
        assert footer.paragraphs[-1].text.startswith("— ")
    assert "输入" in section.first_page_footer.paragraphs[0].text


def test_docx_declares_fonts_to_fall_back_on(full: Evaluation) -> None:
    with zipfile.ZipFile(BytesIO(docx_bytes(bulletin(full, "zh")))) as package:
        fonts = package.read("word/fontTable.xml").decode()
    assert 'w:name="方正小标宋简体"' in fonts
    assert re.search(r'仿宋_GB2312"><w:altName w:val="FangSong,', fonts)


def test_docx_pictures_are_described(word: Any, full: Evaluation) -> None:
    described = [shape._inline.docPr.get("descr") for shape in word.inline_shapes]
    # A funnel and paths for each of four groups, and one map.
    assert len(described) == 9
    assert all(described)


def test_docx_keeps_names_literal(hostile: Evaluation) -> None:
    document = python_docx.Document(BytesIO(docx_bytes(bulletin(hostile, "en"))))
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert set(NAMES) <= cells


def test_a_table_that_is_too_wide_gets_a_page_across(full: Evaluation) -> None:
    content = bulletin(full, "en")
    annex = content.annexes[1]
    (ranking,) = annex.blocks
    assert isinstance(ranking, Table)
    wide = replace(
        ranking,
        columns=ranking.columns[:13] * 2,
        rows=tuple(row[:13] * 2 for row in ranking.rows),
    )
    changed = replace(content, annexes=(replace(annex, blocks=(wide,)), content.annexes[-1]))
    document: Any = python_docx.Document(BytesIO(docx_bytes(changed)))
    shapes = [(round(s.page_width.mm), round(s.page_height.mm)) for s in document.sections]
    assert shapes == [(210, 297), (297, 210), (210, 297)]
    reader = pypdf.PdfReader(BytesIO(pdf_bytes(changed)))
    assert {round(page.mediabox.width) for page in reader.pages} == {595, 842}


# --- XLSX ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(full: Evaluation) -> CalamineWorkbook:
    return CalamineWorkbook.from_filelike(BytesIO(xlsx_bytes(bulletin(full, "zh"))))


def rows_of(book: CalamineWorkbook, name: str) -> list[list[Any]]:
    return book.get_sheet_by_name(name).to_python(skip_empty_area=False)


def test_xlsx_has_a_sheet_a_group_lists_and_sources(book: CalamineWorkbook) -> None:
    names = ["街道乡镇", "区", "市级部门", "国有企业", "名单", "来源", "街道乡镇单列", "总体"]
    assert set(names) <= set(book.sheet_names)


def test_xlsx_numbers_are_numbers(book: CalamineWorkbook, full: Evaluation) -> None:
    rows = rows_of(book, "区")
    head, body = rows[2], rows[3:]
    district = full.groups[1]
    assert len(body) == district.n_ranked
    for row, unit in zip(body, district.units, strict=True):
        shown = dict(zip(head, row, strict=True))
        assert shown["名次"] == unit.rank
        assert Decimal(str(shown["综合评分"])) == unit.score
        assert shown["诉求量"] == unit.volume
        assert shown["代码"] == unit.unit
        rate = unit.figures.rates["response"]
        assert shown["响应率"] == pytest.approx(float(rate.part / rate.whole), abs=5e-7)
        assert shown["响应率分子"] == rate.part
        assert shown["响应率分母"] == rate.whole


def test_xlsx_missing_figures_are_empty_cells(book: CalamineWorkbook) -> None:
    rows = rows_of(book, "街道乡镇单列")
    shown = dict(zip(rows[2], rows[3], strict=True))
    assert shown["响应率"] == ""
    assert shown["原因"] == "期内没有诉求"


def test_xlsx_lists_and_sources_are_complete(book: CalamineWorkbook, full: Evaluation) -> None:
    assert len(rows_of(book, "名单")) == 3 + sum(len(named.units) for named in full.lists)
    source = {row[0]: row[1] for row in rows_of(book, "来源")[2:]}
    assert source["输入摘要（SHA-256）"] == full.input.digest


def test_xlsx_names_are_never_formulas(hostile: Evaluation) -> None:
    data = xlsx_bytes(bulletin(hostile, "en"))
    with zipfile.ZipFile(BytesIO(data)) as package:
        sheets = [n for n in package.namelist() if n.startswith("xl/worksheets/sheet")]
        for name in sheets:
            assert "<f>" not in package.read(name).decode()
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    cells = {cell for name in book.sheet_names for row in rows_of(book, name) for cell in row}
    assert set(NAMES) <= cells


def test_xlsx_head_is_frozen_and_filters(full: Evaluation) -> None:
    with zipfile.ZipFile(BytesIO(xlsx_bytes(bulletin(full, "zh")))) as package:
        sheets = [n for n in package.namelist() if n.startswith("xl/worksheets/sheet")]
        texts = [package.read(name).decode() for name in sheets]
    assert sum('state="frozen"' in text for text in texts) == len(sheets) - 1
    assert sum("<autoFilter" in text for text in texts) == len(sheets) - 1


# --- Names that no document can hold as they are ------------------------------------------------

ODD = ("a\x0bb\x00", "c\ud800d", "\u202eevil", "😀 emoji", "e\u0301", "ก ไทย", "&amp; <x>", "]]>")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_odd_characters_in_names_spoil_no_document(
    make_on_time: Callable[[Sequence[str]], Evaluation], lang: str
) -> None:
    content = bulletin(make_on_time(ODD), lang)
    assert "evil" in Page(html_text(content)).words
    document = python_docx.Document(BytesIO(docx_bytes(content)))
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert {"a b", "c d", "evil", "é", "&amp; <x>", "]]>"} <= cells
    assert pdf_bytes(content).startswith(b"%PDF")
    book = CalamineWorkbook.from_filelike(BytesIO(xlsx_bytes(content)))
    values = {cell for name in book.sheet_names for row in rows_of(book, name) for cell in row}
    assert {"a b", "c d", "evil", "😀 emoji"} <= values


# --- Writing -----------------------------------------------------------------------------------


def test_files_are_written_whole_and_only_those_asked_for(tiny: Evaluation, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = write_bulletin(tiny, out, lang="en", formats=["pdf", "html"])
    assert written == [out / "bulletin.html", out / "bulletin.pdf"]
    assert sorted(path.name for path in out.iterdir()) == ["bulletin.html", "bulletin.pdf"]
    assert (out / "bulletin.pdf").read_bytes().startswith(b"%PDF")


def test_a_failing_write_leaves_the_older_file(
    tiny: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bulletin(tiny, tmp_path, formats=["html"])
    before = (tmp_path / "bulletin.html").read_bytes()

    def full_disk(self: Path, data: bytes) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(InputError, match=r"bulletin\.html: .*no space"):
        write_bulletin(tiny, tmp_path, lang="en", formats=["html"])
    monkeypatch.undo()
    assert (tmp_path / "bulletin.html").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["bulletin.html"]


def test_an_unknown_format_is_refused_before_anything_is_written(
    tiny: Evaluation, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="odt"):
        write_bulletin(tiny, tmp_path / "out", formats=["odt"])
    assert not (tmp_path / "out").exists()


def test_short_facts_stay_on_one_page(tiny: Evaluation) -> None:
    facts = Facts(tuple((f"label{n}", f"value{n}") for n in range(6)))
    content = bulletin(tiny, "en")
    split = []
    for n_before in range(2, 14):
        blocks: tuple[Block, ...] = (*(Paragraph("x") for _ in range(n_before)), facts)
        changed = replace(content, sections=(Section("s", "S", blocks),), annexes=())
        pages = pypdf.PdfReader(BytesIO(pdf_bytes(changed))).pages
        texts = [page.extract_text() for page in pages]
        split.append([n for n, text in enumerate(texts) if "label0" in text or "label5" in text])
    assert all(len(pages) == 1 for pages in split)
    # Among them some that would not have fitted where they began.
    assert {pages[0] for pages in split} == {0, 1}
