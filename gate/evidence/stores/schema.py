"""The tables of evidence in PostgreSQL, and who may do what with them."""

from __future__ import annotations

TABLES = ("files", "leaves", "hashes", "checkpoints")

SCHEMA = """\
-- Evidence of patchgate: rows are inserted, and never changed or removed.
-- Run it once as the owner; {role} is the role that gates record with.
CREATE SCHEMA IF NOT EXISTS patchgate;

-- Records and attachments, by their path in the folder layout.
CREATE TABLE patchgate.files (
    path    text PRIMARY KEY,
    content bytea NOT NULL
);
-- The entries of the ledger: each number once, each run once.
CREATE TABLE patchgate.leaves (
    number bigint PRIMARY KEY CHECK (number >= 0),
    run_id text NOT NULL UNIQUE,
    entry  bytea NOT NULL
);
-- The hashes of its tiles.
CREATE TABLE patchgate.hashes (
    level  smallint NOT NULL,
    number bigint NOT NULL,
    hash   bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, number)
);
-- Every checkpoint there has been; the newest of the largest size counts.
CREATE TABLE patchgate.checkpoints (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    size  bigint NOT NULL,
    note  bytea NOT NULL,
    added timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON patchgate.checkpoints (size DESC, id DESC);

CREATE FUNCTION patchgate.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence is only ever added to';
END $$;
{triggers}
GRANT USAGE ON SCHEMA patchgate TO {role};
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA patchgate TO {role};
"""
_TRIGGER = """\
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON patchgate.{table}
    FOR EACH STATEMENT EXECUTE FUNCTION patchgate.refuse();
"""


def schema_for(role: str) -> str:
    """Return the SQL that makes the tables, for gates that record as `role`."""
    quoted = '"' + role.replace('"', '""') + '"'
    triggers = "".join(_TRIGGER.format(table=table) for table in TABLES)
    return SCHEMA.format(role=quoted, triggers=triggers)
