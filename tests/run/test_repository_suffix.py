"""Rows of a repository's own ecosystem are found by a whole check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.bad_inputs import run


@pytest.mark.parametrize(
    ("ecosystem", "name", "purl"),
    [
        (
            "Packagist:https://packages.drupal.org/8",
            "drupal/core",
            "pkg:composer/drupal/core@8.0.0",
        ),
        ("Maven:https://repo.example/m2", "g:a", "pkg:maven/g/a@8.0.0"),
    ],
)
def test_a_row_of_a_repository_counts(tmp_path: Path, ecosystem: str, name: str, purl: str) -> None:
    feed = tmp_path / "feed"
    feed.mkdir()
    names = {"X-1": (ecosystem, name), "X-2": (ecosystem.partition(":")[0], "other:other")}
    for id_, (of, package) in names.items():
        fixed = [{"introduced": "0"}, {"fixed": "9.0.0"}]
        affected = {
            "package": {"ecosystem": of, "name": package},
            "ranges": [{"type": "ECOSYSTEM", "events": fixed}],
        }
        record = {"id": id_, "modified": "2026-11-01T00:00:00Z", "affected": [affected]}
        (feed / f"{id_}.json").write_text(json.dumps(record))
    sbom = tmp_path / "s.cdx.json"
    part = {"type": "library", "bom-ref": "x", "name": "x", "version": "8.0.0", "purl": purl}
    sbom.write_text(
        json.dumps(
            {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [part]}
        )
    )
    key, db = str(tmp_path / "key.pem"), str(tmp_path / "db")
    assert run(["evidence", "keygen", "--key", key])[0] == 0
    assert run(["db", "import", str(feed), "--db", db, "--as-of", "2026-11-27"])[0] == 0
    result = tmp_path / "r.json"
    place = ["--evidence", str(tmp_path / "e"), "--key", key, "--now", "2026-11-27"]
    run(["check", f"sbom:{sbom}", "--db", db, *place, "-o", f"json={result}"])
    assert [one["id"] for one in json.loads(result.read_text())["findings"]] == ["X-1"]
