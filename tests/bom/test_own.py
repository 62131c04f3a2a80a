"""Our own SBOMs after somebody has been at them: read whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gate.bom import cyclonedx, spdx
from gate.bom.model import (
    Bom,
    Component,
    Distro,
    Note,
    Reading,
    ReadingStatus,
    Subject,
    SubjectKind,
)
from gate.errors import InputError
from tests.bom.boms import NOW
from tests.bom.documents import read

Edit = Callable[[dict[str, Any]], object]

BOM = Bom(
    subject=Subject(kind=SubjectKind.IMAGE, source="oci", name="app", digests={"sha256": "0" * 64}),
    distro=Distro(id="debian", version_id="12"),
    components=tuple(
        Component(
            ref=name,
            type="deb",
            name=name,
            version="1",
            purl=f"pkg:deb/debian/{name}@1",
            namespace="debian",
            source_name="source",
        )
        for name in ("a", "b")
    ),
    readings=(Reading(what="dpkg database", status=ReadingStatus.PARTIAL, reason="cut"),),
    notes=(Note(code="duplicate-path", message="x"),),
)
CYCLONEDX = json.loads(cyclonedx.write_bom(BOM, NOW))
SPDX = json.loads(spdx.write_bom(BOM, NOW))


def edited(document: dict[str, Any], edit: Edit) -> bytes:
    copy = json.loads(json.dumps(document))
    edit(copy)
    return json.dumps(copy).encode()


def without(name: str) -> Edit:
    """Remove an entry of the document's own, in whichever format."""

    def edit(document: dict[str, Any]) -> None:
        if "metadata" in document:
            listed = document["metadata"]["properties"]
            listed[:] = [entry for entry in listed if entry["name"] != f"patchgate:{name}"]
        else:
            listed = document["annotations"]
            start = f"patchgate:{name}="
            listed[:] = [entry for entry in listed if not entry["comment"].startswith(start)]

    return edit


@pytest.mark.parametrize("document", [CYCLONEDX, SPDX], ids=["cyclonedx", "spdx"])
def test_the_order_of_components_does_not_matter(document: dict[str, Any]) -> None:
    key = "components" if document is CYCLONEDX else "packages"
    assert read(edited(document, lambda copy: copy[key].reverse())) == BOM


EDITS: list[tuple[str, dict[str, Any], Edit]] = [
    ("now has 1 components", CYCLONEDX, lambda d: d["components"].pop()),
    ("now has 3 components", CYCLONEDX, lambda d: d["components"].append(d["components"][1])),
    ("now has 0 components", CYCLONEDX, lambda d: d.pop("components")),
    (
        "now has 1 components",
        CYCLONEDX,
        lambda d: d["components"][1].update(type="operating-system"),
    ),
    (
        "now has 1 components",
        CYCLONEDX,
        lambda d: d["components"][1].update(components=[d["components"].pop()]),
    ),
    ("a component twice", CYCLONEDX, lambda d: d["components"][1].update({"bom-ref": "b"})),
    ("a purl cannot be read", CYCLONEDX, lambda d: d["components"][1].pop("purl")),
    (
        "property is damaged",
        CYCLONEDX,
        lambda d: d["components"][1]["properties"][0].update(value="{"),
    ),
    (
        "'patchgate:subject' twice",
        CYCLONEDX,
        lambda d: d["metadata"]["properties"].append(d["metadata"]["properties"][0]),
    ),
    ("now has 1 components", SPDX, lambda d: d["packages"].pop()),
    ("cannot be read", SPDX, lambda d: d["packages"][1].pop("externalRefs")),
    ("a component twice", SPDX, lambda d: d["packages"].__setitem__(1, d["packages"][2])),
    *(
        (what, document, without(name))
        for document in (CYCLONEDX, SPDX)
        for name, what in (
            ("reading", "0 readings"),
            ("note", "0 notes"),
            ("contents", "property is damaged"),
        )
    ),
]


@pytest.mark.parametrize(("what", "document", "edit"), EDITS)
def test_what_was_taken_out_or_put_in_is_an_error(
    what: str, document: dict[str, Any], edit: Edit
) -> None:
    with pytest.raises(InputError) as caught:
        read(edited(document, edit))
    assert what in caught.value.what


@pytest.mark.parametrize("document", [CYCLONEDX, SPDX], ids=["cyclonedx", "spdx"])
def test_without_its_subject_it_is_the_sbom_of_another_tool(document: dict[str, Any]) -> None:
    bom = read(edited(document, without("subject")))
    assert [component.name for component in bom.components] == ["a", "b"]
    assert bom.readings[0].status is ReadingStatus.PARTIAL


def test_any_byte_that_is_lost_is_an_error_or_no_loss() -> None:
    document = cyclonedx.write_bom(BOM, NOW)
    for position in range(0, len(document), 7):
        try:
            bom = read(document[:position] + document[position + 1 :])
        except InputError:
            continue
        assert len(bom.components) == len(BOM.components)
        assert any(reading.status is not ReadingStatus.COMPLETE for reading in bom.readings)
