"""Language runtimes that no package manager installed, by the files that state their version.

The official images of Python, Node, PHP, Ruby, Perl, Java, Go and Erlang build or
unpack them below /usr/local or /opt, where no database knows of them.

Rules: the headers and configuration that each runtime installs for those who build
against it; ``release`` of JEP 223 and its JAVA_VERSION; Go's ``VERSION``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from gate.catalog.language import FileCataloger, Identity
from gate.sources.budget import Meter
from gate.sources.streams import Chunk
from gate.sources.tree import Tree
from gate.sources.wanted import Named, Wanted

_LARGEST = 1 << 20


class _Runtime(NamedTuple):
    """A file that states the version of a runtime."""

    file: bytes
    folder: bytes
    """Regular expression of the end of its folder's path."""
    pattern: bytes
    """Its groups, joined by dots, are the version."""
    name: str
    type: str = "generic"
    beside: bytes = b""
    """What lies in the same folder, where the file's name alone says too little."""


def _folder(end: bytes) -> bytes:
    """Return the pattern of folders with that end; Bitnami's have SBOMs, which are read instead."""
    return rb"\A(?!opt/bitnami/)(?s:.*/)?(?:" + end + rb")\Z"


_RUNTIMES = (
    _Runtime(
        b"patchlevel.h",
        rb"include/python\d[^/]*",
        rb'#\s*define\s+PY_VERSION\s+"(\d[0-9a-z.]*)\+?"',
        "python",
    ),
    _Runtime(
        b"node_version.h",
        rb"include/node",
        rb"#\s*define\s+NODE_MAJOR_VERSION\s+(\d+)\s+#\s*define\s+NODE_MINOR_VERSION\s+(\d+)"
        rb"\s+#\s*define\s+NODE_PATCH_VERSION\s+(\d+)",
        "node",
    ),
    _Runtime(
        b"php_version.h",
        rb"include/php\d*/(?:\d+/)?main",
        rb'#\s*define\s+PHP_VERSION\s+"(\d+\.\d+\.\d+[0-9A-Za-z]*)',
        "php",
    ),
    _Runtime(
        b"rbconfig.rb",
        rb"lib/(?:[^/]+/)?ruby/\d[^/]*/[^/]+",
        rb'CONFIG\["MAJOR"\] = "(\d+)"\s+CONFIG\["MINOR"\] = "(\d+)"\s+CONFIG\["TEENY"\] = "(\d+)"',
        "ruby",
    ),
    _Runtime(
        b"patchlevel.h",
        rb"CORE",
        rb"#\s*define\s+PERL_REVISION\s+(\d+).*?#\s*define\s+PERL_VERSION\s+(\d+)"
        rb".*?#\s*define\s+PERL_SUBVERSION\s+(\d+)",
        "perl",
    ),
    _Runtime(b"OTP_VERSION", rb"releases/\d+", rb"\A(\d+(?:\.\d+)*)", "erlang"),
    _Runtime(
        b"release", rb"[^/]*", rb'^JAVA_VERSION="?(\d[0-9._]*)', "openjdk", beside=b"bin/java"
    ),
    _Runtime(
        b"VERSION",
        rb"go",
        rb"\Ago(\d+(?:\.\d+)*(?:(?:beta|rc)\d+)?)(?:[-\s]|\Z)",
        "toolchain",
        "golang",
        beside=b"bin/go",
    ),
)
"""A runtime more is a line here."""


def parse_runtime(path: bytes, content: Chunk, meter: Meter) -> Sequence[Identity]:
    """Return the runtime that the file at `path` belongs to; ValueError where it states none."""
    del meter
    runtime = _runtime_of(path)
    found = re.search(runtime.pattern, bytes(content[:_LARGEST]), re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError(f"does not state the version of {runtime.name}")
    version = b".".join(found.groups()).decode("ascii")
    return (Identity(runtime.type, runtime.name, version),)


def _runtime_of(path: bytes) -> _Runtime:
    folder, _, file = path.rpartition(b"/")
    return next(
        one for one in _RUNTIMES if one.file == file and re.search(_folder(one.folder), folder)
    )


def _is_runtime(tree: Tree, path: bytes) -> bool:
    beside = _runtime_of(path).beside
    return not beside or tree.exists(path.rpartition(b"/")[0] + b"/" + beside)


RUNTIMES = FileCataloger(
    what="runtimes",
    wanted=Wanted(names=frozenset(Named(one.file, _folder(one.folder)) for one in _RUNTIMES)),
    parse=parse_runtime,
    counts=_is_runtime,
)
