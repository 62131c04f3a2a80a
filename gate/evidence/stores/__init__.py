"""Where evidence can be kept: a folder, or what the scheme of a URL says.

::

    s3://bucket/prefix            an object store with conditional writes
    postgresql://host/database    a database with a role that can only insert
    oci://registry/repository     a registry, each record beside its image: published, not recorded

All hold the same bytes under the same paths as a folder (`gate.evidence.store`).
A new kind is a file here and a line in `_KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gate.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from gate.evidence.keys import Signer
    from gate.evidence.place import Place
    from gate.evidence.record import Kept, Record, Store

    class EvidenceStore(Store, Place, Protocol):
        """Where evidence is written to, and read from."""


_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_KINDS = {
    "s3": "gate.evidence.stores.s3",
    "postgresql": "gate.evidence.stores.postgresql",
    "postgres": "gate.evidence.stores.postgresql",
    "oci": "gate.evidence.stores.oci",
}
"""Scheme of a URL to the module whose `open_store` opens it."""
_INSTALL = "pip install 'patchgate[s3,postgresql]'"


def is_url(text: str) -> bool:
    """Return whether `text` is a URL, and not the path of a folder."""
    return _SCHEME.match(text) is not None


def open_store(url: str, environ: Mapping[str, str], *, writing: bool) -> EvidenceStore:
    """Return the store of a URL; for `writing`, one that has proven fit for it.

    UsageError for a URL that names none; EvidenceError where the store, or the
    library that it needs, cannot be used.
    """
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found is not None else ""
    if scheme not in _KINDS:
        raise UsageError(
            f"'{scheme[:20]}' is not a kind of evidence store",
            where="--evidence",
            hint="give a folder, or a URL that begins with s3://, postgresql:// or oci://",
        )
    try:
        module = import_module(_KINDS[scheme])
    except ModuleNotFoundError as error:
        raise EvidenceError(
            f"a store of this kind needs {error.name}, which is not installed",
            where=f"{scheme}://",
            hint=_INSTALL,
        ) from error
    opened: Callable[..., EvidenceStore] = module.open_store
    return opened(url, environ, writing=writing)


def folder_store(folder: Path) -> EvidenceStore:
    """Return the store of a folder; nothing is created before something is kept."""
    from gate.evidence.store import FolderStore  # noqa: PLC0415 - only where evidence is used

    return FolderStore(folder)


class UnavailableStore:
    """A store that could not be opened: everything fails for that reason.

    So a run is judged all the same, and its record goes to the spool.
    """

    def __init__(self, why: EvidenceError) -> None:
        self._why = why

    def read_bundle(self, run_id: str) -> bytes | None:
        """Raise why."""
        del run_id
        raise self._why

    def put_blob(self, sha256: str, content: bytes) -> None:
        """Raise why."""
        del sha256, content
        raise self._why

    def put_record(self, run_id: str, bundle: bytes, entry: bytes, signer: Signer) -> Kept:
        """Raise why."""
        del run_id, bundle, entry, signer
        raise self._why

    def put_records(self, records: Sequence[Record], signer: Signer) -> list[Kept]:
        """Raise why."""
        del records, signer
        raise self._why
