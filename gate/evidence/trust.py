"""Whom to trust, for what, and when: a file that the auditor keeps, or plain public keys.

Keys are replaced, and some are stolen.  A key counts

* in its role: ``recorder`` signs records and checkpoints, ``witness`` cosigns
  checkpoints, ``redactor`` signs what may be removed;
* for what was done while it was valid.  What a recorder says of its time is checked
  against proofs of time, where there are any: an entry that came after a proof that is
  younger than the end of the key is refused;
* if it was revoked because it may be in other hands, for nothing but what a proof of
  time shows to be older than that.  Its own claims prove nothing any more.

The file is YAML or JSON; docs/keys.md describes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, overload

import msgspec

from gate.errors import EvidenceError, UsageError, VerificationError
from gate.evidence.durable import read_file
from gate.evidence.keyfiles import read_public
from gate.evidence.keys import VerifyingKey, load_public, load_ssh_public
from gate.evidence.statement import check_utc
from gate.policy.strict_yaml import load_strict
from gate.policy.typed import typed

Role = Literal["recorder", "redactor", "witness"]
TOLERANCE = timedelta(minutes=5)
"""How far two honest clocks may be apart."""
_LARGEST = 1024 * 1024
_FORM = "docs/keys.md shows a trust file"
_Name = Annotated[str, msgspec.Meta(pattern=r"\A[^\s+]{1,200}\Z")]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Between which times something is proven to have been recorded; None where unknown."""

    after: datetime | None = None
    before: datetime | None = None


UNPROVEN = Span()


class KeyEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One key of a trust file."""

    name: _Name
    """Of a witness: the name it cosigns under."""
    roles: tuple[Role, ...] = ("recorder",)
    key: str = ""
    """PEM, or an OpenSSH line."""
    file: str = ""
    """Or a file with it, beside the trust file."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked_at: datetime | None = None
    reason: str = ""
    """Why it was revoked."""
    compromised: bool = True
    """Whether somebody else may have had the key since it was revoked, or before."""

    def __post_init__(self) -> None:
        for moment in (self.valid_from, self.valid_until, self.revoked_at):
            if moment is not None:
                check_utc(moment)
        if bool(self.key) == bool(self.file):
            raise ValueError("give either 'key' or 'file'")


class TrustFile(msgspec.Struct, frozen=True, kw_only=True):
    """The document."""

    version: Literal[1]
    keys: Annotated[tuple[KeyEntry, ...], msgspec.Meta(max_length=1000)]
    witnesses: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    """How many different witnesses must have cosigned the ledger."""
    time_stamp_authorities: tuple[str, ...] = ()
    """Files with the root certificates, PEM, beside the trust file."""
    time_stamps: Literal["optional", "required"] = "optional"


class TrustedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key with what it is trusted for."""

    entry: KeyEntry
    key: VerifyingKey

    def fault(self, claimed: datetime | None, span: Span) -> str:
        """Return why the key does not count for what was done at `claimed`; empty if it does.

        None where no time is claimed: then only what is proven of it decides.
        """
        entry = self.entry
        known = [moment for moment in (claimed, span.before) if moment is not None]
        if entry.valid_from is not None and known and min(known) < entry.valid_from:
            return f"key '{entry.name}' is valid from {_date(entry.valid_from)}"
        if entry.revoked_at is not None and entry.compromised:
            if span.before is None or span.before >= entry.revoked_at:
                why = f" ({entry.reason})" if entry.reason else ""
                return (
                    f"key '{entry.name}' was revoked at {_date(entry.revoked_at)}{why}, and no "
                    "trusted time stamp or witness shows that this is older"
                )
            return ""
        ends = [end for end in (entry.valid_until, entry.revoked_at) if end is not None]
        known = [moment for moment in (claimed, span.after) if moment is not None]
        if ends and known and max(known) > min(ends):
            return f"key '{entry.name}' was valid until {_date(min(ends))}"
        return ""


class Trust(Sequence[VerifyingKey]):
    """Everybody who is trusted.  As a sequence: the keys of recorders."""

    def __init__(
        self,
        keys: Iterable[TrustedKey],
        *,
        witnesses: int = 0,
        authorities: tuple[bytes, ...] = (),
        time_stamps_required: bool = False,
    ) -> None:
        self.keys = tuple(keys)
        self.witnesses = witnesses
        self.authorities = authorities
        """Root certificates of time stamp authorities, PEM."""
        self.time_stamps_required = time_stamps_required
        self._recorders = self.of_role("recorder")

    @overload
    def __getitem__(self, index: int) -> VerifyingKey: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[VerifyingKey]: ...
    def __getitem__(self, index: int | slice) -> VerifyingKey | Sequence[VerifyingKey]:
        """Return a recorder's key."""
        if isinstance(index, slice):
            return tuple(one.key for one in self._recorders[index])
        return self._recorders[index].key

    def __len__(self) -> int:
        """Return how many recorders there are."""
        return len(self._recorders)

    def of_role(self, role: Role) -> tuple[TrustedKey, ...]:
        """Return the keys that have a role."""
        return tuple(one for one in self.keys if role in one.entry.roles)

    def faults(self, keyids: Iterable[str], claimed: datetime | None, span: Span) -> list[str]:
        """Return why the recorders `keyids` do not count for what was done at `claimed`."""
        known = {one.key.keyid: one for one in self._recorders}
        found = [known[keyid].fault(claimed, span) for keyid in keyids if keyid in known]
        return [fault for fault in found if fault]


def trust_in(trusted: Sequence[VerifyingKey]) -> Trust:
    """Return `trusted` as it is, or plain keys as recorders without a limit."""
    if isinstance(trusted, Trust):
        return trusted
    entries = ((KeyEntry(name=f"key-{n}", file="-"), key) for n, key in enumerate(trusted))
    return Trust(TrustedKey(entry=entry, key=key) for entry, key in entries)


def read_trust(paths: Sequence[Path], tsa_roots: Sequence[Path] = ()) -> Trust:
    """Return what the files say, each a public key in PEM or a trust file, together.

    `tsa_roots` are further root certificates of time stamp authorities.

    VerificationError or UsageError where one cannot be read.
    """
    keys: list[TrustedKey] = []
    witnesses, required = 0, False
    authorities = [_read(path) for path in tsa_roots]
    for path in paths:
        if path.suffix not in (".yaml", ".yml", ".json"):
            entry = KeyEntry(name=path.name.replace(" ", "_"), file="-")
            keys.append(TrustedKey(entry=entry, key=read_public(path)))
            continue
        file = parse_trust(_read(path).decode("utf-8", "replace"), str(path))
        keys += [TrustedKey(entry=one, key=_key(one, path)) for one in file.keys]
        witnesses = max(witnesses, file.witnesses)
        required = required or file.time_stamps == "required"
        authorities += [_read(path.parent / name) for name in file.time_stamp_authorities]
    _check_distinct(keys)
    return Trust(
        keys, witnesses=witnesses, authorities=tuple(authorities), time_stamps_required=required
    )


def parse_trust(text: str, where: str) -> TrustFile:
    """Return the document in `text`; UsageError with line and column where it is none."""
    value, marks = load_strict(text, where)
    return typed(value, TrustFile, marks, where, hint=_FORM)


def _key(entry: KeyEntry, path: Path) -> VerifyingKey:
    where = f"{path}: {entry.name}"
    content = _read(path.parent / entry.file) if entry.file else entry.key.encode()
    if content.lstrip().startswith(b"-----"):
        return load_public(content, where=where)
    return load_ssh_public(content, where=where)


def _check_distinct(keys: list[TrustedKey]) -> None:
    """Refuse a key with two entries: which of them held would depend on their order."""
    seen: dict[str, str] = {}
    for one in keys:
        other = seen.setdefault(one.key.keyid, one.entry.name)
        if other != one.entry.name or sum(k.key.keyid == one.key.keyid for k in keys) > 1:
            raise UsageError(
                f"'{one.entry.name}' and '{other}' are the same key",
                where="--trust",
                hint="give each key once, with all its roles",
            )


def _read(path: Path) -> bytes:
    try:
        content = read_file(path, _LARGEST)
    except EvidenceError as error:
        raise VerificationError(error.what, where=error.where, hint="check the path") from error
    if content is None:
        raise VerificationError("does not exist", where=str(path), hint="check the path")
    return content


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
