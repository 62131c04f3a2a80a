"""AlmaLinux 9 of November 2022: the findings, and the same list worked out another way.

The other way shares nothing with the product: packages as the real `rpm` tool
listed them (tests/data/rpmdb), advisories as plain JSON, versions compared by
walking them, and the rules of ../shared/matching.md for AlmaLinux in a page:
rows name binary packages, carry the epoch, mix builds of one version, and
module builds speak of installed module builds only.
"""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.advisories.severity import Severity
from tests.acceptance.results import Checked, check_real
from tests.versions.test_rpm import compare

IMAGE = "almalinux-9-micro-20221101-aarch64.tar.xz"
LISTING = "rpmdb/almalinux-9-aarch64.txt"
Expected = dict[tuple[str, str], tuple[set[str], set[str]]]
"""(package, CVE or advisory) to the advisories and the severity words."""
LABELS = {"Critical": "critical", "Important": "high", "Moderate": "medium", "Low": "low"}


@pytest.fixture(scope="module")
def checked(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return check_real(data / "images" / IMAGE, [data / "osv"], tmp_path_factory.mktemp("alma"))


def installed(listing: Path) -> Iterator[tuple[str, str]]:
    for line in listing.read_text(encoding="utf-8").splitlines():
        _, name, epoch, version, release, *_ = line.split("|")
        if name != "gpg-pubkey":
            prefix = "" if epoch in {"(none)", "0"} else f"{epoch}:"
            yield name, f"{prefix}{version}-{release}"


def expected_of_9(data: Path) -> Expected:
    packages = installed(data / LISTING)
    return expected(data / "osv" / "AlmaLinux" / "all.zip", "AlmaLinux:9", dict(packages))


def expected(advisories: Path, ecosystem: str, packages: dict[str, str]) -> Expected:
    found: Expected = defaultdict(lambda: (set(), set()))
    with zipfile.ZipFile(advisories) as archive:
        for member in archive.namelist():
            record = json.loads(archive.read(member))
            if record.get("withdrawn") or not is_about_security(record):
                continue
            for name in affected(record, ecosystem, packages):
                cves = [flaw for flaw in record["related"] if flaw.startswith("CVE-")]
                for flaw in cves or [record["id"]]:
                    found[name, flaw][0].add(record["id"])
                    found[name, flaw][1].add(LABELS.get(record["summary"].partition(":")[0], ""))
    return found


def is_about_security(record: dict[str, Any]) -> bool:
    return record["id"].startswith("ALSA-") or any(
        flaw.startswith("CVE-") for flaw in record.get("related", [])
    )


def affected(record: dict[str, Any], ecosystem: str, packages: dict[str, str]) -> Iterator[str]:
    fixes: dict[str, list[str]] = defaultdict(list)
    for entry in record["affected"]:
        if entry["package"]["ecosystem"] != ecosystem:
            continue
        for described in entry["ranges"]:
            events = {k: v for event in described["events"] for k, v in event.items()}
            assert events["introduced"] == "0"
            fixes[entry["package"]["name"]].append(events["fixed"])
    for name, builds in fixes.items():
        if name not in packages:
            continue
        plain = [build for build in builds if ".module_el" not in build]
        # Whoever has any rebuild of a version at or above its fix has that fix.
        by_version: dict[str, list[str]] = defaultdict(list)
        for build in plain:
            by_version[build.rpartition("-")[0]].append(build)
        if any(
            all(compare(packages[name], build) < 0 for build in rebuilds)
            for rebuilds in by_version.values()
        ):
            yield name


def test_every_finding_and_none_besides(data: Path, checked: Checked) -> None:
    wanted = {
        (name, flaw, advisory)
        for (name, flaw), (advisories, _) in expected_of_9(data).items()
        for advisory in advisories
    }
    found = {
        (finding["component"]["name"], finding["id"], advisory["advisory"])
        for finding in checked.findings
        for advisory in finding["advisories"]
    }
    assert found == wanted
    assert len({(name, flaw) for name, flaw, _ in wanted}) == len(checked.findings)
    assert len(checked.findings) > 50


def test_every_severity_is_one_that_an_advisory_states(data: Path, checked: Checked) -> None:
    words = {key: severities for key, (_, severities) in expected_of_9(data).items()}
    order = [severity.value for severity in Severity]
    for finding in checked.findings:
        stated = words[finding["component"]["name"], finding["id"]]
        assert finding["severity"] == min(stated, key=order.index)
        assert finding["severity_assumed"] is False


def test_every_package_is_read(data: Path, checked: Checked) -> None:
    components = {
        (c["name"], c["version"]) for c in checked.bom["components"] if c["type"] == "library"
    }
    assert components == set(installed(data / LISTING))


def test_the_verdict(checked: Checked) -> None:
    assert checked.code == 1
    assert checked.result["verdict"] == "FAIL"
    assert [reason["code"] for reason in checked.result["reasons"]] == ["image-age", "patch-sla"]
    bash = next(f for f in checked.findings if f["component"]["name"] == "bash")
    assert (bash["id"], bash["severity"], bash["fixed"]) == (
        "CVE-2022-3715",
        "medium",
        "5.1.8-6.el9_1",
    )
    assert bash["due"] == "2023-02-22T00:00:00Z"
