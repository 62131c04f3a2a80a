"""`--baseline REV`: the sources, or an SBOM, as a Git revision holds them."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gate.advisories.ingest import import_paths
from tests.advisories.zips import record, write_zip
from tests.cli.bad_inputs import Bench, check, run, sound

POLICY = (
    "version: 1\nadvisories: {fail_after: 52w}\n"
    "rules: {patch_sla: {action: off}, severity_threshold: {action: fail, at_least: high}}\n"
)


def lock(**versions: str) -> str:
    packages: dict[str, Any] = {
        f"node_modules/{name}": {"version": version} for name, version in versions.items()
    }
    root = {"dependencies": dict.fromkeys(versions, "*")}
    document = {"name": "shop", "lockfileVersion": 3, "packages": {"": root, **packages}}
    return json.dumps(document)


def flaw(name: str, package: str) -> Any:
    found = record(name, ecosystem="npm", name=package, published="2026-11-01T00:00:00Z")
    found["affected"][0]["ranges"] = [
        {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}
    ]
    return found


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A project whose main branch has one old flaw, and whose work tree adds another."""
    bench = sound(tmp_path / "bench")
    zips = bench.root / "osv"
    write_zip(zips / "npm" / "all.zip", flaw("GHSA-aaaa", "left"), flaw("GHSA-bbbb", "right"))
    import_paths(bench.store, [zips], now=datetime(2026, 11, 1, tzinfo=UTC))
    folder = tmp_path / "shop"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "package-lock.json").write_text(lock(left="1.0.0"))
    (folder / "app" / "package.json").write_text('{"name": "shop"}')
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder))
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "one")
    (folder / "app" / "package-lock.json").write_text(lock(left="1.0.0", right="1.0.0"))
    monkeypatch.chdir(folder)
    bench.target = f"source:{folder / 'app'}"
    bench.policy(POLICY)
    bench.arguments += ["--now", "2026-11-03", "--base-rev", "none"]
    return bench


def broken(bench: Bench, *arguments: str) -> tuple[int, list[str]]:
    kept = list(bench.arguments)
    bench.arguments += arguments
    code, _, err = check(bench)
    bench.arguments = kept
    assert code in {0, 1}, err
    found = json.loads((bench.root / "result.json").read_text())["findings"]
    return code, sorted(one["id"] for one in found if one.get("broken"))


def test_only_what_is_new_since_a_revision_fails(shop: Bench) -> None:
    assert broken(shop) == (1, ["GHSA-aaaa", "GHSA-bbbb"])
    assert broken(shop, "--baseline", "main") == (1, ["GHSA-bbbb"])
    (Path("app") / "package-lock.json").write_text(lock(left="1.0.1"))
    assert broken(shop, "--baseline", "main") == (0, [])


def test_what_is_overdue_counts_in_any_case(shop: Bench) -> None:
    shop.policy(POLICY.replace("action: off", "action: fail, allow: {high: 24h}"))
    assert broken(shop, "--baseline", "main") == (1, ["GHSA-aaaa", "GHSA-bbbb"])


def test_an_sbom_as_a_revision_holds_it(shop: Bench) -> None:
    assert run(["sbom", "generate", "source:app", "-o", "shop.cdx.json"])[0] == 0
    git(Path.cwd(), "add", ".")
    git(Path.cwd(), "commit", "--quiet", "-m", "two")
    Path("shop.cdx.json").unlink()
    assert broken(shop, "--baseline", "main:shop.cdx.json") == (0, [])
    assert broken(shop, "--baseline", "main~1") == (1, ["GHSA-bbbb"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere", "nor a Git revision"),
        ("--output=x", "nor a Git revision"),
        ("main:missing.json", "'missing.json' is not in main"),
        ("main:app/package.json", "is no baseline"),
    ],
)
def test_what_is_no_baseline(shop: Bench, given: str, said: str) -> None:
    shop.arguments += [f"--baseline={given}"]
    code, _, err = check(shop)
    assert (code, said in err) == (2, True), err


def test_a_revision_needs_a_folder_of_sources(shop: Bench) -> None:
    bench = sound(shop.root / "other")
    bench.arguments += ["--baseline", "main", "--base-rev", "none"]
    code, _, err = check(bench)
    assert (code, "the target is no folder of sources" in err) == (2, True), err
