"""The base image that a Dockerfile names: ``FROM`` of its last stage.

Rules: the Dockerfile reference, "FROM", "ARG" and "Understand how ARG and FROM
interact", "Parser directives", "Escape" and "Environment replacement".  What
depends on an argument without a default is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

_ARG = re.compile(r"([A-Za-z_]\w*)(?:=(.*))?", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+?])([^}]*))?\})")
_DIRECTIVE = re.compile(r"#\s*escape\s*=\s*(\S)\s*", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class From(msgspec.Struct, frozen=True, kw_only=True):
    """One ``FROM``."""

    line: int
    """Counted from 1."""
    image: str
    """As it comes out; "" where an argument without a value is part of it."""
    written: str
    stage: str = ""
    """Name of the stage, in lower case."""
    platform: str = ""

    @property
    def digest(self) -> str:
        """``sha256:…`` that it is pinned to, or ""."""
        digest = self.image.partition("@")[2]
        return digest if _DIGEST.fullmatch(digest) else ""


def read_froms(content: str, given: Mapping[str, str] | None = None) -> list[From]:
    """Return every ``FROM`` of a Dockerfile, in order.

    `given` are build arguments: they count where the Dockerfile declares them.
    """
    arguments: dict[str, str] = {}
    found: list[From] = []
    given = given or {}
    for number, instruction in instructions(content):
        word, _, rest = instruction.partition(" ")
        if word.upper() == "ARG" and not found:
            for part in rest.split():
                match = _ARG.fullmatch(part)
                if match is not None and match[1] in given:
                    arguments[match[1]] = given[match[1]]
                elif match is not None and match[2] is not None:
                    arguments[match[1]] = replaced(match[2].strip("'\""), arguments) or ""
        elif word.upper() == "FROM":
            found.append(_from(number, rest, arguments))
    return found


def base_of(content: str) -> From | None:
    """Return what the last stage of a Dockerfile is built from: another stage is followed."""
    froms = read_froms(content)
    if not froms:
        return None
    last = froms[-1]
    for earlier in reversed(froms[:-1]):
        if last.image and earlier.stage and last.image.lower() == earlier.stage:
            last = earlier
    return last


def _from(number: int, rest: str, arguments: dict[str, str]) -> From:
    words = rest.split()
    platform = ""
    while words and words[0].startswith("--"):
        name, _, value = words.pop(0).partition("=")
        if name == "--platform":
            platform = replaced(value, arguments) or ""
    written = words[0] if words else ""
    is_named = len(words) == 3 and words[1].upper() == "AS"
    return From(
        line=number,
        image=replaced(written, arguments) or "",
        written=written,
        stage=words[2].lower() if is_named else "",
        platform=platform,
    )


def replaced(written: str, arguments: Mapping[str, str]) -> str | None:
    """Return `written` with its variables replaced, None where one of them has no value."""
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        name = match[1] or match[2]
        known = arguments.get(name)
        if match[3] == "-" and known is not None:
            return known
        if match[3] in {"-", ":-"}:
            return known or match[4]
        if match[3] in {"+", ":+"}:
            return match[4] if known else ""
        missing |= known is None
        return known or ""

    replaced = _VARIABLE.sub(value, written)
    return None if missing else replaced


def instructions(content: str) -> Iterator[tuple[int, str]]:
    """Yield line number and text of each instruction, continued lines joined."""
    lines = content.splitlines()
    escape = "\\"
    if lines and (match := _DIRECTIVE.fullmatch(lines[0].strip())):
        escape = match[1]
    pending, begun, until = "", 0, ""
    for number, line in enumerate(lines, start=1):
        if until:
            until = "" if line.strip() == until else until
            continue
        stripped = line.strip()
        if stripped.startswith("#") or (not stripped and not pending):
            continue
        if not pending:
            begun = number
        if stripped.endswith(escape):
            pending += stripped[: -len(escape)] + " "
            continue
        whole = (pending + stripped).strip()
        pending = ""
        heredoc = _HEREDOC.search(whole)
        if heredoc is not None and whole.split(" ")[0].upper() in {"RUN", "COPY", "ADD"}:
            until = heredoc[2]
        yield begun, whole
    if pending.strip():
        yield begun, pending.strip()
