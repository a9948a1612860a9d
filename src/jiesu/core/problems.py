"""What is wrong with an input, where it stands and how to mend it.

Raised by everything that reads files or settings; printed by the command line, one line
for each problem. Faults of our own code are ordinary exceptions and never take this form.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jiesu.core.texts import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in an input.

    `file` is the name to show, `where` a line, key path or cell in it (may be empty). `line` is
    the line on which a key path stands, where that is known. What a page shows too is a `Text`.
    """

    file: str
    where: str
    what: str
    remedy: str
    line: int | None = None

    @property
    def place(self) -> tuple[str, ...]:
        """Where it stands, from the file down."""
        line = "" if self.line is None else Text("line {n}", n=self.line)
        return tuple(part for part in (self.file, line, self.where) if part)

    def __str__(self) -> str:
        return f"{', '.join(self.place)}: {self.what}; {self.remedy}"


class InputError(Exception):
    """An input cannot be used. Holds every problem that was found, never none."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type["InputError"], tuple[tuple[Problem, ...]]]:
        # From another process it comes back with its problems, not with their text.
        return InputError, (self.problems,)


@contextmanager
def writable(shown: str) -> Iterator[None]:
    """Turn what the operating system complains of on writing into InputError, naming `shown`."""
    try:
        yield
    except OSError as error:
        what = f"cannot be written ({error.strerror or error})"
        remedy = "make room, or name another folder"
        raise InputError(Problem(shown, "", what, remedy)) from error
