"""Feed broken inputs to every parser of untrusted bytes.

    python -m fuzz.run [--seconds N] [--seed N] [TARGET…]

Inputs are real ones, changed a little: bits flipped, numbers set to their
limits, parts cut out, doubled, moved or taken from another input.  A parser may
read an input or refuse it; everything else is kept in .patchgate/fuzz and makes
the run fail: another exception, more than ten seconds, more than 512 MiB.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import signal
import sys
import time
import traceback
from pathlib import Path

from fuzz.targets import TARGETS, Target

REPOSITORY = Path(__file__).resolve().parent.parent
KEPT = REPOSITORY / ".patchgate" / "fuzz"
SLOWEST = 10.0
MEMORY = 512 << 20
_NUMBERS = [
    b"\0",
    b"\1",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\xff" * 4,
    b"\0" * 4,
    b"\x80" + b"\0" * 7,
    b"\xff" * 8,
    b"99999999999",
    b"-1",
    b"\n",
    b"\n\n",
    b" ",
    b'"',
    b"{",
    b"[",
    b":",
    b"%",
    b"../",
]


class TooSlowError(BaseException):
    """An input takes too long; no `except Exception` on its way may stop it."""


def give_up(*_: object) -> None:
    raise TooSlowError


def changed(chance: random.Random, seeds: list[bytes]) -> bytes:
    """Return one of `seeds` with one to four changes."""
    data = bytearray(chance.choice(seeds))
    for _ in range(1 + chance.randrange(4)):
        if not data:
            break
        place = chance.randrange(len(data))
        length = 1 + min(chance.randrange(1, 4096), chance.randrange(1, len(data) + 1))
        match chance.randrange(7):
            case 0 | 1:
                data[place] ^= 1 << chance.randrange(8)
            case 2:
                number = chance.choice(_NUMBERS)
                data[place : place + len(number)] = number
            case 3:
                del data[place : place + length]
            case 4:
                data[place:place] = data[place : place + length]
            case 5:
                other = chance.choice(seeds)
                start = chance.randrange(len(other) or 1)
                data[place : place + length] = other[start : start + length]
            case _:
                del data[place:]
    return bytes(data)


def fuzz(target: Target, seconds: float, chance: random.Random) -> tuple[int, list[str]]:
    """Return how many inputs were tried, and what was found."""
    seeds = target.seeds()
    if not seeds:
        raise SystemExit(f"fuzz: {target.name} has no seeds")
    for seed in seeds:
        target.read(seed)
    found: list[str] = []
    tried = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = changed(chance, seeds)
        tried += 1
        signal.setitimer(signal.ITIMER_REAL, SLOWEST)
        try:
            target.read(data)
        except target.expected:
            pass
        except TooSlowError:
            found.append(f"{keep(target, data)}: takes more than {SLOWEST:.0f} s")
        except Exception as error:  # noqa: BLE001 - exactly what is looked for
            last = traceback.extract_tb(error.__traceback__)[-1]
            found.append(
                f"{keep(target, data)}: {type(error).__name__}: {str(error)[:120]} "
                f"({Path(last.filename).name}:{last.lineno})"
            )
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return tried, found


def keep(target: Target, data: bytes) -> str:
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return str(path.relative_to(REPOSITORY))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET")
    arguments = parser.parse_args()
    failed = False
    signal.signal(signal.SIGALRM, give_up)
    for name in arguments.targets or TARGETS:
        chance = random.Random(f"{arguments.seed} {name}")
        tried, found = fuzz(TARGETS[name], arguments.seconds, chance)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(f"{name:12} {tried:9,} inputs  {len(found)} findings  peak {peak / 1e6:.0f} MB")
        for line in sorted(set(found))[:20]:
            print(f"  {line}")
        failed = failed or bool(found) or peak > MEMORY
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
