"""What a tag means now, and since when a registry has an image."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.errors import InputError, UnreachableError
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.registry.artifact import read_tag
from gate.sources.request import Choice
from tests.builders import DEBIAN, Image, docker_archive_old, sha256, tar
from tests.cli.bad_inputs import Bench, check, sound
from tests.sources.registry_server import MANIFEST, Fake, healthy, says, serving

INDEX = "application/vnd.oci.image.index.v1+json"
BASE = Image(layers=[tar(DEBIAN[:1])], created="2026-10-20T00:00:00Z")
POLICY = "version: 1\nadvisories: {fail_after: 52w}\nrules: {base_image: {action: fail, %s}}\n"
LABELS = {
    "org.opencontainers.image.base.name": "%s/team/app:1",
    "org.opencontainers.image.base.digest": f"sha256:{'0' * 64}",
}


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving(Fake()) as served:
        served.add(BASE)
        yield served


def test_a_tag_of_one_image(fake: Fake) -> None:
    tag = read_tag(f"{fake.host}/team/app:1", "linux", "amd64")
    assert tag.digests == (f"sha256:{sha256(fake.manifests['1'][1])}",)
    assert tag.diff_ids == (f"sha256:{sha256(BASE.layers[0])}",)
    assert tag.created == datetime(2026, 10, 20, tzinfo=UTC)


def test_a_tag_of_several_platforms(fake: Fake) -> None:
    inner = f"sha256:{sha256(fake.manifests['1'][1])}"
    entry = {"mediaType": MANIFEST, "digest": inner, "size": 1}
    arm = {"os": "linux", "architecture": "arm64", "variant": "v8"}
    other = {**entry, "digest": f"sha256:{'1' * 64}"}
    platform = {"os": "linux", "architecture": "amd64"}
    manifests = [{**other, "platform": arm}, {**entry, "platform": platform}]
    document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
    fake.serve_manifest(document, INDEX, tag="2")
    tag = read_tag(f"{fake.host}/team/app:2", "linux", "amd64")
    assert tag.digests == (f"sha256:{sha256(json.dumps(document).encode())}", inner)
    with pytest.raises(InputError, match="has no image for linux/s390x"):
        read_tag(f"{fake.host}/team/app:2", "linux", "s390x")
    with pytest.raises(UnreachableError):
        read_tag(f"{fake.host}/team/app:3", "linux", "amd64")


def test_since_when_the_registry_has_it(fake: Fake) -> None:
    kind, data = fake.manifests["1"]
    target = f"registry:{fake.host}/team/app:1"
    for stated, moment in (
        ("Wed, 21 Oct 2026 07:28:00 GMT", datetime(2026, 10, 21, 7, 28, tzinfo=UTC)),
        ("yesterday", None),
        ("Wed, 99 Oct 2026 07:28:00 GMT", None),
    ):
        fake.faults["1"] = [says(200, data, Content_Type=kind, Last_Modified=stated), healthy]
        subject = read_bom(target, Choice(), Budget()).subject
        assert (subject.pushed, subject.pushed_basis) == (moment, "registry" if moment else "")


def judged(bench: Bench, fake: Fake, asked: str, layers: list[bytes], now: str) -> str:
    labels = {name: text.replace("%s", fake.host) for name, text in LABELS.items()}
    image = Image(layers=layers, labels=labels, created="2026-11-01T00:00:00Z")
    bench.archive(tar(docker_archive_old(image)))
    bench.policy(POLICY % asked)
    kept = list(bench.arguments)
    bench.arguments += ["--now", now]
    check(bench)
    bench.arguments = kept
    document = json.loads((bench.root / "result.json").read_bytes())
    return next(str(rule["message"]) for rule in document["rules"] if rule["rule"] == "base_image")


def test_a_base_that_is_behind_its_tag(fake: Fake, tmp_path: Path) -> None:
    bench = sound(tmp_path)
    own = [*BASE.layers, tar(DEBIAN[1:])]
    now = "2026-11-10T00:00:00Z"
    assert "is as the policy asks" in judged(bench, fake, "current: true", own, now)
    behind = [tar(DEBIAN)]
    said = judged(bench, fake, "current: true", behind, now)
    assert "it is behind its tag" in said
    assert "built 2026-10-20" in said
    assert "as the policy asks" in judged(bench, fake, "rebuild_within: 21d", behind, now)
    late = "2026-11-10T00:00:01Z"
    assert "for more than 21 days" in judged(bench, fake, "rebuild_within: 21d", behind, late)
    fake.manifests.clear()
    assert "is not known" in judged(bench, fake, "current: true", own, now)
