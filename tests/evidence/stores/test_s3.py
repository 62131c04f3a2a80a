"""What only an object store can do: claims without a lock, conditions, object lock, secrets."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.errors import EvidenceError, UsageError
from gate.evidence import entry as entries
from gate.evidence.facts import RunFacts
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import Ed25519Signer
from gate.evidence.record import record
from gate.evidence.stores import open_store, s3
from gate.evidence.stores.s3 import S3Store
from gate.evidence.tiles import join_entries, split_entries
from gate.evidence.verify_folder import verify_folder
from tests.evidence.stores.conftest import SECRET_KEY
from tests.evidence.stores.test_stores import opened, runs


class Dying(Exception):  # noqa: N818 - not a failure
    """The process ends here."""


@pytest.mark.parametrize("last", ["tile/entries", "tile/0", CHECKPOINT])
def test_a_run_that_dies_is_finished_by_the_next(
    bucket: str,
    facts: RunFacts,
    signer: Ed25519Signer,
    monkeypatch: pytest.MonkeyPatch,
    last: str,
) -> None:
    monkeypatch.setattr(s3, "_PATIENCE", 0.2)
    first, second, third = runs(facts, 3)
    record(first, signer, opened(bucket))
    dying = opened(bucket)
    original = S3Store._put

    def put(store: S3Store, path: str, content: bytes, condition: Any) -> bool:
        done = path.startswith(f"ledger/{last}") and last == CHECKPOINT
        result = done or original(store, path, content, condition)
        if store is dying and path.startswith(f"ledger/{last}"):
            raise Dying
        return result

    with monkeypatch.context() as patched:
        patched.setattr(S3Store, "_put", put)
        with pytest.raises(Dying):
            record(second, signer, dying)
    number = record(third, signer, opened(bucket)).number
    report = verify_folder(opened(bucket), [signer.verifying_key])
    assert report.ok, (report.ledger.problems, report.failed)
    assert (number, len(report.ledger.entries)) == (2, 3), "the one that died is there as well"
    assert record(second, signer, opened(bucket)).number == 1


def test_what_somebody_else_put_beyond_the_checkpoint_is_not_signed(
    bucket: str, facts: RunFacts, signer: Ed25519Signer, stranger: Ed25519Signer, s3: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("gate.evidence.stores.s3._PATIENCE", 0.0)
    record(facts, signer, opened(bucket))
    name = bucket.removeprefix("s3://").partition("/")[0]
    path = "gate/ledger/tile/entries/000.p/"
    one = s3.get_object(Bucket=name, Key=f"{path}1")["Body"].read()
    (first,) = split_entries(one, 1)
    forged = entries.encode(
        entries.Entry(
            bundle=f"sha256:{'0' * 64}",
            run_id="20261123T183251Z-0123456789abcdef",
            subject=f"sha256:{'0' * 64}",
            verdict=entries.decode(first).verdict,
        )
    )
    s3.put_object(Bucket=name, Key=f"{path}2", Body=join_entries([first, forged]))
    with pytest.raises(EvidenceError, match="not that of a record of this key"):
        record(runs(facts, 1)[0], signer, opened(bucket))


class Heedless:
    """A server that writes whatever the condition says."""

    def __init__(self, client: Any, ignored: str) -> None:
        self._client = client
        self._ignored = ignored

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_object(self, **asked: Any) -> Any:
        asked.pop(self._ignored, None)
        return self._client.put_object(**asked)


@pytest.mark.parametrize("ignored", ["IfNoneMatch", "IfMatch"])
def test_a_server_that_ignores_conditions_is_not_written_to(
    bucket: str, s3: Any, ignored: str
) -> None:
    name = bucket.removeprefix("s3://").partition("/")[0]
    with pytest.raises(EvidenceError, match="ignores If-None-Match or If-Match"):
        S3Store(Heedless(s3, ignored), name, "x").check_conditions()
    S3Store(s3, name, "y").check_conditions()
    S3Store(s3, name, "y").check_conditions()


def test_objects_are_locked(s3: Any, facts: RunFacts, signer: Ed25519Signer) -> None:
    s3.create_bucket(
        Bucket="locked",
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    record(facts, signer, opened("s3://locked?retain=30d"))
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="locked")
    keys = [item["Key"] for page in pages for item in page["Contents"]]
    assert len(keys) > 7
    for key in keys:
        found = s3.head_object(Bucket="locked", Key=key)
        assert found["ObjectLockMode"] == "COMPLIANCE"
        assert found["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=29)
    assert verify_folder(opened("s3://locked"), [signer.verifying_key]).ok


def test_a_bucket_without_lock_is_not_asked_to_lock(bucket: str) -> None:
    with pytest.raises(EvidenceError, match=r"no object lock|object lock: the server answers"):
        opened(f"{bucket}?retain=30d")


@pytest.mark.parametrize(
    "url", ["s3://", "s3://key:secret@bucket", "s3://bucket?retain=7y", "s3://bucket?x=1"]
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url, {}, writing=True)
    assert "secret@" not in str(caught.value)


def test_no_secret_is_in_an_error(
    bucket: str, facts: RunFacts, signer: Ed25519Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EvidenceError, match="NoSuchBucket") as caught:
        opened("s3://no-such-bucket/x")
    assert SECRET_KEY not in str(caught.value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://user:{SECRET_KEY}@127.0.0.1:1")
    with pytest.raises(EvidenceError) as caught:
        open_store(bucket, {**os.environ, "AWS_MAX_ATTEMPTS": "1"}, writing=True)
    assert SECRET_KEY not in str(caught.value)
    assert caught.value.hint
