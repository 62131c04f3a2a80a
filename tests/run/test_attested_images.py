"""Signatures and attestations beside an image, as cosign writes them, in a real registry."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gate.evidence.dsse import pae
from gate.evidence.keys import Signer, generate, load_private
from gate.sources.registry.pushing import EMPTY, MANIFEST, Repository
from gate.sources.registry.reference import parse_reference
from tests.builders import DEBIAN, STATUS, Image, docker_archive_new, file, tar, write
from tests.cli.bad_inputs import Bench, check, sound
from tests.registries import Registry, running_registry

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
OPENVEX = "https://openvex.dev/ns/v0.2.0"


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


class Published:
    """An image in a registry, and whoever signs it."""

    def __init__(self, registry: Registry, folder: Path, name: str, kind: str) -> None:
        self.name = f"{registry.host}/team/{name}"
        image = Image([tar([*DEBIAN, file("var/lib/dpkg/status", STATUS)])])
        archive = write(folder / "image.tar", tar(docker_archive_new(image)))
        registry.push(f"docker-archive:{archive}", f"team/{name}:1", "--format=oci")
        self.repository = Repository(parse_reference(f"{self.name}:1"))
        found = self.repository.manifest("1")
        assert found is not None
        self.described, content = found
        self.manifest = json.loads(content)
        self.digest = str(self.described["digest"])
        pair = generate(None, kind)
        self.signer: Signer = load_private(pair.private_pem, None)
        self.public = pair.public_pem.decode()

    def attach(self, tag: str, media_type: str, content: bytes, **annotations: str) -> None:
        layer = self.repository.put_blob(content, media_type)
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.repository.put_blob(b"{}", EMPTY),
            "layers": [{**layer, "annotations": annotations}],
        }
        if tag == "referrer":
            document |= {"artifactType": media_type, "subject": self.described}
            tag = f"t{hashlib.sha256(content).hexdigest()[:20]}"
        self.repository.put_manifest(tag, document)

    def sign(self, way: str, digest: str = "", *, signer: Signer | None = None) -> None:
        """Sign the image as cosign 2 (tag) or cosign 3 (bundle) does."""
        by, about = signer or self.signer, digest or self.digest
        if way == "tag":
            critical = {
                "identity": {"docker-reference": self.name},
                "image": {"docker-manifest-digest": about},
                "type": "cosign container image signature",
            }
            payload = json.dumps({"critical": critical, "optional": None}).encode()
            stated = base64.b64encode(by.sign(payload)).decode()
            place = self.digest.replace(":", "-") + ".sig"
            self.attach(place, SIMPLE, payload, **{"dev.cosignproject.cosign/signature": stated})
        else:
            envelope = self.envelope(SIGN, {}, by, about)
            bundle = {"mediaType": BUNDLE, "dsseEnvelope": envelope}
            self.attach("referrer", BUNDLE, json.dumps(bundle).encode())

    def attest(self, way: str, kind: str, predicate: Any, *, signer: Signer | None = None) -> None:
        envelope = self.envelope(kind, predicate, signer or self.signer, self.digest)
        if way == "tag":
            place = self.digest.replace(":", "-") + ".att"
            self.attach(place, ENVELOPE, json.dumps(envelope).encode())
        else:
            bundle = {"mediaType": BUNDLE, "dsseEnvelope": envelope}
            self.attach("referrer", BUNDLE, json.dumps(bundle).encode())

    def envelope(self, kind: str, predicate: Any, signer: Signer, digest: str) -> dict[str, Any]:
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "x", "digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicateType": kind,
            "predicate": predicate,
        }
        payload, payload_type = json.dumps(statement).encode(), "application/vnd.in-toto+json"
        return {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": payload_type,
            "signatures": [
                {
                    "keyid": "",
                    "sig": base64.b64encode(signer.sign(pae(payload_type, payload))).decode(),
                }
            ],
        }


@pytest.fixture(params=["p256", "ed25519"])
def image(registry: Registry, tmp_path: Path, request: pytest.FixtureRequest) -> Published:
    name = "".join(one for one in request.node.name.lower() if one.isalnum())[:100]
    return Published(registry, tmp_path, name, request.param)


def pem(written: str) -> str:
    return json.dumps(written)


def judge(bench: Bench, image: Published, keys: list[str]) -> tuple[int, str]:
    """Check an image that is built from `image`, by a policy that wants it signed."""
    (bench.root / "Dockerfile").write_text(f"FROM {image.name}:1@{image.digest}\n")
    rule = f"{{action: fail, signed_by: [{', '.join(map(pem, keys))}]}}"
    bench.policy(f"version: 1\nadvisories: {{fail_after: 52w}}\nrules: {{base_image: {rule}}}\n")
    code, _, err = check(
        Bench(
            bench.root,
            bench.target,
            [*bench.arguments, "--dockerfile", str(bench.root / "Dockerfile")],
        )
    )
    return code, err


@pytest.mark.parametrize("way", ["tag", "bundle"])
def test_a_base_that_is_signed(image: Published, tmp_path: Path, way: str) -> None:
    bench = sound(tmp_path / "bench")
    assert judge(bench, image, [image.public])[0] == 1
    image.sign(way)
    code, err = judge(bench, image, [image.public])
    assert code == 0, err
    other = generate(None).public_pem.decode()
    code, err = judge(bench, image, [other])
    assert code == 1
    assert judge(bench, image, [other, image.public])[0] == 0


@pytest.mark.parametrize("way", ["tag", "bundle"])
def test_signatures_that_count_for_nothing(image: Published, tmp_path: Path, way: str) -> None:
    """Of another image, put in this one's place; and of somebody else."""
    bench = sound(tmp_path / "bench")
    image.sign(way, "sha256:" + "0" * 64)
    assert judge(bench, image, [image.public])[0] == 1
    image.sign(way, signer=load_private(generate(None).private_pem, None))
    assert judge(bench, image, [image.public])[0] == 1


def test_an_attestation_is_no_signature(image: Published, tmp_path: Path) -> None:
    image.attest("tag", OPENVEX, {})
    assert judge(sound(tmp_path / "bench"), image, [image.public])[0] == 1


def test_an_index_that_is_signed(image: Published, registry: Registry, tmp_path: Path) -> None:
    """What was built on is the manifest of one platform; the publisher signed the index."""
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{**image.described, "platform": {"os": "linux", "architecture": "amd64"}}],
    }
    digest = image.repository.put_manifest("1", index)
    platform, image.digest = image.digest, digest
    image.sign("tag")
    image.digest = platform
    assert judge(sound(tmp_path / "bench"), image, [image.public])[0] == 0


def test_a_registry_that_does_not_answer_is_no_signature(image: Published, tmp_path: Path) -> None:
    image.sign("tag")
    image.name = "localhost:1/team/app"
    assert judge(sound(tmp_path / "bench"), image, [image.public])[0] == 1


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"null", b'{"critical":7}', b'{"dsseEnvelope":[]}', b"\xff" * 100]
)
@pytest.mark.parametrize("kind", [SIMPLE, ENVELOPE, BUNDLE])
def test_what_is_no_signature_is_no_traceback(
    registry: Registry, tmp_path: Path, kind: str, content: bytes
) -> None:
    name = f"odd{hashlib.sha256(kind.encode() + content).hexdigest()[:20]}"
    image = Published(registry, tmp_path, name, "ed25519")
    image.attach(image.digest.replace(":", "-") + ".sig", kind, content)
    assert judge(sound(tmp_path / "bench"), image, [image.public])[0] == 1


VEX = {
    "@context": OPENVEX,
    "@id": "https://shop.example/vex/1",
    "author": "Shop Security",
    "timestamp": "2026-11-01T00:00:00Z",
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "DSA-1"},
            "products": [{"@id": "pkg:deb/debian/libssl3"}, {"@id": "pkg:deb/debian/openssl"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        }
    ],
}


@pytest.mark.parametrize("way", ["tag", "bundle"])
def test_vex_beside_an_image(registry: Registry, tmp_path: Path, way: str) -> None:
    image = Published(registry, tmp_path, f"vex{way}", "p256")
    bench = sound(tmp_path / "bench")
    old = STATUS.replace(b"3.0.9-1", b"3.0.7-1")
    built = Image([tar([*DEBIAN, file("var/lib/dpkg/status", old)])])
    archive = write(tmp_path / "old.tar", tar(docker_archive_new(built)))
    registry.push(f"docker-archive:{archive}", f"team/vex{way}:1", "--format=oci")
    found = image.repository.manifest("1")
    assert found is not None
    image.described, image.digest = found[0], str(found[0]["digest"])
    bench.target = f"registry:{image.name}:1"
    trusting = (
        f"version: 1\nadvisories: {{fail_after: 52w}}\nvex: {{keys: [{pem(image.public)}]}}\n"
    )
    bench.policy(trusting)
    bench.arguments += ["--vex", "beside", "--now", "2026-11-20"]
    assert check(bench)[0] == 1
    image.attest(way, OPENVEX, VEX, signer=load_private(generate(None).private_pem, None))
    code, out, _ = check(bench)
    assert code == 1
    result = json.loads((bench.root / "result.json").read_text())
    assert any("count for nothing" in warning for warning in result["warnings"])
    image.attest(way, OPENVEX, VEX)
    code, out, err = check(bench)
    assert code == 0, out + err
    result = json.loads((bench.root / "result.json").read_text())
    assert {one["state"] for one in result["findings"]} == {"not-affected"}
    bench.policy("version: 1\nadvisories: {fail_after: 52w}\n")
    assert check(bench)[0] == 1
