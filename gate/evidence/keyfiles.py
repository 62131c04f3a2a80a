"""Key pairs in files."""

from __future__ import annotations

import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gate.errors import EvidenceError, VerificationError
from gate.evidence.durable import explained, read_file, write_new_file
from gate.evidence.keys import KeyPair, Signer, VerifyingKey, load_private, load_public

_LARGEST = 64 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class PrivateKeyFile:
    """A private key that was read from a file."""

    signer: Signer
    warnings: tuple[str, ...] = ()
    """What is unsafe about the file, for a person; empty when nothing is."""


def write_key_pair(pair: KeyPair, private: Path, public: Path) -> None:
    """Write both halves, the private one readable by its owner only (0600).

    Each file appears whole, and only under a name that is free.  EvidenceError
    otherwise; then neither half is there.
    """
    for path in (private, public):
        if path.is_symlink() or path.exists():
            raise EvidenceError(
                "exists already and is not overwritten",
                where=str(path),
                hint="choose another name, or move the file away",
            )
    write_new_file(private, pair.private_pem, 0o600)
    try:
        write_new_file(public, pair.public_pem, 0o644)
    except BaseException:
        with suppress(OSError):
            private.unlink()
        raise


def read_private(path: Path, passphrase: bytes | None) -> PrivateKeyFile:
    """Return the signer in a PKCS#8 PEM file; EvidenceError where there is none."""
    content = _read(path)
    if content is None:
        raise EvidenceError(
            "the private key does not exist", where=str(path), hint="check the path"
        )
    signer = load_private(content, passphrase, where=str(path))
    with explained("read", path):
        mode = stat.S_IMODE(path.stat().st_mode)
    warnings: tuple[str, ...] = ()
    if mode & _OTHERS:
        warnings = (
            f"{path}: other users may use this private key (mode {mode:04o}): chmod 600 it",
        )
    return PrivateKeyFile(signer=signer, warnings=warnings)


def read_public(path: Path) -> VerifyingKey:
    """Return the key in a PEM file; VerificationError where there is none."""
    try:
        content = _read(path)
    except EvidenceError as error:
        raise VerificationError(error.what, where=error.where, hint="check the path") from error
    if content is None:
        raise VerificationError(
            "the public key does not exist", where=str(path), hint="check the path"
        )
    return load_public(content, where=str(path))


def _read(path: Path) -> bytes | None:
    content = read_file(path, _LARGEST)
    if content is not None and len(content) > _LARGEST:
        raise EvidenceError(f"is larger than {_LARGEST:,} bytes: not a key", where=str(path))
    return content
