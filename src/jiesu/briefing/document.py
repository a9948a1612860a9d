"""The parts of a document: what the content builders make and every writer reads.

All words are already in the document's language and all numbers already formatted; a cell also
keeps its raw value for spreadsheets. Holds no wording, no layout and no file format.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

Kind = Literal["text", "integer", "decimal", "percent"]


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column. `width` is in characters of full width (two Latin ones).

    `decimals` are those that a spreadsheet shows. A `detail` column is for spreadsheets only:
    """

    key: str
    title: str
    kind: Kind = "text"
    width: float = 4.0
    decimals: int = 0
    detail: bool = False
    centred: bool = False

    @property
    def room(self) -> float:
        """The width, or more where a Latin word of the head needs it (up to ten letters)."""
        letters = max((len(word) for word in self.title.split() if word.isascii()), default=0)
        return max(self.width, min(letters, 10) * 0.5)

    @property
    def lines(self) -> tuple[str, ...]:
        """The head in lines of equal length where Chinese text is wider than the column."""
        n = len(self.title)
        if n <= self.width - 0.5 or any(ord(char) < 0x2E80 for char in self.title):
            return (self.title,)
        rows = -(-n // max(2, int(self.width - 0.2)))
        size = -(-n // rows)
        return tuple(self.title[i : i + size] for i in range(0, n, size))


@dataclass(frozen=True, slots=True)
class Cell:
    """`text` is what a page shows, `value` the raw number; a percentage's value is in 0..1.

    `kind` is the cell's own where it differs from its column's. `href` leads to a file beside the
    document; only a page shows it.
    """

    text: str
    value: int | Decimal | None = None
    kind: Kind | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; each row has as many cells as there are columns. `sheet` is a short name."""

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    sheet: str = ""
    dense: bool = False

    def on_page(self) -> "Table":
        """The same table without its detail columns."""
        kept = [index for index, column in enumerate(self.columns) if not column.detail]
        return replace(
            self,
            columns=tuple(self.columns[index] for index in kept),
            rows=tuple(tuple(row[index] for index in kept) for row in self.rows),
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart as SVG text with its size in SVG units; `description` says what it shows."""

    key: str
    caption: str
    svg: str
    width: int
    height: int
    description: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading inside a section; its text holds the number. Level 1 is the section's own."""

    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `lead` are its first words, set apart from the rest (may be empty)."""

    text: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of label and value, such as a document's sources."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of short texts, one below the other; numbered as `1.` where it is asked for."""

    texts: tuple[str, ...]
    numbered: bool = False


Block = Heading | Paragraph | Table | Figure | Facts | Items


@dataclass(frozen=True, slots=True)
class Section:
    """A section, or an annex: then `label` is its mark (附件1) and it begins a page.

    `title` may be empty: then the blocks follow on. `new_page` lets a section begin a page too.
    """

    key: str
    title: str
    blocks: tuple[Block, ...]
    label: str = ""
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """A whole document in one language; writers leave out every part that is empty.

    `mark` stands on every page (empty where the data are real). `essence` are the lines about
    period, policy and data that stand on the first page. `sheets` are a workbook's tables.
    `masthead` and `number` make the red head of an official document; a draft has none. `office`
    and `signed_on` sign it, `printed` closes it. `ui` are the few words that a page needs for
    itself (contents, skip link, and so on).
    """

    lang: str
    title: str
    sections: tuple[Section, ...]
    ui: dict[str, str]
    masthead: str = ""
    number: str = ""
    mark: str = ""
    recipients: str = ""
    annexes: tuple[Section, ...] = ()
    sheets: tuple[Table, ...] = ()
    essence: tuple[str, ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()
    office: str = ""
    signed_on: str = ""
    printed: str = ""
    annex_word: str = ""
