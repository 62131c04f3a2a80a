"""The base that a Dockerfile names, by the rules of the Dockerfile reference."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.sources.dockerfile import base_of, read_froms

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("content", "image"),
    [
        ("FROM debian:12\n", "debian:12"),
        ("from debian:12", "debian:12"),
        ("# FROM alpine\nFROM debian:12\nRUN x", "debian:12"),
        ("FROM golang:1 AS build\nRUN x\nFROM debian:12\nCOPY --from=build /a /a", "debian:12"),
        ("FROM debian:12 AS base\nFROM base AS app\nFROM app", "debian:12"),
        ("FROM debian:12 AS Base\nFROM base", "debian:12"),
        ("ARG TAG=12\nFROM debian:$TAG", "debian:12"),
        ("ARG TAG=12\nFROM debian:${TAG}", "debian:12"),
        ('ARG TAG="12"\nFROM debian:${TAG}', "debian:12"),
        ("ARG A=1\nARG B=${A}2\nFROM debian:$B", "debian:12"),
        ("ARG TAG\nFROM debian:$TAG", ""),
        ("ARG TAG\nFROM debian:${TAG:-12}", "debian:12"),
        ("ARG TAG=13\nFROM debian:${TAG:-12}", "debian:13"),
        ("ARG TAG=\nFROM debian:${TAG:-12}", "debian:12"),
        ("ARG SLIM=1\nFROM debian:12${SLIM:+-slim}", "debian:12-slim"),
        ("FROM --platform=linux/amd64 debian:12", "debian:12"),
        ("FROM \\\n  debian:12 \\\n  AS x", "debian:12"),
        ("# escape=`\nFROM `\n  debian:12", "debian:12"),
        ("FROM debian:12\nRUN <<EOF\nFROM alpine\nEOF\n", "debian:12"),
        (f"FROM debian:12@{DIGEST}", f"debian:12@{DIGEST}"),
    ],
)
def test_the_base(content: str, image: str) -> None:
    found = base_of(content)
    assert found is not None
    assert found.image == image


def test_there_is_none() -> None:
    assert base_of("RUN x\n") is None
    assert base_of("") is None


def test_where_it_stands_and_what_it_is_pinned_to() -> None:
    (first, second) = read_froms(f"FROM a AS one\n\n# x\nFROM \\\n b@{DIGEST}\n")
    assert (first.line, first.stage, first.digest) == (1, "one", "")
    assert (second.line, second.digest) == (4, DIGEST)


@given(st.text(max_size=200))
def test_any_text_is_read(content: str) -> None:
    for found in read_froms(content):
        assert 1 <= found.line <= len(content.splitlines())
