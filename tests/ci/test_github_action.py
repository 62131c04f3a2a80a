"""The GitHub action: what its step does, run as a runner would; and its file, read as data."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import DEBIAN, STATUS, file
from tests.cli.bad_inputs import Bench, run, sound
from tests.cli.test_check import PATIENT, old_openssl
from tests.cli.test_improves_on import NGINX
from tests.cli.test_improves_on import POLICY as SEVERE
from tests.conftest import REPOSITORY
from tests.serving import serving_on_a_free_port

ACTION: dict[str, Any] = yaml.safe_load((REPOSITORY / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = sound(tmp_path)
    bench.policy(PATIENT)
    return bench


def outputs(path: Path) -> dict[str, str]:
    """Read GITHUB_OUTPUT by the rules of the runner: NAME<<DELIMITER, value, DELIMITER."""
    found = {}
    for match in re.finditer(
        r"^(\S+)<<(\S+)\n(.*?)\n\2$", path.read_text(), re.MULTILINE | re.DOTALL
    ):
        found[match[1]] = match[3]
    return found


def act(bench: Bench, **inputs: str) -> tuple[dict[str, str], str, str]:
    """Run the step in a repository's folder; return its outputs, its log and the summary."""
    root = bench.root
    locked = hashlib.sha256((REPOSITORY / "requirements/run.txt").read_bytes()).hexdigest()
    venv = root / "temp" / f"patchgate-venv-{locked[:16]}"
    python = venv / "bin" / "python"
    if not python.exists():
        python.parent.mkdir(parents=True)
        (venv / ".ready").touch()
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
    for name in ("output", "summary"):
        (root / name).write_text("")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "PATCHGATE_CACHE": "off",
        "PG_TARGET": bench.target,
        "PG_POLICY": str(root / "policy.yaml"),
        "PG_DB": str(bench.store),
        "PG_UPDATE": "false",
        "PG_SIGNING_KEY": bench.key.read_text(),
        "PG_ARGUMENTS": "--now\n2026-11-20",
        "PG_TEMP": str(root / "temp"),
        "PG_ACTION": str(REPOSITORY),
        "GITHUB_OUTPUT": str(root / "output"),
        "GITHUB_STEP_SUMMARY": str(root / "summary"),
        **inputs,
    }
    done = subprocess.run(
        [REPOSITORY / "scripts" / "github-action"],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return outputs(root / "output"), done.stdout + done.stderr, (root / "summary").read_text()


def test_a_pass(bench: Bench) -> None:
    given, _, summary = act(bench)
    assert (given["verdict"], given["exit-code"]) == ("PASS", "0")
    assert "PASS" in summary
    for name in ("json", "sarif", "html"):
        assert (bench.root / given[name]).stat().st_size
    assert list((bench.root / given["evidence"]).glob("*.intoto.jsonl"))


def test_a_fail_is_annotated_and_its_evidence_kept(bench: Bench) -> None:
    old_openssl(bench)
    given, log, summary = act(bench)
    assert (given["verdict"], given["exit-code"]) == ("FAIL", "1")
    assert "::error" in log
    assert "FAIL" in summary
    assert list((bench.root / given["evidence"]).glob("*.intoto.jsonl"))


def test_without_a_key_it_is_no_pass(bench: Bench) -> None:
    given, _, _ = act(bench, PG_SIGNING_KEY="")
    assert (given["verdict"], given["exit-code"]) == ("INDETERMINATE", "5")


@pytest.mark.parametrize("inputs", [{"PG_FORK": "true"}, {"PG_ACTOR": "dependabot[bot]"}])
def test_a_run_that_can_have_no_key_signs_with_one_of_its_own(
    bench: Bench, inputs: dict[str, str]
) -> None:
    given, log, _ = act(bench, PG_SIGNING_KEY="", **inputs)
    assert (given["verdict"], given["exit-code"]) == ("PASS", "0")
    assert "signed by a key that was made for it" in log
    (record,) = (bench.root / given["evidence"]).glob("*.intoto.jsonl")
    own = bench.root / given["results"] / "key-of-this-run.pub.pem"
    for trust, code in ((own, 0), (bench.key.with_suffix(".pub.pem"), 6)):
        assert run(["evidence", "verify", "--trust", str(trust), str(record)])[0] == code
    assert not list((bench.root / "temp").glob("*.pem"))


def test_the_key_does_not_stay(bench: Bench) -> None:
    act(bench)
    left = [path for path in bench.root.rglob("*") if path.is_file() and path != bench.key]
    assert not [path for path in left if b"PRIVATE KEY" in path.read_bytes()]


def test_counts_and_paths_are_outputs(bench: Bench) -> None:
    old_openssl(bench)
    given, _, _ = act(bench)
    counts = [given[name] for name in ("findings", "violations", "overdue", "warnings")]
    assert counts == ["2", "2", "2", "1"]
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", given["image-digest"])
    for name in ("json", "sarif", "html", "junit", "sbom", "summary"):
        assert (bench.root / given[name]).stat().st_size
    assert re.fullmatch(r"patchgate-image\.tar-[0-9a-f]{8}", given["artifact"])
    assert given.keys() >= set(ACTION["outputs"]) - {"only-better"}


def test_what_an_earlier_call_left_is_not_taken_for_this_one(bench: Bench) -> None:
    act(bench)
    given, _, summary = act(bench, PG_POLICY=str(bench.root / "none.yaml"))
    assert "json" not in given
    assert (given["findings"], summary) == ("", "")


@pytest.mark.parametrize(
    ("author", "job", "word"), [("Bot", "0", "is not red"), ("User", "1", ""), ("", "1", "")]
)
def test_a_bot_that_only_improves_is_not_red(
    bench: Bench, author: str, job: str, word: str
) -> None:
    bench.policy(SEVERE)
    old_openssl(bench)
    base = bench.root / "base.tar"
    base.write_bytes(Path(bench.target).read_bytes())
    worse = STATUS.replace(b"3.0.9-1", b"3.0.7-1") + NGINX
    bench.image(DEBIAN[0], file("var/lib/dpkg/status", worse))
    Path(bench.target).rename(base)
    old_openssl(bench)
    given, log, _ = act(bench, PG_BASE_TARGET=str(base), PG_AUTHOR_TYPE=author)
    assert (given["verdict"], given["exit-code"], given["only-better"]) == ("FAIL", "11", "true")
    assert given["job-exit"] == job
    assert word in log
    # The other way around it is worse, whoever asks.
    given, log, _ = act(
        bench, PG_TARGET=str(base), PG_BASE_TARGET=bench.target, PG_AUTHOR_TYPE=author
    )
    assert (given["exit-code"], given["job-exit"]) == ("1", "1")


@pytest.mark.parametrize(
    ("inputs", "uploaded", "word"),
    [
        ({"PG_UPLOAD_SARIF": "true"}, True, ""),
        ({"PG_UPLOAD_SARIF": "TRUE"}, True, ""),
        ({"PG_UPLOAD_SARIF": ""}, False, ""),
        ({"PG_UPLOAD_SARIF": "true", "PG_FORK": "true"}, False, "no SARIF upload"),
        ({"PG_UPLOAD_SARIF": "true", "PG_ACTOR": "dependabot[bot]"}, False, "no SARIF upload"),
    ],
)
def test_sarif_is_uploaded_where_it_can_be(
    bench: Bench, inputs: dict[str, str], uploaded: bool, word: str
) -> None:
    given, log, _ = act(bench, **inputs)
    assert (given.get("sarif-upload") == "true") is uploaded
    assert word in log


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, {"upload"}),
        ({"PG_UPLOAD_ARTIFACT": "False", "PG_PR_COMMENT": "1"}, {"comment"}),
        ({"PG_UPLOAD_ARTIFACT": "true", "PG_PR_COMMENT": "TRUE"}, {"upload", "comment"}),
        ({"PG_UPLOAD_ARTIFACT": "0", "PG_PR_COMMENT": "false"}, set()),
    ],
)
def test_switches_may_be_written_in_any_way(
    bench: Bench, inputs: dict[str, str], told: set[str]
) -> None:
    given, _, _ = act(bench, **inputs)
    assert {name for name in ("upload", "comment") if given.get(name) == "true"} == told
    for name in ("upload", "comment"):
        assert any(f"steps.run.outputs.{name} == 'true'" in step.get("if", "") for step in STEPS)


def test_the_store_is_kept_when_it_changed_and_is_whole(bench: Bench) -> None:
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    mirror = partial(quiet, directory=str(bench.root / "osv"))
    with serving_on_a_free_port(mirror) as port:
        asked = {
            "PG_UPDATE": "",
            "PG_DB": "",
            "PG_MIRROR": f"http://localhost:{port}",
            "PG_ECOSYSTEMS": "Debian",
            "PG_DAY": "2026-11-26",
        }
        given, log, _ = act(bench, **asked)
        assert given["verdict"] == "PASS", log
        first = given["snapshot"]
        assert re.fullmatch(r"[0-9a-f]{16}", first)
        same = f"patchgate-db-1-0-2026-11-26-{first}"
        assert "snapshot" not in act(bench, **asked, PG_RESTORED=same)[0]
        other = f"patchgate-db-1-0-2026-11-25-{first}"
        assert act(bench, **asked, PG_RESTORED=other)[0]["snapshot"] == first
        # What the cache gave is damaged: it is loaded anew, and the gate judges.
        shard = next((bench.root / "temp/patchgate-db/shards").iterdir())
        shard.chmod(0o600)
        shard.write_bytes(b"x" + shard.read_bytes()[1:])
        given, log, _ = act(bench, **asked, PG_RESTORED=same)
        assert "is damaged" in log
        assert (given["verdict"], given["snapshot"]) == ("PASS", first)


@pytest.mark.parametrize(
    ("inputs", "kept"),
    [
        ({}, True),
        ({"PG_UPDATE": "false"}, False),
        ({"PG_CACHE": "FALSE"}, False),
        ({"PG_DB": "db"}, False),
    ],
)
def test_the_keys_of_the_store(tmp_path: Path, inputs: dict[str, str], kept: bool) -> None:
    prefixes = set()
    for target in ("acme/app:1", "acme/app@sha256:0", "acme/app"):
        (tmp_path / "out").write_text("")
        empty = {"PG_FOR": target, "PG_DB": "", "PG_UPDATE": "", "PG_CACHE": ""}
        subprocess.run(
            [REPOSITORY / "scripts/github-cache-key"],
            env={**os.environ, **empty, **inputs, "GITHUB_OUTPUT": str(tmp_path / "out")},
            check=True,
        )
        lines = dict(line.split("=") for line in (tmp_path / "out").read_text().splitlines())
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", lines["day"])
        assert bool(lines.get("prefix")) is kept
        prefixes.add(lines.get("prefix"))
    assert len(prefixes) == 1


def test_wrong_usage_has_no_verdict(bench: Bench) -> None:
    given, log, _ = act(bench, PG_POLICY=str(bench.root / "none.yaml"))
    assert (given.get("verdict"), given["exit-code"]) == (None, "2")
    assert "none.yaml" in log


def test_inputs_are_never_commands(bench: Bench) -> None:
    marker = bench.root / "marker"
    hostile = f"$(touch {marker}); `touch {marker}`\n"
    given, _, _ = act(bench, PG_TARGET=hostile, PG_VEX=hostile, PG_LOCATED_AT="")
    assert given["exit-code"] != "0"
    assert not marker.exists()


def test_every_input_is_empty_by_default() -> None:
    for name, described in ACTION["inputs"].items():
        assert "default" not in described, name
        assert described["description"]


def test_nothing_from_outside_is_part_of_a_script() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", "")


def test_other_actions_are_pinned_by_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    for name in used:
        assert re.fullmatch(r"(actions|github)/[a-z-]+(/[a-z-]+)?@[0-9a-f]{40}", name)


def test_every_variable_of_the_script_is_given_to_it() -> None:
    script = (REPOSITORY / "scripts" / "github-action").read_text()
    asked = set(re.findall(r"\bPG_[A-Z_]+\b", script)) - {"PG_"}
    (environment,) = [step["env"] for step in STEPS if step.get("id") == "run"]
    assert asked <= set(environment)
    assert {name for name in environment if name.startswith("PG_")} <= asked


def test_the_gate_decides_the_job() -> None:
    last = STEPS[-1]
    assert last["env"]["PG_EXIT"] == "${{ steps.run.outputs.job-exit }}"
    for given, code in (("1", 1), ("0", 0), ("", 70)):
        done = subprocess.run(
            ["bash", "-c", last["run"]], env={**os.environ, "PG_EXIT": given}, check=False
        )
        assert done.returncode == code
