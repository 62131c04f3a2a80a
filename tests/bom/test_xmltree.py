"""XML: nothing is expanded, fetched or followed, and there is an end to everything."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.bom.xmltree import read_xml
from gate.errors import InputError
from tests.bom.documents import read

BOM = b'<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1">'
PACKAGE = b'<component type="library"><name>a</name><purl>pkg:npm/a@1</purl></component>'


def document(components: bytes = PACKAGE, before: bytes = b"") -> bytes:
    return (
        b"<?xml version='1.0'?>"
        + before
        + BOM
        + b"<components>"
        + components
        + b"</components></bom>"
    )


@pytest.mark.parametrize(
    "before",
    [
        b"<!DOCTYPE bom>",
        b'<!DOCTYPE bom SYSTEM "http://127.0.0.1/x.dtd">',
        b'<!DOCTYPE bom [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE bom [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        b'<!DOCTYPE bom [<!ENTITY % x SYSTEM "http://127.0.0.1/">%x;]>',
        b'<!DOCTYPE bom [<!ATTLIST component type CDATA "library">]>',
    ],
)
def test_every_document_type_is_refused(before: bytes) -> None:
    with pytest.raises(InputError, match="document type or entity"):
        read(document(before=before))


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"<a>" * 100_000, "nested deeper than 256"),
        (b"<a " + b" ".join(b'x%d="1"' % n for n in range(100)) + b"/>", "64 attributes"),
        (b"<a>" + b"<b/>" * 1_000_001 + b"</a>", "1,000,000 elements"),
        (b"<a>&x;</a>", "not valid XML"),
        (b"<a/><b/>", "not valid XML"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', "XML"),
    ],
)
def test_there_is_an_end_to_everything(data: bytes, what: str) -> None:
    with pytest.raises(InputError, match=what):
        read_xml(data, "x.xml")


def test_a_byte_order_mark_and_utf_16_are_read() -> None:
    plain = document()
    assert read(b"\xef\xbb\xbf" + plain).components == read(plain).components
    assert read(plain.decode().encode("utf-16")).components == read(plain).components


@pytest.mark.parametrize("root", [b"<html/>", b"<bom/>", BOM.replace(b"1.6", b"9") + b"</bom>"])
def test_other_xml_is_refused_by_name(root: bytes) -> None:
    with pytest.raises(InputError, match="not read"):
        read(root)


@given(st.binary(max_size=200))
def test_anything_else_is_one_clear_error(data: bytes) -> None:
    with suppress(InputError):
        read_xml(b"<" + data, "x.xml")


def test_a_document_that_is_cut_is_not_read() -> None:
    whole = document()
    for end in range(1, len(whole) - 1, 7):
        with pytest.raises(InputError):
            read(whole[:end])
