"""The exceptions of a run: their files, word for word, and what they come to.

The texts are gathered first and go into evidence as they are; what they mean is
read from those bytes, in a run and in its replay alike.  A file that cannot be
read accepts nothing, and the result says so: the findings count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from gate.errors import UsageError, VerificationError
from gate.policy.exceptions.document import read_exceptions
from gate.policy.exceptions.model import (
    NO_EXCEPTIONS,
    Approval,
    Exceptions,
    PolicyException,
    Presented,
)
from gate.policy.model import Policy

APPROVAL_SUFFIX = ".approval.json"
TICKET_SUFFIX = ".ticket.json"
_APPROVING = (APPROVAL_SUFFIX, TICKET_SUFFIX)
_SUFFIXES = (".yaml", ".yml")
_LARGEST = 1024 * 1024
_MOST = 5000


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    name: str
    text: str


class Gathered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All files of a folder of exceptions, in the order of their names."""

    documents: tuple[Document, ...] = ()
    approvals: tuple[Document, ...] = ()
    unreadable: tuple[str, ...] = ()
    """What is there and is no text, with the reason."""


NOTHING = Gathered()
_decoder = msgspec.json.Decoder(Gathered)


def encode(gathered: Gathered) -> bytes:
    """Return the canonical JSON of the gathered files: what evidence keeps."""
    return msgspec.json.encode(gathered, order="sorted")


def decode(content: bytes) -> Gathered:
    """Return what `encode` wrote; msgspec.DecodeError for anything else."""
    return _decoder.decode(content)


def gather(path: Path) -> Gathered:
    """Return the files at `path`: a folder, or one file with its approvals beside it.

    UsageError where there is nothing at `path`, or it cannot be listed.
    """
    try:
        if path.is_dir():
            found = sorted(path.iterdir())
        elif path.is_file():
            beside = sorted(path.parent.iterdir())
            found = [path, *(file for file in beside if is_approval(file.name))]
        else:
            raise UsageError("there are no exceptions", where=str(path), hint="check the path")
    except OSError as error:
        raise UsageError(f"cannot be listed ({error.strerror})", where=str(path)) from error
    return gather_files((file.name, _content(file)) for file in found if concerns(file.name))


def concerns(name: str) -> bool:
    """Return whether a file of this name holds exceptions or an approval."""
    return name.endswith((*_SUFFIXES, *_APPROVING)) and not name.startswith(".")


def is_approval(name: str) -> bool:
    """Return whether a file of this name holds an approval."""
    return name.endswith(_APPROVING)


def _content(path: Path) -> bytes | str:
    """Return the content of a file, or why there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST + 1)
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def gather_files(files: Iterable[tuple[str, bytes | str]]) -> Gathered:
    """Return `files` (name, and content or why there is none) as what they are."""
    documents: list[Document] = []
    approvals: list[Document] = []
    unreadable: list[str] = []
    for number, (name, content) in enumerate(files):
        if number == _MOST:
            raise UsageError(f"there are more than {_MOST:,} files of exceptions")
        if isinstance(content, str):
            unreadable.append(f"{name}: {content}")
            continue
        if len(content) > _LARGEST:
            unreadable.append(f"{name}: is larger than {_LARGEST:,} bytes")
            continue
        try:
            document = Document(name=name, text=content.decode("utf-8"))
        except UnicodeDecodeError:
            unreadable.append(f"{name}: is not UTF-8 text")
            continue
        (approvals if is_approval(name) else documents).append(document)
    return Gathered(
        documents=tuple(documents), approvals=tuple(approvals), unreadable=tuple(unreadable)
    )


def present(gathered: Gathered, policy: Policy) -> Exceptions:
    """Return what the files come to under the roster of `policy`; it changes with both."""
    if gathered == NOTHING:
        return NO_EXCEPTIONS
    problems = [f"exceptions, {line}; it accepts nothing" for line in gathered.unreadable]
    read: list[tuple[PolicyException, str]] = []
    for document in gathered.documents:
        try:
            read += [(one, document.name) for one in read_exceptions(document.text, document.name)]
        except UsageError as error:
            problems.append(f"exceptions, {error}; it accepts nothing")
    approvals = _approvals(gathered, policy, problems)
    times = Counter(one.id for one, _ in read)
    problems += [
        f"exceptions, {name} is there {count} times; none of them counts"
        for name, count in sorted(times.items())
        if count > 1
    ]
    presented = tuple(
        Presented(
            exception=one,
            where=where,
            approvals=tuple(each for each in approvals if each.exception == one.id),
        )
        for one, where in read
        if times[one.id] == 1
    )
    return Exceptions(presented=presented, problems=tuple(problems))


def _approvals(gathered: Gathered, policy: Policy, problems: list[str]) -> list[Approval]:
    if not gathered.approvals:
        return []
    from gate.evidence.approval import (  # noqa: PLC0415 - cryptography
        read_approval,
        read_ticket,
        roster_keys,
        tracker_keys,
    )

    keys = roster_keys(policy.exceptions.approvers)
    fetchers = tracker_keys(policy.exceptions.trackers)
    approvals = []
    for document in gathered.approvals:
        try:
            if document.name.endswith(TICKET_SUFFIX):
                approvals.append(read_ticket(document.text.encode(), fetchers))
            else:
                approvals.append(read_approval(document.text.encode(), keys))
        except VerificationError as error:
            problems.append(f"exceptions, {document.name}: {error}; it approves nothing")
    return approvals
