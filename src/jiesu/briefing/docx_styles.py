"""Page, styles and fonts of the Word document, after GB/T 9704-2012.

The standard's fonts are named first; the font table declares what may stand in for them where
they are not installed. Holds no content.
"""

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm

RED = "C8102E"
TEXT_WIDTH_MM = 156
LINE_PITCH = 579
"""22 lines on the 225 mm of the text area: 28.95 pt, in twentieths of a point."""

TITLE_FONT, BODY_FONT = "方正小标宋简体", "仿宋_GB2312"
BLACK_FONT, ITALIC_FONT, PLAIN_FONT = "黑体", "楷体_GB2312", "宋体"
LATIN = "Times New Roman"

FALLBACKS = {
    TITLE_FONT: "FZXiaoBiaoSong-B05S,SimSun,Noto Serif SC,Noto Serif CJK SC",
    BODY_FONT: "FangSong,STFangsong,Noto Serif SC,Noto Serif CJK SC",
    BLACK_FONT: "SimHei,STHeiti,Noto Sans SC,Noto Sans CJK SC",
    ITALIC_FONT: "KaiTi,STKaiti,Noto Serif SC,Noto Serif CJK SC",
    PLAIN_FONT: "SimSun,STSong,Noto Serif SC,Noto Serif CJK SC",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a paragraph style looks. Sizes in points, spaces in twentieths of a point.

    `line` is an exact line height; 0 lets lines be as high as what stands in them.
    `indent` is the first line's, in characters.
    """

    font: str = BODY_FONT
    size: float = 16
    bold: bool = False
    colour: str = ""
    line: int = LINE_PITCH
    before: int = 0
    after: int = 0
    indent: int = 0
    align: str = "both"
    keep_next: bool = False
    new_page: bool = False
    outline: int | None = None


def looks(lang: str) -> dict[str, Look]:
    """Every paragraph style by its id; English texts are smaller and without indents."""
    zh = lang == "zh"
    body = 16.0 if zh else 13.0
    line = LINE_PITCH if zh else 400
    indent, after, align = (2, 0, "both") if zh else (0, 140, "left")

    def heading(font: str, level: int, *, bold: bool) -> Look:
        before = 0 if zh else 240
        return Look(
            font, body, bold, "", line, before, after, indent, "left", True, False, level - 1
        )

    return {
        "Normal": Look(size=body, line=line, after=after, indent=indent, align=align),
        "Heading1": heading(BLACK_FONT, 1, bold=not zh),
        "Heading2": heading(ITALIC_FONT, 2, bold=not zh),
        "Heading3": heading(BODY_FONT, 3, bold=True),
        "Masthead": Look(TITLE_FONT, 40, True, RED, 0, 1000, 500, align="center"),
        "DocumentNumber": Look(size=body, line=line, after=0, align="center"),
        "Title": Look(TITLE_FONT, 22, not zh, "", 680, 900, 500, align="center", keep_next=True),
        "Recipients": Look(size=body, line=line, after=after, align="left"),
        "Signature": Look(size=body, line=line, align="right", keep_next=True),
        "AnnexList": Look(size=body, line=line, indent=indent, align="left", keep_next=True),
        "AnnexLabel": Look(BLACK_FONT, 16, align="left", keep_next=True, new_page=True),
        "AnnexTitle": Look(
            TITLE_FONT, 18, not zh, "", 560, 120, 200, align="center", keep_next=True, outline=0
        ),
        "AnnexText": Look(size=10.5, line=0, after=60, indent=indent, align=align),
        # As good as nothing: what a table must have after it.
        "Anchor": Look(size=2, line=40, align="left"),
        "AnnexHeading": Look(
            BLACK_FONT, 12, not zh, "", 0, 160, 80, align="left", keep_next=True, outline=1
        ),
        "Caption": Look(BLACK_FONT, 11, not zh, "", 0, 160, 80, align="center", keep_next=True),
        "FigureCaption": Look(BLACK_FONT, 11, not zh, "", 0, 60, 200, align="center"),
        "Picture": Look(size=11, line=0, before=160, align="center", keep_next=True),
        "TableNote": Look(size=8.5, line=0, before=60, after=160, align="left"),
        "Essence": Look(size=8, line=0, align="left"),
        "PageNumber": Look(PLAIN_FONT, 14, line=0, align="right"),
        "Mark": Look(BLACK_FONT, 10, False, RED, 0, align="center"),
        "Imprint": Look(size=14 if zh else 11, line=0, align="left"),
    }


def run_fonts(font: str) -> str:
    return (
        f'<w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:cs="{LATIN}" '
        f'w:eastAsia={quoteattr(font)} w:hint="eastAsia"/>'
    )


def style_xml(key: str, look: Look) -> str:
    """A paragraph style as WordprocessingML."""
    size = int(look.size * 2)
    parts = ["<w:keepNext/>" if look.keep_next else ""]
    parts.append("<w:pageBreakBefore/>" if look.new_page else "")
    parts.append('<w:widowControl w:val="1"/>')
    parts.append("" if look.line else '<w:snapToGrid w:val="0"/>')
    rule = (
        f'w:line="{look.line}" w:lineRule="exact"'
        if look.line
        else 'w:line="240" w:lineRule="auto"'
    )
    parts.append(f'<w:spacing w:before="{look.before}" w:after="{look.after}" {rule}/>')
    first = int(look.indent * look.size * 20)
    parts.append(
        f'<w:ind w:left="0" w:firstLineChars="{look.indent * 100}" w:firstLine="{first}"/>'
    )
    parts.append(f'<w:jc w:val="{look.align}"/>')
    if look.outline is not None:
        parts.append(f'<w:outlineLvl w:val="{look.outline}"/>')
    bold = "<w:b/><w:bCs/>" if look.bold else '<w:b w:val="0"/><w:bCs w:val="0"/>'
    colour = look.colour or "000000"
    name = {"Heading1": "heading 1", "Heading2": "heading 2", "Heading3": "heading 3"}.get(key, key)
    default = ' w:default="1"' if key == "Normal" else ""
    based = "" if key == "Normal" else '<w:basedOn w:val="Normal"/>'
    return (
        f'<w:style {nsdecls("w")} w:type="paragraph"{default} w:styleId="{key}">'
        f'<w:name w:val="{name}"/>{based}<w:next w:val="Normal"/><w:qFormat/>'
        f"<w:pPr>{''.join(parts)}</w:pPr><w:rPr>{run_fonts(look.font)}{bold}"
        f'<w:color w:val="{colour}"/><w:kern w:val="0"/>'
        f'<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr></w:style>'
    )


def put_styles(document: Document, styles: dict[str, Look], lang: str) -> None:
    """Replace the template's styles of these names by ours, and the default language."""
    element = document.styles.element
    for key, look in styles.items():
        for old in element.findall(qn("w:style")):
            if old.get(qn("w:styleId")) == key:
                element.remove(old)
        element.append(parse_xml(style_xml(key, look)))
    defaults = element.find(qn("w:docDefaults"))
    if defaults is not None:
        element.remove(defaults)
    # Numbers in Chinese text are Latin script: as Chinese they would be broken at any digit.
    spoken = "en-US" if lang == "zh" else "en-GB"
    element.insert(
        0,
        parse_xml(
            f"<w:docDefaults {nsdecls('w')}><w:rPrDefault><w:rPr>{run_fonts(BODY_FONT)}"
            f'<w:lang w:val="{spoken}" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
            "<w:pPrDefault/></w:docDefaults>"
        ),
    )


def put_fonts(document: Document) -> None:
    """The font table: the standard's fonts, each with the names of those that may replace it."""
    fonts = [
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/>'
        f'<w:family w:val="{"swiss" if name == BLACK_FONT else "roman"}"/>'
        '<w:pitch w:val="variable"/></w:font>'
        for name, others in FALLBACKS.items()
    ]
    fonts.append(
        f'<w:font w:name="{LATIN}"><w:altName w:val="Liberation Serif"/><w:charset w:val="00"/>'
        '<w:family w:val="roman"/><w:pitch w:val="variable"/></w:font>'
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f"<w:fonts {nsdecls('w')}>{''.join(fonts)}</w:fonts>"
    )
    for part in document.part.package.iter_parts():
        if part.partname == "/word/fontTable.xml":
            part._blob = xml.encode()


def put_page(document: Document, lang: str) -> None:
    """A4, the standard's margins, its line grid for Chinese, and odd and even pages that differ."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.header_distance, section.footer_distance = Mm(20), Mm(22)
    section.different_first_page_header_footer = True
    document.settings.odd_and_even_pages_header_footer = True
    properties = section._sectPr
    for old in properties.findall(qn("w:docGrid")):
        properties.remove(old)
    if lang != "zh":
        return
    properties.append(
        parse_xml(f'<w:docGrid {nsdecls("w")} w:type="lines" w:linePitch="{LINE_PITCH}"/>')
    )
