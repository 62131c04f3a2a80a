"""Go on with another key: the new one vouches for the ledger as it stands.

An append refuses a checkpoint that its own key has not signed.  So a new key signs
the present checkpoint first, below the signature of the old, after everything was
verified with the keys that were trusted until now.  From then on either may append,
until one of them does: the next checkpoint has its signature only.
"""

from __future__ import annotations

from pathlib import Path

from gate.errors import EvidenceError, VerificationError
from gate.evidence import checkpoint as checkpoints
from gate.evidence import note as notes
from gate.evidence.durable import locked, read_file, write_file
from gate.evidence.growth import CHECKPOINT
from gate.evidence.keys import Signer
from gate.evidence.ledger import FOLDER, LOCK
from gate.evidence.note import MAX_BYTES
from gate.evidence.trust import Trust
from gate.evidence.verify_folder import verify_folder


def rotate(evidence: Path, signer: Signer, trust: Trust) -> int:
    """Sign the checkpoint of `evidence` with a new key as well; return how many entries it has.

    VerificationError where anything in the folder does not verify by `trust`: then the
    new key vouches for nothing.  EvidenceError where the checkpoint cannot be written.
    """
    ledger = evidence / FOLDER
    path = ledger / CHECKPOINT
    report = verify_folder(evidence, trust)
    if not report.ok:
        raise VerificationError(
            "the folder does not verify, so no new key vouches for it",
            where=str(evidence),
            hint="patchgate evidence verify lists what is wrong",
        )
    with locked(ledger / LOCK):
        content = read_file(path, MAX_BYTES) or b""
        signed = checkpoints.verify(content, trust)
        if report.ledger.signed is None or signed.checkpoint != report.ledger.signed.checkpoint:
            raise EvidenceError("a run was recorded meanwhile", where=str(path), hint="try again")
        text = notes.decode(content).text
        own = notes.sign(text, signed.checkpoint.origin, signer)
        line = own.rpartition(b"\n\n")[2]
        if line not in content:
            write_file(path, content + line)
    return signed.checkpoint.size
