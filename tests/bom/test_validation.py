"""Documents that break their schema, by format; what is missing is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gate.bom import validation
from gate.bom.formats import WRITERS
from gate.errors import InputError, UsageError
from tests.bom.boms import IMAGES, NOW, real_bom, sample


@pytest.fixture(scope="module")
def written(data: Path) -> dict[str, bytes]:
    bom = real_bom(data, IMAGES[0])
    return {name: write(bom, NOW) for name, write in WRITERS.items()}


def wrong(document: bytes) -> list[str]:
    return validation.complaints(validation.format_of(document, "sbom"), document)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("cyclonedx", (b'"type": "library"', b'"type": "book"'), "'book' is not one of"),
        ("cyclonedx-xml", (b'type="library"', b'type="book"'), "book"),
        ("cyclonedx-xml", (b"<components>", b"<parts/><components>"), "parts"),
        ("spdx", (b'"CC0-1.0"', b"1"), "$.dataLicense"),
        ("spdx3", (b'"operatingSystem"', b'"toaster"'), "toaster"),
        ("spdx3", (b"#Package-1", b"#Package-none"), "there is no element"),
    ],
)
def test_what_breaks_the_schema_is_named(
    written: dict[str, bytes], name: str, change: tuple[bytes, bytes], said: str
) -> None:
    assert wrong(written[name]) == []
    broken = written[name].replace(*change, 1)
    assert broken != written[name]
    assert any(said in line for line in wrong(broken))


def test_what_syft_writes_is_valid(data: Path) -> None:
    for name in ("alp.cdx14", "alp.cdx16", "alp.cdx16.xml", "alp.spdx", "deb.cdx", "deb.spdx"):
        assert wrong(sample(data, name)) == []


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (b"{}", "without a schema here"),
        (b"pkg:npm/a@1\n", "no JSON document"),
        (b'{"bomFormat":"CycloneDX","x":' + b"[" * 500 + b"]" * 500 + b"}", "nested deeper"),
        (b"<!DOCTYPE bom><bom/>", "document type"),
    ],
)
def test_what_cannot_be_validated(document: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        wrong(document)


def test_a_version_without_a_schema_is_not_valid() -> None:
    assert wrong(b'{"bomFormat":"CycloneDX","specVersion":"9.9"}') == [
        "there is no schema of CycloneDX 9.9"
    ]


@pytest.mark.parametrize(
    ("name", "missing"),
    [("cyclonedx", "cyclonedx"), ("spdx", "jsonschema"), ("spdx3", "spdx_python_model")],
)
def test_an_extra_that_is_not_installed_is_said(
    written: dict[str, bytes], name: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(module: str, *rest: Any) -> Any:
        if module.partition(".")[0] == missing:
            raise ModuleNotFoundError(f"No module named '{missing}'", name=missing)
        return imported(module, *rest)

    imported = validation.import_module
    monkeypatch.setattr(validation, "import_module", absent)
    with pytest.raises(UsageError, match=r"pip install 'patchgate\[validate\]'"):
        wrong(written[name])
