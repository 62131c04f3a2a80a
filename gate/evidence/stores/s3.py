"""Evidence in an object store that speaks S3: ``s3://bucket/prefix``.

Every object but the checkpoint is created once, with ``If-None-Match: *``, and the
checkpoint is replaced with ``If-Match``: 409 and 412 say that somebody was faster.
There is no lock.  Instead the bundle of entries that a ledger of the next size would
have is a claim: whoever creates it has the next number.  Then come the tiles and the
checkpoint.  A claim whose run died is finished by the next one that needs its place:
its record was there before it, so that nothing is lost and nothing is guessed.

Region, credentials and endpoint are those of the AWS tools (``AWS_ENDPOINT_URL`` for
others).  ``?retain=365d`` asks for object lock on all that is written; ``?mode=`` says
``compliance`` (else) or ``governance``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from gate.errors import EvidenceError, UsageError, VerificationError
from gate.evidence import checkpoint as checkpoints
from gate.evidence import entry as entries
from gate.evidence.bundle import MAX_BUNDLE
from gate.evidence.growth import CHECKPOINT, INQUIRE, LedgerReading, Tip, grow
from gate.evidence.keys import Signer, VerifyingKey
from gate.evidence.layout import blob_name, bundle_name, checked_bundle_name
from gate.evidence.ledger import FOLDER, LOCK
from gate.evidence.note import MAX_BYTES
from gate.evidence.place import Buffered, below
from gate.evidence.record import Kept, Record
from gate.evidence.tiles import ENTRIES, FULL, LARGEST_BUNDLE, Tile, join_entries, split_entries
from gate.evidence.verify import verify_bundle
from gate.evidence.vsa import RunStatement
from gate.policy.durations import parse_duration

_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
_FASTER = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_PATIENCE = 5.0
"""Seconds that the owner of a claim has before another finishes its work."""
_LONGEST_WAIT = 1.0
_GIVE_UP = 300.0
_SEEN_NOWHERE = '"00000000000000000000000000000000"'


class Client(Protocol):
    """What is used of a client of boto3."""

    def get_object(self, **asked: Any) -> Any: ...  # noqa: D102

    def put_object(self, **asked: Any) -> Any: ...  # noqa: D102

    def get_paginator(self, operation: str) -> Any: ...  # noqa: D102

    def get_object_lock_configuration(self, **asked: Any) -> Any: ...  # noqa: D102


def open_store(url: str, environ: Mapping[str, str], *, writing: bool) -> S3Store:
    """Return the store of ``s3://bucket[/prefix][?retain=TIME][&mode=…]``.

    UsageError for a URL that is none.  For `writing`, EvidenceError where the server
    does not answer, ignores conditions, or cannot lock what it is asked to lock.
    """
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    retain, mode = options.pop("retain", ""), options.pop("mode", "compliance").upper()
    if (
        not parts.netloc
        or "@" in parts.netloc
        or options
        or mode
        not in {
            "COMPLIANCE",
            "GOVERNANCE",
        }
    ):
        raise UsageError(
            "is not the URL of a bucket",
            where="--evidence s3://…",
            hint="write s3://bucket/prefix, with ?retain=365d for object lock; credentials "
            "come from the environment, not from the URL",
        )
    try:
        kept = parse_duration(retain) if retain else None
    except ValueError as error:
        raise UsageError(str(error), where="--evidence s3://…?retain=") from error
    prefix = parts.path.strip("/")
    name = f"s3://{parts.netloc}" + (f"/{prefix}" if prefix else "")
    with _explained(name, "opened"):
        client = boto3.client(
            "s3",
            endpoint_url=environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"),
            region_name=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"),
            config=Config(retries={"max_attempts": 5, "mode": "standard"}, connect_timeout=10),
        )
    store = S3Store(client, parts.netloc, prefix, retain=kept, mode=mode)
    if writing:
        store.check_conditions()
    return store


class S3Store(Buffered):
    """A prefix of a bucket.  Implements `gate.evidence.stores.EvidenceStore`."""

    def __init__(
        self,
        client: Client,
        bucket: str,
        prefix: str,
        *,
        retain: timedelta | None = None,
        mode: str = "COMPLIANCE",
    ) -> None:
        """Nothing is sent yet; `retain` is how long objects are locked."""
        self.name = f"s3://{bucket}" + (f"/{prefix}" if prefix else "")
        self._client = client
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._retain = retain
        self._mode = mode
        self._tip: tuple[bytes, Tip] | None = None
        self._kept: set[str] = set()
        """Attachments that are there: this process has seen to it."""

    def check_conditions(self) -> None:
        """Raise EvidenceError unless the server heeds conditions, and locks if it is to."""
        if self._retain is not None:
            with _explained(self.name, "asked for its object lock"):
                found = self._client.get_object_lock_configuration(Bucket=self._bucket)
            if found["ObjectLockConfiguration"].get("ObjectLockEnabled") != "Enabled":
                raise EvidenceError(
                    "the bucket has no object lock",
                    where=self.name,
                    hint="make a bucket with it, or leave ?retain= out",
                )
        path = f"{FOLDER}/{LOCK}"
        heeded = not self._create(path, b"") or not self._create(path, b"")
        if not heeded or self._put(path, b"", {"IfMatch": _SEEN_NOWHERE}):
            raise EvidenceError(
                "the server ignores If-None-Match or If-Match: two runs could overwrite each other",
                where=self.name,
                hint="use a server with conditional writes, or another kind of store",
            )

    def read(self, path: str, limit: int) -> bytes | None:
        """Return the content of an object."""
        found = self._get(path, limit)
        return found[0] if found is not None else None

    def names(self, folder: str) -> Iterator[str]:
        """Yield the paths of the objects in a folder."""
        start = f"{self._prefix}{folder}/" if folder else self._prefix
        asked = {"Bucket": self._bucket, "Prefix": start}
        if not folder:
            asked["Delimiter"] = "/"
        with _explained(self.name, "listed"):
            for page in self._client.get_paginator("list_objects_v2").paginate(**asked):
                for item in page.get("Contents", ()):
                    yield item["Key"].removeprefix(self._prefix)

    def read_bundle(self, run_id: str) -> bytes | None:
        """Return the bundle of a run, or None where there is none."""
        content = self.read(checked_bundle_name(run_id), MAX_BUNDLE)
        if content is not None and len(content) > MAX_BUNDLE:
            raise EvidenceError(f"is larger than {MAX_BUNDLE:,} bytes", where=self._where(run_id))
        return content

    def put_blob(self, sha256: str, content: bytes) -> None:
        """Keep `content` under its digest (hex)."""
        if sha256 not in self._kept:
            self._keep(blob_name(sha256), content)
            self._kept.add(sha256)

    def put_record(self, run_id: str, bundle: bytes, entry: bytes, signer: Signer) -> Kept:
        """Keep the bundle of a run, and its entry in the ledger, once each."""
        name = checked_bundle_name(run_id)
        ledger = LedgerReading(below(self, FOLDER), signer.verifying_key)
        # What was in the ledger before the bundle was there cannot be its entry.
        seen = self._size(ledger)
        if not self._keep(name, bundle):
            seen = 0
        began = stuck = time.monotonic()
        last = -1
        lost = False
        wait = 0.05
        while time.monotonic() - began < _GIVE_UP:
            if lost:
                time.sleep(random.uniform(wait / 2, wait))  # noqa: S311 - no secret
                wait = min(wait * 1.5, _LONGEST_WAIT)
            etag, tip = self._read_tip(ledger)
            if lost and tip.size == last and not _is_over(stuck):
                continue  # who has the next number is still at it
            number = ledger.find(entry, tip.size, seen)
            if number is not None:
                return Kept(place=self._where(name), number=number)
            seen = tip.size
            if tip.size != last:
                last, stuck = tip.size, time.monotonic()
            claimed = self._claim(tip, entry, signer, impatient=_is_over(stuck))
            lost = claimed is None or not self._finish(tip, claimed, etag, signer)
            if not lost and claimed == entry:
                return Kept(place=self._where(name), number=tip.size)
        raise EvidenceError(
            f"others have kept the ledger busy for {_GIVE_UP:,.0f} s",
            where=self.name,
            hint="the record is there and not yet in the ledger: run again",
        )

    def put_records(self, records: Sequence[Record], signer: Signer) -> list[Kept]:
        """Keep several runs, one after the other."""
        return [self.put_record(*record, signer) for record in records]

    def _claim(self, tip: Tip, entry: bytes, signer: Signer, *, impatient: bool) -> bytes | None:
        """Return the entry that has the next number; None where its owner is to finish it."""
        path = f"{FOLDER}/{Tile(ENTRIES, tip.size // FULL, tip.size % FULL + 1).path}"
        if self._create(path, join_entries([*tip.entries, entry])):
            return entry
        content = self.read(path, LARGEST_BUNDLE) or b""
        *before, other = split_entries(content, tip.size % FULL + 1)
        if before != tip.entries:
            raise EvidenceError(
                "the next entry does not go on from this ledger",
                where=self._where(path),
                hint=INQUIRE,
            )
        if other == entry:
            return entry
        if not impatient:
            return None
        self._check_genuine(other, signer.verifying_key)
        return other

    def _check_genuine(self, content: bytes, key: VerifyingKey) -> None:
        """Raise EvidenceError unless an entry is that of a record that `key` has signed.

        Nothing goes into the ledger that nobody here vouches for.
        """
        try:
            entry = entries.decode(content)
            bundle = self.read_bundle(entry.run_id) or b""
            report = verify_bundle(bundle, bundle_name(entry.run_id), [key], None)
        except VerificationError:
            report = None
        run = report.run if report is not None and report.ok else None
        if (
            report is None
            or run is None
            or entries.entry_of(
                RunStatement(subject=run.subject, summary=run.summary), report.digest
            )
            != entry
        ):
            raise EvidenceError(
                "an entry beyond the checkpoint is not that of a record of this key",
                where=self._where(FOLDER),
                hint="somebody else writes there: keep it for inquiry, and record elsewhere",
            )

    def _finish(self, tip: Tip, entry: bytes, etag: str, signer: Signer) -> bool:
        """Write tiles and checkpoint for the next entry; False where somebody was faster."""
        grown = grow(tip, [entry])
        for path, content in grown.files:
            self._keep(f"{FOLDER}/{path}", content)
        signed = checkpoints.sign(grown.checkpoint, signer)
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        return self._put(f"{FOLDER}/{CHECKPOINT}", signed, condition)

    def _size(self, ledger: LedgerReading) -> int:
        state = ledger.state()
        return state.size if state is not None else 0

    def _read_tip(self, ledger: LedgerReading) -> tuple[str, Tip]:
        """Return the ETag of the checkpoint, and where to go on; what is known is not read."""
        found = self._get(f"{FOLDER}/{CHECKPOINT}", MAX_BYTES)
        if found is None:
            return "", ledger.tip(ledger.state())
        note, etag = found
        if self._tip is None or self._tip[0] != note:
            self._tip = (note, ledger.tip(ledger.verified(note)))
        return etag, self._tip[1]

    def _keep(self, path: str, content: bytes) -> bool:
        """Create an object, or find it there with this content; return whether it is new."""
        if self._create(path, content):
            return True
        if self.read(path, len(content)) != content:
            where = self._where(path)
            raise EvidenceError("exists already with other content", where=where, hint=INQUIRE)
        return False

    def _create(self, path: str, content: bytes) -> bool:
        return self._put(path, content, {"IfNoneMatch": "*"})

    def _put(self, path: str, content: bytes, condition: Mapping[str, str]) -> bool:
        """Write an object under a condition; False where the condition does not hold."""
        asked: dict[str, Any] = {"Bucket": self._bucket, "Key": self._prefix + path, **condition}
        if self._retain is not None:
            asked["ObjectLockMode"] = self._mode
            asked["ObjectLockRetainUntilDate"] = datetime.now(UTC) + self._retain
        with _explained(self.name, f"written ({path})"):
            try:
                self._client.put_object(Body=content, **asked)
            except ClientError as error:
                if _code(error) in _FASTER or ("IfMatch" in condition and _code(error) in _ABSENT):
                    return False
                raise
        return True

    def _get(self, path: str, limit: int) -> tuple[bytes, str] | None:
        """Return content and ETag of an object."""
        with _explained(self.name, f"read ({path})"):
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise
            with found["Body"] as body:
                return body.read(limit + 1), found["ETag"]

    def _where(self, path: str) -> str:
        return f"{self.name}/{path}"


def _is_over(since: float) -> bool:
    return time.monotonic() - since > _PATIENCE


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def _explained(name: str, what: str) -> Iterator[None]:
    """Turn the library's errors into ours, without a word that may hold a secret."""
    try:
        yield
    except ClientError as error:
        raise EvidenceError(
            f"cannot be {what}: the server answers {_code(error)[:80]}",
            where=name,
            hint="check bucket, credentials and their rights",
        ) from None
    except (BotoCoreError, OSError) as error:
        raise EvidenceError(
            f"cannot be {what}: {type(error).__name__}",
            where=name,
            hint="check AWS_ENDPOINT_URL, the region, credentials and the network",
        ) from None
