"""Writing a document's files, each whole or not at all.

A file is written beside its place under another name and renamed when it is complete, so that
a reader never meets half a document. `evaluation.json` is not written here.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from jiesu.briefing.content import Imprint, bulletin
from jiesu.briefing.document import Content
from jiesu.core.problems import writable
from jiesu.core.result import Evaluation

FORMATS = ("html", "docx", "pdf", "xlsx")
NAME = "bulletin"


def write_bulletin(
    evaluation: Evaluation,
    out_dir: Path,
    *,
    lang: str = "zh",
    formats: Iterable[str] = FORMATS,
    imprint: Imprint | None = None,
    boundaries: Path | None = None,
) -> list[Path]:
    """Write `out_dir/bulletin.<format>` for each format; the paths in the order of FORMATS.

    `lang` is `zh` or `en`. Raises ValueError for a language or format that there is not, InputError
    where a file cannot be written. The directory is made where it is missing; older files of the
    same names are replaced.
    """
    content = bulletin(evaluation, lang, imprint, boundaries)
    return write_document(content, out_dir, NAME, formats)


def write_document(
    content: Content, out_dir: Path, name: str, formats: Iterable[str] = FORMATS
) -> list[Path]:
    """Write `out_dir/NAME.<format>` for each format; the paths in the order of FORMATS.

    Errors and replacement as in `write_bulletin`.
    """
    wanted = set(formats)
    unknown = wanted - set(FORMATS)
    if unknown:
        raise ValueError(f"no document as {', '.join(sorted(unknown))}; there are {FORMATS}")
    with writable(out_dir.name):
        out_dir.mkdir(parents=True, exist_ok=True)
    written = []
    for form in FORMATS:
        if form in wanted:
            path = out_dir / f"{name}.{form}"
            _write_whole(path, _writer(form)(content))
            written.append(path)
    return written


def _writer(form: str) -> Callable[[Content], bytes]:
    """The writer of a format; each is imported only when it is asked for."""
    if form == "html":
        from jiesu.briefing.html import html_text

        return lambda content: html_text(content).encode()
    if form == "docx":
        from jiesu.briefing.docx import docx_bytes

        return docx_bytes
    if form == "pdf":
        from jiesu.briefing.pdf import pdf_bytes

        return pdf_bytes
    from jiesu.briefing.xlsx import xlsx_bytes

    return xlsx_bytes


def _write_whole(path: Path, data: bytes) -> None:
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    with writable(path.name):
        try:
            half.write_bytes(data)
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
