"""Where things are kept when nobody says otherwise: the XDG base directories.

A flag outranks the environment, the environment outranks these.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gate.evidence.stores import is_url

if TYPE_CHECKING:
    from gate.evidence.place import Place
    from gate.evidence.stores import EvidenceStore

POLICY_NAME = "patchgate.yaml"
EXCEPTIONS_NAMES = ("patchgate-exceptions", "patchgate-exceptions.yaml")
"""A folder or a file, beside the policy."""


def _base(variable: str, otherwise: str) -> Path:
    value = os.environ.get(variable, "")
    # The specification tells to ignore a relative path.
    return Path(value) if value.startswith("/") else Path(os.path.expanduser("~"), otherwise)  # noqa: PTH111 - expanduser() of Path raises where a user has no home


def store_folder(given: str | None) -> Path:
    """Return the folder of the advisory store (`--db`, PATCHGATE_DB)."""
    return Path(given) if given else _base("XDG_CACHE_HOME", ".cache") / "patchgate" / "db"


def cache_folder(given: str | None) -> Path | None:
    """Return the folder of known inventories (`--cache`, PATCHGATE_CACHE); None for none."""
    if given == "off":
        return None
    if given:
        return Path(given)
    return _base("XDG_CACHE_HOME", ".cache") / "patchgate" / "inventories"


def policies_folder() -> Path:
    """Return the folder of documents that policies extend and that were fetched."""
    return _base("XDG_CACHE_HOME", ".cache") / "patchgate" / "policies"


def evidence_folder(given: str | None) -> Path:
    """Return the folder that evidence is written to (`--evidence`, PATCHGATE_EVIDENCE)."""
    if given:
        return Path(given)
    return _base("XDG_STATE_HOME", ".local/state") / "patchgate" / "evidence"


def sights_file(given: str | None, evidence: str | None) -> Path | None:
    """Return the ledger of first sights (`--first-sights`, PATCHGATE_FIRST_SIGHTS).

    `given` is the file, or the folder it is in; else it is in one of the evidence
    folder.  None for evidence in another store, whose records carry the sights on.
    """
    if not given and evidence and is_url(evidence):
        return None
    path = Path(given) if given else evidence_folder(evidence) / "first-sights"
    return path if path.suffix == ".jsonl" else path / "first-sights.jsonl"


def skip_log() -> Path:
    """Return the file that says which pushes were not judged, and why."""
    return _base("XDG_STATE_HOME", ".local/state") / "patchgate" / "skipped-pushes.jsonl"


def evidence_place(given: str | None) -> Place:
    """Return where evidence is read from: a folder or the URL of another store."""
    from gate.evidence.place import FolderPlace  # noqa: PLC0415 - only where evidence is read

    if given and is_url(given):
        from gate.evidence.stores import open_store  # noqa: PLC0415

        return open_store(given, os.environ, writing=False)
    return FolderPlace(evidence_folder(given))


def open_evidence_store(given: str | None) -> EvidenceStore:
    """Return where evidence is written to: a folder or the URL of another store.

    UsageError for a URL of no known kind; EvidenceError where the store cannot be used.
    """
    from gate.evidence.stores import folder_store, open_store  # noqa: PLC0415

    if given and is_url(given):
        return open_store(given, os.environ, writing=True)
    return folder_store(evidence_folder(given))


def spool_folder(given: str | None) -> Path:
    """Return the folder for records that could not be stored (PATCHGATE_SPOOL)."""
    if given:
        return Path(given)
    return _base("XDG_STATE_HOME", ".local/state") / "patchgate" / "spool"


def key_file(given: str | None) -> Path:
    """Return the file of the signing key (`--key`, PATCHGATE_KEY)."""
    if given:
        return Path(given)
    return _base("XDG_CONFIG_HOME", ".config") / "patchgate" / "signing-key.pem"


def key_reference(given: str | None) -> str:
    """Return what names the signing key: a file, ``ssh-agent:…``, ``pkcs11:…``."""
    return given or str(key_file(None))


def public_key_file(private: Path) -> Path:
    """Return where the public half of a key pair is kept."""
    return private.with_suffix(".pub.pem")


def policy_file(given: str | None) -> Path | None:
    """Return the policy document to use, or None for the built-in one.

    `--policy` or PATCHGATE_POLICY, else ``patchgate.yaml`` in this folder or one
    above it, up to the root of the Git work tree.
    """
    if given:
        return Path(given)
    folder = Path.cwd()
    for candidate in (folder, *folder.parents):
        if (candidate / POLICY_NAME).is_file():
            return candidate / POLICY_NAME
        if (candidate / ".git").exists():
            return None
    return None


def exceptions_path(given: str | None, policy: Path | None) -> Path | None:
    """Return the folder or file of exceptions (`--exceptions`), None for none.

    Else ``patchgate-exceptions`` or ``patchgate-exceptions.yaml`` beside the policy
    document, or here where the built-in policy rules.
    """
    if given == "none":
        return None
    if given:
        return Path(given)
    folder = Path.cwd() if policy is None else policy.absolute().parent
    for name in EXCEPTIONS_NAMES:
        if (folder / name).exists():
            return folder / name
    return None
