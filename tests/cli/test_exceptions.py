"""`patchgate exceptions`, and what a check makes of them: with real keys and a real repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.bad_inputs import Bench, check, run, sound
from tests.cli.test_check import old_openssl

NOW = "2026-11-16T00:00:00Z"
REQUEST = [
    "--vulnerability", "DSA-1", "--system", "example/app:*", "--reason", "the shop\nneeds it",
    "--risk", "low", "--control", "no network", "--requester", "Dev <dev@example.com>",
    "--remediation", "2026-12-01", "--expires", "2026-12-20", "--now", NOW,
]  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An image that fails by one overdue finding, in a folder with a policy and a roster."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    bench = sound(tmp_path)
    old_openssl(bench)
    owner_key(tmp_path / "owner")
    public = (tmp_path / "owner.pub").read_text().strip()
    (tmp_path / "patchgate.yaml").write_text(
        "version: 1\nadvisories: {fail_after: 52w}\n"
        f"exceptions: {{approvers: [{{name: Ada Risk, keys: ['{public}']}}]}}\n"
    )
    bench.arguments += ["--now", NOW]
    return bench


def owner_key(path: Path) -> None:
    """Write an Ed25519 key pair in OpenSSH's own format."""
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - here only
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PrivateKey,
    )

    key = Ed25519PrivateKey.generate()
    path.write_bytes(
        key.private_bytes(form.Encoding.PEM, form.PrivateFormat.OpenSSH, form.NoEncryption())
    )
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    path.with_suffix(".pub").write_bytes(public + b" ada\n")


def request(*changes: str) -> tuple[int, str, str]:
    return run(["exceptions", "request", "EX-1", *REQUEST, *changes])


def approve(key: str = "owner", now: str = NOW) -> tuple[int, str, str]:
    return run(["exceptions", "approve", "EX-1", "--key", key, "--now", now])


def result(bench: Bench) -> dict[str, Any]:
    return json.loads((bench.root / "result.json").read_text())  # type: ignore[no-any-return]


def test_from_request_to_pass(bench: Bench) -> None:
    assert check(bench)[0] == 1
    assert request()[0] == 0
    code, _, err = check(bench)
    assert code == 1
    assert "EX-1 does not count: nobody has approved it" in " ".join(result(bench)["warnings"])
    assert run(["exceptions", "check", "--now", NOW])[0] == 1
    code, _, err = approve()
    assert code == 0
    assert "approved by Ada Risk" in err
    assert run(["exceptions", "check", "--now", NOW])[0] == 0
    code, _, err = check(bench)
    assert code == 0, err
    (exception,) = result(bench)["exceptions"]
    assert exception["outcome"] == "applied"
    assert exception["reason"] == "the shop\nneeds it"
    assert (exception["approver"], exception["approved_at"]) == ("Ada Risk", NOW)
    states = {(finding["state"], finding["exception"]) for finding in result(bench)["findings"]}
    assert states == {("accepted", "EX-1")}
    assert result(bench)["summary"]["accepted"] == len(result(bench)["findings"])


def test_code_scanning_shows_it_as_suppressed(bench: Bench) -> None:
    request()
    approve()
    bench.arguments += ["-o", f"sarif={bench.root / 'result.sarif'}"]
    assert check(bench)[0] == 0
    found = json.loads((bench.root / "result.sarif").read_text())["runs"][0]["results"]
    said = {shown["suppressions"][0]["justification"] for shown in found}
    assert said == {"exception EX-1, approved by Ada Risk, until 2026-12-21: the shop\\nneeds it"}


def test_the_evidence_replays_with_its_exceptions(bench: Bench) -> None:
    request()
    approve()
    assert check(bench)[0] == 0
    record = next(bench.evidence.glob("*.intoto.jsonl"))
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    (bench.root / "patchgate-exceptions" / "EX-1.yaml").unlink()
    code, out, err = run(["evidence", "replay", str(record), *trust])
    assert code == 0, err
    assert "PASS again, byte for byte" in out
    assert run(["evidence", "verify", *trust, str(record)])[0] == 0


def test_an_exception_that_ends_is_why_a_rule_fails_again(bench: Bench) -> None:
    policy = bench.root / "patchgate.yaml"
    text = policy.read_text().replace("name: Ada Risk", "name: Ada Risk, rules: [image_age]")
    policy.write_text(f"{text}rules: {{patch_sla: {{action: off}}, image_age: {{max: 1d}}}}\n")
    run(["exceptions", "request", "EX-1", "--rule", "image_age", *REQUEST[2:]])
    approve()
    assert check(bench)[0] == 0
    bench.arguments += ["--now", "2026-12-21T00:00:00Z"]
    assert check(bench)[0] == 1
    (change,) = result(bench)["since"]["changes"]
    assert change["cause"] == "exception"
    assert change["message"].startswith("exception EX-1 no longer counts: image_age: ")


def test_an_edit_after_the_approval_voids_it(bench: Bench) -> None:
    request()
    approve()
    path = bench.root / "patchgate-exceptions" / "EX-1.yaml"
    path.write_text(path.read_text().replace("2026-12-20", "2026-12-21"))
    assert check(bench)[0] == 1
    assert "edited after Ada Risk approved it" in " ".join(result(bench)["warnings"])


def test_the_approver_sees_why_an_approval_would_not_count(bench: Bench) -> None:
    assert request("--requester", "Ada Risk")[0] == 0
    code, _, err = approve()
    assert code == 2
    assert "requested it and cannot approve it" in err
    owner_key(bench.root / "stranger")
    code, _, err = approve("stranger")
    assert code == 2
    assert "nobody in the policy's roster" in err
    assert not list((bench.root / "patchgate-exceptions").glob("*.approval.json"))


def test_a_file_that_cannot_be_read_accepts_nothing(bench: Bench) -> None:
    request()
    approve()
    folder = bench.root / "patchgate-exceptions"
    (folder / "EX-2.yaml").write_text("version: 1\nid: EX-2\nexpire: 2026-12-01\n")
    (folder / "EX-3.yaml").write_bytes(b"\xff")
    (folder / "EX-2.approval.json").write_text("{}")
    assert check(bench)[0] == 0
    warnings = " ".join(result(bench)["warnings"])
    assert "EX-2.yaml, line 3, column 1: unknown key" in warnings
    assert "EX-3.yaml: is not UTF-8 text" in warnings
    assert "EX-2.approval.json" in warnings
    assert run(["exceptions", "check", "--now", NOW])[0] == 2


def test_an_id_that_is_there_twice_counts_for_nothing(bench: Bench) -> None:
    request()
    approve()
    folder = bench.root / "patchgate-exceptions"
    (folder / "copy.yaml").write_text((folder / "EX-1.yaml").read_text())
    assert check(bench)[0] == 1
    assert "EX-1 is there 2 times; none of them counts" in " ".join(result(bench)["warnings"])


def test_the_list_shows_what_ends_soon(bench: Bench) -> None:
    request()
    approve()
    code, out, _ = run(["exceptions", "list", "--now", "2026-12-15T00:00:00Z"])
    assert code == 0
    assert out.startswith("counts   EX-1  until 2026-12-20 (6 days left)  approved by Ada Risk")
    assert run(["exceptions", "list", "--expiring", "5d", "--now", "2026-12-15"])[1] == ""
    assert run(["exceptions", "list", "--now", "2026-12-21"])[1].startswith("invalid  EX-1")


def git(*arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *arguments],
        check=True, capture_output=True,
    )  # fmt: skip


@pytest.fixture
def repository(bench: Bench) -> Bench:
    """A repository whose branch `base` holds the policy and nothing that is accepted."""
    git("init", "-q", "-b", "base")
    git("add", "patchgate.yaml")
    git("commit", "-qm", "base")
    return bench


def test_a_change_cannot_excuse_itself(repository: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    request()
    approve()
    assert check(repository)[0] == 0
    repository.arguments += ["--base-rev", "base"]
    assert check(repository)[0] == 1
    assert (
        "this change edits exceptions; those of base were applied" in result(repository)["warnings"]
    )
    (repository.root / "patchgate.yaml").write_text("version: 1\nrules: {patch_sla: {action: off}}")
    assert check(repository)[0] == 1
    assert (
        "this change edits the policy; that of base was applied" in result(repository)["warnings"]
    )
    git("add", ".")
    git("commit", "-qm", "merged")
    git("checkout", "-q", "HEAD~1", "--", "patchgate.yaml")
    git("commit", "-qm", "policy back")
    assert check(repository)[0] == 0
    assert not [text for text in result(repository)["warnings"] if "this change" in text]


def test_in_a_pull_request_the_base_rules_by_itself(
    repository: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    request()
    approve()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_BASE_REF", "base")
    code, _, err = check(repository)
    assert code == 2
    assert "there is no revision 'origin/base' here" in err
    assert "git fetch" in err
    git("update-ref", "refs/remotes/origin/base", "base")
    assert check(repository)[0] == 1
    repository.arguments += ["--base-rev", "none"]
    assert check(repository)[0] == 0
