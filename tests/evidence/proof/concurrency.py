"""Many processes record at once, in every kind of store: each leaf is there once.

    python -m tests.evidence.proof.concurrency [--processes 64] [--runs 50]

The servers are real ones, started here: PostgreSQL of the system, and moto for S3.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3
import msgspec
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gate.evidence import entry as entries
from gate.evidence.extension import RunVerdict
from gate.evidence.keys import Ed25519Signer
from gate.evidence.record import record
from gate.evidence.stores.schema import schema_for
from gate.evidence.verify_folder import verify_folder
from tests.evidence.conftest import facts_of
from tests.evidence.stores import servers
from tests.evidence.stores.test_stores import opened


def at_once(url: str, processes: int, runs: int) -> float:
    """Record from many processes; return the seconds it took.  AssertionError where a leaf lacks.

    Every process records the same first run, and others that only it has.
    """
    signer = Ed25519Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
    facts = facts_of(RunVerdict.FAIL)
    began = time.monotonic()
    children = []
    for process in range(processes):
        child = os.fork()
        if not child:
            code = 70
            try:
                store = opened(url)
                for number in range(runs):
                    mine = 1_000_000 if not number else process * runs + number
                    record(msgspec.structs.replace(facts, components=mine), signer, store)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    took = time.monotonic() - began
    assert codes == [0] * processes, codes
    report = verify_folder(opened(url, writing=False), [signer.verifying_key])
    assert report.ok, (report.ledger.problems, report.failed[:3])
    found = [entries.decode(content or b"").run_id for content in report.ledger.entries]
    assert len(found) == len(set(found)) == processes * (runs - 1) + 1
    return took


@contextmanager
def stores(folder: Path) -> Iterator[dict[str, str]]:
    """Yield a new store of every kind."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(servers.object_store())
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint,
            AWS_ACCESS_KEY_ID="gate",
            AWS_SECRET_ACCESS_KEY="secret",
            AWS_REGION="us-east-1",
        )
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(
            Bucket="evidence"
        )
        port = stack.enter_context(servers.database())
        with psycopg.connect(f"postgresql://owner@127.0.0.1:{port}/postgres") as owner:
            owner.execute("CREATE ROLE gate LOGIN PASSWORD 'secret'")
            owner.execute(schema_for("gate"))
        yield {
            "folder": str(folder / "evidence"),
            "postgresql": f"postgresql://gate:secret@127.0.0.1:{port}/postgres",
            "s3": "s3://evidence/gate",
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--processes", type=int, default=64)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--store", action="append", help="only these: folder, postgresql, s3")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, stores(Path(name)) as urls:
        for kind, url in urls.items():
            if arguments.store and kind not in arguments.store:
                continue
            took = at_once(url, arguments.processes, arguments.runs)
            count = arguments.processes * (arguments.runs - 1) + 1
            print(
                f"{kind}: {arguments.processes} processes x {arguments.runs} runs in {took:.1f} s "
                f"({count / took:,.0f}/s), {count} leaves, each once",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
