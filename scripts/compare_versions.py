"""Compare version keys with a reference implementation on random pairs.

    python scripts/compare_versions.py SCHEME [N] [--seed S] [--rows FILE] [--reference COMMAND...]

Pairs are made near each other: real versions and small changes to them.  Real
versions come from the OSV archives and fixture rows in ../shared where they
are there, and from the fixture rows in tests/data/versions.  With --rows the
answers of the reference are kept as fixture rows.  The reference is a program that
reads lines "a<TAB>b" and writes one of ``< = > ?`` a line, ``?`` where it
refuses a version; those for which an ordinary package exists are in
tests/versions/references, and any other can be named with --reference.

Exit code 0: no disagreement; 1: there is one; 2: the reference is not there.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import timeit
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
REFERENCES = REPOSITORY / "tests" / "versions" / "references"
SHARED = REPOSITORY.parent / "shared"
FIXTURE_FOLDERS = (REPOSITORY / "tests" / "data" / "versions", SHARED / "versions")

sys.path.insert(0, str(REPOSITORY))

from gate.versions import KeyFunction, key_function  # noqa: E402 - found beside this script


class NotThereError(Exception):
    """The reference is not installed; the text says what to install."""


@dataclass(frozen=True)
class Seeds:
    """Where the versions of a scheme come from, and what changes are made to them."""

    archives: tuple[str, ...]
    """Folders of ../shared/osv."""
    fixtures: tuple[str, ...]
    """Files of tests/data/versions or ../shared/versions."""
    pieces: str
    """What may be put in, separated by blanks."""


SEEDS: dict[str, Seeds] = {
    "apk": Seeds(
        ("Alpine",),
        ("alpine-versions.txt", "alpine-univers.txt", "apk-reference.txt"),
        "0 1 2 9 10 00 01 . .0 .1 .01 a b z _alpha _beta _pre _rc _cvs _svn _git _hg _p _p0 _rc1 "
        "-r0 -r1 -r01 -r10 ~0 ~ab ~abc",
    ),
    "bitnami": Seeds(
        ("Bitnami",),
        ("semver-versions.txt",),
        "0 1 9 10 01 . .0 .1 - -0 -1 -2 -10 -rc -rc.1 -r1 -alpha + +b",
    ),
    "cran": Seeds((), ("cran-versions.txt",), "0 1 2 9 10 00 01 . - .0 -0 .1 -1"),
    "dpkg": Seeds(
        ("Debian",),
        ("debian-versions.txt", "dpkg-reference.txt"),
        "0 1 9 10 00 01 . - + ~ : 0: 1: a Z z rc ~rc1 +b1 +deb12u1 -0 -1 -01 .0 .1 ~~ ubuntu1",
    ),
    "freebsd": Seeds(
        (),
        ("freebsd-reference.txt", "rubygems-versions.txt"),
        "0 1 2 9 10 01 . .. + * a A z pl alpha beta pre rc snap dev .a .pl1 .rc1 rc2 _1 _2 ,1 ,2",
    ),
    "golang": Seeds(
        ("Go",),
        (),
        "0 1 9 10 . .0 .1 - -0 -rc -rc.1 -rc.10 -beta v go +incompatible rc1 beta2 "
        "0.20200101000000-0123456789ab",
    ),
    "hackage": Seeds(("Hackage",), ("hackage-versions.txt",), "0 1 2 9 10 01 . .0 .1"),
    "maven": Seeds(
        (),
        ("maven-versions.txt", "maven-univers.txt"),
        "0 1 2 9 10 00 01 . - _ .0 -0 .1 -1 a b m a1 b2 m3 alpha beta milestone rc cr snapshot ga "
        "final release sp x X foo -x .x -sp .ga -ga -rc-1 -SNAPSHOT .RELEASE .Final",
    ),
    "nuget": Seeds(
        (),
        ("nuget-versions.txt", "nuget-univers.txt", "semver-versions.txt"),
        "0 1 9 10 01 . .0 .1 - -0 -1 -rc -RC.1 -rc.10 -a -B + +b",
    ),
    "packagist": Seeds(
        (),
        ("packagist-versions.txt",),
        "0 1 2 9 10 00 01 . - + .0 .1 v V dev -dev dev- alpha a beta b RC rc patch pl p stable "
        "-alpha1 -beta.2 RC3 p4 -patch.5 x-dev 20200101 foo",
    ),
    "pacman": Seeds(
        (),
        ("alpm-univers.txt", "redhat-versions.txt", "pacman-reference.txt"),
        "0 1 9 10 01 . .. _ + - : 1: a b rc beta -1 -2 -1.1",
    ),
    "pep440": Seeds(
        ("PyPI",),
        ("pypi-versions.txt", "pep440-reference.txt"),
        "0 1 9 10 00 01 . - _ ! + .0 .1 0! 1! a b c rc RC alpha beta pre preview post rev r dev "
        ".post1 .dev1 -1 +a +1 +a.1 +1.a a1 b2 rc3 .dev post v",
    ),
    "pub": Seeds(
        (),
        ("pub-versions.txt",),
        "0 1 9 10 01 . .0 .1 - -0 -rc -rc.1 -a + +0 +1 +10 +a +a.1 +1.a +z",
    ),
    "rpm": Seeds(
        ("AlmaLinux",),
        ("redhat-versions.txt", "rpm-reference.txt"),
        "0 1 9 10 00 01 . - _ + ~ ^ : 0: 1: a Z z el9 git ~rc1 ^git1 -0 -1 .0 .1 ~~ ^^ a: %",
    ),
    "rubygems": Seeds(
        (),
        ("rubygems-versions.txt",),
        "0 1 2 9 10 00 01 . .0 .1 .a .b a b pre rc rc1 .rc.1 beta A Z - -1 -a .0.0 .0.a",
    ),
    "semver": Seeds(
        ("crates.io", "Bitnami"),
        ("semver-versions.txt",),
        "0 1 9 10 01 . .0 .1 - -0 -1 -rc -rc.1 -rc.10 -a -A + +b v",
    ),
}


def main() -> int:
    """Compare, print what was found, and return the exit code."""
    arguments = _arguments()
    seeds = SEEDS[arguments.scheme]
    real = sorted(set(_real_versions(seeds)))
    key = key_function(arguments.scheme)
    chance = random.Random(arguments.seed)
    pairs = list(_pairs(chance, key, real, seeds.pieces.split(), arguments.n))
    try:
        with tempfile.TemporaryDirectory() as folder:
            command = arguments.reference or _reference(arguments.scheme, Path(folder))
            answers = _ask(command, pairs)
    except NotThereError as missing:
        print(f"compare_versions: {missing}", file=sys.stderr)
        return 2
    print(f"{arguments.scheme}: {len(pairs)} pairs from {len(real)} real versions")
    if arguments.rows:
        _write_rows(arguments.rows, pairs, answers)
    wrong = _report(key, pairs, answers)
    print(f"  keys a second over real versions: {_speed(key, real):,.0f}")
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scheme", choices=sorted(SEEDS))
    parser.add_argument("n", nargs="?", type=int, default=200_000, help="number of pairs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=Path, help="file for the answers, as fixture rows")
    parser.add_argument("--reference", nargs=argparse.REMAINDER, help="program and its arguments")
    return parser.parse_args()


def _real_versions(seeds: Seeds) -> Iterator[str]:
    for path in [folder / name for name in seeds.fixtures for folder in FIXTURE_FOLDERS]:
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            row = line.split(" ")
            if len(row) == 3 and row[1] in "<=>":
                yield from (row[0], row[2])
    for name in seeds.archives:
        path = SHARED / "osv" / name / "all.zip"
        if path.is_file():
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield from _versions_of(json.loads(archive.read(member)))


def _versions_of(record: dict[str, Any]) -> Iterator[str]:
    for affected in record.get("affected", []):
        for described in affected.get("ranges", []):
            if described.get("type") != "GIT":
                for event in described["events"]:
                    yield from event.values()
        yield from affected.get("versions", [])


def _pairs(
    chance: random.Random, key: KeyFunction, real: Sequence[str], pieces: Sequence[str], count: int
) -> Iterator[tuple[str, str]]:
    """Yield `count` pairs that have keys, and some that have none on top."""
    while count > 0:
        base = chance.choice(real)
        left = _changed(chance, base, pieces, chance.randrange(3))
        kind = chance.random()
        if kind < 0.1:
            right = chance.choice(real)
        elif kind < 0.5:
            right = _changed(chance, left, pieces, 1)
        else:
            right = _changed(chance, base, pieces, 1 + chance.randrange(3))
        if key(left) is not None and key(right) is not None:
            count -= 1
        elif chance.random() < 0.9:
            continue
        yield (left, right) if chance.random() < 0.5 else (right, left)


def _changed(chance: random.Random, version: str, pieces: Sequence[str], times: int) -> str:
    for _ in range(times):
        place = chance.randrange(len(version) + 1)
        end = min(len(version), place + chance.randrange(3))
        match chance.randrange(4):
            case 0:
                version = version[:place] + version[end:] or version
            case 1:
                version = version[:place] + chance.choice(pieces) + version[place:]
            case 2:
                version = version[:place] + chance.choice(pieces) + version[end:]
            case _:
                version += chance.choice(pieces)
    # Beyond 15 digits a few references count in machine words.
    return version[:60]


def _ask(command: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[str]:
    text = "".join(f"{left}\t{right}\n" for left, right in pairs)
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    answers = done.stdout.split()
    if done.returncode or len(answers) != len(pairs):
        raise NotThereError(f"the reference {command[0]} failed: {done.stderr.strip()[-500:]}")
    return answers


def _write_rows(path: Path, pairs: Sequence[tuple[str, str]], answers: Sequence[str]) -> None:
    rows = zip(pairs, answers, strict=True)
    text = "".join(f"{a} {answer} {b}\n" for (a, b), answer in rows if answer != "?")
    path.write_text(text, encoding="utf-8")


def _report(key: KeyFunction, pairs: Sequence[tuple[str, str]], answers: Sequence[str]) -> int:
    """Print the counts and the first disagreements; return their number."""
    compared = refused_by_both = refused_by_key = refused_by_reference = 0
    wrong: list[str] = []
    examples: dict[str, list[str]] = {"key": [], "reference": []}
    for (left, right), answer in zip(pairs, answers, strict=True):
        a, b = key(left), key(right)
        if a is None or b is None:
            if answer == "?":
                refused_by_both += 1
            else:
                refused_by_key += 1
                examples["key"].append(left if a is None else right)
            continue
        if answer == "?":
            refused_by_reference += 1
            examples["reference"].append(f"{left} {right}")
            continue
        compared += 1
        ours = "<" if a < b else ">" if a > b else "="
        if ours != answer:
            wrong.append(f"{left} {answer} {right}, key says {ours}")
    print(f"  ordered by both: {compared}; of these they disagree on {len(wrong)}")
    print(f"  refused by both: {refused_by_both}")
    print(f"  only the key refuses: {refused_by_key} {examples['key'][:4]}")
    print(f"  only the reference refuses: {refused_by_reference} {examples['reference'][:4]}")
    for text in wrong[:15]:
        print(f"  DISAGREE {text}")
    return len(wrong)


def _speed(key: KeyFunction, real: Sequence[str]) -> float:
    sample = list(real[:: max(1, len(real) // 20_000)])
    best = min(timeit.repeat(lambda: [key(v) for v in sample], number=1, repeat=5))
    return len(sample) / best


def _reference(scheme: str, folder: Path) -> list[str]:
    """Return the command of the reference that belongs to `scheme`."""
    match scheme:
        case "dpkg":
            return _dpkg(folder)
        case "rpm":
            return ["/usr/bin/python3", str(REFERENCES / "librpm.py")]
        case "pacman":
            return [sys.executable, str(REFERENCES / "libalpm.py")]
        case "pep440":
            return [sys.executable, str(REFERENCES / "packaging_version.py")]
        case "rubygems":
            return [_program("ruby", "ruby"), str(REFERENCES / "gem_version.rb")]
        case "cran":
            return [_program("Rscript", "r-base-core"), str(REFERENCES / "compare_version.R")]
        case "packagist":
            loader = _file("/usr/share/php/Composer/Semver/autoload.php", "php-composer-semver")
            return [_program("php", "php-cli"), str(REFERENCES / "composer_semver.php"), loader]
        case "semver":
            library = _file("/usr/lib/node_modules/npm/node_modules/semver", "nodejs with npm")
            return [_program("node", "nodejs"), str(REFERENCES / "node_semver.js"), library]
        case _:
            raise NotThereError(
                f"no package brings a reference for {scheme}: name one with --reference"
            )


def _dpkg(folder: Path) -> list[str]:
    _file("/usr/include/dpkg/version.h", "libdpkg-dev and libmd-dev")
    program = folder / "dpkg"
    subprocess.run(
        [
            _program("gcc", "gcc"),
            "-O2",
            "-o",
            str(program),
            str(REFERENCES / "libdpkg.c"),
            "-ldpkg",
            "-lmd",
        ],
        check=True,
    )
    return [str(program)]


def _program(name: str, package: str) -> str:
    found = shutil.which(name)
    if not found:
        raise NotThereError(f"{name} is not installed: install the Debian package {package}")
    return found


def _file(path: str, package: str) -> str:
    if not Path(path).exists():
        raise NotThereError(f"{path} is not there: install the Debian package {package}")
    return path


if __name__ == "__main__":
    sys.exit(main())
