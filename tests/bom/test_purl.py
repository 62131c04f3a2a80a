"""Package URLs, with packageurl-python as the oracle."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from gate.bom.purl import PackageName, join_epoch, read_purl, split_epoch, write_purl
from tests.bom.boms import hostile, plain, versions

DISTRO_TYPES = ("apk", "deb", "rpm")
LANGUAGES = ("cargo", "gem", "golang", "hex", "maven", "npm", "nuget", "pypi")


@st.composite
def packages(draw: st.DrawFn) -> PackageName:
    kind = draw(st.sampled_from(DISTRO_TYPES))
    version = draw(versions)
    source_version = draw(st.just(version) | versions)
    if kind == "rpm":
        # A source rpm's name says no epoch: it is that of the package.
        source_version = join_epoch(split_epoch(version)[0], split_epoch(source_version)[1])
    return PackageName(
        type=kind,
        namespace=draw(plain),
        name=draw(plain),
        version=version,
        arch=draw(plain),
        source_name=draw(plain),
        source_version=source_version,
        distro=draw(plain),
    )


@given(packages())
def test_packages_of_distributions_read_back(package: PackageName) -> None:
    read = read_purl(write_purl(package))
    # The source goes without saying where it is called like the package, or has its version.
    source = (
        read.source_name or package.name,
        read.source_version or package.version,
    )
    assert source == (package.source_name, package.source_version)
    assert read.name == package.name
    assert (read.type, read.namespace, read.version, read.arch, read.distro) == (
        package.type,
        package.namespace,
        package.version,
        package.arch,
        package.distro,
    )


@given(packages())
def test_packageurl_python_says_the_same_and_finds_it_canonical(package: PackageName) -> None:
    text = write_purl(package)
    oracle = PackageURL.from_string(text)
    epoch, rest = split_epoch(package.version)
    by_itself = package.type == "rpm"
    assert oracle.to_string() == text
    assert (oracle.type, oracle.namespace, oracle.name) == (
        package.type,
        package.namespace,
        package.name,
    )
    assert oracle.version == (rest if by_itself else package.version)
    assert oracle.qualifiers.get("epoch", "") == (epoch if by_itself else "")
    assert oracle.qualifiers["distro"] == package.distro
    assert oracle.qualifiers["arch"] == package.arch


@given(st.sampled_from(DISTRO_TYPES + LANGUAGES), hostile, plain, hostile, hostile)
def test_any_text_makes_a_purl_that_can_be_read(
    kind: str, namespace: str, name: str, version: str, source: str
) -> None:
    package = PackageName(
        type=kind, namespace=namespace, name=name, version=version, source_name=source
    )
    oracle = PackageURL.from_string(write_purl(package))
    assert write_purl(package).isascii()
    assert (oracle.type, oracle.name) == (kind, name)
    if kind != "rpm":
        assert (oracle.version or "") == version.strip()


@given(hostile | st.text().map("pkg:deb/debian/".__add__) | st.text().map("pkg:".__add__))
def test_any_text_is_read_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert read_purl(text).name


@pytest.mark.parametrize(
    ("purl", "version", "source"),
    [
        # As syft writes them.
        ("pkg:deb/debian/login@1:4.13-1?upstream=shadow", "1:4.13-1", ("shadow", "")),
        ("pkg:deb/debian/a@1?upstream=b@2", "1", ("b", "2")),
        ("pkg:deb/debian/a@1?upstream=b%401:2", "1", ("b", "1:2")),
        (
            "pkg:rpm/almalinux/openssl-libs@3.0.1-43.el9_0?epoch=1&upstream=openssl-3.0.1-43.el9_0.src.rpm",
            "1:3.0.1-43.el9_0",
            ("openssl", "1:3.0.1-43.el9_0"),
        ),
        # As trivy writes them, the epoch of a deb by itself.
        ("pkg:deb/debian/login@4.13-1?epoch=1", "1:4.13-1", ("", "")),
        ("pkg:deb/debian/login@1:4.13-1?epoch=1", "1:4.13-1", ("", "")),
        ("pkg:rpm/centos/a@2-3?epoch=0", "2-3", ("", "")),
        ("pkg:rpm/centos/a@0:2-3", "2-3", ("", "")),
    ],
)
def test_spellings_of_other_tools(purl: str, version: str, source: tuple[str, str]) -> None:
    read = read_purl(purl)
    assert (read.version, (read.source_name, read.source_version)) == (version, source)


@pytest.mark.parametrize("epoch", ["x", "-1", "1.0", "%D9%A3"])
def test_an_epoch_that_is_no_number_is_no_version(epoch: str) -> None:
    with pytest.raises(ValueError, match="epoch"):
        read_purl(f"pkg:rpm/a/b@1-1?epoch={epoch}")
