"""Run the command line in a child process, and measure what it took.

    python -m tests.hostile.measured

is a process that has imported what a check needs.  For each line on its
standard input (JSON: arguments and environment) it makes a child that runs the
command, and writes one line: exit code, peak memory and seconds of that child.
So no run inherits the memory of a test, and none pays for the imports.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LONGEST = 120.0
"""Seconds after which a run that does not end is ended."""


@dataclass(frozen=True)
class Outcome:
    """What came of one run."""

    code: int
    out: str
    err: str
    peak: int
    """Bytes of memory at most, those of the imports included."""
    seconds: float
    """Of processors, all threads together."""


class Measured:
    """The process that makes the children."""

    def __init__(self, place: Path) -> None:
        """Start it; outputs of runs are kept in `place` until they are read."""
        self._place = place
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.measured"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parent.parent.parent,
        )

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> Outcome:
        """Run the command line with these arguments."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "arguments": list(arguments),
            "environment": dict(environment or {}),
            "out": str(self._place / "out"),
            "err": str(self._place / "err"),
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Outcome(
            out=(self._place / "out").read_text(encoding="utf-8"),
            err=(self._place / "err").read_text(encoding="utf-8"),
            **answer,
        )

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()


def _serve() -> None:
    from gate.bom import cyclonedx_xml_read, detect  # noqa: PLC0415, F401 - what a check imports
    from gate.cli import check, main  # noqa: PLC0415, F401

    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):
                _run(order)
            os._exit(99)
        sys.stdout.write(json.dumps(_wait(child)) + "\n")
        sys.stdout.flush()


def _run(order: dict[str, object]) -> None:
    from gate.cli import main  # noqa: PLC0415

    os.environ.update(order["environment"])  # type: ignore[call-overload]
    for number, name in ((1, "out"), (2, "err")):
        file = os.open(str(order[name]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
    code = main._run(order["arguments"])  # type: ignore[arg-type]
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _wait(child: int) -> dict[str, float]:
    end = time.monotonic() + _LONGEST
    while True:
        pid, status, used = os.wait4(child, os.WNOHANG)
        if pid:
            return {
                "code": os.waitstatus_to_exitcode(status),
                "peak": used.ru_maxrss * 1024,
                "seconds": used.ru_utime + used.ru_stime,
            }
        if time.monotonic() > end:
            os.kill(child, 9)
        time.sleep(0.005)


if __name__ == "__main__":
    _serve()
