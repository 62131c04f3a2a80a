"""VEX documents of three formats: the same facts come to the same statements."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.advisories.vex.model import Document, Product, Statement, Status
from gate.advisories.vex.reading import read_vex
from gate.errors import InputError

PURL = "pkg:deb/debian/openssl@3.0.7-1?arch=amd64"
IMAGE = "pkg:oci/app@sha256%3A" + "a" * 64
AT = "2026-11-01T10:00:00Z"


def openvex(**changes: Any) -> dict[str, Any]:
    statement = {
        "vulnerability": {"name": "CVE-2026-1", "aliases": ["GHSA-1"]},
        "products": [{"@id": PURL}],
        "status": "not_affected",
        "justification": "vulnerable_code_not_in_execute_path",
    }
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "x",
        "author": "Acme",
        "timestamp": AT,
        "version": 1,
        "statements": [{**statement, **changes}],
    }


def cyclonedx(**changes: Any) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {"timestamp": AT, "supplier": {"name": "Acme"}},
        "components": [{"type": "library", "bom-ref": "o", "name": "openssl", "purl": PURL}],
        "vulnerabilities": [
            {
                "id": "CVE-2026-1",
                "references": [{"id": "GHSA-1", "source": {"name": "x"}}],
                "analysis": {"state": "not_affected", "justification": "code_not_reachable"},
                "affects": [{"ref": "o"}],
                **changes,
            }
        ],
    }


def csaf(**changes: Any) -> dict[str, Any]:
    return {
        "document": {
            "csaf_version": "2.0",
            "category": "csaf_vex",
            "publisher": {"name": "Acme"},
            "tracking": {"current_release_date": AT},
        },
        "product_tree": {
            "branches": [
                {
                    "branches": [
                        {
                            "product": {
                                "product_id": "P1",
                                "name": "x",
                                "product_identification_helper": {"purl": PURL},
                            }
                        }
                    ]
                }
            ]
        },
        "vulnerabilities": [
            {
                "cve": "CVE-2026-1",
                "ids": [{"system_name": "GHSA", "text": "GHSA-1"}],
                "product_status": {"known_not_affected": ["P1"]},
                "flags": [{"label": "component_not_present", "product_ids": ["P1"]}],
                **changes,
            }
        ],
    }


def read(document: object) -> tuple[Statement, ...]:
    return read_vex(Document(name="vex.json", text=json.dumps(document)))


@pytest.mark.parametrize("document", [openvex(), cyclonedx(), csaf()])
def test_the_three_formats_say_the_same(document: dict[str, Any]) -> None:
    (found,) = read(document)
    assert found.vulnerabilities == ("CVE-2026-1", "GHSA-1")
    assert found.products == (Product(id=PURL),)
    assert (found.status, found.justified, found.author) == (Status.NOT_AFFECTED, True, "Acme")
    assert found.made == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_openvex_products() -> None:
    digest = "b" * 64
    (found,) = read(
        openvex(
            products=[
                {"@id": IMAGE, "hashes": {"sha-256": digest}, "subcomponents": [{"@id": PURL}]},
                {"identifiers": {"purl": PURL}, "@id": "other"},
            ]
        )
    )
    assert found.products == (
        Product(id=IMAGE, hashes=(digest,), subcomponents=(PURL,)),
        Product(id=PURL),
    )


def test_openvex_without_a_reason() -> None:
    (found,) = read(openvex(justification=None, status_notes="trust me"))
    assert (found.justified, found.why) == (False, "trust me")
    (found,) = read(openvex(justification=None, impact_statement="not built in"))
    assert found.justified


def test_a_statement_has_its_own_time() -> None:
    (found,) = read(openvex(timestamp="2026-11-02T00:00:00+02:00"))
    assert found.made == datetime(2026, 11, 1, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("resolved", Status.FIXED),
        ("resolved_with_pedigree", Status.FIXED),
        ("exploitable", Status.AFFECTED),
        ("in_triage", Status.UNDER_INVESTIGATION),
        ("false_positive", Status.NOT_AFFECTED),
    ],
)
def test_cyclonedx_states(state: str, status: Status) -> None:
    (found,) = read(cyclonedx(analysis={"state": state}))
    assert found.status is status


def test_cyclonedx_links_and_versions() -> None:
    link = "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Adeb/debian/curl"
    (found,) = read(
        cyclonedx(affects=[{"ref": link, "versions": [{"version": "7.1"}, {"version": "7.2"}]}])
    )
    assert [product.id for product in found.products] == [
        "pkg:deb/debian/curl@7.1",
        "pkg:deb/debian/curl@7.2",
    ]


def test_cyclonedx_without_an_analysis_says_nothing() -> None:
    assert read(cyclonedx(analysis=None)) == ()


def test_csaf_relationships() -> None:
    document = csaf(product_status={"fixed": ["P1-on-IMG"]}, flags=[])
    document["product_tree"]["full_product_names"] = [
        {"product_id": "IMG", "name": "i", "product_identification_helper": {"purl": IMAGE}}
    ]
    document["product_tree"]["relationships"] = [
        {
            "category": "default_component_of",
            "product_reference": "P1",
            "relates_to_product_reference": "IMG",
            "full_product_name": {"product_id": "P1-on-IMG", "name": "both"},
        }
    ]
    (found,) = read(document)
    assert found.status is Status.FIXED
    assert found.products == (Product(id=IMAGE, subcomponents=(PURL,)),)


def test_csaf_without_a_reason_is_not_justified() -> None:
    (found,) = read(csaf(flags=[]))
    assert not found.justified
    impact = [{"category": "impact", "details": "not used", "product_ids": ["P1"]}]
    (found,) = read(csaf(flags=[], threats=impact))
    assert (found.justified, found.why) == (True, "not used")


def test_csaf_products_without_a_purl_mean_nothing() -> None:
    assert read(csaf(product_status={"known_not_affected": ["P2"]})) == ()


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"bomFormat": "SPDX"},
        openvex(status="fine"),
        openvex(vulnerability=None),
        openvex(products=[7]),
        cyclonedx(analysis={"state": "unheard of"}),
        cyclonedx(affects=["o"]),
        csaf(product_status=["P1"]),
        {**csaf(), "product_tree": {"branches": "x"}},
    ],
)
def test_what_is_refused(document: object) -> None:
    with pytest.raises(InputError) as caught:
        read(document)
    assert caught.value.where == "vex.json"


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InputError):
        read_vex(Document(name="x", text=text))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from([openvex, cyclonedx, csaf]), st.data())
def test_any_value_in_any_place_is_read_or_refused(make: Any, data: st.DataObject) -> None:
    document = make()
    place: Any = document
    while isinstance(place, dict | list) and place:
        keys: list[Any] = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(_json)
            break
        place = place[key]
    with suppress(InputError):
        read(document)
