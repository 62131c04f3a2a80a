"""What the files of a folder of evidence are called, whatever place holds them."""

from __future__ import annotations

import re
from pathlib import Path

from gate.errors import EvidenceError

SUFFIX = ".intoto.jsonl"
"""How the names of bundles end (in-toto bundle.md, "File naming convention")."""

_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{16}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def bundle_name(run_id: str) -> str:
    """Return the file name of a run's bundle."""
    return f"{run_id}{SUFFIX}"


def is_run_id(text: str) -> bool:
    """Return whether `text` has the form of a run id."""
    return _RUN_ID.fullmatch(text) is not None


def blob_name(sha256: str) -> str:
    """Return the path of the blob of this digest (hex) within a folder of evidence."""
    if not _SHA256.fullmatch(sha256):
        raise EvidenceError(f"{sha256[:80]!r} is not a SHA-256 in hex")
    return f"blobs/sha256/{sha256[:2]}/{sha256}"


def blob_path(folder: Path, sha256: str) -> Path:
    """Return where `folder` keeps the blob of this digest (hex)."""
    return folder / blob_name(sha256)


def checked_bundle_name(run_id: str) -> str:
    """Return the file name of a run's bundle; EvidenceError where `run_id` is none."""
    if not _RUN_ID.fullmatch(run_id):
        raise EvidenceError(f"{run_id[:80]!r} is not a run id")
    return bundle_name(run_id)
