"""HTML and SVG that cannot be broken by a text: what is put into an element is escaped.

Only `tag` and `joined` make `Markup`; everything else is text, whoever wrote it, and goes
through `visible` and HTML's escapes (HTML Living Standard, section 13.3) on its way in.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from gate.report.encoding import visible

_VOID = frozenset({"meta", "input", "rect", "line", "br"})
"""Elements of ours without content; in SVG they are closed all the same."""
_TEXT = 5000


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | int | float | bool) -> Markup:
    """Return an element; `class_` stands for ``class``, ``_`` within a name for ``-``.

    A child that is not `Markup` is text; None is left out, and so is a false attribute.
    """
    shown = "".join(
        f' {_attribute(key)}="{_escaped("" if value is True else str(value))}"'
        for key, value in attributes.items()
        if value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{shown}/>")
    content = "".join(_content(child) for child in children if child is not None)
    return Markup(f"<{name}{shown}>{content}</{name}>")


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Return all `parts` one after the other; those that are text are escaped."""
    return Markup(_content(between).join(map(_content, parts)))


def _attribute(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")


def _content(part: str) -> str:
    return str(part) if isinstance(part, Markup) else _escaped(part)


def _escaped(text: str) -> str:
    return escape(visible(text, _TEXT), quote=True)
