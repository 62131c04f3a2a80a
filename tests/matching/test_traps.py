"""The traps of each ecosystem, by name: what a matcher that compares versions only gets wrong.

Those of releases and names are in tests/advisories (test_releases.py, test_lookup.py), those of
whole modules, errata and grouping in test_match.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.advisories.lookup import lookup
from gate.advisories.severity import Severity
from gate.advisories.store import Store
from gate.bom.model import Bom, Distro
from gate.matching.findings import Finding, Status
from gate.matching.match import match
from tests.advisories.imports import take
from tests.advisories.zips import write_zip
from tests.matching.boms import ALMA9, ALPINE, DEBIAN12, bom, component
from tests.matching.records import advisory_set, affected, record

UBUNTU = Distro(id="ubuntu", version_id="20.04")
OPENSSL = component("deb", "libssl3", "3.0.9-1", source_name="openssl")


def findings(of: Bom, *records: object) -> tuple[Finding, ...]:
    return match(of, lookup(of), advisory_set(*records)).findings  # type: ignore[arg-type]


def test_trap_debian_unfixed_rows_are_findings_without_a_fix() -> None:
    (finding,) = findings(
        bom(OPENSSL, distro=DEBIAN12),
        record("DEBIAN-CVE-2024-1", affected=[affected("Debian:12", "openssl")]),
    )
    assert (finding.status, finding.fixed) == (Status.UNFIXED, "")


def test_trap_debian_unimportant_rows_are_reported_and_weigh_nothing() -> None:
    row = affected("Debian:12", "openssl", ecosystem_specific={"urgency": "unimportant"})
    (finding,) = findings(
        bom(OPENSSL, distro=DEBIAN12), record("DEBIAN-CVE-2024-1", affected=[row])
    )
    assert finding.rating.severity is Severity.NONE


def test_trap_debian_end_of_life_rows_will_not_be_fixed() -> None:
    row = affected("Debian:12", "openssl", ecosystem_specific={"urgency": "end-of-life"})
    given_up = record("DEBIAN-CVE-2024-1", upstream=["CVE-2024-1"], affected=[row])
    (finding,) = findings(bom(OPENSSL, distro=DEBIAN12), given_up)
    assert finding.status is Status.WILL_NOT_FIX
    # Somebody else has a fix, or says nothing of the kind.
    fixed = record(
        "DSA-1", upstream=["CVE-2024-1"], affected=[affected("Debian:12", "openssl", "3.0.10-1")]
    )
    (finding,) = findings(bom(OPENSSL, distro=DEBIAN12), given_up, fixed)
    assert finding.status is Status.FIXED
    waiting = record("DSA-1", upstream=["CVE-2024-1"], affected=[affected("Debian:12", "openssl")])
    (finding,) = findings(bom(OPENSSL, distro=DEBIAN12), given_up, waiting)
    assert finding.status is Status.UNFIXED


def test_trap_alpine_fixed_0_is_not_affected() -> None:
    busybox = component("apk", "busybox", "1.36.1-r5")
    row = affected("Alpine:v3.20", "busybox", "0")
    assert findings(bom(busybox, distro=ALPINE), record("ALPINE-CVE-2024-1", affected=[row])) == ()


def test_trap_ubuntu_pro_rows_are_for_pro_systems_only() -> None:
    pro = record(
        "USN-1", affected=[affected("Ubuntu:Pro:20.04:LTS", "openssl", "1.1.1f-1ubuntu2.20+esm1")]
    )
    plain = component("deb", "openssl", "1.1.1f-1ubuntu2.19")
    esm = component("deb", "libxml2", "2.9.10+dfsg-5ubuntu0.20.04.7+esm1")
    assert findings(bom(plain, distro=UBUNTU), pro) == ()
    assert [finding.id for finding in findings(bom(plain, esm, distro=UBUNTU), pro)] == ["USN-1"]


@pytest.mark.parametrize(
    ("stream", "hits"),
    [
        ("enterprise_linux:9::appstream", True),
        ("enterprise_linux:9::baseos", True),
        ("enterprise_linux:8::appstream", False),
        ("rhel_eus:9.2::appstream", False),
        ("rhel_aus:8.6::appstream", False),
    ],
)
def test_trap_red_hat_streams(stream: str, hits: bool) -> None:
    cpe = "cpe:/o:redhat:enterprise_linux:9::baseos"
    rhel = Distro(id="rhel", version_id="9.4", cpe_name=cpe)
    host = bom(component("rpm", "httpd", "2.4.57-5.el9"), distro=rhel)
    row = affected(f"Red Hat:{stream}", "httpd", "0:2.4.57-8.el9")
    rhsa = record("RHSA-2024:1", affected=[row])
    assert bool(findings(host, rhsa)) is hits


def test_trap_suse_rows_name_the_source_and_a_product() -> None:
    sles = Distro(id="sles", version_id="15.6")
    libssl = component("rpm", "libopenssl3", "3.1.4-150600.5.7.1", source_name="openssl-3")
    row = affected(
        "SUSE:Linux Enterprise Module for Basesystem 15 SP6",
        "openssl-3",
        "3.1.4-150600.5.10.1",
        ecosystem_specific={"binaries": [{"libopenssl3": "3.1.4-150600.5.10.1"}]},
    )
    (finding,) = findings(bom(libssl, distro=sles), record("SUSE-SU-2024:1-1", affected=[row]))
    assert finding.fixed == "3.1.4-150600.5.10.1"


def test_trap_go_stdlib_is_a_package_of_the_toolchain() -> None:
    row = affected("Go", "stdlib", "1.22.5")
    for version, hits in (("1.22.4", True), ("go1.22.4", True), ("1.22.5", False)):
        program = bom(component("golang", "stdlib", version))
        assert bool(findings(program, record("GO-2024-1", affected=[row]))) is hits


def test_trap_go_unreviewed_records_count() -> None:
    module = bom(component("golang", "m", "1.0.0", namespace="example.org"))
    rows = [affected("Go", "example.org/m", "1.1.0")]
    unreviewed = record(
        "GO-2024-1", affected=rows, database_specific={"review_status": "UNREVIEWED"}
    )
    assert findings(module, unreviewed)


def test_trap_go_pseudo_versions_lie_before_their_release() -> None:
    row = affected("Go", "example.org/m", "1.2.0")
    for version, hits in (("1.2.0-0.20230101000000-abcdefabcdef", True), ("1.2.0", False)):
        module = bom(component("golang", "m", f"v{version}", namespace="example.org"))
        assert bool(findings(module, record("GO-2024-1", affected=[row]))) is hits


def test_trap_bitnami_counts_rebuilds_after_the_hyphen() -> None:
    row = affected("Bitnami", "nginx", "1.25.3")
    for version, hits in (("1.25.2-9", True), ("1.25.3-0", False), ("1.25.3-4", False)):
        part = bom(component("bitnami", "nginx", version))
        assert bool(findings(part, record("BIT-nginx-1", affected=[row]))) is hits


def test_trap_gem_versions_carry_a_platform() -> None:
    row = affected("RubyGems", "nokogiri", "1.18.3")
    for version, hits in (("1.18.2-x86_64-linux-gnu", True), ("1.18.3-aarch64-linux-gnu", False)):
        gem = bom(component("gem", "nokogiri", version))
        assert bool(findings(gem, record("GHSA-1", affected=[row]))) is hits


@pytest.mark.parametrize(
    ("installed", "fixed", "hits"),
    [
        ("1:1.0-1", "2.0-1", False),
        ("1.0-1", "1:0.5-1", True),
        ("0:1.0-1", "2.0-1", True),
        ("2.0-1", "0:2.0-1", False),
    ],
)
@pytest.mark.parametrize("kind", ["rpm", "deb"])
def test_trap_an_epoch_on_one_side_is_0_on_the_other(
    kind: str, installed: str, fixed: str, hits: bool
) -> None:
    ecosystem, distro = {"rpm": ("AlmaLinux:9", ALMA9), "deb": ("Debian:12", DEBIAN12)}[kind]
    part = component(kind, "x", installed)
    row = affected(ecosystem, "x", fixed)
    assert bool(findings(bom(part, distro=distro), record("A-1", affected=[row]))) is hits


def test_trap_kernel_advisories_name_the_source_behind_the_signed_package() -> None:
    image = component(
        "deb",
        "linux-image-6.1.0-18-amd64",
        "6.1.76-1",
        source_name="linux-signed-amd64",
        source_version="6.1.76+1",
    )
    dsa = record("DSA-1", affected=[affected("Debian:12", "linux", "6.1.82-1")])
    (finding,) = findings(bom(image, distro=DEBIAN12), dsa)
    assert finding.matches[0].version == "6.1.76-1"


def test_trap_upstream_kernel_rows_are_not_about_a_distributions_kernel() -> None:
    image = component("deb", "linux-image-amd64", "6.1.76-1", source_name="linux")
    row = affected("Linux", "Kernel", "6.9")
    assert findings(bom(image, distro=DEBIAN12), record("CVE-2024-1", affected=[row])) == ()


def test_trap_one_id_in_several_files_with_different_content(tmp_path: Path) -> None:
    """37 AlmaLinux ids lie in several release folders, each with rows of its own."""
    base = {"id": "ALSA-2024:1", "modified": "2026-01-01T00:00:00Z", "summary": "Low: x"}
    first = {**base, "affected": [affected("AlmaLinux:8", "bash", "9-1")]}
    second = {**base, "affected": [affected("AlmaLinux:9", "bash", "9-1")]}
    archive = write_zip(tmp_path / "AlmaLinux" / "all.zip", first)
    other = write_zip(tmp_path / "other" / "AlmaLinux-9" / "all.zip", second)
    take(tmp_path / "db", archive, other)
    host = bom(component("rpm", "bash", "5-1.el9"), distro=ALMA9)
    asked = lookup(host)
    with Store.open(tmp_path / "db") as store:
        found = match(host, asked, store.select(asked.queries)).findings
    assert [finding.id for finding in found] == ["ALSA-2024:1"]


def test_trap_a_release_that_no_advisory_covers_is_a_gap() -> None:
    trixie = Distro(id="debian", version_id="13")
    other = record("DSA-1", affected=[affected("Debian:12", "openssl", "9")])
    of = bom(OPENSSL, distro=trixie)
    result = match(of, lookup(of), advisory_set(other))
    assert result.findings == ()
    assert [gap.code for gap in result.gaps] == ["no-advisories"]


def test_trap_what_malware_records_name_has_no_fix() -> None:
    (finding,) = findings(
        bom(component("npm", "evil", "1.0.0")),
        record("MAL-2024-1", affected=[affected("npm", "evil")]),
    )
    assert (finding.rating.severity, finding.status) == (Severity.CRITICAL, Status.UNFIXED)


def test_trap_a_rebuild_of_one_flaw_under_four_names_is_one_finding() -> None:
    """DSA and CVE, RHSA and CVE, GHSA and PYSEC: one flaw each."""
    rows = [affected("Debian:12", "openssl", "3.0.10-1")]
    dsa = record("DSA-1", upstream=["DEBIAN-CVE-2024-1", "CVE-2024-1"], affected=rows)
    cve = record("DEBIAN-CVE-2024-1", upstream=["CVE-2024-1"], affected=rows)
    (finding,) = findings(bom(OPENSSL, distro=DEBIAN12), dsa, cve)
    assert finding.id == "CVE-2024-1"
    assert {"DSA-1", "DEBIAN-CVE-2024-1", "CVE-2024-1"} == set(finding.identifiers)
