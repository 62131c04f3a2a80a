"""Evidence in an OCI registry, each record beside the image that it is about.

::

    oci://registry/repository

    tag patchgate.<run id>    an artifact: the record and its attachments as layers; where the
                              image is in the same repository it is the artifact's subject,
                              so that clients list the record as a referrer of the image
    tag patchgate.ledger      an artifact: every file of the ledger

A layer's title is its path in a folder of evidence, its content the same bytes.

A registry has no conditional writes: of two that append at once one could lose an
entry that was acknowledged.  So nobody records here: evidence is recorded in a folder, a bucket
or a database and published here (docs/decisions/0009).  A ledger that is published must
go on from the one that is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from gate.errors import EvidenceError, InputError, UnreachableError, UsageError
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import SUFFIX, blob_name, bundle_name
from gate.evidence.ledger import FOLDER, LOCK
from gate.evidence.note import MAX_BYTES
from gate.evidence.place import Buffered, Place, read_part
from gate.evidence.push import Pushed
from gate.evidence.verify import VerifiedRun
from gate.evidence.verify_folder import Logged, read_snapshot, verify_records
from gate.evidence.verify_ledger import KeptCheckpoint
from gate.sources.registry.pushing import EMPTY, MANIFEST, Described, Repository
from gate.sources.registry.reference import Reference, parse_reference

RECORD_TYPE = "application/vnd.patchgate.record.v1"
LEDGER_TYPE = "application/vnd.patchgate.ledger.v1"
_PREFIX = "patchgate."
_LEDGER_TAG = f"{_PREFIX}ledger"
_TITLE = "org.opencontainers.image.title"
_RUN = "dev.patchgate.run"
_VERDICT = "dev.patchgate.verdict"
_CREATED = "org.opencontainers.image.created"
_BUNDLE = "application/vnd.dsse.envelope.v1+json"
_FILE = "application/octet-stream"
_LARGEST = 1024 * 1024 * 1024
_HINT = "record in a folder, then `patchgate evidence push FOLDER oci://…` publishes it"


def open_store(url: str, environ: Mapping[str, str], *, writing: bool) -> OciPlace:
    """Return what is published at a URL.

    UsageError for a malformed one; EvidenceError for `writing`, which a registry cannot do safely.
    """
    del environ
    if writing:
        raise EvidenceError(
            "a registry cannot keep two runs from overwriting each other", where=url, hint=_HINT
        )
    return OciPlace(reference_of(url))


def reference_of(url: str) -> Reference:
    """Return the repository of a URL; UsageError where it names none."""
    name = url.partition("://")[2]
    reference = parse_reference(name) if name else None
    if reference is None or reference.digest or name.endswith(f":{reference.tag}"):
        raise UsageError(
            f"'{url[:200]}' names no repository", where="--evidence", hint="oci://registry/team/app"
        )
    return reference


class OciPlace(Buffered):
    """The evidence in a repository.  Implements `gate.evidence.place.Place`."""

    def __init__(self, reference: Reference) -> None:
        """Nothing is asked yet."""
        self.repository = Repository(reference)
        self._files: dict[str, dict[str, Described]] = {}
        """Tag to the paths in its artifact, as they were first seen."""

    @property
    def name(self) -> str:
        """Its URL."""
        return f"oci://{self.repository.where}"

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of a file; see `Place.read`."""
        with _explained(self.name):
            if path.startswith("blobs/"):
                digest = f"sha256:{path.rpartition('/')[2]}"
                return self.repository.blob(digest, limit + 1)
            tag = _LEDGER_TAG if path.startswith(f"{FOLDER}/") else _tag_of(path)
            described = self._listed(tag).get(path) if tag else None
            if described is None:
                return None
            return self.repository.blob(described["digest"], limit + 1)

    def names(self, folder: str) -> Iterator[str]:
        """Yield the paths of files: records at the top, and those of the ledger."""
        with _explained(self.name):
            if folder:
                yield from (
                    path for path in self._listed(_LEDGER_TAG) if path.startswith(f"{folder}/")
                )
                return
            for tag in self.repository.tags():
                if tag.startswith(_PREFIX) and tag != _LEDGER_TAG:
                    yield bundle_name(tag.removeprefix(_PREFIX))

    @contextmanager
    def unchanged(self, lock: str) -> Iterator[None]:
        """Read the ledger from one manifest, which cannot change."""
        del lock
        self._files.pop(_LEDGER_TAG, None)
        yield

    def _listed(self, tag: str) -> dict[str, Described]:
        if tag not in self._files:
            found = self.repository.manifest(tag)
            self._files[tag] = _layers(found[1]) if found is not None else {}
        return self._files[tag]


def publish(source: Place, target: OciPlace, trusted: Sequence[VerifyingKey]) -> Pushed:
    """Publish every record of `source`, and its ledger as it is.

    Each is verified before.  Nothing is where the ledger does not go on from the one that is
    published.  EvidenceError where the registry does not take something: what was published
    until then is there, and publishing again goes on.
    """
    with target.unchanged(LOCK):
        there = target.read(f"{FOLDER}/{CHECKPOINT}", MAX_BYTES)
    kept = [KeptCheckpoint(name=f"{target.name} (published)", content=there)] if there else []
    snapshot = read_snapshot(source, trusted, kept)
    if not snapshot.ledger.ok:
        return Pushed(new=0, there=0, refused=(), snapshot=snapshot)
    known, new = set(target.names("")), 0
    refused: list[Logged] = []
    for logged in verify_records(source, snapshot, trusted, blobs=True):
        run = logged.report.run if logged.report is not None else None
        if run is None or not logged.ok or logged.number is None:
            refused.append(logged)
        elif logged.name not in known:
            with _explained(target.name):
                _publish_record(source, target.repository, logged.name, run)
            new += 1
    with _explained(target.name):
        _publish_ledger(source, target.repository)
    count = len(snapshot.ledger.entries) - len(refused)
    return Pushed(new=new, there=count - new, refused=tuple(refused), snapshot=snapshot)


def _publish_record(source: Place, target: Repository, name: str, run: VerifiedRun) -> None:
    attached = sorted({item.sha256 for item in run.summary.attachments})
    layers = [
        _layer(source, target, name, _BUNDLE),
        *(_layer(source, target, blob_name(sha256), _FILE) for sha256 in attached),
    ]
    document = _artifact(RECORD_TYPE, target, layers)
    document["annotations"] = {
        _RUN: run.run_id,
        _VERDICT: run.verdict.value,
        _CREATED: f"{run.decided_at:%Y-%m-%dT%H:%M:%SZ}",
    }
    subject = target.manifest(f"sha256:{run.subject[0].sha256}")
    if subject is not None:
        document["subject"] = subject[0]
    target.put_manifest(f"{_PREFIX}{run.run_id}", document)


def _publish_ledger(source: Place, target: Repository) -> None:
    with source.unchanged(f"{FOLDER}/{LOCK}"):
        names = sorted(name for name in source.names(FOLDER) if name != f"{FOLDER}/{LOCK}")
        layers = [_layer(source, target, name, _FILE) for name in names]
    digest = target.put_manifest(_LEDGER_TAG, _artifact(LEDGER_TYPE, target, layers))
    found = target.manifest(_LEDGER_TAG)
    if found is None or found[0]["digest"] != digest:
        raise EvidenceError(
            "somebody else published at the same time", where=target.where, hint="publish again"
        )


def _layer(source: Place, target: Repository, path: str, media_type: str) -> Described:
    content = read_part(source, path, _LARGEST)
    if content is None:
        raise EvidenceError(
            "was removed since it was verified", where=f"{source.name}/{path}", hint="publish again"
        )
    return {**target.put_blob(content, media_type), "annotations": {_TITLE: path}}


def _artifact(kind: str, target: Repository, layers: list[Described]) -> Described:
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": kind,
        "config": target.put_blob(b"{}", EMPTY),
        "layers": layers,
    }


def _layers(content: bytes) -> dict[str, Described]:
    """Return the layers of an artifact by their paths; nothing for what is none of ours."""
    try:
        layers: list[Any] = json.loads(content)["layers"]
        return {one["annotations"][_TITLE]: one for one in layers if isinstance(one["digest"], str)}
    except (ValueError, KeyError, TypeError):
        return {}


def _tag_of(path: str) -> str:
    return f"{_PREFIX}{path.removesuffix(SUFFIX)}" if path.endswith(SUFFIX) else ""


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Make every failure of the registry one of evidence."""
    try:
        yield
    except (UnreachableError, InputError) as error:
        raise EvidenceError(error.what, where=error.where or where, hint=error.hint) from error
