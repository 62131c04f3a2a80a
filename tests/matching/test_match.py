"""Matching: names, epochs, modules, grouping, severity and what cannot be judged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.lookup import lookup
from gate.advisories.model import StoredRecord
from gate.advisories.severity import Severity
from gate.bom.model import Bom
from gate.matching.findings import Finding, Findings, Status
from gate.matching.match import match
from tests.matching.boms import ALMA9, ALPINE, DEBIAN12, bom, component
from tests.matching.records import advisory_set, affected, record

V3_HIGH = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}
V3_CRITICAL = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}
V4_MEDIUM = {
    "type": "CVSS_V4",
    "score": "CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N",
}


def found(of: Bom, *records: StoredRecord, also_covers: tuple[str, ...] = ()) -> Findings:
    return match(of, lookup(of), advisory_set(*records, also_covers=also_covers))


def only(of: Bom, *records: StoredRecord) -> Finding:
    findings = found(of, *records).findings
    assert len(findings) == 1
    return findings[0]


LIBSSL = component("deb", "libssl3", "3.0.9-1+b1", source_name="openssl", source_version="3.0.9-1")


def test_debian_asks_by_source_name_and_source_version() -> None:
    debian = bom(LIBSSL, distro=DEBIAN12)
    fixed_by_rebuild = record("DSA-1", affected=[affected("Debian:12", "openssl", "3.0.9-1")])
    assert found(debian, fixed_by_rebuild).findings == ()
    binary_name = record("DSA-2", affected=[affected("Debian:12", "libssl3", "9")])
    assert found(debian, binary_name, also_covers=("Debian:12",)).findings == ()
    finding = only(debian, record("DSA-3", affected=[affected("Debian:12", "openssl", "3.0.10-1")]))
    assert (finding.ref, finding.fixed) == (LIBSSL.ref, "3.0.10-1")
    assert (finding.matches[0].package, finding.matches[0].version) == ("openssl", "3.0.9-1")


def test_the_release_counts() -> None:
    debian = bom(LIBSSL, distro=DEBIAN12)
    other = record("DSA-1", affected=[affected("Debian:11", "openssl", "9")])
    result = found(debian, other)
    assert result.findings == ()
    assert [gap.code for gap in result.gaps] == ["no-advisories"]


def test_epochs_count() -> None:
    alma = bom(component("rpm", "openssl-libs", "1:3.0.1-41.el9_0"), distro=ALMA9)
    fix = record("ALSA-2022:1", affected=[affected("AlmaLinux:9", "openssl-libs", "3.0.7-1.el9")])
    assert found(alma, fix).findings == ()
    fix = record("ALSA-2022:2", affected=[affected("AlmaLinux:9", "openssl-libs", "1:3.0.7-1.el9")])
    assert only(alma, fix).fixed == "1:3.0.7-1.el9"


def module_row(build: str) -> dict[str, object]:
    return affected("AlmaLinux:9", "nginx", build)


NGINX_122 = record(
    "ALSA-2023:1",
    summary="Moderate: nginx:1.22 security update",
    affected=[
        module_row("1:1.22.1-3.module_el9.2.0+10+aaaa"),
        module_row("1:1.22.1-3.module_el9.2.0+20+bbbb"),
    ],
)


@pytest.mark.parametrize(
    ("version", "label", "affected_by_it"),
    [
        ("1:1.20.1-10.el9", "", False),
        ("1:1.22.1-2.module_el9.1.0+5+cccc", "nginx:1.22:9010:cccc", True),
        ("1:1.24.0-1.module_el9.3.0+5+cccc", "nginx:1.24:9010:cccc", False),
        ("1:1.20.0-1.module_el9.0.0+5+cccc", "nginx:1.20:9010:cccc", False),
        ("1:1.22.1-2.module_el9.1.0+5+cccc", "", True),
        ("1:1.22.1-3.module_el9.2.0+10+aaaa", "nginx:1.22:9010:aaaa", False),
        ("1:1.22.1-3.module_el9.2.0+15+dddd", "nginx:1.22:9010:dddd", False),
    ],
)
def test_module_builds(version: str, label: str, affected_by_it: bool) -> None:
    alma = bom(component("rpm", "nginx", version, module=label), distro=ALMA9)
    assert bool(found(alma, NGINX_122).findings) is affected_by_it


def test_a_plain_row_does_not_speak_of_a_module_build() -> None:
    modular = component("rpm", "nginx", "1:1.22.1-2.module_el9.1.0+5+c", module="nginx:1.22:9:c")
    plain = record("ALSA-2023:2", affected=[affected("AlmaLinux:9", "nginx", "1:1.30-1.el9")])
    assert found(bom(modular, distro=ALMA9), plain).findings == ()


def test_alpine_takes_any_entry_that_hits() -> None:
    alpine = bom(component("apk", "ssl_client", "1.36.1-r5", source_name="busybox"), distro=ALPINE)
    twice = record(
        "ALPINE-CVE-2023-1",
        upstream=["CVE-2023-1"],
        affected=[
            affected("Alpine:v3.20", "busybox", "1.36.1-r2"),
            affected("Alpine:v3.20", "busybox", "1.36.1-r7"),
        ],
    )
    assert only(alpine, twice).fixed == "1.36.1-r7"


def test_bugfix_updates_are_not_vulnerabilities_unless_they_name_a_cve() -> None:
    alma = bom(component("rpm", "bash", "5.1-1.el9"), distro=ALMA9)
    rows = [affected("AlmaLinux:9", "bash", "5.2-1.el9")]
    bugfix = record("ALBA-2023:1", summary="bash bug fix update", related=[], affected=rows)
    result = found(alma, bugfix)
    assert result.findings == ()
    assert [(p.advisory, p.kind) for p in result.passed_over] == [("ALBA-2023:1", "bugfix")]
    assert found(alma, record("ALBA-2023:2", related=["CVE-2023-9"], affected=rows)).findings


def test_informational_records_are_not_vulnerabilities() -> None:
    crate = bom(component("cargo", "failure", "0.1.8"))
    row = affected("crates.io", "failure", database_specific={"informational": "unmaintained"})
    result = found(crate, record("RUSTSEC-2020-0036", affected=[row]))
    assert result.findings == ()
    assert result.passed_over[0].kind == "informational"


def test_malware_is_critical() -> None:
    package = bom(component("pypi", "evil", "1.0"))
    finding = only(package, record("MAL-2024-1", affected=[affected("PyPI", "evil")]))
    assert finding.rating.severity is Severity.CRITICAL
    assert finding.status is Status.UNFIXED


def test_withdrawn_records_do_not_apply() -> None:
    package = bom(component("pypi", "x", "1.0"))
    rows = [affected("PyPI", "x", "2.0")]
    withdrawn = record("PYSEC-1", withdrawn="2026-01-01T00:00:00Z", affected=rows)
    assert found(package, withdrawn).findings == ()


def test_pypi_names_are_normalised_on_both_sides() -> None:
    package = bom(component("pypi", "Foo.Bar_baz", "1.0"))
    assert found(
        package, record("PYSEC-1", affected=[affected("PyPI", "foo-bar.BAZ", "2.0")])
    ).findings


def test_one_flaw_under_several_names_is_one_finding() -> None:
    package = bom(component("pypi", "jinja2", "2.10"))
    ghsa = record(
        "GHSA-aaaa-bbbb-cccc",
        aliases=["CVE-2020-1"],
        severity=[V3_HIGH],
        affected=[affected("PyPI", "jinja2", "2.11.3")],
    )
    pysec = record(
        "PYSEC-2021-66",
        aliases=["CVE-2020-1", "GHSA-aaaa-bbbb-cccc"],
        published="2020-12-31T00:00:00Z",
        affected=[affected("PyPI", "jinja2", "2.11.4")],
    )
    finding = only(package, ghsa, pysec)
    assert finding.id == "CVE-2020-1"
    assert finding.identifiers == ("CVE-2020-1", "GHSA-aaaa-bbbb-cccc", "PYSEC-2021-66")
    assert finding.fixed == "2.11.4"
    assert finding.published == datetime(2020, 12, 31, tzinfo=UTC)
    assert [m.advisory for m in finding.matches] == ["GHSA-aaaa-bbbb-cccc", "PYSEC-2021-66"]


def test_aliases_are_transitive_even_through_records_that_do_not_apply() -> None:
    package = bom(component("pypi", "x", "1.0"))
    one = record("PYSEC-1", aliases=["A-1"], affected=[affected("PyPI", "x", "2.0")])
    bridge = record("A-1", aliases=["GHSA-1"], affected=[])
    other = record("GHSA-1", affected=[affected("PyPI", "x", "2.0")])
    assert only(package, one, bridge, other).identifiers == ("A-1", "GHSA-1", "PYSEC-1")


def test_an_advisory_about_several_flaws_counts_for_each() -> None:
    debian = bom(LIBSSL, distro=DEBIAN12)
    dsa = record(
        "DSA-5",
        upstream=["DEBIAN-CVE-2023-1", "CVE-2023-1", "DEBIAN-CVE-2023-2", "CVE-2023-2"],
        affected=[affected("Debian:12", "openssl", "3.0.10-1")],
    )
    cve = record(
        "DEBIAN-CVE-2023-1",
        upstream=["CVE-2023-1"],
        affected=[affected("Debian:12", "openssl", "3.0.10-1")],
    )
    findings = found(debian, dsa, cve).findings
    assert [f.id for f in findings] == ["CVE-2023-1", "CVE-2023-2"]
    assert findings[0].identifiers == ("CVE-2023-1", "DEBIAN-CVE-2023-1", "DSA-5")
    assert findings[1].identifiers == ("CVE-2023-2", "DSA-5")


def test_almalinux_lists_its_cves_as_related() -> None:
    alma = bom(component("rpm", "bash", "5.1-1.el9"), distro=ALMA9)
    alsa = record(
        "ALSA-2023:1",
        summary="Important: bash security update",
        related=["CVE-2023-1", "CVE-2023-2"],
        affected=[affected("AlmaLinux:9", "bash", "5.2-1.el9")],
    )
    findings = found(alma, alsa).findings
    assert [f.id for f in findings] == ["CVE-2023-1", "CVE-2023-2"]
    assert {f.rating.severity for f in findings} == {Severity.HIGH}


def test_related_merges_nothing_elsewhere() -> None:
    package = bom(component("pypi", "x", "1.0"))
    one = record("PYSEC-1", related=["PYSEC-2"], affected=[affected("PyPI", "x", "2.0")])
    two = record("PYSEC-2", affected=[affected("PyPI", "x", "2.0")])
    assert [f.id for f in found(package, one, two).findings] == ["PYSEC-1", "PYSEC-2"]


def test_chainguard_names_one_flaw_twice() -> None:
    wolfi = bom(component("apk", "haproxy", "3.0-r0"), distro=ALPINE.__class__(id="wolfi"))
    cga = record(
        "CGA-1",
        upstream=["CVE-2025-1", "GHSA-x"],
        affected=[affected("Wolfi", "haproxy", "3.1-r0")],
    )
    finding = only(wolfi, cga)
    assert (finding.id, finding.identifiers) == ("CVE-2025-1", ("CGA-1", "CVE-2025-1", "GHSA-x"))


def test_cycles_of_upstream_end() -> None:
    package = bom(component("pypi", "x", "1.0"))
    records = [
        record("C-1", upstream=["C-2"], affected=[affected("PyPI", "x", "2.0")]),
        record("C-2", upstream=["C-1"], affected=[affected("PyPI", "x", "2.0")]),
        record("C-3", aliases=["C-3"], upstream=["C-1", "C-2"], affected=[]),
    ]
    assert {i for f in found(package, *records).findings for i in f.identifiers} == {"C-1", "C-2"}


def test_severity_is_borrowed_from_the_flaw_not_from_other_advisories() -> None:
    debian = bom(LIBSSL, distro=DEBIAN12)
    dsa = record("DSA-1", upstream=["CVE-2023-1"], affected=[affected("Debian:12", "openssl", "9")])
    bitnami = record(
        "BIT-openssl-2023-1",
        aliases=["CVE-2023-1"],
        affected=[affected("Bitnami", "openssl", "9", severity=[V3_CRITICAL])],
    )
    finding = only(debian, dsa, bitnami)
    assert finding.rating.severity is Severity.CRITICAL
    assert finding.rating.taken is not None
    assert finding.rating.taken.advisory == "BIT-openssl-2023-1"
    unrelated = record(
        "DSA-2",
        upstream=["CVE-2023-1"],
        severity=[V3_CRITICAL],
        affected=[affected("Debian:12", "other", "9")],
    )
    assert only(debian, dsa, unrelated).rating.severity is Severity.UNKNOWN


def test_the_order_of_severity_statements() -> None:
    package = bom(component("pypi", "x", "1.0"))

    def rated(**fields: object) -> Severity:
        rows = [affected("PyPI", "x", "2.0", **fields.pop("entry", {}))]  # type: ignore[arg-type]
        return only(package, record("GHSA-1", affected=rows, **fields)).rating.severity

    words = {"database_specific": {"severity": "LOW"}}
    assert rated() is Severity.UNKNOWN
    assert rated(**words) is Severity.LOW
    assert rated(severity=[V3_HIGH], **words) is Severity.HIGH
    assert rated(severity=[V3_CRITICAL, V4_MEDIUM]) is Severity.LOW
    assert rated(severity=[V3_CRITICAL], entry={"severity": [V3_HIGH]}) is Severity.HIGH
    assert rated(severity=[{"type": "CVSS_V3", "score": "nonsense"}]) is Severity.UNKNOWN
    assert rated(severity=[{"type": "Ubuntu", "score": "medium"}]) is Severity.MEDIUM


def test_unfixed_flaws_stay_findings() -> None:
    debian = bom(LIBSSL, distro=DEBIAN12)
    finding = only(debian, record("DEBIAN-CVE-2023-1", affected=[affected("Debian:12", "openssl")]))
    assert (finding.status, finding.fixed, finding.fix_published) == (Status.UNFIXED, "", None)


def test_what_cannot_be_compared_is_a_finding_that_says_so() -> None:
    package = bom(component("pypi", "x", "weird version"))
    finding = only(package, record("PYSEC-1", affected=[affected("PyPI", "x", "2.0")]))
    assert not finding.certain
    assert "cannot be compared" in finding.matches[0].why


def test_a_program_without_a_version_is_ruled_out_of_nothing() -> None:
    """Go calls the module of a program that somebody built himself (devel)."""
    package = bom(component("golang", "acme", ""))
    ranged = affected("Go", "acme", "2.0.0")
    listed = {"package": ranged["package"], "versions": ["1.0.0"]}
    for entry in (ranged, listed):
        finding = only(package, record("GO-1", affected=[entry]))
        assert not finding.certain
        assert finding.matches[0].why == "the installed version is not known"
    others = found(package, record("GO-1", affected=[affected("Go", "other", "2.0.0")]))
    assert (others.findings, others.gaps) == ((), ())


def test_components_nobody_can_judge_are_named() -> None:
    strange = bom(
        component("generic", "firmware", "1"),
        component("deb", "bash", "5"),
        component("deb", "dash", ""),
    )
    assert {(g.ref, g.code) for g in found(strange).gaps} == {
        ("generic:firmware@1", "no-ecosystem"),
        ("deb:bash@5", "unknown-distro"),
        ("deb:dash@", "no-version"),
    }


def test_dates_of_year_one_are_no_dates() -> None:
    package = bom(component("golang", "m", "1.0.0"))
    bare = record(
        "GO-1",
        modified="0001-01-01T00:00:00Z",
        published="0001-01-01T00:00:00Z",
        affected=[affected("Go", "m", "2.0.0")],
    )
    assert only(package, bare).published is None


versions = st.integers(0, 6).map(lambda n: f"{n}.0.0")
rows = st.builds(lambda name, fix: affected("PyPI", name, fix), st.sampled_from("xyz"), versions)
some_records = st.lists(
    st.builds(
        lambda n, aliases, entries: record(f"T-{n}", aliases=aliases, affected=entries),
        st.integers(0, 5),
        st.lists(st.sampled_from(["A", "B", "CVE-2020-1"]), max_size=2),
        st.lists(rows, max_size=3),
    ),
    max_size=5,
    unique_by=lambda stored: stored.record.id,
)


@given(some_records, versions, st.randoms())
def test_order_and_unrelated_records_change_nothing(
    records: list[StoredRecord], version: str, random: object
) -> None:
    package = bom(component("pypi", "x", version))
    expected = found(package, *records, also_covers=("PyPI",)).findings
    shuffled = [*records, record("UNRELATED", affected=[affected("PyPI", "unrelated", "9")])]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert found(package, *shuffled, also_covers=("PyPI",)).findings == expected


def test_a_row_that_names_no_release_speaks_of_every_one_and_covers_none() -> None:
    debian = bom(LIBSSL, distro=DEBIAN12)
    everywhere = record("DSA-1", affected=[affected("Debian", "openssl", "9")])
    result = found(debian, everywhere)
    assert [finding.id for finding in result.findings] == ["DSA-1"]
    assert [gap.code for gap in result.gaps] == ["no-advisories"]
