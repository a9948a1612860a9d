"""Reads the worked tables of the method pages."""

from pathlib import Path

METHODS = Path(__file__).resolve().parents[2] / "docs" / "methods"


def tables(page: str) -> list[list[dict[str, str]]]:
    """All tables of a page, each a list of rows by column title."""
    found: list[list[dict[str, str]]] = []
    titles: list[str] | None = None
    for line in (METHODS / f"{page}.md").read_text("utf-8").splitlines():
        if not line.startswith("|"):
            titles = None
            continue
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if titles is None:
            titles = cells
            found.append([])
        elif not set(line) <= set("|-: "):
            found[-1].append(dict(zip(titles, cells, strict=True)))
    return found


def table(page: str, *titles: str) -> list[dict[str, str]]:
    """The page's one table with exactly these column titles."""
    [chosen] = [rows for rows in tables(page) if rows and tuple(rows[0]) == titles]
    return chosen
