"""`check --improves-on`: what makes things only better is told apart, and never a PASS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import DEBIAN, STATUS, Image, docker_archive_old, file, tar, write
from tests.cli.bad_inputs import Bench, check, sound

POLICY = """\
version: 1
name: strict
advisories: {fail_after: 52w}
rules:
  severity_threshold: {action: fail, at_least: low}
  patch_sla: {action: "off"}
"""
NGINX = b"""Package: nginx
Status: install ok installed
Architecture: amd64
Version: 0.5-1
Description: x

"""
OPENSSL = STATUS.replace(b"3.0.9-1", b"3.0.7-1")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    bench = sound(tmp_path)
    bench.policy(POLICY)
    return bench


def image(bench: Bench, name: str, status: bytes) -> str:
    described = Image([tar([DEBIAN[0], file("var/lib/dpkg/status", status)])])
    return str(write(bench.root / name, tar(docker_archive_old(described))))


@pytest.mark.parametrize(
    ("before", "after", "code", "said"),
    [
        (OPENSSL + NGINX, NGINX, 11, "none new"),
        (OPENSSL, NGINX, 1, "1 new, such as severity_threshold: DSA-2 pkg:deb/debian/nginx"),
        (OPENSSL, OPENSSL, 1, "nothing that broke the policy is gone"),
        # Another version with the same flaw is neither better nor worse.
        (OPENSSL, OPENSSL.replace(b"3.0.7", b"3.0.6"), 1, "nothing that broke the policy is gone"),
        (STATUS, OPENSSL, 1, "new, such as"),
        (OPENSSL + NGINX, STATUS, 0, ""),
        (b"Package: x\n\n", NGINX, 1, "not compared"),
    ],
)
def test_better_worse_and_the_same(
    bench: Bench, before: bytes, after: bytes, code: int, said: str
) -> None:
    bench.target = image(bench, "after.tar", after)
    bench.arguments += ["--improves-on", image(bench, "before.tar", before)]
    ended, _, err = check(bench)
    assert ended == code, err
    assert said in err
    result = json.loads((bench.root / "result.json").read_bytes())
    assert result["verdict"] == ("FAIL" if code else "PASS")
    assert result["exit_code"] == code


def test_a_base_that_is_not_there_is_no_excuse(bench: Bench) -> None:
    bench.target = image(bench, "after.tar", NGINX)
    bench.arguments += ["--improves-on", str(bench.root / "none.tar")]
    code, _, err = check(bench)
    assert code == 1
    assert "cannot be judged" in err


def test_a_rule_that_was_met_before_is_worse(bench: Bench) -> None:
    young = image(bench, "young.tar", OPENSSL + NGINX)
    bench.policy(POLICY + "  packages: {action: fail, required: ['pkg:deb/debian/openssl*']}\n")
    bench.target = image(bench, "after.tar", NGINX)
    bench.arguments += ["--improves-on", young]
    code, _, err = check(bench)
    assert code == 1
    assert "new, such as packages" in err
