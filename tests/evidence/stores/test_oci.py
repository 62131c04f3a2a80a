"""Evidence published in a real registry, beside the image that it is about."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from gate.errors import EvidenceError, UsageError
from gate.evidence.facts import RunFacts
from gate.evidence.keys import Ed25519Signer
from gate.evidence.place import FolderPlace
from gate.evidence.record import record
from gate.evidence.store import FolderStore
from gate.evidence.stores import oci, open_store
from gate.evidence.stores.oci import OciPlace, publish, reference_of
from gate.evidence.verify_folder import verify_folder
from gate.sources.registry.pushing import Repository
from tests.builders import DEBIAN, STATUS, Image, docker_archive_new, file, tar, write
from tests.cli.bad_inputs import Bench, check, run, sound
from tests.registries import AUTH, PASSWORD, Registry, config_file, running_registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("registry"), login=True) as running:
        yield running


@pytest.fixture(autouse=True)
def login(registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {"auths": {registry.host: {"auth": AUTH}}}
    monkeypatch.setenv("DOCKER_CONFIG", config_file(tmp_path, content))


@pytest.fixture
def place(registry: Registry, request: pytest.FixtureRequest) -> OciPlace:
    """An empty repository."""
    name = "".join(one for one in request.node.name.lower() if one.isalnum())[:100]
    return OciPlace(reference_of(f"oci://{registry.host}/team/{name}"))


def recorded(folder: Path, facts: RunFacts, signer: Ed25519Signer, *numbers: int) -> FolderPlace:
    for number in numbers:
        record(msgspec.structs.replace(facts, components=number), signer, FolderStore(folder))
    return FolderPlace(folder)


def test_what_is_published_verifies(
    place: OciPlace, facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    trusted = [signer.verifying_key]
    source = recorded(tmp_path / "evidence", facts, signer, 1, 2, 3)
    first = publish(source, place, trusted)
    assert (first.ok, first.new, first.there) == (True, 3, 0)
    report = verify_folder(OciPlace(reference_of(place.name)), trusted)
    assert report.ok, (report.ledger.problems, report.failed)
    assert len(report.ledger.entries) == 3
    recorded(tmp_path / "evidence", facts, signer, 4)
    again = publish(source, place, trusted)
    assert (again.ok, again.new, again.there) == (True, 1, 3)
    reading = open_store(place.name, os.environ, writing=False)
    assert verify_folder(reading, trusted).ok
    for path in sorted(source.folder.rglob("*")):
        name = path.relative_to(source.folder).as_posix()
        if path.is_file() and not name.endswith("/lock"):
            assert reading.read(name, 10**6) == path.read_bytes(), name


def test_an_older_ledger_does_not_take_its_place(
    place: OciPlace, facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    trusted = [signer.verifying_key]
    source = recorded(tmp_path / "evidence", facts, signer, 1)
    shutil.copytree(source.folder, tmp_path / "old")
    recorded(tmp_path / "evidence", facts, signer, 2)
    assert publish(source, place, trusted).ok
    refused = publish(FolderPlace(tmp_path / "old"), place, trusted)
    assert not refused.ok
    assert "V07" in {problem.code for problem in refused.snapshot.ledger.problems}
    other = recorded(tmp_path / "other", facts, signer, 7, 8, 9)
    assert not publish(other, place, trusted).ok
    assert verify_folder(OciPlace(reference_of(place.name)), trusted).ok


@pytest.mark.parametrize("broken_at", range(0, 12, 3))
def test_a_push_that_broke_off_is_gone_on_with(
    place: OciPlace,
    facts: RunFacts,
    signer: Ed25519Signer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken_at: int,
) -> None:
    trusted = [signer.verifying_key]
    source = recorded(tmp_path / "evidence", facts, signer, 1, 2, broken_at + 10)
    left = [broken_at]
    real = Repository.put_blob

    def failing(self: Repository, content: bytes, media_type: str) -> oci.Described:
        if not left[0]:
            raise EvidenceError("the line is cut")
        left[0] -= 1
        return real(self, content, media_type)

    monkeypatch.setattr(Repository, "put_blob", failing)
    with pytest.raises(EvidenceError, match="cut"):
        publish(source, place, trusted)
    monkeypatch.undo()
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    done = publish(source, OciPlace(reference_of(place.name)), trusted)
    assert done.ok
    assert done.new + done.there == 3
    assert verify_folder(OciPlace(reference_of(place.name)), trusted).ok


def test_what_does_not_verify_is_not_published(
    place: OciPlace, facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    source = recorded(tmp_path / "evidence", facts, signer, 1, 2)
    bundle = min(source.folder.glob("*.jsonl"))
    bundle.write_bytes(bundle.read_bytes() + b"\n")
    published = publish(source, place, [signer.verifying_key])
    assert (published.ok, published.new, len(published.refused)) == (False, 1, 1)


def test_what_somebody_puts_in_its_place_is_found(
    place: OciPlace, facts: RunFacts, signer: Ed25519Signer, tmp_path: Path
) -> None:
    trusted = [signer.verifying_key]
    source = recorded(tmp_path / "evidence", facts, signer, 1, 2)
    assert publish(source, place, trusted).ok
    first, second = sorted(path.name.partition(".")[0] for path in source.folder.glob("*.jsonl"))
    found = place.repository.manifest(f"patchgate.{first}")
    assert found is not None
    place.repository.put_manifest(f"patchgate.{second}", json.loads(found[1]))
    report = verify_folder(OciPlace(reference_of(place.name)), trusted)
    assert not report.ok
    assert {"V02"} <= {problem.code for logged in report.failed for problem in logged.problems}


def test_nobody_records_here(registry: Registry) -> None:
    url = f"oci://{registry.host}/team/app"
    with pytest.raises(EvidenceError, match="overwriting each other"):
        open_store(url, os.environ, writing=True)


@pytest.mark.parametrize("url", ["oci://", "oci://host/app:1", "oci://host/app@sha256:" + "0" * 64])
def test_what_names_no_repository(url: str) -> None:
    with pytest.raises(UsageError):
        reference_of(url)


def test_from_a_check_to_the_referrers_of_its_image(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a user does it, with skopeo reading what was published."""
    bench: Bench = sound(tmp_path)
    image = Image([tar([*DEBIAN, file("var/lib/dpkg/status", STATUS)])])
    archive = write(tmp_path / "pushed.tar", tar(docker_archive_new(image)))
    name = f"{registry.host}/team/shop"
    registry.push(f"docker-archive:{archive}", "team/shop:1", "--format=oci")
    bench.target = f"registry:{name}:1"
    code, _, err = check(bench)
    assert code in {0, 1}, err
    trust = ["--trust", str(bench.key.with_suffix(".pub.pem"))]
    code, out, err = run(["evidence", "push", str(bench.evidence), f"oci://{name}", *trust])
    assert code == 0, out + err
    assert "1 records pushed" in out
    assert PASSWORD not in out + err
    code, out, _ = run(["evidence", "verify", f"oci://{name}", *trust])
    assert code == 0, out
    repository = Repository(reference_of(f"oci://{name}"))
    found = repository.manifest("1")
    assert found is not None
    (referrer,) = repository.referrers(found[0]["digest"])
    assert referrer["artifactType"] == oci.RECORD_TYPE
    assert referrer["annotations"]["dev.patchgate.verdict"] in {"PASS", "FAIL"}
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false"]
    command += [f"--creds=reader:{PASSWORD}", f"docker://{name}@{referrer['digest']}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(said)["subject"]["digest"] == found[0]["digest"]
    code, _, err = check(
        Bench(bench.root, bench.target, [*bench.arguments, "--evidence", f"oci://{name}"])
    )
    assert code == 5
