"""Decide a recorded run again, from nothing but its evidence.

The attachments of a run are what its verdict rests on: SBOM, advisory records,
their sources, policy.  With the recorded time they go through the same pure core,
and what comes out must be the recorded verdict byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from gate.advisories import osv
from gate.advisories.lookup import lookup
from gate.advisories.model import AdvisorySet, SourceInfo, StoredRecord
from gate.advisories.store import Store
from gate.bom.detect import read_bom
from gate.errors import AdvisoryError, GateError, VerificationError
from gate.evidence.facts import (
    ADVISORIES,
    CONTEXT,
    EXCEPTIONS,
    POLICY,
    SBOM,
    SOURCES,
    VERDICT,
    VEX,
)
from gate.evidence.verify import BlobSource, VerifiedRun
from gate.policy.context import NO_CONTEXT, decode_context
from gate.policy.document import parse_policy
from gate.policy.model import Policy
from gate.policy.verdict import Verdict, encode_verdict
from gate.run import exceptions, vexing
from gate.run.attachments import attached, read_attachments
from gate.run.context import Circumstances, read_context
from gate.run.exceptions import NOTHING
from gate.run.judging import Judged, judge

_NEEDED = (SBOM, POLICY, VERDICT, ADVISORIES, SOURCES)


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict that was decided again."""

    recorded: Verdict
    decided: Verdict
    differences: tuple[str, ...]
    """What the second says differently, for a person; empty where the bytes are equal."""
    packages: dict[str, str] = {}
    """``bom-ref`` to name and version, of what the decisions are about."""


class _AdvisoryLine(msgspec.Struct, frozen=True):
    """One line of the attached advisories."""

    source: str
    record: msgspec.Raw


_line_decoder = msgspec.json.Decoder(_AdvisoryLine)
_sources_decoder = msgspec.json.Decoder(tuple[SourceInfo, ...])
_verdict_decoder = msgspec.json.Decoder(Verdict)


class Instead(msgspec.Struct, frozen=True, kw_only=True):
    """What to decide by instead of what was recorded; None keeps the recorded."""

    policy: Policy | None = None
    store: Path | None = None
    """Folder of an advisory store."""


AS_RECORDED = Instead()


def replay(run: VerifiedRun, blobs: BlobSource, instead: Instead = AS_RECORDED) -> Replay:
    """Decide `run`, which has been verified, again.

    VerificationError where an attachment is missing, altered or cannot be read;
    AdvisoryError where the store of `instead` cannot be used.
    """
    documents = _attachments(run, blobs)
    try:
        recorded = _verdict_decoder.decode(documents[VERDICT])
        judged = _judge(run, documents, instead)
    except AdvisoryError:
        raise
    except (GateError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise VerificationError(
            f"the recorded documents cannot be judged again: {error}",
            where=run.run_id,
            hint=f"replay with the patchgate that recorded it: {run.summary.run.tool.version}",
        ) from error
    decided = judged.verdict
    differences: tuple[str, ...] = ()
    if encode_verdict(decided) != documents[VERDICT]:
        differences = tuple(compare(recorded, decided)) or ("only the spelling of the document",)
    refs = {decision.ref for decision in (*recorded.decisions, *decided.decisions)}
    return Replay(
        recorded=recorded,
        decided=decided,
        differences=differences,
        packages={
            component.ref: f"{component.name} {component.version}"
            for component in judged.facts.bom.components
            if component.ref in refs
        },
    )


def _judge(run: VerifiedRun, documents: Mapping[str, bytes], instead: Instead) -> Judged:
    """Return what the pure core makes of recorded documents."""
    bom = read_bom(documents[SBOM], SBOM)
    asked = lookup(bom)
    # Records from before there was a context were decided without.
    context = decode_context(documents[CONTEXT]) if CONTEXT in documents else NO_CONTEXT
    policy = instead.policy or parse_policy(documents[POLICY].decode("utf-8"), POLICY)
    if instead.store is not None:
        with Store.open(instead.store) as store:
            advisories = store.select(asked.queries)
        now_known = Circumstances(store=instead.store, now=run.decided_at)
        known = read_context(bom, advisories, policy, now_known)
        context = msgspec.structs.replace(context, exploitation=known.exploitation)
    else:
        advisories = AdvisorySet(
            snapshot=run.summary.run.advisories.snapshot,
            sources=_sources_decoder.decode(documents[SOURCES]),
            records=_records(documents[ADVISORIES]),
        )
    gathered = exceptions.decode(documents[EXCEPTIONS]) if EXCEPTIONS in documents else NOTHING
    return judge(
        bom,
        asked,
        advisories,
        policy,
        run.decided_at,
        context=context,
        exceptions=exceptions.present(gathered, policy),
        vex=vexing.statements(vexing.decode(documents[VEX]) if VEX in documents else ()),
    )


def _records(document: bytes) -> tuple[StoredRecord, ...]:
    """Return the records that `gate.run.recording.write_advisories` wrote."""
    records = []
    for text in document.removesuffix(b"\n").split(b"\n") if document else ():
        line = _line_decoder.decode(text)
        raw = bytes(line.record)
        records.append(StoredRecord(source=line.source, record=osv.decode(raw), raw=raw))
    return tuple(records)


def _attachments(run: VerifiedRun, blobs: BlobSource) -> dict[str, bytes]:
    missing = [name for name in _NEEDED if name not in attached(run)]
    if missing:
        raise VerificationError(
            f"was recorded without {', '.join(missing)}, and cannot be decided again",
            where=run.run_id,
            hint="it was recorded by an earlier patchgate, or by another tool",
        )
    return read_attachments(run, blobs, (*_NEEDED, CONTEXT, EXCEPTIONS, VEX))


def compare(recorded: Verdict, decided: Verdict) -> Iterator[str]:
    """Yield what `decided` says differently, one line for each thing."""
    if recorded.outcome is not decided.outcome:
        yield f"outcome: recorded {recorded.outcome}, decided {decided.outcome}"
    if recorded.decided_at != decided.decided_at:
        yield f"time: recorded {recorded.decided_at}, decided {decided.decided_at}"
    if recorded.target != decided.target:
        yield f"target of the policy: recorded '{recorded.target}', decided '{decided.target}'"
    before, after = _parts(recorded), _parts(decided)
    for kind, items in before.items():
        yield from _changes(kind, items, after[kind])


def _parts(verdict: Verdict) -> dict[str, dict[str, Any]]:
    """Return everything that can differ, by kind and by name."""
    return {
        "reason": {f"{item.code}: {item.message}": item for item in verdict.reasons},
        "warning": {item: item for item in verdict.warnings},
        "rule": {item.rule: item for item in verdict.rules},
        "finding": {f"{item.id} {item.ref}": item for item in verdict.decisions},
        "exception": {item.id: item for item in verdict.exceptions},
    }


def _changes(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield f"{kind} only in the record: {name}"
        elif name not in before:
            yield f"{kind} not in the record: {name}"
        elif before[name] != after[name]:
            yield f"{kind} {name}: {_fields(before[name], after[name])}"


def _fields(before: Any, after: Any) -> str:
    """Return which fields of two equal structs differ, with both values."""
    changed = []
    for field in msgspec.structs.fields(type(before)):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old != new:
            changed.append(f"{field.name} recorded {_text(old)}, decided {_text(new)}")
    return "; ".join(changed)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
