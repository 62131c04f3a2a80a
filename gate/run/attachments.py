"""Attachments of a verified run, each held against the digest that was signed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from gate.errors import VerificationError
from gate.evidence.verify import BlobSource, VerifiedRun


def attached(run: VerifiedRun) -> dict[str, str]:
    """Return name and digest (hex) of everything that is attached to a run."""
    return {item.name: item.sha256 for item in run.summary.attachments}


def read_attachments(
    run: VerifiedRun, blobs: BlobSource, names: Collection[str]
) -> dict[str, bytes]:
    """Return those of `names` that the run has; VerificationError for one lost or altered."""
    listed = attached(run)
    return {name: _read(run, blobs, name, listed[name]) for name in names if name in listed}


def _read(run: VerifiedRun, blobs: BlobSource, name: str, sha256: str) -> bytes:
    try:
        with blobs.open_blob(sha256) as file:
            content = file.read()
    except OSError as error:
        what = f"attachment '{name}' cannot be read ({error.strerror or error})"
        raise VerificationError(what, where=run.run_id) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise VerificationError(f"attachment '{name}' was altered", where=run.run_id)
    return content
