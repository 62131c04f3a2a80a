"""Compare our inventories with what package managers say of whole systems: deb, apk and rpm.

    python -m benchmarks.images.databases

The systems are the images and databases of ../shared, and one that rpm itself makes here:
packages built with rpmbuild and installed with ``rpm --root``.  The truth comes from
dpkg-query, from the ``apk`` inside each Alpine system (so it needs root, and a machine that
can run it), and from rpm, which reads Berkeley databases as well; Debian's rpm has no ndb,
so that format is not compared.  Exit 1 where a package is missing, invented or of another version.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import zstandard

from benchmarks.run import SHARED
from gate.bom.model import Bom
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice

Packages = set[tuple[str, str]]
"""Names and versions, as the manager writes them."""
IMAGES = SHARED / "images"
RPMS = 60
"""Packages that are built, with every kind of name and version that rpm allows."""
_SHOWN = 10
_QUERY = "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\n"
_BACKENDS = {"rpmdb.sqlite": "sqlite", "Packages": "bdb_ro"}
_SPEC = """Name: {name}
Version: {version}
Release: {release}
{epoch}
Summary: made for a comparison
License: MIT
BuildArch: noarch
%description
none
%files
"""


def main() -> int:
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="patchgate-databases-") as folder:
        for name, target, root, kind in systems(Path(folder)):
            try:
                truth = ASKED[kind](root)
            except (OSError, subprocess.CalledProcessError) as error:
                print(f"{name}: not compared, {kind} cannot be asked ({error})")
                continue
            bom = read_bom(str(target), Choice(), Budget())
            found = ours(bom, kind)
            missing, invented = sorted(truth - found), sorted(found - truth)
            print(f"{name:48} {kind:4} {len(truth):4} there, {len(found):4} found, "
                  f"{len(missing)} missing, {len(invented)} invented")  # fmt: skip
            for sign, names in (("-", missing), ("+", invented)):
                for package, version in names[:_SHOWN]:
                    print(f"    {sign} {package} {version}")
            wrong += len(missing) + len(invented)
    return 1 if wrong else 0


def ours(bom: Bom, kind: str) -> Packages:
    return {(c.name, c.version) for c in bom.components if c.type == kind}


def systems(place: Path) -> Iterator[tuple[str, Path, Path, str]]:
    """Yield the name of each system, what we read, where it lies unpacked, and its kind."""
    for image in sorted(IMAGES.glob("*.tar*")):
        root = place / image.name
        _unpack(image, root)
        kind = "apk" if "alpine" in image.name else "rpm" if "alma" in image.name else "deb"
        yield image.name, image, root, kind
        shutil.rmtree(root)
    for database, stored in (
        ("cbl-mariner-2.0.rpmdb.sqlite", "rpmdb.sqlite"),
        ("libuuid.Packages", "Packages"),
    ):
        root = _new_root(place / database)
        (root / "var/lib/rpm").mkdir(parents=True)
        shutil.copy(SHARED / "rpmdb" / database, root / "var/lib/rpm" / stored)
        yield database, root, root, "rpm"
    if shutil.which("rpmbuild") is None or shutil.which("rpm") is None:
        print("no system made by rpm: rpm and rpmbuild are not installed")
        return
    packages = list(build_rpms(place / "rpms"))
    root = install_rpms(packages, place / "built")
    yield f"{len(packages)} packages built and installed by rpm", root, root, "rpm"


def _new_root(root: Path) -> Path:
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text('ID="almalinux"\nVERSION_ID="9.4"\n')
    return root


def _unpack(image: Path, root: Path) -> None:
    """Unpack a root file system, or the layers of a `docker save` archive, into `root`."""
    root.mkdir()
    if image.suffix != ".zst":
        with tarfile.open(image) as archive:
            archive.extractall(root, filter="tar")
        return
    data = zstandard.ZstdDecompressor().stream_reader(image.open("rb")).read()
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None and content.read(2) != b'{"' and member.size > 1 << 20:
                content.seek(0)
                with tarfile.open(fileobj=content) as layer:
                    layer.extractall(root, filter="tar")


def dpkg(root: Path) -> Packages:
    form = "${db:Status-Abbrev} ${Package} ${Version}\\n"
    lines = _run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", "-f", form).splitlines()
    return {(name, version) for state, name, version in map(str.split, lines) if state == "ii"}


def apk(root: Path) -> Packages:
    """Ask the apk of the system itself."""
    listed = _run("chroot", str(root), "/sbin/apk", "info", "-v").splitlines()
    found = set()
    for line in listed:
        name, version, release = line.rsplit("-", 2)
        found.add((name, f"{version}-{release}"))
    return found


def rpm(root: Path) -> Packages:
    """Ask rpm, with the backend that the database is of; keys it keeps are no packages."""
    folders = ("usr/lib/sysimage/rpm", "var/lib/rpm")
    found = next(
        (root / folder / name, backend)
        for folder in folders
        for name, backend in _BACKENDS.items()
        if (root / folder / name).exists()
    )
    database, backend = found
    options = ("--define", f"_db_backend {backend}", "--dbpath", str(database.parent))
    lines = _run("rpm", *options, "-qa", "--qf", _QUERY).splitlines()
    # To rpm an epoch of 0 and none are the same.
    pairs = {(name, version.removeprefix("0:")) for name, version in map(str.split, lines)}
    return {(name, version) for name, version in pairs if name != "gpg-pubkey"}


def build_rpms(place: Path) -> Iterator[Path]:
    """Build packages without files: plain names and versions, and odd ones that rpm allows."""
    place.mkdir()
    for number in range(RPMS):
        name = ("lib+x.{}", "python3.{}-thing", "x{}", "a_b-c-{}", "perl-A-B{}")[number % 5]
        epoch = f"Epoch: {number % 3}" if number % 2 else ""
        version = ("1.{}", "2.{}~rc1", "3.{}^git1", "0.{}", "2024{:02d}")[number % 5]
        (place / "one.spec").write_text(
            _SPEC.format(
                name=name.format(number),
                version=version.format(number),
                release=f"{number}.el9_{number % 4}",
                epoch=epoch,
            )
        )
        _run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {place}", str(place / "one.spec"))
    yield from sorted(place.glob("RPMS/*/*.rpm"))


def install_rpms(packages: list[Path], root: Path) -> Path:
    """Install packages into a new root file system by rpm itself."""
    _new_root(root)
    options = ("--root", str(root), "--dbpath", "/var/lib/rpm", "--define", "_db_backend sqlite")
    _run("rpm", *options, "--initdb")
    loosely = ("--nodeps", "--noscripts", "--nosignature", "--ignoreos", "--ignorearch")
    _run("rpm", *options, *loosely, "-i", *map(str, packages))
    return root


def _run(*command: str) -> str:
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        print(done.stderr[-500:], file=sys.stderr)
        raise subprocess.CalledProcessError(done.returncode, command[0])
    return done.stdout


ASKED: dict[str, Callable[[Path], Packages]] = {"apk": apk, "deb": dpkg, "rpm": rpm}

if __name__ == "__main__":
    raise SystemExit(main())
