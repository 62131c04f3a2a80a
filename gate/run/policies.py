"""Read the policy in use: a file, those it extends, or the built-in one.

A policy that extends another is recorded as one document that stands alone, so
that a verdict can be decided again from its evidence.  Its first lines name the
files it was made of and their digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from gate.errors import UsageError
from gate.policy.document import Written, compose, merged, parse_policy, read_document
from gate.policy.strict_yaml import at
from gate.policy.template import DEFAULT_DOCUMENT
from gate.run.policy_parents import Here, parent_of
from gate.run.request import PolicyInUse

_LONGEST = 8
"""Documents that build on each other; digests leave no way to go in circles."""


class LoadedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy, and the documents it was composed of, the one at hand first."""

    in_use: PolicyInUse
    documents: tuple[Written, ...]


def built_in_policy() -> LoadedPolicy:
    """Return the policy that counts where none is given."""
    written = read_document(DEFAULT_DOCUMENT, "built-in")
    in_use = PolicyInUse(
        policy=compose([written]), document=DEFAULT_DOCUMENT.encode(), source="built-in"
    )
    return LoadedPolicy(in_use=in_use, documents=(written,))


def read_bytes(path: Path) -> bytes:
    """Return the content of a configuration file; UsageError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})", where=str(path), hint="check the path"
        ) from error


def load_policy(
    path: Path, read: Callable[[Path], bytes] = read_bytes, kept: Path | None = None
) -> LoadedPolicy:
    """Return the policy in the file `path`; UsageError where it cannot be read or is not valid.

    `read` returns the content of a file, and of those that it extends.  What
    has to be fetched is kept in the folder `kept`, under its digest.
    UnreachableError where it does not come.
    """
    contents = [read(path)]
    documents = [read_document(_text(contents[0], str(path)), path.name)]
    origins = [""]
    here = Here(folder=path.parent, read=read)
    while (extends := documents[-1].extends) is not None:
        written = documents[-1]
        where = at(written.where, written.marks.get(("extends",)))
        if len(documents) == _LONGEST:
            raise UsageError(f"extends more than {_LONGEST - 1} policies", where=where)
        parent = parent_of(extends, here, where, kept)
        contents.append(parent.content)
        documents.append(read_document(_text(parent.content, parent.name), parent.name))
        origins.append(parent.origin)
        here = parent.here
    document = contents[0] if len(documents) == 1 else _alone(documents, contents, origins)
    in_use = PolicyInUse(
        policy=parse_policy(document.decode(), path.name), document=document, source=path.name
    )
    return LoadedPolicy(in_use=in_use, documents=tuple(documents))


def _text(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("is not UTF-8 text", where=where) from error


def _alone(
    documents: Sequence[Written], contents: Sequence[bytes], origins: Sequence[str]
) -> bytes:
    """Return the one document that `documents` make: JSON, which is YAML."""
    names = "".join(
        f"# {document.where!a} sha256:{hashlib.sha256(content).hexdigest()}"
        f"{f' from {origin!a}' if origin else ''}\n"
        for document, content, origin in zip(documents, contents, origins, strict=True)
    )
    value = msgspec.json.format(msgspec.json.encode(merged(documents)), indent=2)
    return f"# composed by patchgate of:\n{names}".encode() + value + b"\n"
