"""WordprocessingML in pieces: paragraphs, cells, tables, the page number.

Texts are escaped here and nowhere else. Elements stand in the order that the schema asks for.
"""

from xml.sax.saxutils import escape

from docx.oxml.ns import nsdecls

from jiesu.briefing.document import Column, Table


def paragraph(style: str, text: str, more: str = "", look: str = "") -> str:
    """A paragraph of one run; `more` are further paragraph properties, `look` run properties."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>'
    return f"<w:p {nsdecls('w')}>{properties}{run(text, look)}</w:p>"


def run(text: str, properties: str = "") -> str:
    if not text:
        return ""
    rpr = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{rpr}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def table_xml(table: Table, width: int, style: str, *, keep: bool) -> str:
    """Head rows repeat on every page and no row is split."""
    widths = shared_widths(table.columns, width)
    aligns = [_align(column) for column in table.columns]
    head = "".join(
        cell("\n".join(column.lines), wide, style, align, bold=True, keep=True, head=True)
        for column, wide, align in zip(table.columns, widths, aligns, strict=True)
    )
    rows = [f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>"]
    last = len(table.rows) - 1
    for i, row in enumerate(table.rows):
        together = keep and i < last
        cells = "".join(
            cell(shown.text, wide, style, align, keep=together)
            for shown, wide, align in zip(row, widths, aligns, strict=True)
        )
        rows.append(f"<w:tr><w:trPr><w:cantSplit/></w:trPr>{cells}</w:tr>")
    return framed("".join(rows), widths)


def _align(column: Column) -> str:
    if column.centred:
        return "center"
    return "left" if column.kind == "text" else "right"


def shared_widths(columns: tuple[Column, ...], width: int) -> list[int]:
    """Column widths in twentieths of a point that add up to the table's."""
    total = sum(column.room for column in columns)
    widths = [int(column.room / total * width) for column in columns]
    widths[-1] += width - sum(widths)
    return widths


def cell(
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


def framed(rows: str, widths: list[int], margin: int = 28) -> str:
    """A table with strong lines above and below and thin ones between its rows."""
    strong = 'w:val="single" w:sz="12" w:space="0" w:color="000000"'
    thin = 'w:val="single" w:sz="4" w:space="0" w:color="BFBFBF"'
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return (
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:jc w:val="center"/><w:tblBorders><w:top {strong}/><w:bottom {strong}/>'
        f'<w:insideH {thin}/></w:tblBorders><w:tblLayout w:type="fixed"/>'
        f'<w:tblCellMar><w:top w:w="{margin}" w:type="dxa"/><w:left w:w="40" w:type="dxa"/>'
        f'<w:bottom w:w="{margin}" w:type="dxa"/><w:right w:w="40" w:type="dxa"/></w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"
    )


def page_number(place: str) -> str:
    """A page number between dashes."""
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE '
        '</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        "<w:r><w:t>1</w:t></w:r>"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    )
    return (
        f'<w:p {nsdecls("w")}><w:pPr><w:pStyle w:val="PageNumber"/>{place}</w:pPr>'
        f"{run('— ')}{field}{run(' —')}</w:p>"
    )
