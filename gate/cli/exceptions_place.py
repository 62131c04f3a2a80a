"""What the commands on exceptions have in common: policy, place, one of them, a key."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gate.cli.inputs import read_policy_file
from gate.cli.places import exceptions_path, policy_file
from gate.cli.signing import PASSPHRASE
from gate.errors import EvidenceError, UsageError
from gate.policy.exceptions.model import Presented
from gate.policy.model import Policy
from gate.run.exceptions import gather, present
from gate.run.policies import built_in_policy

if TYPE_CHECKING:
    from gate.evidence.keys import Signer


def listed_exceptions(
    policy_path: str | None, exceptions_given: str | None
) -> tuple[Policy, Path, tuple[Presented, ...]]:
    """Return policy, place and exceptions; UsageError where a file of them is not valid."""
    at = policy_file(policy_path)
    loaded = built_in_policy() if at is None else read_policy_file(at)
    policy = loaded.in_use.policy
    path = exceptions_path(exceptions_given, at)
    if path is None:
        raise UsageError(
            "there are no exceptions here",
            hint="`patchgate exceptions request` writes one; --exceptions names another folder",
        )
    found = present(gather(path), policy)
    if found.problems:
        raise UsageError("; ".join(found.problems), where=str(path))
    return policy, path, found.presented


def find_exception(
    name: str, policy_path: str | None, exceptions_given: str | None
) -> tuple[Policy, Path, Presented]:
    """Return policy, folder and the exception `name`; UsageError where there is none."""
    policy, path, listed = listed_exceptions(policy_path, exceptions_given)
    found = next((one for one in listed if one.exception.id == name), None)
    if found is None:
        raise UsageError(
            f"there is no exception '{name}'", where=str(path), hint="`patchgate exceptions list`"
        )
    return policy, path if path.is_dir() else path.parent, found


def open_signer(reference: str) -> Signer:
    """Return the signer that `reference` names; EvidenceError where it cannot be opened.

    A file may also be in OpenSSH's own format: approvers are people.
    """
    from gate.evidence import signers  # noqa: PLC0415 - cryptography
    from gate.evidence.approval import approver_signer  # noqa: PLC0415

    if not signers.is_file(reference):
        return signers.open_signer(reference, os.environ).signer
    path = Path(reference)
    passphrase = os.environ.get(PASSPHRASE)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise EvidenceError(
            f"the key cannot be read ({error.strerror})", where=str(path), hint="check the path"
        ) from error
    return approver_signer(content, passphrase.encode() if passphrase else None, where=str(path))
