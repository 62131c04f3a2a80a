"""Stores of every kind, each on a server of its own that is started for the tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import psycopg
import pytest

from gate.evidence.stores.schema import schema_for
from tests.evidence.stores import servers

PASSWORD = "secret-of-the-database"
SECRET_KEY = "secret-of-the-bucket"
_numbers = itertools.count()


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    with servers.object_store() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql() -> Iterator[int]:
    with servers.database() as port:
        yield port


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of the object store, whose settings are in the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "gate")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    return boto3.client("s3", endpoint_url=endpoint, region_name="eu-central-1")


@pytest.fixture
def bucket(s3: Any) -> str:
    """The URL of a new bucket's prefix."""
    name = f"evidence-{next(_numbers)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return f"s3://{name}/gate"


@pytest.fixture
def database(postgresql: int) -> str:
    """The URL of a new database with tables, for the role that can only insert."""
    name = f"evidence{next(_numbers)}"
    with psycopg.connect(f"postgresql://owner@127.0.0.1:{postgresql}/postgres") as owner:
        owner.autocommit = True
        owner.execute(f"CREATE DATABASE {name}")
        owner.execute(
            f"DO $$ BEGIN CREATE ROLE gate LOGIN PASSWORD '{PASSWORD}'; "
            "EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
    with psycopg.connect(f"postgresql://owner@127.0.0.1:{postgresql}/{name}") as owner:
        owner.execute(schema_for("gate"))
    return f"postgresql://gate:{PASSWORD}@127.0.0.1:{postgresql}/{name}"


@pytest.fixture(params=["folder", "s3", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    """Where to keep evidence, in each kind of store."""
    if request.param == "folder":
        return str(tmp_path / "store")
    given: Callable[[str], Any] = request.getfixturevalue
    return str(given({"s3": "bucket", "postgresql": "database"}[request.param]))
