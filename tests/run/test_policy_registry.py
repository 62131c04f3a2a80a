"""A company policy as an artifact in a real registry that asks for a log-in."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gate.errors import UnreachableError, UsageError
from gate.sources.registry.pushing import EMPTY, MANIFEST, Repository
from gate.sources.registry.reference import parse_reference
from tests.registries import AUTH, PASSWORD, config_file, running_registry
from tests.run.test_policy_parents import COMPANY, DIGEST, load


def test_a_policy_in_a_registry_with_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_registry(tmp_path / "registry", login=True) as registry:
        name = f"{registry.host}/policies/company"
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nothing"))
        with pytest.raises(UnreachableError, match="without credentials") as refused:
            load(tmp_path, f"oci: '{name}:1'")
        assert PASSWORD not in str(refused.value)
        content = {"auths": {registry.host: {"auth": AUTH}}}
        monkeypatch.setenv("DOCKER_CONFIG", config_file(tmp_path, content))
        repository = Repository(parse_reference(f"{name}:1"))
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": "application/vnd.patchgate.policy.v1",
            "config": repository.put_blob(b"{}", EMPTY),
            "layers": [repository.put_blob(COMPANY, "application/yaml")],
        }
        digest = repository.put_manifest("1", document)
        assert hashlib.sha256(COMPANY).hexdigest() == DIGEST
        for written in (f"{name}:1", f"{name}@{digest}"):
            loaded = load(tmp_path, f"oci: '{written}'")
            assert loaded.in_use.policy.name == "company"
            assert f"from 'oci:{written}'" in loaded.in_use.document.decode()
        # What the tag means now is another document: the digest of the layer rules.
        other = repository.put_blob(COMPANY + b"# changed\n", "application/yaml")
        repository.put_manifest("1", {**document, "layers": [other]})
        with pytest.raises(UsageError, match="holds no file with the digest"):
            load(tmp_path, f"oci: '{name}:1'")
        assert load(tmp_path, f"oci: '{name}@{digest}'").in_use.policy.name == "company"
