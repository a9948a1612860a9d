"""What the site has acknowledged, line by line in a file of the client's own.

A line is written when an answer has come, so whatever stands here the site has promised.
"""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CREATED = (200, 201)


@dataclass
class Journal:
    """Acknowledged and unanswered requests; shared by the threads of the load."""

    file: Path
    statuses: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, str] = field(default_factory=dict)
    """Of each acknowledged key its case."""
    open_keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Keys that were sent and never answered, with their demands."""
    findings: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledged(self, what: str, **said: Any) -> None:
        """Write down an answer that promises something."""
        with self._lock:
            self.statuses[f"{what} acknowledged"] += 1
            self._write({"what": what, "acknowledged": True, **said})

    def unanswered(self, what: str, **said: Any) -> None:
        """Write down a request of which nobody knows whether it was done."""
        with self._lock:
            self.statuses[f"{what} unanswered"] += 1
            self._write({"what": what, "acknowledged": False, **said})

    def refused(self, what: str, status: int) -> None:
        """Count an answer that changes nothing."""
        with self._lock:
            self.statuses[f"{what} {status}"] += 1

    def received(self, key: str, number: str, version: int) -> None:
        """A case was acknowledged under a key; one key never gives two."""
        with self._lock:
            before = self.numbers.setdefault(key, number)
            if before != number:
                self.findings.append(f"one key gave the cases {before} and {number}")
        self.acknowledged("case", key=key, number=number, version=version)

    def found(self, finding: str) -> None:
        """Note what must not be."""
        with self._lock:
            self.findings.append(finding)

    @property
    def n_acknowledged(self) -> int:
        """How many requests were acknowledged."""
        return self.statuses["case acknowledged"] + self.statuses["move acknowledged"]

    def _write(self, line: dict[str, Any]) -> None:
        with self.file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")
