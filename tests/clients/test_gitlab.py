"""The GitLab template, run by gitlab-ci-local as GitLab's runner would."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.bad_inputs import Bench
from tests.clients.conftest import CLIENTS, find, git, run
from tests.conftest import REPOSITORY

TEMPLATE = REPOSITORY / "ci-templates/gitlab/templates/patchgate.yml"
PIPELINE = """\
include:
  - local: templates/patchgate.yml
    inputs:
      target: good.tar
      package: {package}
      arguments: --now 2026-11-20
  - local: templates/patchgate.yml
    inputs:
      job-name: old
      stage: deploy
      target: old.tar
      package: {package}
      arguments: --now 2026-11-20
after:
  stage: test
  needs: [patchgate]
  script: ['echo "said $PATCHGATE_VERDICT $PATCHGATE_BREAKING"']
"""


def test_a_pipeline_with_a_good_and_an_old_image(bench: Bench, mirror: str) -> None:
    find("rsync", "GitLab's template is")
    modules = CLIENTS / "npm" / "node_modules"
    node, client = modules / "node/bin/node", modules / ".bin/gitlab-ci-local"
    if not client.exists():
        pytest.skip("no gitlab-ci-local here (scripts/install-test-clients): template not tested")
    work = bench.root / "work"
    (work / "templates").mkdir()
    (work / "templates/patchgate.yml").write_text(TEMPLATE.read_text())
    (work / ".gitlab-ci.yml").write_text(PIPELINE.format(package=REPOSITORY))
    git(work, "remote", "add", "origin", "https://gitlab.example/acme/app.git")
    git(work, "add", "--all")
    git(work, "commit", "-qm", "x")
    code, said = run(
        [
            node, client, "--force-shell-executor", "--no-color",
            "--variable", f"PATCHGATE_KEY={bench.key}",
            "--variable", f"PATCHGATE_OSV_URL={mirror}",
        ],
        work,
        PATH=f"{node.parent}{os.pathsep}{os.environ['PATH']}",
        HOME=str(bench.root),
    )  # fmt: skip
    # gitlab-ci-local ends with 0 wherever a job allows some exit codes, also for another code; what
    # it says of the job tells a failure (FAIL) from an allowed one (WARN).
    assert code in {0, 1}, said
    assert " FAIL  old" in said
    assert " PASS  patchgate" in said
    assert "WARN" not in said
    assert "✓ PASS  example/app:1" in said
    assert "✗ FAIL  example/app:1" in said
    assert "said PASS 0" in said
    kept = work / ".gitlab-ci-local/artifacts"
    for job in ("patchgate", "old"):
        results = kept / job / "patchgate-results"
        assert {path.name for path in results.iterdir()} >= {
            "evidence", "gl-code-quality-report.json", "gl-container-scanning-report.json",
            "gl-sbom-patchgate.cdx.json", "junit.xml", "patchgate.env", "report.html",
        }  # fmt: skip
        assert list((results / "evidence").glob("*.intoto.jsonl"))
    quality = Path(kept / "old/patchgate-results/gl-code-quality-report.json")
    assert json.loads(quality.read_bytes())
