"""What only a machine has: kernels, pending restart, repositories, identity."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from gate.bom.model import Component, Host, Kernel
from gate.catalog.host import WANTED, read_host
from gate.sources.searched import SearchedTree
from tests.builders import Item, file
from tests.trees import tree_of


def component(type: str, name: str, version: str, arch: str = "") -> Component:  # noqa: A002
    return Component(
        ref=f"{name}={version}", type=type, name=name, version=version, purl="", arch=arch
    )


def host(items: Iterable[Item], *components: Component) -> Host:
    return read_host(SearchedTree(tree_of(*items), WANTED), components)


@pytest.mark.parametrize(
    ("paths", "found", "kernel"),
    [
        (
            ["boot/vmlinuz-6.1.0-18-amd64"],
            component("deb", "linux-image-6.1.0-18-amd64", "6.1.76-1"),
            Kernel(release="6.1.0-18-amd64", package="linux-image-6.1.0-18-amd64=6.1.76-1"),
        ),
        (
            ["boot/vmlinuz-6.8.0-31-generic"],
            component("deb", "linux-image-unsigned-6.8.0-31-generic", "6.8.0-31.31"),
            Kernel(
                release="6.8.0-31-generic",
                package="linux-image-unsigned-6.8.0-31-generic=6.8.0-31.31",
            ),
        ),
        (
            ["usr/lib/modules/5.14.0-427.el9.x86_64/vmlinuz", "boot/vmlinuz-0-rescue-ab"],
            component("rpm", "kernel-core", "5.14.0-427.el9", "x86_64"),
            None,
        ),
        (
            ["lib/modules/6.6.31-0-lts/modules.dep", "boot/vmlinuz-lts"],
            component("apk", "linux-lts", "6.6.31-r0"),
            Kernel(release="6.6.31-0-lts", package="linux-lts=6.6.31-r0"),
        ),
        (
            ["usr/lib/modules/6.9.1-arch1-1/vmlinuz"],
            component("alpm", "linux", "6.9.1.arch1-1"),
            Kernel(release="6.9.1-arch1-1", package="linux=6.9.1.arch1-1"),
        ),
        (
            ["boot/vmlinuz-6.4.0-150600.21-default"],
            component("rpm", "kernel-default", "6.4.0-150600.21.1", "x86_64"),
            Kernel(release="6.4.0-150600.21-default", package="kernel-default=6.4.0-150600.21.1"),
        ),
    ],
)
def test_installed_kernels(paths: list[str], found: Component, kernel: Kernel | None) -> None:
    kernels = host([file(path) for path in paths], found).kernels
    if kernel is None:
        assert Kernel(release="5.14.0-427.el9.x86_64", package=found.ref) in kernels
    else:
        assert kernels == (kernel,)


def test_modules_without_a_kernel_are_no_kernel() -> None:
    assert host([file("lib/modules/6.1.0-17-amd64/modules.dep")]).kernels == ()


def test_a_pending_restart() -> None:
    assert host([]).reboot_required is None
    asker = file("usr/share/update-notifier/notify-reboot-required")
    assert host([asker]).reboot_required is False
    asked = host([file("run/reboot-required"), file("run/reboot-required.pkgs", b"libc6\ndbus\n")])
    assert asked.reboot_required is True
    assert asked.reboot_reasons == ("dbus", "libc6")


def test_repositories_lose_their_credentials() -> None:
    found = host(
        [
            file(
                "etc/apt/sources.list",
                b"# deb http://off.example/ x\ndeb http://deb.example/ y z\n",
            ),
            file(
                "etc/apt/sources.list.d/a.sources",
                b"Types: deb\nURIs: https://user:secret@apt.example/debian\nSuites: x\n",
            ),
            file("etc/apt/sources.list.d/off.list.disabled", b"deb http://disabled.example/ x y"),
            file("etc/yum.repos.d/b.repo", b"[b]\nbaseurl=https://rpm.example/$releasever\n"),
            file("etc/apk/repositories", b"https://apk.example/v3.20/main\n"),
            file("etc/pacman.d/mirrorlist", b"Server = https://arch.example/$repo\n"),
        ]
    )
    assert found.repositories == (
        "http://deb.example/",
        "https://apk.example/v3.20/main",
        "https://apt.example/debian",
        "https://arch.example/$repo",
        "https://rpm.example/$releasever",
    )


def test_the_machine_id_does_not_leave_the_machine() -> None:
    content = b"0123456789abcdef0123456789abcdef\n"
    first, second = (host([file("etc/machine-id", c)]) for c in (content, content[::-1]))
    assert len(first.machine_id) == 64
    assert content.decode().strip() not in first.machine_id
    assert first.machine_id != second.machine_id
    assert host([]).machine_id == ""


def test_what_cannot_be_read_is_said() -> None:
    assert host([Item("etc/machine-id", type=b"5")]).unseen == (
        "etc/machine-id (is a folder, not a plain file)",
    )
