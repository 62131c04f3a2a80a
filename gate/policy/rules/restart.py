"""Restart: on a host, what was patched is in effect.

A fix counts once it runs: the running kernel is the newest one installed, the
boot came after its installation, the system asks for no restart, and no process
runs files that were replaced since.  What could not be looked at breaks the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from gate.bom.model import Bom, Host, Kernel, SubjectKind
from gate.policy.durations import parse_duration, write_duration
from gate.policy.facts import Facts
from gate.policy.model import Policy
from gate.policy.rules.outcome import rule_result, some
from gate.policy.settings import Restart
from gate.policy.verdict import Decision, RuleResult
from gate.versions import key_function

CONTROLS = (
    "SOC 2 CC7.1",
    "ISO 27001 A.8.8",
    "ISO 27001 A.8.19",
    "PCI-DSS 6.3.3",
    "HIPAA 164.308(a)(1)(ii)(B)",
)
_SCHEMES = {"alpm": "pacman", "apk": "apk", "deb": "dpkg", "rpm": "rpm"}


def evaluate(facts: Facts, policy: Policy, decisions: tuple[Decision, ...]) -> RuleResult:
    """Break where something that was patched is not in effect, or nobody can tell."""
    del decisions
    rule = policy.rules.restart
    host = facts.bom.host
    if host is None:
        problems = ["nothing is known of what runs on this host"]
    else:
        problems = [*_kernel(facts, host, rule), *_processes(host, rule)]
    return rule_result(
        "restart",
        rule.action,
        some(problems) if problems else "everything that was patched is in effect",
        CONTROLS,
        details=problems,
        broken=bool(problems),
        applies=facts.bom.subject.kind is SubjectKind.HOST,
        remedy="restart the host, or the processes that still run the old files",
    )


def _kernel(facts: Facts, host: Host, rule: Restart) -> Iterator[str]:
    """Yield what says that another kernel is to be started, once the time for it is over."""
    newest = _newest(facts.bom, host.kernels)
    installed = _installed(facts.bom, newest)
    if (
        installed is not None
        and installed <= facts.now
        and facts.now - installed <= parse_duration(rule.within)
    ):
        return
    late = f", {write_duration(facts.now - installed)} after its installation" if installed else ""
    if host.kernels and newest is None:
        yield "which installed kernel is the newest cannot be told"
    elif newest is not None and not host.running_kernel:
        yield "which kernel runs is not known"
    elif newest is not None and newest.release != host.running_kernel:
        yield f"kernel {host.running_kernel} runs, {newest.release} is installed{late}"
    elif installed is not None and host.booted_at is None:
        yield "when the host was started is not known"
    elif installed is not None and host.booted_at is not None and host.booted_at < installed:
        yield f"started {host.booted_at:%Y-%m-%d %H:%M}, before its kernel was patched{late}"
    if host.reboot_required:
        because = f" ({some(host.reboot_reasons)})" if host.reboot_reasons else ""
        yield f"the system asks for a restart{because}"


def _processes(host: Host, rule: Restart) -> Iterator[str]:
    if rule.processes:
        for process in host.stale_processes:
            yield f"process {process.name} ({process.pid}) runs replaced files: " + some(
                process.paths
            )
    if not rule.accept_unseen:
        yield from (f"not looked at: {what}" for what in host.unseen)


def _newest(bom: Bom, kernels: tuple[Kernel, ...]) -> Kernel | None:
    """Return the newest of `kernels` by the versions of their packages; None if not comparable."""
    if len(kernels) == 1:
        return kernels[0]
    keyed: list[tuple[str, Kernel]] = []
    schemes = set()
    components = {component.ref: component for component in bom.components}
    for kernel in kernels:
        component = components.get(kernel.package)
        scheme = _SCHEMES.get(component.type, "") if component is not None else ""
        key = key_function(scheme)(component.version) if scheme and component else None
        if key is None:
            return None
        schemes.add(scheme)
        keyed.append((key, kernel))
    return max(keyed)[1] if len(schemes) == 1 else None


def _installed(bom: Bom, kernel: Kernel | None) -> datetime | None:
    """Return when the package of `kernel` was installed."""
    if kernel is None or not kernel.package:
        return None
    return next((c.installed_at for c in bom.components if c.ref == kernel.package), None)
