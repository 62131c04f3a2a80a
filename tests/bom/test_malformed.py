"""Documents that are damaged, hostile or incomplete: an error or a reading says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate.bom.model import ReadingStatus
from gate.errors import BudgetError, InputError
from gate.sources.bomfile import open_bom
from gate.sources.budget import Budget, Meter
from tests.bom.boms import hostile, sample
from tests.bom.documents import cyclonedx, library, package, read, reason, spdx

HEAD = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":'


def error_of(document: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(document)
    return caught.value


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (b"", "is not an SBOM"),
        (b"SBOM", "is not an SBOM"),
        (b"[]", "is not an SBOM"),
        (b"null", "is not an SBOM"),
        (b"{}", "JSON of an unknown kind"),
        (b"<bom/>", "is XML of another kind (<bom>)"),
        (b"<bom", "is not valid XML"),
        (b"SPDXVersion: SPDX-2.3", "tag-value"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"@context":"https://spdx.org/rdf/3.1.0/spdx-context.jsonld"}', "SPDX 3 of a version"),
        (b'{"artifacts":[{}],"descriptor":{"name":"syft"}}', "not valid JSON of syft"),
        (b'{"ArtifactName":"alpine","Results":{}}', "not valid JSON of trivy"),
        (b'{"bomFormat":"CycloneDX"}', "CycloneDX of no version"),
        (cyclonedx(specVersion="1.1"), "CycloneDX 1.1 is not read"),
        (cyclonedx(specVersion="2.0"), "CycloneDX 2.0 is not read"),
        (cyclonedx(specVersion=1.6), "at `$.specVersion`"),
        (spdx(spdxVersion="SPDX-2.1"), "SPDX-2.1 is not read"),
        (cyclonedx(components={}), "at `$.components`"),
        (cyclonedx(library(purl=1)), "purl`"),  # type: ignore[arg-type]
        (cyclonedx(library(components="x")), "components`"),
        (cyclonedx(library("pkg:npm/a@1", properties={})), "properties`"),
        (spdx({"name": "a"}), "SPDXID"),
        (spdx(packages=[None]), "at `$.packages[0]`"),
        (spdx(documentDescribes="x"), "documentDescribes"),
        (HEAD + b'[{"name":"\xff"}]}', "utf-8"),
        (HEAD + b'[{"name":"\\ud800"}]}', "is not an SBOM"),
        (HEAD + b"[" * 1_000_000, "recursion"),
        (b'{"x":' + b"[" * 1_000_000, "recursion"),
        (HEAD + b'[{"components":' * 100 + b"[]" + b"}]" * 100 + b"}", "nested deeper than 64"),
        (cyclonedx(library(**{"bom-ref": "x"}), library(**{"bom-ref": "x"})), "bom-ref 'x' twice"),
        (spdx(package("x"), package("x")), "SPDXID 'SPDXRef-x' twice"),
        (spdx(package("Root", "pkg:npm/a@1")), "SPDXID 'SPDXRef-Root' twice"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(document: bytes, what: str) -> None:
    error = error_of(document)
    assert what in str(error)
    assert error.where == "sbom.json"
    assert len(str(error).splitlines()) == 1
    assert len(str(error)) < 300


@pytest.mark.parametrize("name", ["alp.cdx16", "alp.spdx"])
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_document_that_is_cut_is_not_read(name: str, share: float, data: Path) -> None:
    document = sample(data, name).rstrip()
    error_of(document[: int(len(document) * share)])


def test_every_component_with_a_purl_is_found_wherever_it_stands() -> None:
    inner = library("pkg:npm/b@1", components=[library("pkg:npm/c@1")])
    subject = {"type": "application", "name": "app", "components": [library("pkg:npm/d@1")]}
    kinds = ["file", "data", "firmware", "device", "container", "something-new", ""]
    others = [library(f"pkg:npm/e{n}@1", type=kind) for n, kind in enumerate(kinds)]
    document = cyclonedx(library("pkg:npm/a@1", components=[inner]), *others)
    document = json.dumps(json.loads(document) | {"metadata": {"component": subject}}).encode()
    names = {component.name for component in read(document).components}
    assert names == {"a", "b", "c", "d", *(f"e{n}" for n in range(len(kinds)))}
    assert reason(document) == ""


@pytest.mark.parametrize("kind", ["library", "application", "firmware", "something-new", ""])
def test_a_component_without_a_purl_is_counted(kind: str) -> None:
    document = cyclonedx(library("pkg:npm/a@1"), library(type=kind, name="lost"))
    assert read(document).readings[0].status is ReadingStatus.PARTIAL
    assert reason(document) == "1 package has no purl and cannot be matched (lost)"


def test_what_is_no_package_needs_no_purl() -> None:
    files = [library(type=kind) for kind in ("file", "data", "device")]
    assert reason(cyclonedx(library("pkg:npm/a@1"), *files)) == ""
    listed = [package(kind, primaryPackagePurpose=kind) for kind in ("FILE", "SOURCE", "DEVICE")]
    assert reason(spdx(package("1", "pkg:npm/a@1"), *listed)) == ""
    assert reason(spdx(package("1", "pkg:npm/a@1"), package("2", primaryPackagePurpose="ARCHIVE")))


def test_many_reasons_are_counted_and_the_first_are_named() -> None:
    lost = [library(name=f"{letter}{'x' * 200}") for letter in "edcba"]
    document = cyclonedx(library("pkg:"), library("nonsense"), *lost)
    bom = read(document)
    assert bom.readings[0].status is ReadingStatus.FAILED
    assert "5 packages have no purl and cannot be matched (axx" in reason(document)
    assert "x and 2 more)" in reason(document)
    assert "2 packages have a purl that cannot be read (nonsense, pkg:)" in reason(document)
    assert len(reason(document)) < 500


@pytest.mark.parametrize("document", [cyclonedx(), cyclonedx(components=None), spdx()])
def test_a_document_without_packages_failed(document: bytes) -> None:
    assert read(document).readings[0].status is ReadingStatus.FAILED
    assert reason(document) == "it names no package"


def test_a_purl_of_an_unknown_type_is_a_component_for_the_matcher_to_judge() -> None:
    (component,) = read(cyclonedx(library("pkg:quux/a@1"))).components
    assert (component.type, component.name, component.version) == ("quux", "a", "1")


@pytest.mark.parametrize("aggregate", ["incomplete", "incomplete_third_party_only", "new"])
def test_an_sbom_that_calls_itself_incomplete_is(aggregate: str) -> None:
    document = cyclonedx(library("pkg:npm/a@1"), compositions=[{"aggregate": aggregate}] * 2)
    assert reason(document) == f"the SBOM calls itself {aggregate}"


def test_spdx_that_describes_nothing_is_not_complete() -> None:
    document = spdx(package("1", "pkg:npm/a@1"), documentDescribes=None)
    assert "the SBOM does not say what it describes" in reason(document)


@pytest.mark.parametrize("kind", ["CONTAINS", "DEPENDS_ON", "DESCRIBES"])
def test_spdx_with_parts_in_other_documents_is_not_complete(kind: str) -> None:
    relationship = {
        "spdxElementId": "SPDXRef-Root",
        "relatedSpdxElement": "DocumentRef-base:SPDXRef-1",
        "relationshipType": kind,
    }
    listed = package("1", "pkg:npm/a@1")
    document = spdx(listed, relationships=[relationship])
    assert reason(document) == "parts of it are in other documents, which are not read"
    harmless = relationship | {"relationshipType": "VARIANT_OF"}
    assert reason(spdx(listed, relationships=[harmless])) == ""


@pytest.mark.parametrize("digest", ["", "xyz", "ab" * 31, "../" * 21 + "a", "G" * 64])
def test_a_digest_that_is_none_does_not_become_the_subjects(digest: str) -> None:
    subject: dict[str, Any] = {
        "type": "container",
        "name": "app",
        "version": f"sha256:{digest}",
        "hashes": [{"alg": "SHA-256", "content": digest}, {"alg": "SHA-1", "content": "AB" * 20}],
    }
    found = read(cyclonedx(library("pkg:npm/a@1"), metadata={"component": subject})).subject
    assert len(found.digests["sha256"]) == 64
    assert found.digests["sha256"] != digest.lower()
    assert found.digests["sha1"] == "ab" * 20


def test_packages_that_are_listed_twice_are_two() -> None:
    # Far too slow if each copy were compared with all before it.
    count = 20_000
    bom = read(cyclonedx(*[library("pkg:npm/a@1")] * count))
    assert len(bom.components) == len({component.ref for component in bom.components}) == count


entries = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["library", "file", "data", "container", "framework", ""]),
        "name": hostile,
    },
    optional={
        "purl": st.just("") | hostile | st.from_regex(r"pkg:(deb|npm|quux)/a/[a-c](@1)?"),
        "version": hostile,
    },
)


@settings(deadline=None)
@given(
    st.recursive(
        st.lists(entries, max_size=3),
        lambda inner: st.lists(
            st.builds(lambda entry, parts: entry | {"components": parts}, entries, inner),
            max_size=3,
        ),
        max_leaves=12,
    )
)
def test_no_component_is_lost_unseen(listed: list[dict[str, Any]]) -> None:
    def count(components: list[dict[str, Any]]) -> int:
        return sum(bool(c.get("purl")) + count(c.get("components", [])) for c in components)

    bom = read(cyclonedx(*listed))
    if len(bom.components) != count(listed):
        assert bom.readings[0].status is not ReadingStatus.COMPLETE
    assert len(bom.components) <= count(listed)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "LIBRARY", "FILE", "SOURCE", "CONTAINER", "new"]),
            st.just("") | st.from_regex(r"pkg:(deb|npm|quux)/a/[a-c](@1)?") | hostile,
        ),
        max_size=5,
    ),
    st.sets(st.integers(0, 4)),
)
def test_no_spdx_package_is_lost_unseen(listed: list[tuple[str, str]], about: set[int]) -> None:
    packages = [
        package(str(number), purl, primaryPackagePurpose=purpose)
        for number, (purpose, purl) in enumerate(listed)
    ]
    described = ["SPDXRef-Root", *(f"SPDXRef-{number}" for number in about)]
    bom = read(spdx(*packages, documentDescribes=described))
    if len(bom.components) != sum(bool(purl) for _, purl in listed):
        assert bom.readings[0].status is not ReadingStatus.COMPLETE


@given(st.dictionaries(st.sampled_from(["bomFormat", "specVersion", "components"]), hostile))
def test_any_values_are_read_or_an_error(fields: dict[str, str]) -> None:
    error_of(json.dumps({"bomFormat": "CycloneDX", "components": 1} | fields).encode())


def test_files(tmp_path: Path, data: Path) -> None:
    path = tmp_path / "sbom.json"
    path.write_bytes(sample(data, "alp.cdx16"))
    assert len(open_bom(path, Meter()).components) == 14
    with pytest.raises(BudgetError, match="file_bytes"):
        open_bom(path, Meter(Budget(file_bytes=1000)))
    path.write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        open_bom(path, Meter())
