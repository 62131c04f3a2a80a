"""What a component is to the system: kernel, another package of the distribution, or neither."""

from __future__ import annotations

from gate.bom.model import Component
from gate.policy.kinds import PackageClass

SYSTEM_TYPES = frozenset({"alpm", "apk", "deb", "rpm"})
"""purl types of the packages that distributions are made of."""

_KERNEL_SOURCES = frozenset({"kernel", "linux", "kernel-default", "kernel-rt", "kernel-uek"})
_KERNEL_NAMES = (
    "kernel-core",
    "kernel-default",
    "kernel-image",
    "kernel-modules",
    "kernel-rt",
    "kernel-uek",
    "linux-image",
    "linux-modules",
)
_NO_KERNELS = ("linux-libc-dev", "linux-headers", "kernel-headers", "kernel-devel", "linux-tools")
_APK_KERNELS = ("linux-lts", "linux-virt", "linux-edge")


def package_class(component: Component) -> PackageClass:
    """Return the class of `component`, by its type and name."""
    if component.type not in SYSTEM_TYPES:
        return PackageClass.LANGUAGE
    return PackageClass.KERNEL if _is_kernel(component) else PackageClass.OS


def _is_kernel(component: Component) -> bool:
    """Return whether it is a part of what runs as the kernel; headers and tools are not."""
    name = component.name
    if name.startswith(_NO_KERNELS):
        return False
    if name == "kernel" or name.startswith(_KERNEL_NAMES):
        return True
    if component.type in {"apk", "alpm"}:
        return name == "linux" or name.startswith(_APK_KERNELS)
    return component.source_name in _KERNEL_SOURCES and name.startswith(("kernel", "linux"))
