"""A document as PDF, typeset by Typst with fonts that are embedded in the file.

The content goes to Typst as data, never as markup, so a unit may be called anything. Fonts of
the machine are ignored: the same content gives the same pages everywhere.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import typst
from pylopdf_fonts_zh_cn import sans_path

from jiesu.briefing.document import (
    Block,
    Content,
    Facts,
    Figure,
    Heading,
    Items,
    Paragraph,
    Table,
)

LONG_WORD = 24
"""A Latin word of more letters is given places to break, so that it stays in its cell."""


def pdf_bytes(content: Content) -> bytes:
    """The whole PDF; the same bytes for the same content."""
    return bytes(_compiled("document.typ", _data(content), "pdf"))


def png_pages(figures: list[Figure], ppi: int = 200) -> list[bytes]:
    """Each figure as a PNG picture, 156 mm wide at `ppi`, for documents that hold no SVG."""
    if not figures:
        return []
    shown = [{"svg": figure.svg, "ratio": figure.height / figure.width} for figure in figures]
    pages = _compiled("figures.typ", {"figures": shown}, "png", ppi=ppi)
    return [bytes(page) for page in pages] if isinstance(pages, list) else [bytes(pages)]


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=True, font_paths=[sans_path().parent]
    )


def _compiled(
    template: str, data: object, form: Literal["pdf", "png"], ppi: int | None = None
) -> Any:
    source = (files("jiesu.briefing") / "templates" / template).read_bytes()
    return typst.compile(
        source,
        font_paths=_fonts(),
        format=form,
        ppi=ppi,
        sys_inputs={"content": json.dumps(data, ensure_ascii=False)},
        timestamp=0,
    )


def _data(content: Content) -> dict[str, object]:
    plain = ("lang", "masthead", "number", "title", "mark", "recipients", "essence", "office")
    data: dict[str, object] = {key: getattr(content, key) for key in plain}
    data |= {key: getattr(content, key) for key in ("signed_on", "printed", "annex_word")}
    for part in ("sections", "annexes"):
        data[part] = [
            {
                "label": section.label,
                "title": section.title,
                "new_page": section.new_page,
                "blocks": [_block(block) for block in section.blocks],
            }
            for section in getattr(content, part)
        ]
    return data


def _block(block: Block) -> dict[str, object]:
    match block:
        case Heading(text, level):
            return {"type": "heading", "text": _breakable(text), "level": level}
        case Paragraph(text, lead):
            return {"type": "paragraph", "text": _breakable(text), "lead": _breakable(lead)}
        case Figure():
            return {
                "type": "figure",
                "svg": block.svg,
                "caption": block.caption,
                "description": block.description,
            }
        case Facts(pairs):
            shown = [[label, _breakable(value)] for label, value in pairs]
            return {"type": "facts", "pairs": shown}
        case Items(texts, numbered):
            shown_items = [_breakable(item) for item in texts]
            return {"type": "items", "texts": shown_items, "numbered": numbered}
        case Table():
            return _table(block.on_page())


def _table(table: Table) -> dict[str, object]:
    return {
        "type": "table",
        "caption": table.caption,
        "note": table.note,
        "dense": table.dense,
        "columns": [
            {
                "title": [_breakable(line) for line in column.lines],
                "kind": column.kind,
                "width": column.room,
                "centred": column.centred,
            }
            for column in table.columns
        ],
        "rows": [[_breakable(cell.text) for cell in row] for row in table.rows],
    }


_LONG = re.compile(rf"[!-~]{{{LONG_WORD},}}")


def _breakable(text: str) -> str:
    """Zero-width spaces every twelve letters of a long word."""
    return _LONG.sub(lambda word: "\u200b".join(re.findall(".{1,12}", word[0])), text)
