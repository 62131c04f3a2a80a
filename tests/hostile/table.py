"""Run every hostile input, and print what came of it.

    python -m tests.hostile.table

Exit code, seconds of processors and peak memory of each, as a closing note shows them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tests.cli.bad_inputs import Bench
from tests.hostile.measured import Measured
from tests.hostile.test_hostile import ARCHIVES, SITUATIONS, check, prepare

_MIB = 1 << 20


def main() -> int:
    wrong = 0
    worst = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        prepared = prepare(place / "prepared")
        (place / "outputs").mkdir()
        measured = Measured(place / "outputs")
        for number, (name, (build, expected, _)) in enumerate((ARCHIVES | SITUATIONS).items()):
            bench = Bench(Path(shutil.copytree(prepared, place / f"b{number}")))
            around = nullcontext({})
            if name in ARCHIVES:
                bench.archive(build())
            else:
                around = contextmanager(build)(bench)
            with around as environment:
                outcome = check(bench, measured, environment)
            shutil.rmtree(bench.root)
            mark = "" if outcome.code == expected else f"  EXPECTED {expected}"
            wrong += bool(mark)
            worst = [max(worst[0], outcome.seconds), max(worst[1], outcome.peak / _MIB)]
            print(
                f"{outcome.code}  {outcome.seconds:5.2f} s {outcome.peak / _MIB:5.0f} MiB  "
                f"{name}{mark}"
            )
        measured.close()
    count = len(ARCHIVES) + len(SITUATIONS)
    print(f"{count} inputs, {wrong} wrong; at most {worst[0]:.1f} s and {worst[1]:.0f} MiB")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
