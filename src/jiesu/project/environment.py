"""Environment variables, read with types and defaults, all mistakes at once.

Knows how a value is written (a number, a flag, a list, a secret in a file) and no setting by
name: `options` says which there are. Reads nothing but what it is given and the files that a
`..._FILE` variable names.
"""

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

from jiesu.core.problems import InputError, Problem

PREFIX = "JIESU_"
# Read elsewhere: by the tests, the benchmarks and the commands on files.
FOREIGN = ("JIESU_TEST_", "JIESU_BENCH_", "JIESU_REALDATA", "JIESU_CALLER_KEY")

Network = IPv4Network | IPv6Network


class Environment:
    """The variables of one process; problems gather in `problems`.

    Every reading method notes its variable as known and returns the default after a mistake, so
    that one pass finds all. An empty value is as good as none. No message repeats the value of
    a secret.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.problems: list[Problem] = []
        self.known: set[str] = set()

    def wrong(self, name: str, what: str, remedy: str) -> None:
        """Note a mistake at a variable."""
        self.problems.append(Problem(name, "", what, remedy))

    def text(self, name: str, default: str) -> str:
        """A text without the blanks around it."""
        self.known.add(name)
        return self.values.get(name, "").strip() or default

    def flag(self, name: str, default: bool) -> bool:
        """True or false, as 1, true, yes, on or 0, false, no, off."""
        value = self.text(name, str(default)).lower()
        if value in ("1", "true", "yes", "on"):
            return True
        if value not in ("0", "false", "no", "off"):
            self.wrong(name, f"{value!r} is neither true nor false", "write true or false")
            return default
        return False

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number in `low..high`."""
        value = self.text(name, str(default))
        remedy = f"write a whole number from {low} to {high}"
        if value.isascii() and value.isdigit() and low <= int(value) <= high:
            return int(value)
        self.wrong(name, f"{value!r} is not a whole number from {low} to {high}", remedy)
        return default

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of the given words, in any case."""
        value = self.text(name, default).lower()
        if value in choices:
            return value
        self.wrong(name, f"{value!r} is not known here", f"choose one of: {', '.join(choices)}")
        return default

    def texts(self, name: str) -> tuple[str, ...]:
        """Texts with commas between them; none where the variable is not set."""
        return tuple(part.strip() for part in self.text(name, "").split(",") if part.strip())

    def networks(self, name: str) -> tuple[Network, ...]:
        """Addresses or networks such as 10.0.0.0/8, with commas between them."""
        found: list[Network] = []
        for part in self.texts(name):
            try:
                found.append(ip_network(part))
            except ValueError:
                self.wrong(name, f"{part!r} is no network", "write one such as 10.1.0.0/16")
        return tuple(found)

    def zone(self, name: str, default: str) -> str:
        """The IANA name of a time zone."""
        value = self.text(name, default)
        try:
            return ZoneInfo(value).key
        except (KeyError, OSError, ValueError):
            remedy = "write one such as Asia/Shanghai or UTC"
            self.wrong(name, f"{value!r} is no time zone", remedy)
            return default

    def path(self, name: str, default: Path) -> Path:
        """A file or folder; a relative one lies in the folder in which the process started."""
        return Path(self.text(name, str(default))).expanduser().absolute()

    def secret(self, name: str) -> str:
        """A secret from a variable or from the file that `name_FILE` names; empty where neither."""
        value, file = self.text(name, ""), self.text(f"{name}_FILE", "")
        if value and file:
            self.wrong(name, f"{name}_FILE is set too", "keep one of the two")
        if not file:
            return value
        try:
            return Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            self.wrong(f"{name}_FILE", f"{file} cannot be read ({reason})", "name a readable file")
            return ""

    def unknown(self) -> list[Problem]:
        """A problem for each JIESU_ variable that nothing reads: perhaps it is misspelt."""
        return [
            Problem(name, "", "this setting is not known", "correct its name or remove it")
            for name in sorted(self.values)
            if name.startswith(PREFIX) and name not in self.known and not name.startswith(FOREIGN)
        ]

    def raise_problems(self) -> None:
        """Raise InputError when anything was wrong."""
        if self.problems:
            raise InputError(self.problems)
