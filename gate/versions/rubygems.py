"""RubyGems versions: numbers and words, ``1.2.0.rc1`` being before ``1.2.0``.

Source of the rules: the documentation of ``Gem::Version``.  A version is read
as a list of numbers and words, where ``-`` stands for ``.pre.``; zeros before
the first word and at the end do not count; missing places are 0; a word sorts
before every number.

Since a missing place is 0, a version that goes on sorts below its beginning
when the next place that is not 0 holds a word, and above it when it holds a
number.  Such a place is written together with the zeros before it: further
away is nearer to the end, from below and from above.
"""

from __future__ import annotations

import re

from gate.versions.encoding import falling, number

_FORM = re.compile(r"[0-9]+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?")
_PLATFORM = re.compile(
    r"-(?:(?:x86_64|x86|x64|amd64|i[3-6]86|aarch64|arm64|armv?[0-9]*[a-z]*|universal|powerpc(?:64)?"
    r"|ppc64(?:le)?|s390x?|riscv64|loongarch64|sparc(?:64)?|mips(?:64)?(?:el)?|wasm32)-)?"
    r"(?:ruby|java|jruby|linux|darwin|mingw32|mingw|mswin32|mswin64|cygwin|freebsd|openbsd|netbsd"
    r"|solaris|aix|dalvik|dotnet|macruby|wasi)(?![A-Za-z]).*"
)
_PLACE = re.compile(r"[0-9]+|[A-Za-z]+")

_WORD = "!"
_END = "$"
_NUMBER = "%"


def key(version: str) -> str | None:
    """Return the key of a gem version, without the platform (``1.19.3-aarch64-linux-gnu``).

    None for what ``Gem::Version`` calls malformed, and for an empty version,
    which it reads as 0.
    """
    if "-" in version:
        version = _PLATFORM.sub("", version, count=1)
    if not _FORM.fullmatch(version):
        return None
    parts: list[str] = []
    zeros = 0
    in_release = True
    for place in _PLACE.findall(version.replace("-", ".pre.")):
        if place[0] > "9":
            # Zeros at the end of the release do not count, those after its first word do.
            skipped = 0 if in_release else zeros
            parts.append(_WORD + number(str(skipped)) + place)
            in_release, zeros = False, 0
        elif place.strip("0"):
            parts.append(_NUMBER + falling(zeros) + number(place))
            zeros = 0
        else:
            zeros += 1
    return "".join(parts) + _END
