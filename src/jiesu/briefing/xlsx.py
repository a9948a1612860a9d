"""The bulletin's tables as a workbook: a sheet a group, lists, totals and sources.

Numbers are numbers with formats; every text is written as a string, so that nothing that a unit
is called can become a formula.
"""

import re
from datetime import datetime
from decimal import Decimal
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from jiesu.briefing.document import Cell, Column, Content, Table

MAX_SHEET_NAME = 31
MADE_ON = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed day: the same content, the same bytes


def xlsx_bytes(content: Content) -> bytes:
    """The whole workbook."""
    buffer = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with Workbook(buffer, options) as book:
        book.set_properties({"title": content.title, "author": content.office, "created": MADE_ON})
        formats = _Formats(book)
        names: set[str] = set()
        for table in content.sheets:
            sheet = book.add_worksheet(_sheet_name(table.sheet or table.caption, names))
            _table_sheet(sheet, table, content, formats)
        source = book.add_worksheet(_sheet_name(content.ui["source"], names))
        _source_sheet(source, content, formats)
    return buffer.getvalue()


class _Formats:
    """The workbook's cell formats, made once each."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._numbers: dict[tuple[str, str], Format] = {}
        self.text = book.add_format({"valign": "vcenter"})
        self.centred = book.add_format({"valign": "vcenter", "align": "center"})
        self.right = book.add_format({"valign": "vcenter", "align": "right"})
        self.wrapped = book.add_format({"valign": "top", "text_wrap": True})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.mark = book.add_format({"bold": True, "font_color": "#C8102E"})
        self.soft = book.add_format({"font_color": "#555555"})
        self.head = book.add_format(
            {
                "bold": True,
                "bg_color": "#F1EDE4",
                "bottom": 1,
                "top": 2,
                "text_wrap": True,
                "align": "center",
                "valign": "vcenter",
            }
        )

    def number(self, column: Column, cell: Cell) -> Format:
        """By the column's kind and decimals; where it has none, by the number's own."""
        kind = cell.kind or column.kind
        decimals = column.decimals
        if kind == "decimal" and isinstance(cell.value, Decimal) and (cell.kind or not decimals):
            exponent = cell.value.as_tuple().exponent
            decimals = max(0, -exponent) if isinstance(exponent, int) else 0
        places = f".{'0' * decimals}" if decimals else ""
        code = f"0{places}%" if kind == "percent" else f"#,##0{places}"
        if column.key == "change":
            code = f"+0{places};-0{places};0{places}"
        return self._number_format(code, "center" if column.centred else "right")

    def _number_format(self, code: str, align: str) -> Format:
        key = (code, align)
        if key not in self._numbers:
            self._numbers[key] = self._book.add_format(
                {"num_format": code, "valign": "vcenter", "align": align}
            )
        return self._numbers[key]


def _sheet_name(wanted: str, names: set[str]) -> str:
    """At most 31 characters without those that a sheet's name must not have; never twice."""
    base = re.sub(r"[\[\]:*?/\\]", " ", wanted).strip().strip("'")[:MAX_SHEET_NAME] or "1"
    name, n = base, 2
    while name.lower() in names or name.lower() == "history":
        name = f"{base[: MAX_SHEET_NAME - 4]} {n}"
        n += 1
    names.add(name.lower())
    return name


def _table_sheet(sheet: Worksheet, table: Table, content: Content, formats: _Formats) -> None:
    """Title and mark, head, rows; the head stays in view and filters."""
    sheet.write_string(0, 0, f"{content.title}　{table.caption}", formats.title)
    sheet.write_string(
        1, 0, content.mark or content.essence[0], formats.mark if content.mark else formats.soft
    )
    head = 2
    for at, column in enumerate(table.columns):
        sheet.write_string(head, at, column.title, formats.head)
        sheet.set_column(at, at, _width(table, at))
    sheet.set_row(head, 32)
    for r, row in enumerate(table.rows, start=head + 1):
        for at, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            _write_cell(sheet, r, at, column, cell, formats)
    frozen = next((i + 1 for i, c in enumerate(table.columns) if c.key == "unit"), 1)
    sheet.freeze_panes(head + 1, frozen)
    last = head + max(len(table.rows), 1)
    sheet.autofilter(head, 0, last, len(table.columns) - 1)
    on_page = len(table.on_page().columns)
    if on_page < len(table.columns):
        # Paper has room for the columns of the bulletin; the details are for the screen.
        sheet.print_area(0, 0, last, on_page - 1)
    _print_setup(sheet, content, head)


def _write_cell(
    sheet: Worksheet, row: int, at: int, column: Column, cell: Cell, formats: _Formats
) -> None:
    if cell.value is not None:
        sheet.write_number(row, at, float(cell.value), formats.number(column, cell))
    elif column.kind == "text":
        sheet.write_string(row, at, cell.text, formats.centred if column.centred else formats.text)
    elif any(char.isdigit() for char in cell.text):
        sheet.write_string(row, at, cell.text, formats.right)
    else:
        # No data: an empty cell, so that sums and filters see nothing.
        sheet.write_blank(row, at, None, formats.text)


def _width(table: Table, at: int) -> float:
    """Wide enough for the longest cell and for half of the head, which wraps."""
    cells = (_latin_width(row[at].text) for row in table.rows)
    longest = max(cells, default=4.0)
    return min(max(longest + 3, _latin_width(table.columns[at].title) / 2 + 4, 8), 46)


def _latin_width(text: str) -> float:
    return sum(1.0 if ord(char) < 0x2E80 else 2.1 for char in text)


def _source_sheet(sheet: Worksheet, content: Content, formats: _Formats) -> None:
    sheet.write_string(0, 0, content.title, formats.title)
    sheet.write_string(1, 0, content.mark, formats.mark)
    sheet.set_column(0, 0, 32)
    sheet.set_column(1, 1, 90)
    for row, (label, value) in enumerate(content.provenance, start=2):
        sheet.write_string(row, 0, label, formats.wrapped)
        sheet.write_string(row, 1, value, formats.wrapped)
    _print_setup(sheet, content, None)


def _print_setup(sheet: Worksheet, content: Content, head: int | None) -> None:
    """Paper: A4 across, one page wide, the head and the mark on every page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    if head is not None:
        sheet.repeat_rows(head)
    title = content.title.replace("&", "&&")
    sheet.set_header(f"&L{title}&R{content.mark.replace('&', '&&')}"[:255])
    sheet.set_footer("&C— &P —")
