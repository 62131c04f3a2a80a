"""What only a machine has, as its files say: kernels, pending restart, repositories, identity.

Rules: kernel-install(8) and Debian's kernel packages (``boot/vmlinuz-RELEASE``),
the file system layout of rpm and pacman kernels (``lib/modules/RELEASE/vmlinuz``),
sources.list(5), yum.conf(5), apk-repositories(5), pacman.conf(5), machine-id(5),
``run/reboot-required`` of Debian's update-notifier and unattended-upgrades.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

from gate.bom.model import Component, Host, Kernel
from gate.errors import InputError
from gate.sources.paths import text
from gate.sources.tree import MissingError, Tree
from gate.sources.wanted import Named, Wanted

_BOOT = b"boot"
_MODULES = rb"\A(?:usr/)?lib/modules/[^/]+\Z"
_APT = (b"etc/apt/sources.list.d",)
_REPO_FOLDERS = (b"etc/yum.repos.d", b"etc/zypp/repos.d")
_SINGLE = (b"etc/apt/sources.list", b"etc/apk/repositories", b"etc/pacman.conf")
_MIRRORS = b"etc/pacman.d/mirrorlist"
_REBOOT = b"run/reboot-required"
_ASKERS = (
    b"usr/share/update-notifier/notify-reboot-required",
    b"etc/kernel/postinst.d/unattended-upgrades",
    b"etc/kernel/postinst.d/update-notifier",
)
"""Files of what writes ``run/reboot-required``; without them its absence says nothing."""
_MACHINE_ID = b"etc/machine-id"
_LABEL = b"patchgate machine identity 1\n"
_RELEASE = re.compile(rb"\d[0-9A-Za-z.+~_-]{0,120}")
_CREDENTIALS = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")
_URL = re.compile(r"(?:https?|ftp|file|mirror(?:\+\w+)?|tor|cdrom|ssh|rsync|s3|tor\+https?):\S+")
_MOST = 500

WANTED = Wanted(
    paths=frozenset({*_SINGLE, _MIRRORS, _REBOOT, _REBOOT + b".pkgs", _MACHINE_ID, *_ASKERS}),
    folders=frozenset({_BOOT, *_APT, *_REPO_FOLDERS}),
    names=frozenset(
        {
            Named(b"vmlinuz", _MODULES, is_read=False),
            Named(b"modules.dep", _MODULES, is_read=False),
        }
    ),
)


def read_host(tree: Tree, components: Sequence[Component]) -> Host:
    """Return what the files of a machine say of it; `unseen` names what could not be read."""
    unseen: list[str] = []
    asked, reasons = _reboot(tree, unseen)
    return Host(
        machine_id=_machine_id(tree, unseen),
        kernels=tuple(sorted(_kernels(tree, components, unseen))),
        reboot_required=asked,
        reboot_reasons=reasons,
        repositories=tuple(sorted(set(_repositories(tree, unseen))))[:_MOST],
        unseen=tuple(unseen),
    )


def _machine_id(tree: Tree, unseen: list[str]) -> str:
    content = _read(tree, _MACHINE_ID, unseen).strip()
    return hashlib.sha256(_LABEL + content).hexdigest() if content else ""


def _kernels(tree: Tree, components: Sequence[Component], unseen: list[str]) -> Iterator[Kernel]:
    try:
        found = tree.find(WANTED)
    except InputError as error:
        unseen.append(f"installed kernels ({error.what})")
        return
    booted = {
        path.rpartition(b"/vmlinuz-")[2] for path in found if path.startswith(_BOOT + b"/vmlinuz-")
    }
    releases = {name for name in booted if _RELEASE.fullmatch(name)}
    for path in found:
        folder, _, name = path.rpartition(b"/")
        release = folder.rpartition(b"/")[2]
        # Alpine calls its kernel after its flavour: boot/vmlinuz-lts is release 6.6.1-0-lts.
        flavoured = release.rpartition(b"-")[2] in booted
        if name == b"vmlinuz" or (name == b"modules.dep" and flavoured):
            releases.add(release)
    packages = _kernel_packages(components)
    for release in releases:
        yield Kernel(release=text(release), package=packages.get(text(release), ""))


def _kernel_packages(components: Sequence[Component]) -> Mapping[str, str]:
    """Return the component of each release that a kernel's package may install."""
    found: dict[str, str] = {}
    for one in components:
        if one.type == "deb" and one.name.startswith("linux-image-"):
            release = one.name.removeprefix("linux-image-").removeprefix("unsigned-")
            found[release] = one.ref
        elif one.type == "rpm" and one.name in {"kernel-core", "kernel", "kernel-default"}:
            version = one.version.partition(":")[2] or one.version
            found.setdefault(f"{version}.{one.arch}", one.ref)
            # SUSE's release leaves the rebuild out and names the flavour.
            found.setdefault(f"{version.rpartition('.')[0]}-default", one.ref)
        elif one.type == "apk" and one.name.startswith("linux-"):
            flavour = one.name.removeprefix("linux-")
            version, _, rebuild = one.version.rpartition("-r")
            found[f"{version}-{rebuild}-{flavour}"] = one.ref
        elif one.type == "alpm" and one.name in {"linux", "linux-lts", "linux-zen"}:
            flavour = one.name.removeprefix("linux")
            version = one.version.replace(".arch", "-arch")
            found[f"{version}{flavour}"] = one.ref
    return found


def _reboot(tree: Tree, unseen: list[str]) -> tuple[bool | None, tuple[str, ...]]:
    try:
        if tree.exists(_REBOOT):
            packages = _read(tree, _REBOOT + b".pkgs", unseen).decode("utf-8", "replace")
            return True, tuple(sorted(set(packages.split())))[:_MOST]
        return (False if any(tree.exists(path) for path in _ASKERS) else None), ()
    except InputError as error:
        unseen.append(f"pending restart ({error.what})")
        return None, ()


def _repositories(tree: Tree, unseen: list[str]) -> Iterator[str]:
    for path in _configured(tree, unseen):
        content = _read(tree, path, unseen).decode("utf-8", "replace")
        for line in content.splitlines():
            stripped = line.strip()
            if stripped.startswith(("#", ";")):
                continue
            for url in _URL.findall(stripped):
                yield _CREDENTIALS.sub(r"\1", url)[:500]


def _configured(tree: Tree, unseen: list[str]) -> list[bytes]:
    """Return the files that name repositories."""
    found = [path for path in (*_SINGLE, _MIRRORS) if _there(tree, path)]
    for folder in (*_APT, *_REPO_FOLDERS):
        try:
            files = tree.find(Wanted(folders=frozenset({folder})))
        except InputError as error:
            unseen.append(f"{text(folder)} ({error.what})")
            continue
        found += [path for path in files if path.endswith((b".list", b".sources", b".repo"))]
    return found[:_MOST]


def _there(tree: Tree, path: bytes) -> bool:
    try:
        return tree.exists(path)
    except InputError:
        return False


def _read(tree: Tree, path: bytes, unseen: list[str]) -> bytes:
    try:
        return bytes(tree.read(path))[: 1024 * 1024]
    except MissingError:
        return b""
    except InputError as error:
        unseen.append(f"{text(path)} ({error.what})")
        return b""
