"""The VEX documents of a run: read once, kept word for word, and read again in a replay."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import msgspec

from gate.advisories.vex.model import Document, Statement
from gate.advisories.vex.reading import read_vex
from gate.errors import GateError, UnreachableError, UsageError

_LARGEST = 64 * 1024 * 1024
_decoder = msgspec.json.Decoder(tuple[Document, ...])


BESIDE = "beside"
_ENDINGS = (".openvex.json", ".vex.json", ".vex.cdx.json", ".csaf.json")
_PREDICATES = ("openvex", "cyclonedx", "csaf")
_WHY = "no key of the policy has signed them (vex.keys)"
_LOCAL = frozenset({"archive", "docker-archive", "oci", "rootfs", "sbom", "source"})


def vex_of(
    given: tuple[str, ...], target: str, keys: Sequence[str]
) -> tuple[tuple[Document, ...], tuple[str, ...]]:
    """Return the documents that `--vex` names for a target, and what is to be said of others.

    Beside an image in a registry they are attestations, of which those count that one of
    `keys` has signed.  UsageError, UnreachableError or InputError where they cannot be had.
    """
    kind, colon, name = target.partition(":")
    if BESIDE not in given or not colon or kind != "registry":
        return read_documents(vex_paths(given, target)), ()
    documents, remarks = _attested(name, keys)
    others = read_documents(vex_paths(tuple(one for one in given if one != BESIDE), target))
    return (*others, *documents), remarks


def _attested(name: str, keys: Sequence[str]) -> tuple[list[Document], tuple[str, ...]]:
    from gate.run.attested_images import load_keys, signed_about  # noqa: PLC0415 - only here
    from gate.sources.registry.pushing import Repository  # noqa: PLC0415
    from gate.sources.registry.reference import parse_reference  # noqa: PLC0415

    reference = parse_reference(name)
    repository = Repository(reference)
    found = repository.manifest(reference.digest or reference.tag)
    if found is None:
        raise UnreachableError("the registry has no such image", where=str(reference))
    documents: list[Document] = []
    refused = 0
    for one in signed_about(repository, found[0]["digest"], load_keys(keys)):
        if not any(word in one.kind.lower() for word in _PREDICATES):
            continue
        if not one.keyids:
            refused += 1
            continue
        label = f"attestation-{len(documents) + 1}-{one.keyids[0][:12]}.json"
        document = Document(name=label, text=json.dumps(one.predicate, sort_keys=True))
        try:
            read_vex(document)
        except GateError:
            # An SBOM without analysis is attested in the same way, and is no VEX document.
            continue
        documents.append(document)
    remarks = (f"{refused} VEX attestations beside the image count for nothing: {_WHY}",)
    return documents, remarks if refused else ()


def vex_paths(given: tuple[str, ...], target: str) -> tuple[Path, ...]:
    """Return the files that `--vex` names; `BESIDE` stands for those beside the target.

    They have its name and one of `_ENDINGS` after it.  UsageError where the target
    is no file or folder: nothing can lie beside it.
    """
    paths: list[Path] = []
    for name in given:
        if name != BESIDE:
            paths.append(Path(name))
            continue
        kind, colon, rest = target.partition(":")
        path = Path(rest if colon and kind in _LOCAL else target)
        if not path.exists():
            raise UsageError(
                "is for files, folders and images in a registry (registry:NAME)",
                where=f"--vex {BESIDE}",
                hint="fetch the document, and name its file",
            )
        # A target that ends in a slash has the same name without.
        whole = path.resolve()
        beside = [whole.with_name(whole.name + ending) for ending in _ENDINGS]
        paths += [one for one in beside if one.is_file()]
    return tuple(paths)


def read_documents(paths: tuple[Path, ...]) -> tuple[Document, ...]:
    """Return the VEX documents at `paths`; UsageError where one cannot be read.

    A document that is none is refused now: an answer that nobody gave would be
    a finding that nobody cleared, and whoever gave the file expects otherwise.
    """
    documents = []
    for path in paths:
        try:
            with path.open("rb") as file:
                content = file.read(_LARGEST)
            document = Document(name=path.name, text=content.decode("utf-8-sig"))
        except OSError as error:
            raise UsageError(
                f"cannot be read ({error.strerror})", where=f"--vex {path}", hint="check the path"
            ) from error
        except UnicodeDecodeError as error:
            raise UsageError("is not UTF-8 text", where=f"--vex {path}") from error
        read_vex(document)
        documents.append(document)
    return tuple(documents)


def statements(documents: tuple[Document, ...]) -> tuple[Statement, ...]:
    """Return what the documents say; InputError where one is malformed."""
    return tuple(statement for document in documents for statement in read_vex(document))


def encode(documents: tuple[Document, ...]) -> bytes:
    """Return the canonical JSON of the documents: what evidence keeps."""
    return msgspec.json.encode(documents, order="sorted")


def decode(content: bytes) -> tuple[Document, ...]:
    """Return what `encode` wrote; msgspec.DecodeError for anything else."""
    return _decoder.decode(content)
