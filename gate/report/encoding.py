"""Untrusted text on its way to a person: every sink encodes it here.

Names, versions and summaries come from images and advisories.  On a terminal
they could move the cursor, recolour a line or hide one; so everything that is
not plainly visible is written as an escape.  In the log of a CI job some lines
are commands (``::error::``, ``##[error]``, ``##vso[…]``, ``##teamcity[…]``):
text from outside never makes one.
"""

from __future__ import annotations

import json
import re
import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | frozenset(
    chr(point)
    for first, last in ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for point in range(first, last + 1)
)
"""Letters, marks and symbols that show nothing (Unicode: Default_Ignorable_Code_Point)."""


_COMMAND = r"##(?=(?:vso|teamcity)?\[)"
"""Commands that Azure, TeamCity and older GitHub runners find anywhere in a line."""
_COMMAND_BEGINS = re.compile(_COMMAND)
_SUSPECT = re.compile(rf"[^\n -~]|{_COMMAND}")


def visible(text: str, limit: int = 0) -> str:
    """Return `text` on one line with nothing invisible in it, at most `limit` characters.

    Control characters, bidirectional marks, spaces of other widths, blank
    letters, surrogates and unassigned code points become escapes; 0 means no
    limit.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(_escaped(character) for character in text)
    if "##" in text:
        text = _COMMAND_BEGINS.sub(r"#\\x23", text)
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return text


def log_line(text: str) -> str:
    r"""Return a visible line so that GitHub takes it for no command: ``::`` becomes ``\x3a:``.

    Only the beginning of a line counts, which a sink knows once it has made the line.
    """
    if not text.lstrip(" ").startswith("::"):
        return text
    return text.replace("::", r"\x3a:", 1)


def visible_json(document: bytes) -> bytes:
    """Return a JSON document that means the same and has nothing invisible in it.

    JSON escapes only the first 32 control characters by itself, and a terminal
    obeys others, too.
    """
    return _SUSPECT.sub(_json_escaped, document.decode()).encode()


def _json_escaped(suspect: re.Match[str]) -> str:
    character = suspect[0]
    if character == "##":
        return "#\\u0023"
    if not _is_hidden(character):
        return character
    # json leaves this one as it is.
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def _is_hidden(character: str) -> bool:
    hidden = unicodedata.category(character) in _INVISIBLE or character in _BLANK
    return hidden and character != " "


def _escaped(character: str) -> str:
    if not _is_hidden(character):
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
