"""Half a year of evidence, made by the real commands: what an audit export is tried on.

    python -m tests.estate.halfyear FOLDER

writes ``FOLDER/evidence``, the key and an asset list.  Five systems are checked every
week and after each patch; advisories (invented) come out as time goes by.  One team is
late once, one has a signed exception, one stops checking for a month, one machine is in
the asset list and nobody ever looked at it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

from gate.advisories.ingest import import_paths
from tests.advisories.zips import record, write_zip
from tests.builders import OS_RELEASE, Image, docker_archive_old, file, tar, write, write_folder
from tests.cli.bad_inputs import run
from tests.cli.test_exceptions import owner_key

BEGIN = datetime(2025, 12, 29, 6, 30, tzinfo=UTC)
WEEKS = 27
VECTORS = {
    "critical": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    "high": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N",
    "medium": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N",
    "low": "CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N",
}


class Flaw(NamedTuple):
    """An advisory, as it is published with its fix."""

    id: str
    package: str
    fixed: str
    severity: str
    published: datetime


def _flaw(number: int, package: str, revision: int, severity: str, day: str) -> Flaw:
    published = datetime.fromisoformat(f"{day}T08:00:00+00:00")
    return Flaw(f"CVE-2026-{number}", package, f"1.0-{revision}", severity, published)


FLAWS = (
    _flaw(1001, "openssl", 2, "high", "2025-12-20"),
    _flaw(1002, "zlib", 2, "medium", "2025-12-28"),
    _flaw(1101, "curl", 2, "medium", "2026-01-08"),
    _flaw(1102, "nginx", 2, "high", "2026-01-14"),
    _flaw(1103, "openssl", 3, "critical", "2026-01-20"),
    _flaw(1201, "glibc", 2, "high", "2026-02-03"),
    _flaw(1202, "curl", 3, "low", "2026-02-05"),
    _flaw(1203, "postgresql", 2, "high", "2026-02-12"),
    _flaw(1204, "nginx", 3, "medium", "2026-02-19"),
    _flaw(1301, "zlib", 3, "high", "2026-03-04"),
    _flaw(1302, "openssl", 4, "medium", "2026-03-11"),
    _flaw(1303, "curl", 4, "critical", "2026-03-17"),
    _flaw(1304, "redis", 2, "high", "2026-03-25"),
    _flaw(1401, "glibc", 3, "medium", "2026-04-02"),
    _flaw(1402, "nginx", 4, "high", "2026-04-09"),
    _flaw(1403, "postgresql", 3, "medium", "2026-04-16"),
    _flaw(1404, "redis", 3, "critical", "2026-04-21"),
    _flaw(1501, "openssl", 5, "high", "2026-05-05"),
    _flaw(1502, "zlib", 4, "low", "2026-05-07"),
    _flaw(1503, "curl", 5, "high", "2026-05-14"),
    _flaw(1504, "glibc", 4, "high", "2026-05-20"),
    _flaw(1601, "nginx", 5, "medium", "2026-06-03"),
    _flaw(1602, "postgresql", 4, "high", "2026-06-09"),
    _flaw(1603, "openssl", 6, "medium", "2026-06-15"),
    _flaw(1604, "redis", 4, "high", "2026-06-22"),
)
USUAL = {"critical": 1.5, "high": 6, "medium": 16, "low": 40}
"""Days until a patch is in production."""
NEVER = 9999


class System(NamedTuple):
    """A system, its packages, and by how much its patches differ from the usual."""

    name: str
    packages: tuple[str, ...]
    repository: str
    actor: str
    delays: Mapping[str, float] = {}
    missing: tuple[int, ...] = ()
    """Weeks without a check."""


SYSTEMS = (
    System("registry.example/shop/web", ("openssl", "zlib", "nginx", "glibc"), "shop/web", "kim"),
    System(
        "registry.example/shop/api",
        ("openssl", "curl", "glibc"),
        "shop/api",
        "lee",
        {"CVE-2026-1303": 9, "CVE-2026-1504": 13},
    ),
    System(
        "registry.example/shop/batch",
        ("openssl", "curl", "zlib"),
        "shop/batch",
        "sam",
        {"CVE-2026-1501": NEVER, "CVE-2026-1603": NEVER},
        (9, 10, 11, 12),
    ),
    System(
        "db-prod-01",
        ("postgresql", "openssl", "glibc"),
        "ops/hosts",
        "deploy-bot",
        {"CVE-2026-1203": 45, "CVE-2026-1602": 10},
    ),
    System(
        "cache-prod-02",
        ("redis", "glibc"),
        "ops/hosts",
        "deploy-bot",
        {},
        tuple(range(13)),
    ),
)
ASSETS = """\
asset,owner,from,until
registry.example/shop/web,Team Shop,,
registry.example/shop/api,Team Shop,,
registry.example/shop/batch,Team Data,,
db-prod-01,Team Ops,,
cache-prod-02,Team Ops,2026-03-30,
mail-prod-03,Team Ops,,
legacy-prod-00,Team Ops,,2026-01-31
"""
POLICY = """\
version: 1
name: shop patch policy
advisories: {fail_after: 520w, warn_after: 520w}
exceptions: {approvers: [{name: Ada Risk, keys: ['%s']}]}
rules: {end_of_life: {action: off}}
"""


def versions(system: System, now: datetime) -> dict[str, str]:
    """Return what a system has installed at a time."""
    installed = dict.fromkeys(system.packages, "1.0-1")
    for flaw in FLAWS:
        if flaw.package in installed and _patched(system, flaw) <= now:
            installed[flaw.package] = max(installed[flaw.package], flaw.fixed)
    return installed


def _patched(system: System, flaw: Flaw) -> datetime:
    days = system.delays.get(flaw.id, USUAL[flaw.severity])
    return flaw.published + timedelta(days=days)


def checks() -> Iterator[tuple[datetime, System]]:
    """Yield when which system is checked: weekly, and some hours after each patch."""
    found: set[tuple[datetime, str]] = set()
    by_name = {system.name: system for system in SYSTEMS}
    end = BEGIN + timedelta(weeks=WEEKS)
    for number, system in enumerate(SYSTEMS):
        for week in range(WEEKS):
            if week not in system.missing:
                found.add((BEGIN + timedelta(weeks=week, minutes=7 * number), system.name))
        for flaw in FLAWS:
            moment = (
                _patched(system, flaw) + timedelta(hours=2)
                if flaw.package in (system.packages) and _patched(system, flaw) < end
                else end
            )
            week = (moment - BEGIN).days // 7
            if BEGIN <= moment < end and week not in system.missing:
                found.add((moment, system.name))
    for moment, name in sorted(found):
        yield moment, by_name[name]


def advisory(flaw: Flaw) -> Any:
    """Return the OSV record of a flaw."""
    made = record(
        f"DSA-{flaw.id[9:]}",
        name=flaw.package,
        published=f"{flaw.published:%Y-%m-%dT%H:%M:%SZ}",
        modified=f"{flaw.published:%Y-%m-%dT%H:%M:%SZ}",
        aliases=[flaw.id],
        summary=f"{flaw.package}: a {flaw.severity} flaw",
        severity=[{"type": "CVSS_V3", "score": VECTORS[flaw.severity]}],
    )
    made["affected"][0]["ranges"][0]["events"][1]["fixed"] = flaw.fixed
    return made


class HalfYear:
    """The folder in which it all happens."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.evidence = root / "evidence"
        self.key = root / "gate.pem"
        self.trust = root / "gate.pub.pem"
        self.assets = root / "assets.csv"
        self.exceptions = root / "exceptions"
        self._known = -1

    def make(self) -> None:
        """Do everything, from the key to the last check."""
        self.prepare()
        for moment, system in checks():
            self.check(moment, system)

    def prepare(self) -> None:
        """Write key, policy, asset list and exceptions."""
        self.root.mkdir(parents=True, exist_ok=True)
        _expect(run(["evidence", "keygen", "--key", str(self.key)]), 0)
        owner_key(self.root / "owner")
        public = (self.root / "owner.pub").read_text().strip()
        (self.root / "policy.yaml").write_text(POLICY % public)
        self.assets.write_text(ASSETS)
        _expect(
            run([
                "exceptions", "request", "EX-7", "--vulnerability", "CVE-2026-1203",
                "--system", "db-prod-01", "--reason", "the upgrade needs a window of two hours",
                "--risk", "only the shop network reaches the database",
                "--control", "network rule 17 limits who may connect",
                "--requester", "Dev Ops <ops@example.com>", "--remediation", "2026-03-29",
                "--expires", "2026-04-15", "--ticket", "CHG-1847",
                "--folder", str(self.exceptions), "--now", "2026-02-16T09:00:00Z",
            ]), 0,
        )  # fmt: skip
        _expect(
            run([
                "exceptions", "approve", "EX-7", "--key", str(self.root / "owner"),
                "--policy", str(self.root / "policy.yaml"),
                "--exceptions", str(self.exceptions), "--now", "2026-02-17T10:00:00Z",
            ]), 0,
        )  # fmt: skip

    def check(self, now: datetime, system: System) -> int:
        """Check one system as it is at a time; return the exit code."""
        self._advisories(now)
        target = self._target(system, now)
        excepted = str(self.exceptions) if now >= datetime(2026, 2, 17, 12, tzinfo=UTC) else "none"
        with _workplace(system, now):
            code, _, err = run([
                "check", target, "--db", str(self.root / "db"), "--cache", "off",
                "--policy", str(self.root / "policy.yaml"), "--exceptions", excepted,
                "--now", f"{now:%Y-%m-%dT%H:%M:%SZ}", "--evidence", str(self.evidence),
                "--key", str(self.key), "-o", f"json={self.root / 'result.json'}",
                *(["--ticket", f"CHG-{now:%m%d}"] if now.hour != BEGIN.hour else []),
            ])  # fmt: skip
        if code not in {0, 1}:
            raise RuntimeError(f"{system.name} at {now}: exit {code}: {err}")
        return code

    def _advisories(self, now: datetime) -> None:
        known = [flaw for flaw in FLAWS if flaw.published <= now]
        if len(known) != self._known:
            write_zip(self.root / "osv" / "Debian" / "all.zip", *map(advisory, known))
            import_paths(self.root / "db", [self.root / "osv"], now=now)
            self._known = len(known)

    def _target(self, system: System, now: datetime) -> str:
        status = "".join(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
            f"Version: {version}\nDescription: x\n\n"
            for name, version in sorted(versions(system, now).items())
        )
        items = [file("etc/os-release", OS_RELEASE), file("var/lib/dpkg/status", status.encode())]
        if "/" not in system.name:
            return str(write_folder(self.root / "systems" / system.name, items))
        created = f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        tag = f"{system.name}:{now:%Y%m%d}"
        image = Image([tar(items)], tags=[tag], created=created)
        return str(write(self.root / "image.tar", tar(docker_archive_old(image))))


@contextmanager
def _workplace(system: System, now: datetime) -> Iterator[None]:
    """Run as a job of GitHub Actions."""
    run_id = f"{now:%y%m%d%H%M}"
    environment = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": system.actor,
        "GITHUB_SERVER_URL": "https://git.example",
        "GITHUB_REPOSITORY": system.repository,
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": f"{int(run_id):040x}",
        "GITHUB_RUN_ID": run_id,
        "GITHUB_RUN_ATTEMPT": "1",
    }
    with patch.dict(os.environ, environment):
        yield


def _expect(outcome: tuple[int, str, str], code: int) -> None:
    if outcome[0] != code:
        raise RuntimeError(outcome[2])


if __name__ == "__main__":
    HalfYear(Path(sys.argv[1])).make()
