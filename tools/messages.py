"""The desk's words in Chinese: gathers what the code asks for, and compiles what was translated.

    python tools/messages.py            # update django.po from the sources, compile django.mo
    python tools/messages.py --check    # say what is missing or stale, and end with 1

Needs nothing but Python: GNU gettext is not on every machine, so the compiled file is kept with
the sources. A message is a text in English that the code gives to gettext or to `Text`
(jiesu.core.texts), or a template to `translate`; English needs no catalogue.
"""

import ast
import re
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = tuple(
    ROOT / "src" / "jiesu" / name for name in ("api", "cases", "city", "core", "sources")
)
CATALOGUE = ROOT / "src" / "jiesu" / "cases" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"

NAMES = {"_", "gettext", "gettext_lazy", "gettext_noop", "Text"}
HEADER = """Project-Id-Version: jiesu
Language: zh_Hans
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
Plural-Forms: nplurals=1; plural=0;
"""
_TRANSLATE = re.compile(r"""\{%\s*translate\s+(?:"([^"]*)"|'([^']*)')|_\('([^']*)'\)""")
_BLOCK = re.compile(r"\{%\s*blocktranslate\s+trimmed[^%]*%\}(.*?)\{%\s*endblocktranslate", re.S)
_PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}


def messages(*folders: Path) -> dict[str, str]:
    """The messages of code and templates, each with the first place that asks for it."""
    found: dict[str, str] = {}
    for place, path in _sources(folders, "*.py", "*.html"):
        text = path.read_text("utf-8")
        asked = _in_code(text) if path.suffix == ".py" else _in_template(text)
        for message in asked:
            found.setdefault(message, place)
    return found


def unreadable(*folders: Path) -> list[str]:
    """The places of texts that are put together: nobody could translate them."""
    return [
        f"{place}:{line}"
        for place, path in _sources(folders, "*.py")
        for name, message, line in _calls(path.read_text("utf-8"))
        if name == "Text" and message is None
    ]


def _sources(folders: Iterable[Path], *patterns: str) -> Iterator[tuple[str, Path]]:
    for folder in folders:
        for path in sorted(path for pattern in patterns for path in folder.rglob(pattern)):
            if "migrations" not in path.parts:
                yield path.relative_to(folder.parent).as_posix(), path


def _calls(text: str) -> Iterator[tuple[str, str | None, int]]:
    """What messages are given to: its name, the message where it stands there, the line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            value = node.args[0].value if isinstance(node.args[0], ast.Constant) else None
            message = value if isinstance(value, str) else None
            if node.func.id in NAMES:
                yield node.func.id, message, node.lineno


def _in_code(text: str) -> Iterator[str]:
    for _, message, _ in _calls(text):
        if message is not None:
            yield message


def _in_template(text: str) -> Iterator[str]:
    for match in _TRANSLATE.finditer(text):
        yield next(group for group in match.groups() if group is not None)
    for match in _BLOCK.finditer(text):
        words = " ".join(line.strip() for line in match[1].strip().splitlines())
        yield re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", words)


def read_catalogue(path: Path) -> dict[str, str]:
    """The translations of a .po file by message; the header is left out."""
    found: dict[str, str] = {}
    message, words, at = "", "", ""
    for line in [*(path.read_text("utf-8").splitlines() if path.exists() else ()), "msgid"]:
        if line.startswith("msgid"):
            if message:
                found[message] = words
            message, words, at = "", "", "msgid"
        elif line.startswith("msgstr"):
            at = "msgstr"
        text = "".join(_unescaped(part) for part in _STRING.findall(line))
        if line.startswith("#"):
            continue
        if at == "msgid":
            message += text
        else:
            words += text
    return found


def catalogue(asked: Mapping[str, str], words: Mapping[str, str]) -> str:
    """A .po file of the messages that are asked for, by the place that asks."""
    parts = ['msgid ""', 'msgstr ""', *(_quoted(f"{line}\n") for line in HEADER.splitlines()), ""]
    for message, place in sorted(asked.items(), key=lambda item: (item[1], item[0])):
        parts += [f"#: {place}", f"msgid {_quoted(message)}",
                  f"msgstr {_quoted(words.get(message, ''))}", ""]  # fmt: skip
    return "\n".join(parts)


def compiled(words: Mapping[str, str]) -> bytes:
    """A .mo file, as gettext reads it: two tables of lengths and places, then the texts."""
    entries = sorted((key.encode(), text.encode()) for key, text in {"": HEADER, **words}.items())
    start = 28 + 16 * len(entries)
    ids = b"".join(key + b"\0" for key, _ in entries)
    table, texts, at = [], b"", start
    for key, _ in entries:
        table.append(struct.pack("<II", len(key), at))
        at += len(key) + 1
    for _, text in entries:
        table.append(struct.pack("<II", len(text), start + len(ids) + len(texts)))
        texts += text + b"\0"
    head = struct.pack("<7I", 0x950412DE, 0, len(entries), 28, 28 + 8 * len(entries), 0, start)
    return head + b"".join(table) + ids + texts


def faults() -> list[str]:
    """What is missing, left over, or not compiled."""
    asked, words = messages(*FOLDERS), read_catalogue(CATALOGUE)
    wrong = [f"not one text: {place}" for place in unreadable(*FOLDERS)]
    wrong += [f"not translated: {text!r} ({asked[text]})" for text in asked if not words.get(text)]
    wrong += [f"no longer asked for: {text!r}" for text in words if text not in asked]
    wrong += [
        f"other placeholders: {text!r}"
        for text, said in words.items()
        if said and sorted(_PLACEHOLDER.findall(text)) != sorted(_PLACEHOLDER.findall(said))
    ]
    compact = CATALOGUE.with_suffix(".mo")
    if not compact.exists() or compact.read_bytes() != compiled(words):
        wrong.append("django.mo is not what django.po says: run python tools/messages.py")
    return wrong


def update() -> None:
    """Write both files anew; translations of messages that nothing asks for any more go."""
    asked, words = messages(*FOLDERS), read_catalogue(CATALOGUE)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text(catalogue(asked, words), "utf-8")
    CATALOGUE.with_suffix(".mo").write_bytes(
        compiled({text: words[text] for text in asked if words.get(text)})
    )


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(sign, sign) for sign in text) + '"'


def _unescaped(text: str) -> str:
    back = {escape: sign for sign, escape in _ESCAPES.items()}
    return re.sub(r"\\.", lambda match: back.get(match[0], match[0][1:]), text)


if __name__ == "__main__":
    if "--check" not in sys.argv:
        update()
    found = faults()
    print("\n".join(found) if found else "All messages are translated.")
    sys.exit(bool(found))
