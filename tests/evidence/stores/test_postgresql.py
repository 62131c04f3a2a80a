"""What only a database can do: rights, transactions, triggers."""

from __future__ import annotations

import re

import psycopg
import pytest

from gate.errors import EvidenceError
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.record import record
from gate.evidence.verify_folder import verify_folder
from tests.evidence.stores.conftest import PASSWORD
from tests.evidence.stores.test_stores import opened, runs

TABLES = ("files", "leaves", "hashes", "checkpoints")


def owner_of(database: str) -> str:
    return re.sub(r"//gate:[^@]*@", "//owner@", database)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET {}", "TRUNCATE {}"])
def test_the_role_cannot_change_what_is_recorded(
    database: str, facts: RunFacts, signer: Ed25519Signer, table: str, statement: str
) -> None:
    record(facts, signer, opened(database))
    column = {"files": "content = content", "checkpoints": "size = 0"}.get(table, "number = 7")
    asked = statement.format(f"patchgate.{table}", column)
    with psycopg.connect(database) as role, pytest.raises(psycopg.errors.InsufficientPrivilege):
        role.execute(asked)
    # Nor can the owner by an oversight: a trigger refuses.
    with (
        psycopg.connect(owner_of(database)) as owner,
        pytest.raises(psycopg.errors.RaiseException, match="only ever added to"),
    ):
        owner.execute(asked)
    assert verify_folder(opened(database), [signer.verifying_key]).ok


def test_a_role_that_may_delete_does_not_record(database: str) -> None:
    with pytest.raises(EvidenceError, match="may change and delete"):
        opened(owner_of(database))
    assert opened(owner_of(database), writing=False).name


def test_a_database_without_tables(database: str) -> None:
    empty = database.rpartition("/")[0] + "/postgres"
    with pytest.raises(EvidenceError, match="no tables for evidence"):
        opened(empty)


def test_no_password_is_in_an_error(database: str) -> None:
    wrong = database.replace(PASSWORD, "wrong-secret")
    with pytest.raises(EvidenceError) as caught:
        opened(wrong)
    assert "wrong-secret" not in str(caught.value)
    with pytest.raises(EvidenceError) as caught:
        opened(f"postgresql://gate:{PASSWORD}@127.0.0.1:1/x")
    assert PASSWORD not in str(caught.value)


def test_a_number_and_a_run_are_there_once(
    database: str, facts: RunFacts, signer: Ed25519Signer
) -> None:
    record(facts, signer, opened(database))
    with psycopg.connect(database) as role:
        row = role.execute("SELECT number, run_id, entry FROM patchgate.leaves").fetchone()
        assert row is not None
        for number, run in ((0, "another"), (1, row[1])):
            with pytest.raises(psycopg.errors.UniqueViolation), role.transaction():
                role.execute(
                    "INSERT INTO patchgate.leaves VALUES (%s, %s, %s)", (number, run, row[2])
                )


def test_a_transaction_that_fails_leaves_nothing(
    database: str, facts: RunFacts, signer: Ed25519Signer, stranger: Ed25519Signer
) -> None:
    record(facts, signer, opened(database))
    with pytest.raises(EvidenceError):
        record(runs(facts, 1)[0], stranger, opened(database))
    report = verify_folder(opened(database), [signer.verifying_key])
    assert (report.ok, len(report.ledger.entries)) == (True, 1)


def test_what_the_owner_forges_is_found(
    database: str, facts: RunFacts, signer: Ed25519Signer
) -> None:
    for run in runs(facts, 3):
        record(run, signer, opened(database))
    with psycopg.connect(owner_of(database)) as owner:
        owner.execute("ALTER TABLE patchgate.leaves DISABLE TRIGGER ALL")
        owner.execute(
            "UPDATE patchgate.leaves SET entry = "
            "convert_to(replace(convert_from(entry, 'UTF8'), 'FAIL', 'PASS'), 'UTF8') "
            "WHERE number = 1"
        )
    report = verify_folder(opened(database), [signer.verifying_key])
    codes = {problem.code.value for problem in report.ledger.problems}
    assert (report.ok, codes) == (False, {"V04"})
