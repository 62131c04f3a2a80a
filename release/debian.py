"""Build a Debian package: the command, its manual, completion, and a timer for hosts.

    python -m release.debian [FOLDER]

Debian's own Python runs it; the libraries are those of the lock, in a folder of
the package, since Debian 12 has older ones.  Policy manual: chapters 5 (control),
9 (file system), 10 (files); the same commit gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from gate import __version__
from release.manual import write_manual
from release.moment import ROOT, commit_time
from release.venv import locked, run

_SHELLS = {
    "bash": "usr/share/bash-completion/completions/patchgate",
    "zsh": "usr/share/zsh/vendor-completions/_patchgate",
    "fish": "usr/share/fish/vendor_completions.d/patchgate.fish",
}
_MAINTAINER = "patchgate maintainers <maintainers@patchgate.dev>"
_LAUNCHER = """#!/usr/bin/python3 -IS
import sys

sys.path.insert(0, "/usr/lib/patchgate/python")
from gate.cli.main import entry

entry()
"""
_POSTINST = """#!/bin/sh
set -e
if [ "$1" = configure ]; then
    python3 -m compileall -q /usr/lib/patchgate/python
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload || true
    fi
fi
"""
_PRERM = """#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
    systemctl disable --now patchgate-host.timer || true
fi
find /usr/lib/patchgate/python -name __pycache__ -prune -exec rm -rf {} +
"""
_POSTRM = """#!/bin/sh
set -e
# Evidence and its key outlive the package: they are removed by hand, or never.
if [ "$1" = purge ]; then
    rm -rf /var/cache/patchgate
fi
"""
_COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: patchgate
Comment: The libraries below /usr/lib/patchgate/python keep their licences beside them,
 in the folder of each that ends in .dist-info.

Files: *
Copyright: the patchgate maintainers
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.
"""


def build_debian(folder: Path) -> Path:
    """Build the package into `folder`; return its file."""
    moment = commit_time() or datetime.now(UTC)
    architecture = _ask("dpkg", "--print-architecture")
    tree = ROOT / "build" / "debian" / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    _libraries(tree / "usr/lib/patchgate/python")
    _write(tree / "usr/bin/patchgate", _LAUNCHER, 0o755)
    _write(tree / "usr/lib/patchgate/prepare-host", _read("prepare-host"), 0o755)
    for unit in ("patchgate-host.service", "patchgate-host.timer"):
        _write(tree / "usr/lib/systemd/system" / unit, _read(unit))
    _write(tree / "etc/default/patchgate", _read("default"))
    policy = tree / "etc/patchgate/patchgate.yaml"
    policy.parent.mkdir()
    _own("policy", "init", str(policy))
    for shell, path in _SHELLS.items():
        _write(tree / path, _own("completion", shell))
    _manual(tree / "usr/share/man/man1", moment)
    _documents(tree / "usr/share/doc/patchgate", moment)
    _control(tree / "DEBIAN", architecture, tree)
    _date(tree, moment)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"patchgate_{__version__}-1_{architecture}.deb"
    env = os.environ | {"SOURCE_DATE_EPOCH": f"{moment.timestamp():.0f}"}
    run("dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(file), env=env)
    return file


def _libraries(place: Path) -> None:
    run(sys.executable, *locked("run.txt"), "--no-compile", "--target", str(place))
    own = ("--no-deps", "--no-build-isolation", "--no-compile", "--target", str(place), str(ROOT))
    run(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *own)
    shutil.rmtree(place / "bin", ignore_errors=True)
    for record in place.glob("*.dist-info"):
        for name in ("direct_url.json", "REQUESTED", "INSTALLER"):
            (record / name).unlink(missing_ok=True)


def _manual(place: Path, moment: datetime) -> None:
    for page in write_manual(place, moment):
        page.with_name(f"{page.name}.gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
        page.unlink()


def _documents(place: Path, moment: datetime) -> None:
    entry = (
        f"patchgate ({__version__}-1) stable; urgency=medium\n\n"
        f"  * See changelog.gz for what is new.\n\n -- {_MAINTAINER}  {format_datetime(moment)}\n"
    )
    place.mkdir(parents=True)
    for name, text in (
        ("changelog.Debian.gz", entry),
        ("changelog.gz", (ROOT / "CHANGELOG.md").read_text()),
    ):
        (place / name).write_bytes(gzip.compress(text.encode(), mtime=0))
    _write(place / "copyright", _COPYRIGHT)


def _control(place: Path, architecture: str, tree: Path) -> None:
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file()) // 1024
    after = f"3.{sys.version_info.minor + 1}"
    fields = {
        "Package": "patchgate",
        "Version": f"{__version__}-1",
        "Section": "admin",
        "Priority": "optional",
        "Architecture": architecture,
        "Depends": f"python3 (>= 3.{sys.version_info.minor}), python3 (<< {after}), "
        "libc6 (>= 2.28), ca-certificates",
        "Recommends": "bash-completion",
        "Maintainer": _MAINTAINER,
        "Installed-Size": str(size),
        "Description": "gate for container images and Linux hosts\n"
        " Reads an image or this host, makes its SBOM, matches it against OSV advisories,\n"
        " applies a patch policy and keeps signed evidence of the verdict.\n"
        " .\n"
        " patchgate-host.timer judges this host every day once it is enabled.",
    }
    _write(place / "control", "".join(f"{name}: {value}\n" for name, value in fields.items()))
    _write(place / "conffiles", "/etc/default/patchgate\n/etc/patchgate/patchgate.yaml\n")
    for name, text in (("postinst", _POSTINST), ("prerm", _PRERM), ("postrm", _POSTRM)):
        _write(place / name, text, 0o755)
    files = (p for p in sorted(tree.rglob("*")) if p.is_file() and place not in p.parents)
    sums = (f"{_md5(path)}  {path.relative_to(tree)}\n" for path in files)
    _write(place / "md5sums", "".join(sums))


def _date(tree: Path, moment: datetime) -> None:
    stamp = moment.timestamp()
    for path in [tree, *tree.rglob("*")]:
        if path.is_dir() or path.suffix in {".py", ".so"}:
            path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (stamp, stamp), follow_symlinks=False)


def _md5(path: Path) -> str:
    # deb-md5sums(5): against damage of the disk, not against people.
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _own(*arguments: str) -> str:
    return _ask(sys.executable, "-m", "gate.cli", *arguments) + "\n"


def _ask(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.rstrip("\n")


def _read(name: str) -> str:
    return (ROOT / "release" / "host" / name).read_text()


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def main() -> int:
    print(build_debian(Path(sys.argv[1] if len(sys.argv) > 1 else "dist").resolve()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
