"""Run commands and measure them: wall time, and the peak memory of all their processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """What a command took."""

    seconds: tuple[float, ...]
    peak_bytes: int
    codes: frozenset[int]
    processor: float = 0.0
    """Processor time of the cheapest run, of all processors together, in seconds."""

    @property
    def best(self) -> float:
        return min(self.seconds)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def side_by_side(
    commands: dict[str, Sequence[str]],
    repeats: int,
    before: Callable[[str], object] = str,
    allowed: frozenset[int] = frozenset({0}),
) -> dict[str, Measured]:
    """Run each command in turn, `repeats` rounds, so that noise meets all of them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    peaks = dict.fromkeys(commands, 0)
    codes: dict[str, set[int]] = {name: set() for name in commands}
    processor = dict.fromkeys(commands, float("inf"))
    for _ in range(repeats):
        for name, command in commands.items():
            before(name)
            taken, peak, code, used = _run(command)
            if code not in allowed:
                raise RuntimeError(f"{' '.join(command)} ended with {code}")
            seconds[name].append(taken)
            peaks[name] = max(peaks[name], peak)
            codes[name].add(code)
            processor[name] = min(processor[name], used)
    return {
        name: Measured(tuple(seconds[name]), peaks[name], frozenset(codes[name]), processor[name])
        for name in commands
    }


_ENV = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""As installed by pip, which compiles; a peer in another language is compiled as well."""


def _run(command: Sequence[str]) -> tuple[float, int, int, float]:
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=_ENV)
        _, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    # ru_maxrss of wait4 covers the process and the children it waited for, the largest of them;
    # import forks workers, so their number is counted in by the caller.
    used = usage.ru_utime + usage.ru_stime
    return taken, usage.ru_maxrss * 1024, process.returncode, used
