"""What can go wrong, as types that a person can act on.

Every error says what failed, where (path, layer, line) and what to do next.
The class is the reason; `gate.cli.exits` maps it to an exit code, in one
place.  Text may hold strings an image author chose: only the sinks
(`gate.cli`, `gate.report`) print it, and they escape it.
"""

from __future__ import annotations


class GateError(Exception):
    """Base of every failure patchgate expects.

    `what` states the failure in one clause, `where` names the place, `hint`
    names the next step.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.what}{step}"


class UsageError(GateError):
    """The command line, configuration or policy document is invalid."""


class InputError(GateError):
    """The target is unreadable, incomplete, unsupported or over budget."""


class BudgetError(InputError):
    """A limit of the `Budget` was reached while reading the target."""


class AdvisoryError(GateError):
    """Advisory data is missing, stale, corrupt or lacks this ecosystem."""


class EvidenceError(GateError):
    """Evidence could not be signed, written or stored."""


class VerificationError(GateError):
    """Evidence is altered, missing or not trusted."""


class UnreachableError(GateError):
    """The input could not be reached: registry, daemon, credentials, network."""
