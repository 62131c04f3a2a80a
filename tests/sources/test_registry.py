"""Real images in a real registry: what it gives is what the archive gives."""

from __future__ import annotations

import gc
import gzip
import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gate.bom.model import Bom
from gate.errors import GateError, UnreachableError, UsageError
from gate.run.inventories import Inventories
from gate.run.reading import read_bom
from gate.sources.budget import Budget
from gate.sources.request import Choice
from tests.builders import (
    DEBIAN,
    Image,
    docker_archive_old,
    file,
    oci_layout,
    sha256,
    tar,
    write,
    write_folder,
)
from tests.cli.bad_inputs import check, run, sound
from tests.registries import AUTH, PASSWORD, Registry, config_file, running_registry

pytestmark = pytest.mark.usefixtures("nobody")


def bom_of(target: object, platform: str = "", image: str = "") -> Bom:
    return read_bom(str(target), Choice(image=image, platform=platform), Budget())


def image(compression: str = "gzip", **changes: object) -> Image:
    return Image(layers=[tar(DEBIAN[:1]), tar(DEBIAN[1:])], compression=compression, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_an_oci_image(registry: Registry, tmp_path: Path, compression: str) -> None:
    archive = write(tmp_path / "image.tar", tar(oci_layout(image(compression))))
    name = f"oci/{compression}:1"
    registry.push(f"oci-archive:{archive}", name, "--preserve-digests")
    pulled, saved = bom_of(f"registry:{registry.host}/{name}"), bom_of(archive)
    assert len(pulled.components) == 2
    assert pulled.components == saved.components
    assert pulled.readings == saved.readings
    assert pulled.notes == saved.notes
    one, two = pulled.subject, saved.subject
    assert (one.digests, one.image_id, one.layers) == (two.digests, two.image_id, two.layers)
    assert (one.created, one.os, one.architecture) == (two.created, two.os, two.architecture)
    assert (one.source, one.name) == ("registry", f"{registry.host}/{name}")
    assert one.tags == (one.name,)
    digest = f"sha256:{two.digests['sha256']}"
    assert one.repo_digests == (f"{registry.host}/oci/{compression}@{digest}",)
    by_digest = bom_of(f"registry:{one.repo_digests[0]}")
    assert (by_digest.subject.digests, by_digest.subject.tags) == (one.digests, ())
    assert by_digest.subject.name == one.repo_digests[0]


@pytest.mark.parametrize("kind", ["v2s2", "oci"])
def test_a_docker_image(registry: Registry, tmp_path: Path, kind: str) -> None:
    archive = write(tmp_path / "image.tar", tar(docker_archive_old(image("none"))))
    registry.push(f"docker-archive:{archive}", f"docker/{kind}", f"--format={kind}")
    pulled, saved = bom_of(f"registry:{registry.host}/docker/{kind}"), bom_of(archive)
    assert pulled.components == saved.components
    assert pulled.subject.tags == (f"{registry.host}/docker/{kind}:latest",)
    diff_ids = [layer.diff_id for layer in saved.subject.layers]
    assert [layer.diff_id for layer in pulled.subject.layers] == diff_ids


PLATFORMS = ["linux/amd64", "linux/s390x"]


def several(tmp_path: Path) -> Path:
    """A layout whose one tag is an index of two platforms."""
    images = [image(config_changes={"architecture": p.split("/")[1]}) for p in PLATFORMS]
    items = {item.name: item for item in oci_layout(*images, platforms=PLATFORMS)}
    index = json.loads(items.pop("index.json").content)
    for entry in index["manifests"]:
        del entry["annotations"]
    inner = json.dumps(index | {"mediaType": "application/vnd.oci.image.index.v1+json"}).encode()
    outer = {
        "schemaVersion": 2,
        "manifests": [
            {
                "mediaType": "application/vnd.oci.image.index.v1+json",
                "digest": f"sha256:{sha256(inner)}",
                "size": len(inner),
                "annotations": {"org.opencontainers.image.ref.name": "1"},
            }
        ],
    }
    made = [file(f"blobs/sha256/{sha256(inner)}", inner)]
    made.append(file("index.json", json.dumps(outer).encode()))
    return write_folder(tmp_path / "layout", [*items.values(), *made])


def test_an_index_of_platforms(registry: Registry, tmp_path: Path) -> None:
    layout = several(tmp_path)
    registry.push(f"oci:{layout}", "multi:1", "--all", "--preserve-digests")
    target = f"registry:{registry.host}/multi:1"
    digests = set()
    for platform in PLATFORMS:
        pulled, local = bom_of(target, platform), bom_of(layout, platform)
        assert pulled.subject.digests == local.subject.digests
        assert pulled.subject.architecture == platform.split("/")[1]
        assert pulled.components == local.components
        digests.add(pulled.subject.digests["sha256"])
        index = json.loads((layout / "index.json").read_bytes())["manifests"][0]["digest"]
        name = f"{registry.host}/multi"
        manifest = pulled.subject.digests["sha256"]
        assert pulled.subject.repo_digests == tuple(
            sorted([f"{name}@{index}", f"{name}@sha256:{manifest}"])
        )
    assert len(digests) == 2
    with pytest.raises(UsageError, match=r"no image for linux/riscv64.*linux/(?:amd64|s390x)"):
        bom_of(target, "linux/riscv64")


def test_a_platform_that_the_one_image_does_not_have(registry: Registry, tmp_path: Path) -> None:
    archive = write(tmp_path / "image.tar", tar(oci_layout(image())))
    registry.push(f"oci-archive:{archive}", "single:1")
    assert bom_of(f"registry:{registry.host}/single:1", "linux/amd64").components
    with pytest.raises(UsageError, match=r"no image for linux/arm64; it has: .*linux/amd64"):
        bom_of(f"registry:{registry.host}/single:1", "linux/arm64")


def plain(path: Path) -> bytes:
    """Return a file of a record as it is read: decompressed, payloads decoded."""
    data = path.read_bytes()
    data = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    for line in data.splitlines() if path.name.endswith(".intoto.jsonl") else ():
        data += b64decode(json.loads(line)["payload"])
    return data


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_check_from_the_registry(
    private: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate as a push uses it, with and without the prefix; no secret in anything it writes."""
    bench = sound(tmp_path / "bench")
    private.push(f"docker-archive:{bench.target}", "team/gate:1")
    bench.target = f"registry:{private.host}/team/gate:1"
    code, _, err = check(bench)
    assert code == 7
    assert "docker login" in err
    auths = {"auths": {private.host: {"auth": AUTH}}}
    monkeypatch.setenv("DOCKER_CONFIG", config_file(tmp_path, auths))
    written = []
    for target in (bench.target, bench.target.removeprefix("registry:")):
        bench.target = target
        code, _, err = check(bench)
        assert code == 0, err
        result = (bench.root / "result.json").read_bytes()
        assert f'"{private.host}/team/gate@sha256:'.encode() in result
        written += [result, err.encode()]
    written += [plain(path) for path in bench.evidence.rglob("*") if path.is_file()]
    assert len(written) > 4
    for secret in (PASSWORD.encode(), AUTH.encode(), b64encode(PASSWORD.encode())):
        assert not [text for text in written if secret in text]
    gc.collect()  # the docker library leaves the socket it could not connect


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_neither_the_daemon_nor_the_registry_has_it(registry: Registry) -> None:
    target = f"{registry.host}/no/such:image"
    code, _, err = run(["sbom", "generate", target])
    assert code == 7
    assert "no Docker daemon answers" in err
    assert "no such image (404)" in err
    code, _, err = run(["sbom", "generate", "No/Such_Image"])
    assert code == 2
    assert "is no file, and no name of an image either" in err
    gc.collect()  # the docker library leaves the socket it could not connect


def test_tls_with_a_certificate_authority_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = own_authority(tmp_path)
    archive = write(tmp_path / "image.tar", tar(oci_layout(image())))
    with running_registry(tmp_path / "tls", tls=(certificate, key)) as secure:
        secure.push(f"oci-archive:{archive}", "app:1")
        target = "registry:mirrored.invalid/app:1"
        monkeypatch.setenv("PATCHGATE_REGISTRIES", f"mirrored.invalid=https://{secure.host}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        bom = bom_of(target)
        assert bom.components == bom_of(archive).components
        assert bom.subject.name == "mirrored.invalid/app:1"
        assert [note.code for note in bom.notes] == ["registry-endpoint"]
        assert secure.host in bom.notes[0].message
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
        with pytest.raises(UnreachableError, match=r"certificate is not trusted.*REQUESTS_CA"):
            bom_of(target)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "absent.pem"))
        with pytest.raises(UsageError, match="REQUESTS_CA_BUNDLE"):
            bom_of(target)


def test_plain_http_where_tls_is_due(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = write(tmp_path / "image.tar", tar(oci_layout(image())))
    registry.push(f"oci-archive:{archive}", "cache/app:1")
    monkeypatch.setenv("PATCHGATE_REGISTRIES", f"far.invalid=https://{registry.host}/cache")
    with pytest.raises(UnreachableError, match=r"does not speak TLS.*PATCHGATE_REGISTRIES"):
        bom_of("registry:far.invalid/app:1")
    monkeypatch.setenv("PATCHGATE_REGISTRIES", f"far.invalid=http://{registry.host}/cache")
    assert bom_of("registry:far.invalid/app:1").components == bom_of(archive).components


def own_authority(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for localhost that signs itself, and its key."""
    from cryptography import x509  # noqa: PLC0415 - slow, and only here
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    return write(folder / "ca.pem", pem), write(folder / "key.pem", private)


def test_layers_of_an_image_that_was_read_before_are_not_fetched(
    registry: Registry, tmp_path: Path
) -> None:
    archive = write(tmp_path / "image.tar", tar(oci_layout(image())))
    registry.push(f"oci-archive:{archive}", "again:1", "--preserve-digests")
    registry.push(f"oci-archive:{archive}", "again:2", "--preserve-digests")
    target = f"registry:{registry.host}/again:"
    known = Inventories(tmp_path / "cache", Budget())
    first = read_bom(f"{target}1", Choice(), Budget(), known)
    for layer in first.subject.layers:
        digest = layer.digest.removeprefix("sha256:")
        (blob,) = registry.folder.rglob(f"blobs/sha256/*/{digest}/data")
        blob.unlink()
    assert read_bom(f"{target}1", Choice(), Budget(), known) == first
    # The same content under another name is known, too, and keeps its own name.
    second = read_bom(f"{target}2", Choice(), Budget(), known)
    assert second.subject.name.endswith("again:2")
    assert second.components == first.components
    with pytest.raises(GateError):
        read_bom(f"{target}1", Choice(), Budget())
