"""Python starts and imports what a whole evaluation imports, then ends. A floor."""

import importlib

_MODULES = (
    "jiesu.cli.evaluate",
    "jiesu.sources.intake",
    "jiesu.evaluation.run",
    "ibis.backends.duckdb",
    "jiesu.briefing.write",
    "jiesu.briefing.html",
    "jiesu.briefing.docx",
    "jiesu.briefing.pdf",
    "jiesu.briefing.xlsx",
)


def main() -> None:
    for name in _MODULES:
        importlib.import_module(name)


if __name__ == "__main__":
    main()
