"""Untrusted text on its way to a person: every sink encodes it here.

Names, versions and summaries come from images and advisories.  On a terminal
they could move the cursor, recolour a line or hide one; so everything that is
not plainly visible is written as an escape.
"""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, limit: int = 0) -> str:
    """Return `text` on one line with nothing invisible in it, at most `limit` characters.

    Control characters, bidirectional marks, surrogates and unassigned code
    points become escapes; 0 means no limit.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(_escaped(character) for character in text)
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return text


def _escaped(character: str) -> str:
    if character == " " or unicodedata.category(character) not in _INVISIBLE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
