"""The desk's words: every message has its Chinese, and what is compiled is what was written."""

import ast
import gettext
import io
import runpy
from pathlib import Path
from string import Formatter

import pytest

TOOL = runpy.run_path(str(Path(__file__).resolve().parents[1] / "tools" / "messages.py"))
messages, read_catalogue = TOOL["messages"], TOOL["read_catalogue"]
catalogue, compiled, faults = TOOL["catalogue"], TOOL["compiled"], TOOL["faults"]


def test_every_message_is_translated_and_compiled() -> None:
    assert faults() == []


def test_messages_are_found_in_code_and_in_templates(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('x = _("one"); y = gettext("two %(n)s"); z = f("three")\n')
    (tmp_path / "c.py").write_text('raise Conflict("code", Text("at most {n} " "files", n=9))\n')
    (tmp_path / "b.html").write_text(
        """{% translate "four" %} {% translate 'five' %} {{ x|default:_('six') }}
        {% blocktranslate trimmed with n=1 %}
        seven {{ n }}
        times{% endblocktranslate %}"""
    )
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "c.py").write_text('_("never")\n')
    assert list(messages(tmp_path)) == [
        "one", "two %(n)s", "four", "five", "six", "seven %(n)s times", "at most {n} files"
    ]  # fmt: skip


def test_a_text_that_nobody_could_translate_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, path = tmp_path / "app", tmp_path / "django.po"
    app.mkdir()
    (app / "a.py").write_text(
        'Text("at most {n}", n=9)\nText("from {day:%Y} on", day=d)\nText(f"{n}")\nText(x)\n'
    )
    said = {"at most {n}": "最多{m}", "from {day:%Y} on": "{day:%Y}年起"}
    path.write_text(catalogue(messages(app), said), "utf-8")
    path.with_suffix(".mo").write_bytes(compiled(said))
    monkeypatch.setitem(faults.__globals__, "FOLDERS", (app,))
    monkeypatch.setitem(faults.__globals__, "CATALOGUE", path)
    assert faults() == [
        "not one text: app/a.py:3",
        "not one text: app/a.py:4",
        "other placeholders: 'at most {n}'",
    ]


TEMPLATES = "input_faults.py"
"""Its texts are given their values later; a test of their own sees to that."""


def test_every_text_is_given_the_values_that_it_names() -> None:
    seen = 0
    for path in (path for folder in TOOL["FOLDERS"] for path in folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "Text":
                continue
            [message] = node.args
            assert isinstance(message, ast.Constant)
            template = str(message.value)
            named = {name for _, name, _, _ in Formatter().parse(template) if name}
            given = {keyword.arg for keyword in node.keywords}
            # `**left` gives all.
            if path.name != TEMPLATES and None not in given:
                assert named == given, f"{path.name}:{node.lineno}"
                seen += bool(named)
    assert seen > 20


@pytest.mark.parametrize("said", ["一", 'with "quotes"', "back\\slash", "two\nlines", "tab\t"])
def test_a_translation_is_read_as_it_was_written(tmp_path: Path, said: str) -> None:
    asked = {f"a {said}": "x.py", "untranslated": "x.py"}
    path = tmp_path / "django.po"
    path.write_text(catalogue(asked, {f"a {said}": said}), "utf-8")
    assert read_catalogue(path) == {f"a {said}": said, "untranslated": ""}


def test_pythons_gettext_reads_what_is_compiled() -> None:
    found = gettext.GNUTranslations(io.BytesIO(compiled({"unit": "承办单位", "z": "末"})))
    assert (found.gettext("unit"), found.gettext("z"), found.gettext("new")) == (
        "承办单位", "末", "new"
    )  # fmt: skip
