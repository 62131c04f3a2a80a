"""`--baseline`: what was there before, so that thresholds count only what is new.

A baseline is the record of an earlier run, or the SBOM of an earlier state, which
is matched against the advisories of today.  It never hides what is overdue: the
time to patch runs for old flaws as for new ones.
"""

from __future__ import annotations

from pathlib import Path

from gate.advisories.lookup import lookup
from gate.advisories.store import Store
from gate.bom.detect import read_bom
from gate.bom.model import Bom
from gate.errors import GateError, UsageError, VerificationError
from gate.evidence.keys import VerifyingKey
from gate.evidence.store import SUFFIX, bundle_name
from gate.evidence.verify import verify_file
from gate.matching.match import match
from gate.policy.clocks import sighting_key
from gate.policy.context import Baseline
from gate.run.history import read_earlier

_LARGEST = 256 * 1024 * 1024


def read_baseline(given: str, store: Path, evidence: Path, key: VerifyingKey | None) -> Baseline:
    """Return the flaws of a baseline: a run id, the file of a record, or an SBOM file.

    UsageError where it is none of them, or a record that `key` has not signed.
    """
    path = Path(given)
    if given.endswith(SUFFIX) or not path.exists():
        record = path if given.endswith(SUFFIX) else evidence / bundle_name(given)
        return _of_record(given, record, key)
    return _of_sbom(path, store)


def _of_record(given: str, record: Path, key: VerifyingKey | None) -> Baseline:
    if not record.is_file():
        raise UsageError(
            "there is neither such a file nor such a run",
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
        report = verify_file(record, [key])
    except VerificationError as error:
        raise UsageError(error.what, where=f"--baseline {given}") from error
    earlier = read_earlier(report.run, record.parent) if report.run and report.ok else None
    if earlier is None:
        raise UsageError(
            "this record does not verify with the signing key",
            where=f"--baseline {given}",
            hint="`patchgate evidence verify` says what is wrong with it",
        )
    keys = {earlier.sighting(decision) for decision in earlier.verdict.decisions}
    return Baseline(source=f"run {earlier.run.run_id}", findings=tuple(sorted(keys)))


def _of_sbom(path: Path, store_folder: Path) -> Baseline:
    try:
        with path.open("rb") as file:
            bom = read_bom(file.read(_LARGEST), path.name)
        findings = _findings(bom, store_folder)
    except OSError as error:
        raise UsageError(f"cannot be read ({error.strerror})", where=str(path)) from error
    except GateError as error:
        raise UsageError(f"is no baseline: {error.what}", where=str(path)) from error
    return Baseline(source=path.name, findings=findings)


def _findings(bom: Bom, store_folder: Path) -> tuple[str, ...]:
    asked = lookup(bom)
    with Store.open(store_folder) as store:
        found = match(bom, asked, store.select(asked.queries))
    components = {component.ref: component for component in bom.components}
    return tuple(sorted({sighting_key(one, components[one.ref]) for one in found.findings}))
