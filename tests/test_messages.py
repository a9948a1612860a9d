"""The desk's words: every message has its Chinese, and what is compiled is what was written."""

import gettext
import io
import runpy
from pathlib import Path

import pytest

TOOL = runpy.run_path(str(Path(__file__).resolve().parents[1] / "tools" / "messages.py"))
messages, read_catalogue = TOOL["messages"], TOOL["read_catalogue"]
catalogue, compiled, faults = TOOL["catalogue"], TOOL["compiled"], TOOL["faults"]


def test_every_message_is_translated_and_compiled() -> None:
    assert faults() == []


def test_messages_are_found_in_code_and_in_templates(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('x = _("one"); y = gettext("two %(n)s"); z = f("three")\n')
    (tmp_path / "b.html").write_text(
        """{% translate "four" %} {% translate 'five' %} {{ x|default:_('six') }}
        {% blocktranslate trimmed with n=1 %}
        seven {{ n }}
        times{% endblocktranslate %}"""
    )
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "c.py").write_text('_("never")\n')
    assert list(messages(tmp_path)) == [
        "one", "two %(n)s", "four", "five", "six", "seven %(n)s times"
    ]  # fmt: skip


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
