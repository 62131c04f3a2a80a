"""What the real cosign signs and attests is what the gate reads beside an image."""

from __future__ import annotations

import json
from pathlib import Path

from gate.run.attested_images import Signed, load_keys, signed_about
from gate.sources.registry.pushing import Repository
from gate.sources.registry.reference import parse_reference
from tests.builders import DEBIAN, STATUS, Image, docker_archive_new, file, tar, write
from tests.clients.conftest import find, run
from tests.registries import running_registry
from tests.run.test_attested_images import VEX

OPTIONS = ["--tlog-upload=false", "--allow-insecure-registry", "--yes", "--key", "cosign.key"]


def test_cosign_signs_and_attests(tmp_path: Path) -> None:
    cosign = find("cosign", "signatures of the real cosign are")
    image = Image([tar([*DEBIAN, file("var/lib/dpkg/status", STATUS)])])
    archive = write(tmp_path / "image.tar", tar(docker_archive_new(image)))
    (tmp_path / "vex.json").write_text(json.dumps(VEX))
    with running_registry(tmp_path / "registry") as registry:
        registry.push(f"docker-archive:{archive}", "team/base:1", "--format=oci")
        repository = Repository(parse_reference(f"{registry.host}/team/base:1"))
        found = repository.manifest("1")
        assert found is not None
        digest = str(found[0]["digest"])
        name = f"{registry.host}/team/base@{digest}"
        attest = [cosign, "attest", "--type", "openvex", "--predicate", "vex.json"]
        for command in (
            [cosign, "generate-key-pair"],
            [cosign, "sign", *OPTIONS, name],
            [*attest, *OPTIONS, name],
        ):
            code, said = run(command, tmp_path, COSIGN_PASSWORD="")
            assert code == 0, said
        keys = load_keys([(tmp_path / "cosign.pub").read_text()])
        signed = list(signed_about(repository, digest, keys))
    assert {one.keyids for one in signed} == {(keys[0].keyid,)}
    assert [one.is_signature for one in signed] == [True, False]
    attestation: Signed = signed[1]
    assert attestation.kind.startswith("https://openvex.dev/ns")
    assert attestation.predicate["statements"] == VEX["statements"]
