"""Which language packages are parts of the distribution's own packages.

Debian's ``python3-requests`` is the Python package ``requests``.  Debian fixes
its flaws without changing the version, so PyPI's advisories would be wrong
about it, and Debian's are right.  A language package is *owned* where

* its file is listed by a package of the distribution's own: a deb or an rpm of
  another vendor is not what the distribution's advisories speak of;
* the file is still the one that was packaged, by the checksum in the package
  manager's list: ``pip install --upgrade`` over it makes a new package of it.

What is owned is counted or shown, not matched.  A file that cannot be told to be owned
is matched by its own name: at worst a finding too many.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from contextlib import suppress

from gate.bom.model import Distro
from gate.bom.vendors import is_own
from gate.catalog import filelists
from gate.catalog.package import Package
from gate.errors import InputError
from gate.sources.budget import Meter
from gate.sources.streams import digest_of
from gate.sources.tree import Tree

WANTED = filelists.WANTED

_MERGED = b"usr/"
"""Since /lib is a link to /usr/lib, a package may list a file under either."""


_ALGORITHMS = frozenset({"md5", "sha1", "sha256", "sha384", "sha512"})

Digests = Mapping[str, str]
"""Algorithm to hex digest."""


def owners(
    paths: Mapping[bytes, Digests | None],
    tree: Tree,
    packages: Sequence[Package],
    distro: Distro | None,
    meter: Meter,
) -> Mapping[bytes, Package]:
    """Return whose those of `paths` are that belong to the distribution and are unchanged.

    `paths` gives the digests of files whose content is not at hand any more,
    none where it has to be read, and None where it does not matter; `packages`
    are those of the package databases.
    """
    names = {name: path for path in paths for name in (path, path.removeprefix(_MERGED))}
    trusted = [package for package in packages if _is_of_distro(package, distro)]
    if not names or not trusted:
        return {}
    return {
        names[name]: listed.owner
        for name, listed in _listed(tree, trusted, names.keys(), meter).items()
        if _is_unchanged(tree, names[name], paths[names[name]], listed.checksum)
    }


def _is_of_distro(package: Package, distro: Distro | None) -> bool:
    if package.type == "apk":
        # It keeps no vendor; the repositories are the distribution's.
        return True
    return distro is not None and is_own(distro.id, package.vendor)


def _listed(
    tree: Tree, packages: Sequence[Package], asked: Set[bytes], meter: Meter
) -> filelists.Files:
    by_type: dict[str, list[Package]] = defaultdict(list)
    for package in packages:
        by_type[package.type].append(package)
    found: filelists.Files = {}
    # A list that cannot be read owns nothing; its database says so in a reading.
    with suppress(InputError):
        if "deb" in by_type:
            found |= filelists.of_dpkg(tree, by_type["deb"], asked, meter)
    with suppress(InputError):
        if "apk" in by_type:
            found |= filelists.of_apk(tree, by_type["apk"], asked, meter)
    with suppress(InputError):
        if "rpm" in by_type:
            found |= filelists.of_rpm(tree, by_type["rpm"], asked, meter)
    return found


def _is_unchanged(tree: Tree, path: bytes, digests: Digests | None, checksum: str) -> bool:
    if digests is None:
        return True
    algorithm, _, expected = checksum.partition(":")
    if algorithm not in _ALGORITHMS:
        return False
    if digests:
        return digests.get(algorithm) == expected
    try:
        content = tree.read(path)
    except InputError:
        return False
    return digest_of(content, algorithm) == expected
