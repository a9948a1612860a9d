"""`jiesu evaluate` with a stopwatch on its stages: `stages ARGUMENTS...`, prints JSON.

Public functions of jiesu are wrapped before the command runs; a stage that another holds counts
for the inner one only. What no stage holds is start-up, imports and printing.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

_STAGES = (
    ("read and check the CSV", "jiesu.sources.intake", "read_cases"),
    ("wait for the input's SHA-256", "jiesu.sources.intake", "Intake.files"),
    ("count in the engine", "jiesu.evaluation.run", "count"),
    ("arithmetic", "jiesu.evaluation.run", "assess"),
    ("other work around the counts", "jiesu.evaluation.run", "evaluate"),
    ("evaluation.json", "jiesu.city.run", "evaluation_document"),
    ("the bulletin's content", "jiesu.briefing.write", "bulletin"),
    ("html", "jiesu.briefing.html", "html_text"),
    ("docx", "jiesu.briefing.docx", "docx_bytes"),
    ("pdf", "jiesu.briefing.pdf", "pdf_bytes"),
    ("xlsx", "jiesu.briefing.xlsx", "xlsx_bytes"),
)


class _Watch:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._running: list[str] = []
        self._since = 0.0

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._stop()
            self._running.append(stage)
            try:
                return function(*args, **kwargs)
            finally:
                self._stop()
                self._running.pop()

        return wrapped

    def _stop(self) -> None:
        """Put the time since the last call on the innermost stage's account."""
        now = time.perf_counter()
        if self._running:
            stage = self._running[-1]
            self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now


def main() -> None:
    watch = _Watch()
    for stage, module_name, path in _STAGES:
        _wrap(watch, stage, importlib.import_module(module_name), path)
    from jiesu.cli.main import app

    with redirect_stdout(StringIO()):
        app(sys.argv[1:], standalone_mode=False)
    print(json.dumps(watch.seconds))


def _wrap(watch: _Watch, stage: str, holder: Any, path: str) -> None:
    *outer, name = path.split(".")
    for step in outer:
        holder = getattr(holder, step)
    found = getattr(holder, name)
    if isinstance(found, property):
        assert found.fget is not None
        setattr(holder, name, property(watch.timed(stage, found.fget)))
    else:
        setattr(holder, name, watch.timed(stage, found))


if __name__ == "__main__":
    main()
