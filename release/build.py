"""Build all that a release is made of, from one commit, into one folder.

    python -m release.build [--tag vX.Y.Z] [--key FILE] [--only wheel,deb,…] [--folder DIR]

::

    patchgate-X.Y.Z-py3-none-any.whl, patchgate-X.Y.Z.tar.gz     pip, pipx, uvx
    patchgate                       one file that needs no Python
    patchgate_X.Y.Z-1_<arch>.deb    Debian package
    patchgate-X.Y.Z.cdx.json        SBOM of what these hold, by patchgate itself
    NOTES.md                        the part of CHANGELOG.md that is about this version
    SHA256SUMS                      of all of them
    provenance.intoto.jsonl         SLSA provenance v1 of all of them, signed where --key is given

With --tag the tag, `gate.__version__` and CHANGELOG.md must name one version, so
that what the tag says is what the files say.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gate import __version__
from gate.evidence import canonical, dsse
from gate.evidence.keyfiles import read_private
from release.debian import build_debian
from release.moment import ROOT, commit_time
from release.single_file import build_single_file
from release.venv import run

STATEMENT = "https://in-toto.io/Statement/v1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://patchgate.dev/build/v1"
PAYLOAD = "application/vnd.in-toto+json"


def wheel(folder: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "-d", str(folder), env=_dated())


def single_file(folder: Path) -> None:
    build_single_file(folder / "patchgate", ROOT / "build" / "single-file")


def deb(folder: Path) -> None:
    build_debian(folder)


def sbom(folder: Path) -> None:
    # What is shipped is the lock; a folder with nothing else is what the SBOM is of.
    place = ROOT / "build" / "sbom" / f"patchgate-{__version__}"
    place.mkdir(parents=True, exist_ok=True)
    (place / "requirements.txt").write_bytes((ROOT / "requirements" / "run.txt").read_bytes())
    file = folder / f"patchgate-{__version__}.cdx.json"
    asked = ("sbom", "generate", f"source:{place}", "-o", str(file))
    run(sys.executable, "-m", "gate.cli", *asked, env=_dated())


def notes(folder: Path) -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    for name in (re.escape(__version__), "Unreleased"):
        found = re.search(rf"^## {name}\b.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        if found:
            (folder / "NOTES.md").write_text(found.group().rstrip() + "\n")
            return
    sys.exit("CHANGELOG.md has nothing about this version")


PARTS: dict[str, Callable[[Path], None]] = {
    "wheel": wheel,
    "single-file": single_file,
    "deb": deb,
    "sbom": sbom,
    "notes": notes,
}


def checksums(folder: Path) -> dict[str, str]:
    """Write SHA256SUMS; return digests by name."""
    left_out = {"SHA256SUMS", "provenance.intoto.jsonl"}
    files = [path for path in sorted(folder.iterdir()) if path.name not in left_out]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    lines = (f"{digest}  {name}\n" for name, digest in digests.items())
    (folder / "SHA256SUMS").write_text("".join(lines))
    return digests


def provenance(digests: dict[str, str], tag: str) -> bytes:
    """Return the statement in canonical form: who built what from which commit."""
    commit = _git("rev-parse", "HEAD")
    locks = ("requirements/run.txt", "requirements/release.txt", "uv.lock")
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": sha}} for name, sha in digests.items()],
        "predicateType": PROVENANCE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"tag": tag, "command": "python -m release.build"},
                "internalParameters": {
                    "python": platform.python_version(),
                    "machine": platform.machine(),
                },
                "resolvedDependencies": [
                    {"name": "source", "digest": {"gitCommit": commit}},
                    *({"name": lock, "digest": {"sha256": _sha256(lock)}} for lock in locks),
                ],
            },
            "runDetails": {
                "builder": {
                    "id": os.environ.get("PATCHGATE_BUILDER", "https://patchgate.dev/local")
                },
                "metadata": {"startedOn": f"{_moment():%Y-%m-%dT%H:%M:%SZ}"},
            },
        },
    }
    return canonical.encode(statement)


def check_tag(tag: str) -> None:
    """Stop where the tag, the code and the change log differ."""
    if tag != f"v{__version__}":
        sys.exit(f"the tag is {tag}, the code is {__version__}: change gate/__init__.py or the tag")
    if not re.search(
        rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    ):
        sys.exit(f"CHANGELOG.md has no '## {__version__}'")
    if _git("status", "--porcelain"):
        sys.exit("there are changes that are not committed")
    if _git("rev-parse", "HEAD") != _git("rev-parse", f"{tag}^{{commit}}"):
        sys.exit(f"{tag} is another commit than the one that is checked out")


def _moment() -> datetime:
    return commit_time() or datetime.now(UTC)


def _dated() -> dict[str, str]:
    return os.environ | {"SOURCE_DATE_EPOCH": f"{_moment().timestamp():.0f}"}


def _sha256(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def _git(*arguments: str) -> str:
    asked = ("git", *arguments)
    return subprocess.run(
        asked, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tag", default="", help="release of this Git tag")
    parser.add_argument("--key", type=Path, help="private key (evidence keygen) for the provenance")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by comma")
    parser.add_argument("--folder", type=Path, default=ROOT / "dist")
    given = parser.parse_args()
    if given.tag:
        check_tag(given.tag)
    folder: Path = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for name in given.only.split(","):
        print(f"{name} …", flush=True)
        PARTS[name](folder)
    statement = provenance(checksums(folder), given.tag)
    signers = [read_private(given.key, None).signer] if given.key else []
    signed = dsse.sign(statement, PAYLOAD, signers) if signers else statement
    (folder / "provenance.intoto.jsonl").write_bytes(signed.rstrip(b"\n") + b"\n")
    print((folder / "SHA256SUMS").read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
