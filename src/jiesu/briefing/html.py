"""A document as one HTML file: no script, nothing from elsewhere, readable on a phone.

Text is escaped by the template engine; only the charts' SVG, which escapes its own, is passed
through as it is.
"""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from jiesu.briefing.document import Block, Content, Figure


def html_text(content: Content) -> str:
    """The whole file as text."""
    return _template().render(doc=content, kind=_kind, svg=_svg)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("jiesu.briefing", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("document.html.j2")


def _kind(block: Block) -> str:
    return type(block).__name__.lower()


def _svg(figure: Figure) -> Markup:
    return Markup(figure.svg)
