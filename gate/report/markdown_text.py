"""Text from outside in Markdown, as GitHub and GitLab render it.

Rules: CommonMark 0.31.2 (backslash escapes, entities, code spans) and GitHub Flavored
Markdown (tables, autolinks).  Mentions and references (``@name``, ``#1``, ``!1``) are
looked for after rendering, where no escape is left: only something between the sign and
the name stops them.
"""

from __future__ import annotations

import re

from gate.report.encoding import visible

_NOTHING = "&#8203;"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_SPECIAL = re.compile(r"[\\`*_{}\[\]|~!&<>@#$%^]|:(?=\S)|(?<=www)\.")
_REFERENCES = frozenset("@#!~&$%")


def plain(text: str, limit: int = 0) -> str:
    """Return `text` so that it renders as itself, on one line, within a paragraph or a cell."""
    return _SPECIAL.sub(_escaped, visible(text, limit))


def code(text: str, limit: int = 0) -> str:
    """Return `text` as a code span, which may stand in the cell of a table."""
    shown = visible(text, limit).replace("`", r"\x60").replace("|", r"\x7c").strip()
    # What a browser would take for a tag is code here; not every reader of Markdown agrees.
    shown = shown.replace("<", r"\x3c").replace(">", r"\x3e")
    return f"`{shown}`" if shown else ""


def _escaped(match: re.Match[str]) -> str:
    sign = match[0]
    after = _NOTHING if sign in _REFERENCES else ""
    return _ENTITIES.get(sign, f"\\{sign}") + after
