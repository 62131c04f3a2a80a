"""`--baseline`: what was there before, so that thresholds count only what is new.

A baseline is the record of an earlier run, or an earlier state (an SBOM, the sources
of a Git revision), which is matched against the advisories of today.  It never
hides what is overdue: the time to patch runs for old flaws as for new ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from gate.advisories.lookup import lookup
from gate.advisories.store import Store
from gate.bom.detect import read_bom
from gate.bom.model import Bom, Subject, SubjectKind
from gate.catalog.inventory import take_inventory, wanted_by_all
from gate.errors import GateError, UsageError, VerificationError
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.keys import VerifyingKey
from gate.evidence.layout import SUFFIX, bundle_name, is_run_id
from gate.evidence.place import FolderPlace, Place, read_part
from gate.evidence.verify import verify_at
from gate.matching.match import match
from gate.policy.clocks import sighting_key
from gate.policy.context import Baseline
from gate.run.history import read_earlier
from gate.run.revisions import Revision, find_revision
from gate.sources.archivefile import open_archive
from gate.sources.budget import Meter
from gate.sources.request import Choice, Request

_LARGEST = 256 * 1024 * 1024


def read_baseline(
    given: str, store: Path, evidence: Place, key: VerifyingKey | None, target: str = ""
) -> Baseline:
    """Return the flaws of a baseline.

    `given` is a run id, the file of a record, an SBOM file, a Git revision of the
    sources in `target`, or ``REV:PATH``: an SBOM file as a revision holds it.
    UsageError where it is none of them, or a record that `key` has not signed.
    """
    path = Path(given)
    if given.endswith(SUFFIX):
        return _of_record(given, FolderPlace(path.parent), path.name, key)
    name = bundle_name(given)
    if is_run_id(given) and read_part(evidence, name, MAX_BUNDLE) is not None:
        return _of_record(given, evidence, name, key)
    if path.exists():
        return _of_sbom(path.name, lambda: _read(path), store)
    return _of_revision(given, store, target)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from error


def _of_revision(given: str, store: Path, target: str) -> Baseline:
    """Return the flaws of what a Git revision holds: an SBOM file, or the sources of `target`."""
    name, colon, inner = given.partition(":")
    sources = Path(target.removeprefix("source:"))
    folder = sources if not colon and sources.is_dir() else Path.cwd()
    try:
        revision = find_revision(folder, name)
    except UsageError as error:
        raise UsageError(
            "there is neither such a file nor such a run, nor a Git revision",
            where=f"--baseline {given}",
            hint="give an SBOM file, a record, the id of a run (patchgate evidence list), REV for "
            "sources, or REV:PATH of an SBOM",
        ) from error
    if colon:
        content = revision.read(revision.root / inner)
        if content is None:
            raise UsageError(f"'{inner}' is not in {name}", where=f"--baseline {given}")
        return _of_sbom(given, lambda: content, store)
    if not sources.is_dir():
        raise UsageError(
            "names sources, and the target is no folder of sources",
            where=f"--baseline {given}",
            hint="write REV:PATH, the SBOM of the target as that revision holds it",
        )
    try:
        return Baseline(source=given, findings=_findings(_sources(revision, sources), store))
    except GateError as error:
        raise UsageError(f"is no baseline: {error.what}", where=f"--baseline {given}") from error


def _sources(revision: Revision, folder: Path) -> Bom:
    """Return the inventory of the sources in `folder` as a revision holds them, from a tar."""
    with tempfile.TemporaryDirectory(prefix="patchgate-baseline-") as name:
        archive = Path(name) / "sources.tar"
        archive.write_bytes(revision.archive(folder))
        meter = Meter()
        request = Request(wanted=wanted_by_all(), choice=Choice())
        opened = open_archive(archive, request, meter, kind="rootfs")
        subject = Subject(kind=SubjectKind.SOURCE, source="source", name=folder.resolve().name)
        return take_inventory(msgspec.structs.replace(opened, subject=subject), meter)


def _of_record(given: str, place: Place, name: str, key: VerifyingKey | None) -> Baseline:
    if read_part(place, name, MAX_BUNDLE) is None:
        raise UsageError(
            "there is no such record",
            where=f"--baseline {given}",
            hint="give an SBOM file, a record, or the id of a run (patchgate evidence list)",
        )
    if key is None:
        raise UsageError(
            "a record as baseline needs a key that says whether it is genuine",
            where=f"--baseline {given}",
            hint="give the signing key with --key, or an SBOM file instead",
        )
    try:
        report = verify_at(place, name, [key])
    except VerificationError as error:
        raise UsageError(error.what, where=f"--baseline {given}") from error
    earlier = read_earlier(report.run, place) if report.run and report.ok else None
    if earlier is None:
        raise UsageError(
            "this record does not verify with the signing key",
            where=f"--baseline {given}",
            hint="`patchgate evidence verify` says what is wrong with it",
        )
    keys = {earlier.sighting(decision) for decision in earlier.verdict.decisions}
    return Baseline(source=f"run {earlier.run.run_id}", findings=tuple(sorted(keys)))


def _of_sbom(name: str, read: Callable[[], bytes], store_folder: Path) -> Baseline:
    try:
        findings = _findings(read_bom(read(), name), store_folder)
    except GateError as error:
        raise UsageError(f"is no baseline: {error.what}", where=name) from error
    return Baseline(source=name, findings=findings)


def _findings(bom: Bom, store_folder: Path) -> tuple[str, ...]:
    asked = lookup(bom)
    with Store.open(store_folder) as store:
        found = match(bom, asked, store.select(asked.queries))
    components = {component.ref: component for component in bom.components}
    return tuple(sorted({sighting_key(one, components[one.ref]) for one in found.findings}))
