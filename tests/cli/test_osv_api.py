"""`check --osv-api`: the verdict that a store with the same records gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gate.advisories import download
from gate.advisories.feeds import find_feeds
from tests.advisories.osv_api import Api, serving_api
from tests.cli.bad_inputs import Bench, run, sound

DATA = Path(__file__).parent.parent / "data"
IMAGE = DATA / "images" / "almalinux-9-micro-20221101-aarch64.tar.xz"
NOW = "2026-08-20"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PATCHGATE_POLICY", raising=False)
    waits = {"sleep": lambda seconds: None}
    monkeypatch.setattr(download.Downloader.__init__, "__kwdefaults__", waits)
    return sound(tmp_path)


def check(bench: Bench, *arguments: str) -> tuple[int, dict[str, object]]:
    file = bench.root / "result.json"
    code, _, _ = run(
        ["check", str(IMAGE), "--now", NOW, "--key", str(bench.key), "--cache", "off",
         "--evidence", str(bench.root / f"evidence-{len(arguments)}"), "-o", f"json={file}",
         *arguments]
    )  # fmt: skip
    return code, json.loads(file.read_bytes())


def findings(result: dict[str, object]) -> list[str]:
    found = result["findings"]
    assert isinstance(found, list)
    for each in found:
        each.pop("first_seen", None)
    text = (json.dumps(each, sort_keys=True) for each in found)
    return sorted(each.replace('"OSV API"', '"AlmaLinux"') for each in text)


def test_the_api_and_the_store_agree_on_a_real_image(bench: Bench) -> None:
    records = {}
    for feed in find_feeds([DATA / "osv" / "AlmaLinux"]):
        for _, raw in feed.records():
            record = json.loads(raw)
            records[record["id"]] = record
    store = bench.root / "alma"
    assert run(["db", "import", "--db", str(store), "--now", NOW, "--as-of", NOW,
                str(DATA / "osv" / "AlmaLinux")])[0] == 0  # fmt: skip
    from_store = check(bench, "--db", str(store))
    with serving_api(Api(records, page=7)) as api:
        from_api = check(bench, "--osv-api", api.url, "--db", str(store))
    assert from_api[0] == from_store[0] == 1
    assert findings(from_api[1]) == findings(from_store[1])
    assert len(findings(from_api[1])) > 50
    (bundle,) = (bench.root / "evidence-4").glob("*.intoto.jsonl")
    trust = str(bench.key.with_suffix(".pub.pem"))
    assert run(["evidence", "replay", "--trust", trust, str(bundle)])[0] == 0


def test_an_api_that_is_not_there_is_no_pass(bench: Bench) -> None:
    code, result = check(bench, "--osv-api", "http://127.0.0.1:9")
    assert code == 7
    assert result["verdict"] == "INDETERMINATE" or "INDETERMINATE" in json.dumps(result)


def test_what_the_api_knows_nothing_of_is_no_pass(bench: Bench) -> None:
    with serving_api(Api()) as api:
        assert check(bench, "--osv-api", api.url)[0] == 4
