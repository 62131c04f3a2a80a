"""Python package versions: ``[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]``.

Source of the rules: the version specifiers specification of the Python
Packaging User Guide (PEP 440), sections on normalisation and on the summary
of permitted suffixes and relative ordering.  Trailing zeros of the release do
not count.  In one release the order is

    .devN, aN, bN, rcN, the release itself, .postN

and at each of these a ``.devN`` comes before it and a ``+local`` after it.
"""

from __future__ import annotations

import re

from gate.versions.encoding import number

_FORM = re.compile(
    r"\s*v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?([0-9]*))?"
    r"(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?"
    r"(?:[-_.]?(dev)[-_.]?([0-9]*))?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*"
)
_LOCAL_SEPARATOR = re.compile(r"[-_.]")

_END = "$"
_LOWEST = "!"
_HIGHEST = "z"
_PRE = {
    "a": "a",
    "alpha": "a",
    "b": "b",
    "beta": "b",
    "c": "c",
    "pre": "c",
    "preview": "c",
    "rc": "c",
}
_POST = "p"
_DEV = "d"
_LOCAL_TEXT = "."
_LOCAL_NUMBER = "/"


def key(version: str) -> str | None:
    """Return the key of a Python version; None for a legacy version outside PEP 440."""
    match = _FORM.fullmatch(version.lower()) if version.isascii() else None
    if not match:
        return None
    epoch, release, pre, pre_digits, implicit_post, post, post_digits, dev, dev_digits, local = (
        match.groups()
    )
    is_post = bool(post or implicit_post)
    parts = [number(epoch or ""), _release(release)]
    if pre:
        parts.append(_PRE[pre] + number(pre_digits))
    else:
        # 1.0.dev1 comes before 1.0a1, while 1.0.post1.dev1 comes after 1.0.
        parts.append(_LOWEST if dev and not is_post else _HIGHEST)
    parts.append(_POST + number(implicit_post or post_digits) if is_post else _LOWEST)
    parts.append(_DEV + number(dev_digits) if dev else _HIGHEST)
    if local:
        parts += [_local(segment) for segment in _LOCAL_SEPARATOR.split(local)]
    parts.append(_LOWEST)
    return "".join(parts)


def _release(text: str) -> str:
    numbers = [number(digits) for digits in text.split(".")]
    while len(numbers) > 1 and numbers[-1] == "0":
        numbers.pop()
    return "".join(numbers) + _END


def _local(segment: str) -> str:
    return _LOCAL_NUMBER + number(segment) if segment.isdigit() else _LOCAL_TEXT + segment
