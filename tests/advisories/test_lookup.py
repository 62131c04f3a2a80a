"""Under which ecosystem, name and version each component is looked up."""

from __future__ import annotations

import pytest

from gate.advisories.ecosystems import DISTROS, LANGUAGES, SCHEME_OF, base_of, normalise, scheme_of
from gate.advisories.lookup import Lookup, lookup
from gate.bom.model import Bom, Component, Distro, Subject, SubjectKind
from gate.versions import SCHEMES


def bom(distro: Distro | None, *components: Component) -> Bom:
    subject = Subject(kind=SubjectKind.IMAGE, source="oci", name="x")
    return Bom(subject=subject, distro=distro, components=components)


def component(type: str, name: str, version: str = "1.0", **fields: str) -> Component:  # noqa: A002
    return Component(
        ref=f"{type}:{name}", type=type, name=name, version=version, purl=f"pkg:{type}/{name}",
        **fields,
    )  # fmt: skip


def asked(found: Lookup) -> list[tuple[str, str, str, str]]:
    return [(q.ecosystem, q.name, q.version, q.scheme) for q in found.queries]


@pytest.mark.parametrize(
    ("distro", "type", "ecosystem"),
    [
        (Distro(id="debian", version_id="12"), "deb", "Debian:12"),
        (Distro(id="debian", version_id="12.5"), "deb", "Debian:12"),
        (Distro(id="debian", codename="bookworm"), "deb", "Debian:12"),
        (Distro(id="debian", codename="sid"), "deb", "Debian:sid"),
        (Distro(id="ubuntu", version_id="22.04"), "deb", "Ubuntu:22.04:LTS"),
        (Distro(id="ubuntu", version_id="23.10"), "deb", "Ubuntu:23.10"),
        (Distro(id="alpine", version_id="3.18.4"), "apk", "Alpine:v3.18"),
        (Distro(id="alpine", version_id="3.21_alpha20240807"), "apk", "Alpine:edge"),
        (Distro(id="wolfi", version_id="20230201"), "apk", "Wolfi"),
        (Distro(id="chainguard"), "apk", "Chainguard"),
        (Distro(id="almalinux", version_id="9.1"), "rpm", "AlmaLinux:9"),
        (Distro(id="rocky", version_id="8.10"), "rpm", "Rocky Linux:8"),
    ],
)
def test_releases(distro: Distro, type: str, ecosystem: str) -> None:  # noqa: A002
    found = lookup(bom(distro, component(type, "x")))
    # A row that names no release speaks of every one.
    assert {query.ecosystem for query in found.queries} == {ecosystem, base_of(ecosystem)}
    assert found.gaps == ()


def test_debian_asks_for_the_source_with_its_own_version() -> None:
    libssl = component(
        "deb", "libssl3", "3.0.9-1+b1", source_name="openssl", source_version="3.0.9-1"
    )
    found = lookup(bom(Distro(id="debian", version_id="12"), libssl))
    assert set(asked(found)) == {
        (ecosystem, "openssl", "3.0.9-1", "dpkg") for ecosystem in ("Debian", "Debian:12")
    }


def test_almalinux_asks_for_the_binary() -> None:
    libs = component("rpm", "openssl-libs", "1:3.0.1-43.el9_0", source_name="openssl")
    found = lookup(bom(Distro(id="almalinux", version_id="9.1"), libs))
    assert set(asked(found)) == {
        (ecosystem, "openssl-libs", "1:3.0.1-43.el9_0", "rpm")
        for ecosystem in ("AlmaLinux", "AlmaLinux:9")
    }


def test_alpine_and_wolfi_ask_for_the_origin() -> None:
    ssl = component(
        "apk", "libcrypto3", "3.1.2-r0", source_name="openssl", source_version="3.1.2-r0"
    )
    alpine = lookup(bom(Distro(id="alpine", version_id="3.18.4"), ssl))
    assert ("Alpine:v3.18", "openssl", "3.1.2-r0", "apk") in asked(alpine)
    wolfi = lookup(bom(Distro(id="wolfi"), ssl))
    assert {name for _, name, _, _ in asked(wolfi)} == {"libcrypto3", "openssl"}


@pytest.mark.parametrize(
    ("name", "version", "source"),
    [
        ("linux-signed-amd64", "6.1.76+1", ("linux", "6.1.76-1")),
        ("linux-signed", "5.15.0-91.101", ("linux", "5.15.0-91.101")),
        ("linux-signed-aws", "5.15.0-91.101", ("linux-aws", "5.15.0-91.101")),
    ],
)
def test_the_source_behind_a_signed_kernel(
    name: str, version: str, source: tuple[str, str]
) -> None:
    image = component("deb", "linux-image", source_name=name, source_version=version)
    found = lookup(bom(Distro(id="debian", version_id="12"), image))
    assert (found.queries[0].name, found.queries[0].version) == source


def test_ubuntu_pro_is_recognised_by_its_versions() -> None:
    esm = component("deb", "openssl", "1.1.1f-1ubuntu2.19+esm1")
    found = lookup(bom(Distro(id="ubuntu", version_id="20.04"), esm))
    assert {query.ecosystem for query in found.queries} == {
        "Ubuntu",
        "Ubuntu:20.04:LTS",
        "Ubuntu:Pro:20.04:LTS",
    }


@pytest.mark.parametrize(
    ("part", "ecosystem", "name"),
    [
        (component("pypi", "Zope.Interface"), "PyPI", "zope-interface"),
        (component("npm", "core", namespace="@babel"), "npm", "@babel/core"),
        (component("maven", "log4j-core", namespace="org.apache.logging.log4j"), "Maven",
         "org.apache.logging.log4j:log4j-core"),
        (component("golang", "net", namespace="golang.org/x"), "Go", "golang.org/x/net"),
        (component("nuget", "Newtonsoft.Json"), "NuGet", "newtonsoft.json"),
        (component("cargo", "Foo"), "crates.io", "Foo"),
    ],
)  # fmt: skip
def test_language_packages(part: Component, ecosystem: str, name: str) -> None:
    found = lookup(bom(None, part))
    assert [(query.ecosystem, query.name) for query in found.queries] == [(ecosystem, name)]


@pytest.mark.parametrize(
    ("distro", "part", "code"),
    [
        (None, component("deb", "x"), "unknown-distro"),
        (Distro(id="slackware", version_id="15"), component("rpm", "x"), "unmapped-distro"),
        (Distro(id="debian"), component("deb", "x"), "unknown-release"),
        (Distro(id="ubuntu", version_id="rolling"), component("deb", "x"), "unknown-release"),
        (Distro(id="debian", version_id="12"), component("rpm", "x"), "foreign-package"),
        (Distro(id="debian", version_id="12"), component("generic", "x"), "no-ecosystem"),
        (Distro(id="debian", version_id="12"), component("deb", "x", ""), "no-version"),
    ],
)
def test_whoever_cannot_ask_is_a_gap(distro: Distro | None, part: Component, code: str) -> None:
    found = lookup(bom(distro, part))
    assert found.queries == ()
    assert [(gap.code, gap.ref) for gap in found.gaps] == [(code, part.ref)]


def test_every_scheme_that_is_named_exists() -> None:
    assert set(SCHEME_OF.values()) - {""} <= set(SCHEMES)
    assert {rule.ecosystem for rule in DISTROS.values()} <= set(SCHEME_OF)
    assert scheme_of("Debian:12") == "dpkg"
    assert scheme_of("Nowhere:1") == ""
    assert all(scheme_of(ecosystem) for ecosystem in LANGUAGES.values())


NAMED_BY_THE_SCHEMA = """
    AlmaLinux,Alpaquita,Alpine,Android,Azure Linux,BellSoft Hardened Containers,Bioconductor,
    Bitnami,Chainguard,CleanStart,ConanCenter,CRAN,crates.io,Debian,Docker Hardened Images,Echo,
    FreeBSD,GHC,GitHub Actions,Go,Hackage,Hex,Julia,Kubernetes,Linux,Mageia,Maven,MinimOS,npm,NuGet,
    opam,openEuler,openSUSE,OSS-Fuzz,Packagist,Photon OS,Pub,PyPI,Red Hat,Rocky Linux,Root,RubyGems,
    SUSE,SwiftURL,TuxCare,Ubuntu,VSCode,Wolfi
"""


def test_every_ecosystem_of_the_schema_is_there() -> None:
    """OSV schema 1.7.5 names 48; two have no order, three take that of their suffix."""
    named = {name.strip() for name in NAMED_BY_THE_SCHEMA.split(",")}
    assert set(SCHEME_OF) == named
    assert len(named) == 48
    without = {name for name, scheme in SCHEME_OF.items() if not scheme}
    assert without == {"Android", "OSS-Fuzz", "Docker Hardened Images", "Root", "TuxCare"}


@pytest.mark.parametrize(
    ("ecosystem", "scheme"),
    [
        ("Docker Hardened Images:Alpine:3.23", "apk"),
        ("Docker Hardened Images:Debian:trixie", "dpkg"),
        ("Docker Hardened Images", ""),
        ("Docker Hardened Images:Docker Hardened Images:Alpine", ""),
        ("Docker Hardened Images:Nowhere", ""),
        ("Root:Alpine:3.18", "root:apk"),
        ("Root:alpine:3.18", "root:apk"),
        ("Root:PyPI", "root:pep440"),
        ("Root:npm", "root:semver"),
        ("Root", ""),
        ("Echo", "dpkg"),
        ("Echo:PyPI", "pep440"),
        ("Echo:Maven", "maven"),
        ("Echo:npm", "echo:semver"),
        ("TuxCare:Red Hat", "rpm"),
        ("TuxCare:Ubuntu:22.04:LTS", "dpkg"),
        ("TuxCare:npm", "semver"),
        ("TuxCare:CentOS 7", "rpm"),
        ("TuxCare:TuxCare:Red Hat", ""),
        ("FreeBSD:ports:14.3", "freebsd"),
        ("Ubuntu:Pro:18.04:LTS", "dpkg"),
        ("SUSE:Linux Enterprise Server 15 SP6", "rpm"),
        ("Red Hat:enterprise_linux:9::appstream", "rpm"),
        ("Packagist:https://packages.drupal.org/8", "packagist"),
        ("Linux", "semver"),
    ],
)
def test_a_suffix_may_name_the_scheme(ecosystem: str, scheme: str) -> None:
    assert scheme_of(ecosystem) == scheme


def test_names_that_differ_in_spelling_only() -> None:
    assert normalise("PyPI", "Foo_.-Bar") == "foo-bar"
    assert normalise("Debian:12", "Foo_Bar") == "Foo_Bar"


def test_a_derivative_is_its_base_by_a_rule_that_is_told() -> None:
    pop = Distro(id="pop", version_id="22.04", pretty_name="Pop!_OS 22.04", id_like=("ubuntu",))
    found = lookup(bom(pop, component("deb", "x")))
    assert {query.ecosystem for query in found.queries} == {"Ubuntu", "Ubuntu:22.04:LTS"}
    assert found.assumed == (
        "Pop!_OS 22.04 is judged as Ubuntu:22.04:LTS: 'pop' installs from its archive",
    )
    assert lookup(bom(pop, component("pypi", "x"))).assumed == ()


@pytest.mark.parametrize("name", ["raspbian", "linuxmint", "kali", "centos", "ol", "amzn"])
def test_id_like_alone_makes_no_derivative(name: str) -> None:
    likes = Distro(id=name, version_id="12", id_like=("debian", "rhel", "fedora"))
    found = lookup(bom(likes, component("deb", "x"), component("rpm", "y")))
    assert (found.queries, found.assumed) == ((), ())
    assert {gap.code for gap in found.gaps} == {"unmapped-distro"}
