"""Compare version keys with a reference implementation on random pairs.

    python scripts/compare_versions.py SCHEME|all [N] [--seed S] [--rows FILE]
                                       [--reference COMMAND...]

Pairs are made near each other: real versions and small changes to them.  Real
versions come from the OSV archives and fixture rows in ../shared where they
are there, and from the fixture rows in tests/data/versions.  With --rows the
answers of the reference are kept as fixture rows.  The reference is a program that
reads lines "a<TAB>b" and writes one of ``< = > ?`` a line, ``?`` where it
refuses a version; they are in tests/versions/references, and any other can be
named with --reference.  Where no ordinary package brings the reference
implementation, plain_rules.py there orders two versions at a time by the published
rules, written apart from the keys.

`all` takes every scheme in turn and writes a line for each.  A scheme whose reference
is not installed is named, with what to install.

Exit code 0: no disagreement but those that `KNOWN` explains; 1: there is one; 2: a
reference is not there.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tarfile
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
    "opam": Seeds(
        (),
        ("debian-versions.txt", "semver-versions.txt"),
        "0 1 9 10 00 01 . - _ + ~ v a Z z rc ~rc1 +b1 -0 .0 .1 ~~",
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


PLAIN_RULES = ("bitnami", "cran", "freebsd", "hackage", "nuget", "opam", "pub")
"""Schemes that plain_rules.py orders."""


KNOWN = {
    "apk": "apk-tools 2 orders components that start with 0 otherwise than version 3 and the key",
    "maven": "Maven's own comparison runs in a circle (gate/versions/maven.py)",
    "packagist": "PHP cuts numbers beyond 64 bits off",
    "pacman": "alpm calls a version without release equal to any release (gate/versions/pacman.py)",
}
_LEADING_ZERO = re.compile(r"[.]0[0-9]")
_BEYOND_64_BITS = re.compile(r"[0-9]{19}")
_ROUNDS = 6


@dataclass(frozen=True)
class Outcome:
    """What came of the comparison of one scheme."""

    scheme: str
    reference: str
    pairs: int
    compared: int
    refused: int
    """Ordered by the reference, and without a key; an installed version of this kind is unknown."""
    known: int
    """Disagreements that `KNOWN` explains."""
    wrong: tuple[str, ...]
    speed: float
    notes: tuple[str, ...]


def main() -> int:
    """Compare, print what was found, and return the exit code."""
    arguments = _arguments()
    schemes = sorted(SEEDS) if arguments.scheme == "all" else [arguments.scheme]
    code = 0
    print("scheme        pairs  ordered  no key  wrong    keys/s  reference")
    for scheme in schemes:
        try:
            outcome = _compare(scheme, arguments)
        except NotThereError as missing:
            print(f"{scheme:10} not compared: {missing}")
            code = code or 2
            continue
        print(
            f"{scheme:10} {outcome.pairs:8,} {outcome.compared:8,} {outcome.refused:7,} "
            f"{len(outcome.wrong):6,} {outcome.speed:9,.0f}  {outcome.reference}",
            flush=True,
        )
        for note in outcome.notes if arguments.scheme != "all" else ():
            print(f"  {note}")
        for text in outcome.wrong[:15]:
            print(f"  DISAGREE {text}")
        if outcome.known:
            print(f"  {outcome.known:,} more disagree: {KNOWN[scheme]}")
        code = 1 if outcome.wrong else code
    return code


def _compare(scheme: str, arguments: argparse.Namespace) -> Outcome:
    seeds = SEEDS[scheme]
    real = sorted(set(_real_versions(seeds)))
    key = key_function(scheme)
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        command = arguments.reference or _reference(scheme, Path(folder))
        pairs: list[tuple[str, str]] = []
        answers: list[str] = []
        circles: set[tuple[str, str]] = set()
        # A strict reference refuses much of what the key reads: go on until it has ordered enough.
        for _ in range(_ROUNDS):
            fresh = list(_pairs(chance, key, real, seeds.pieces.split(), arguments.n))
            pairs += fresh
            answers += _ask(command, fresh)
            if len(answers) - answers.count("?") >= arguments.n:
                break
        if scheme == "maven":
            circles = _in_circles(command, _disagreeing(key, pairs, answers))
    if arguments.rows:
        _write_rows(arguments.rows, pairs, answers)
    return _outcome(scheme, key, pairs, answers, _speed(key, real), circles)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("scheme", choices=[*sorted(SEEDS), "all"])
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


def _outcome(
    scheme: str,
    key: KeyFunction,
    pairs: Sequence[tuple[str, str]],
    answers: Sequence[str],
    speed: float,
    circles: set[tuple[str, str]],
) -> Outcome:
    """Hold the keys against the answers of the reference."""
    compared = refused_by_both = refused_by_reference = known = 0
    wrong: list[str] = []
    without_key: list[str] = []
    for (left, right), answer in zip(pairs, answers, strict=True):
        a, b = key(left), key(right)
        if a is None or b is None:
            if answer == "?":
                refused_by_both += 1
            else:
                without_key.append(left if a is None else right)
            continue
        if answer == "?":
            refused_by_reference += 1
            continue
        compared += 1
        ours = "<" if a < b else ">" if a > b else "="
        if ours == answer:
            continue
        if _is_known(scheme, left, right) or (left, right) in circles:
            known += 1
        else:
            wrong.append(f"{left} {answer} {right}, key says {ours}")
    return Outcome(
        scheme=scheme,
        reference=REFERENCE_NAMES[scheme],
        pairs=len(pairs),
        compared=compared,
        refused=len(without_key),
        known=known,
        wrong=tuple(wrong),
        speed=speed,
        notes=(
            f"refused by both: {refused_by_both}",
            f"only the key refuses: {len(without_key)} {without_key[:4]}",
            f"only the reference refuses: {refused_by_reference}",
        ),
    )


def _disagreeing(
    key: KeyFunction, pairs: Sequence[tuple[str, str]], answers: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Return the pairs that keys and reference order differently, with its answer between."""
    found = []
    for (left, right), answer in zip(pairs, answers, strict=True):
        a, b = key(left), key(right)
        if a is not None and b is not None and answer != ("<" if a < b else ">" if a > b else "="):
            found.append((left, answer, right))
    return found


def _is_known(scheme: str, left: str, right: str) -> bool:
    """Return whether `KNOWN` explains that key and reference disagree on a pair."""
    match scheme:
        case "apk":
            return bool(_LEADING_ZERO.search(left) or _LEADING_ZERO.search(right))
        case "packagist":
            return bool(_BEYOND_64_BITS.search(left) and _BEYOND_64_BITS.search(right))
        case "pacman":
            return ("-" in left) != ("-" in right)
    return False


def _in_circles(
    command: Sequence[str], wrong: Sequence[tuple[str, str, str]]
) -> set[tuple[str, str]]:
    """Return the pairs that the reference orders against its own answers about a third version.

    The beginnings of both are tried: "a > b" is one side of a circle where the
    reference also says a <= c and c <= b.
    """
    asked: list[tuple[str, str]] = []
    for left, _, right in wrong:
        for third in _beginnings(left, right):
            asked += [(left, third), (third, right)]
    answers = dict(zip(asked, _ask(command, asked), strict=True)) if asked else {}
    return {
        (left, right)
        for left, answer, right in wrong
        for third in _beginnings(left, right)
        if answer != "=" and answer not in (answers[left, third], answers[third, right])
    }


def _beginnings(left: str, right: str) -> list[str]:
    starts = {text[:end].rstrip(".-_") for text in (left, right) for end in range(1, len(text))}
    plain = (starts | {"0"}) - {""}
    # A zero after it makes a word the beginning of nothing more: 2.x.0 is [2, x], 2.x is [2, [x]].
    return sorted(plain | {f"{start}.0" for start in plain})


def _speed(key: KeyFunction, real: Sequence[str]) -> float:
    sample = list(real[:: max(1, len(real) // 20_000)])
    # Without the memory that `key_function` keeps.
    plain = getattr(key, "__wrapped__", key)
    best = min(timeit.repeat(lambda: [plain(v) for v in sample], number=1, repeat=5))
    return len(sample) / best


REFERENCE_NAMES = {
    "apk": "apk-tools of Alpine 3.20",
    "dpkg": "libdpkg",
    "golang": "golang.org/x/mod/semver and go/version",
    "maven": "maven-artifact",
    "packagist": "composer/semver",
    "pacman": "libalpm",
    "pep440": "packaging",
    "rpm": "librpm",
    "rubygems": "Gem::Version",
    "semver": "node-semver",
} | dict.fromkeys(PLAIN_RULES, "the published rules, two versions at a time")


def _reference(scheme: str, folder: Path) -> list[str]:
    """Return the command of the reference that belongs to `scheme`."""
    if scheme in PLAIN_RULES:
        return [sys.executable, str(REFERENCES / "plain_rules.py"), scheme]
    match scheme:
        case "apk":
            return _apk(folder)
        case "dpkg":
            return _dpkg(folder)
        case "golang":
            return _golang(folder)
        case "maven":
            return _maven(folder)
        case "rpm":
            return ["/usr/bin/python3", str(REFERENCES / "librpm.py")]
        case "pacman":
            return [sys.executable, str(REFERENCES / "libalpm.py")]
        case "pep440":
            return [sys.executable, str(REFERENCES / "packaging_version.py")]
        case "rubygems":
            return [_program("ruby", "ruby"), str(REFERENCES / "gem_version.rb")]
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


def _apk(folder: Path) -> list[str]:
    """Build against the libapk of a real image; its own loader runs it."""
    image = SHARED / "images" / "alpine-minirootfs-3.20.3-x86_64.tar.gz"
    if not image.is_file():
        raise NotThereError(f"{image.name} is not there")
    with tarfile.open(image) as archive:
        wanted = [one for one in archive if one.name.startswith(("./lib/lib", "./lib/ld-"))]
        archive.extractall(folder, wanted, filter="data")
    library = next((folder / "lib").glob("libapk.so.*"))
    program = folder / "apk"
    compiler = _program("musl-gcc", "musl-tools")
    source = str(REFERENCES / "libapk.c")
    linked = ["-Wl,--allow-shlib-undefined", str(library)]
    _built([compiler, "-O2", "-o", str(program), source, *linked])
    loader = folder / "lib" / "ld-musl-x86_64.so.1"
    return [str(loader), "--library-path", str(folder / "lib"), str(program)]


def _golang(folder: Path) -> list[str]:
    go = _program("go", "golang-go")
    shutil.copy(REFERENCES / "go_versions.go", folder / "main.go")
    for arguments in (
        ["mod", "init", "versions"],
        ["get", "golang.org/x/mod/semver"],
        ["build", "-o", "versions", "."],
    ):
        _built([go, *arguments], folder)
    return [str(folder / "versions")]


def _maven(folder: Path) -> list[str]:
    jars = [
        _file("/usr/share/maven/lib/maven-artifact-3.x.jar", "maven"),
        _file("/usr/share/maven/lib/commons-lang3.jar", "maven"),
    ]
    compiler = _program("javac", "default-jdk-headless")
    path = ":".join([*jars, str(folder)])
    _built([compiler, "-cp", path, "-d", str(folder), str(REFERENCES / "MavenVersions.java")])
    return [_program("java", "default-jre-headless"), "-cp", path, "MavenVersions"]


def _dpkg(folder: Path) -> list[str]:
    _file("/usr/include/dpkg/version.h", "libdpkg-dev and libmd-dev")
    program = folder / "dpkg"
    source = str(REFERENCES / "libdpkg.c")
    _built([_program("gcc", "gcc"), "-O2", "-o", str(program), source, "-ldpkg", "-lmd"])
    return [str(program)]


def _built(command: list[str], folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotThereError(f"{command[0]} failed: {done.stderr.strip()[-300:]}")


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
