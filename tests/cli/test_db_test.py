"""`patchgate db test`: a line in, a line out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.advisories.zips import record
from tests.cli.bad_inputs import run

PACKAGE = {"ecosystem": "Debian:12", "name": "openssl", "version": "3.0.9-1"}


def lines(path: Path, *content: object) -> list[dict[str, object]]:
    path.write_text("\n".join(c if isinstance(c, str) else json.dumps(c) for c in content) + "\n")
    code, out, err = run(["db", "test", str(path)])
    found = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    assert code == (2 if any("error" in line for line in found) else 0)
    return found


def test_answers(tmp_path: Path) -> None:
    advisory = record("DSA-1")
    found = lines(
        tmp_path / "x.jsonl",
        {"package": PACKAGE, "advisory": advisory},
        {"package": {**PACKAGE, "version": "3.0.11-1"}, "advisory": advisory},
        {"package": {**PACKAGE, "version": "?!"}, "advisory": advisory},
    )
    assert [line["affected"] for line in found] == [True, False, None]
    assert found[0] == {
        "line": 1,
        "affected": True,
        "reason": {
            "record": "DSA-1",
            "package": "openssl",
            "ecosystem": "Debian:12",
            "why": "introduced 0, fixed 3.0.11-1",
            "fixed": "3.0.11-1",
            "range": "ECOSYSTEM",
            "events": [{"introduced": "0"}, {"fixed": "3.0.11-1"}],
            "comparison": ["3.0.9-1 >= introduced 0", "3.0.9-1 < fixed 3.0.11-1"],
        },
    }


def test_a_line_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    good = {"package": PACKAGE, "advisory": record("DSA-1")}
    found = lines(
        tmp_path / "x.jsonl", "{", good, "", "[]", {"package": PACKAGE}, "[" * 100_000, good
    )
    assert [line["line"] for line in found] == [1, 2, 4, 5, 6, 7]
    assert ["error" in line for line in found] == [True, False, True, True, True, False]
    for line in found:
        assert line["affected"] is (None if "error" in line else True)
        assert line["reason"]


BARE = [{"package": {"ecosystem": "PyPI", "name": "x"}, "ranges": [{"type": "ECOSYSTEM", "events": [
    {"introduced": "0"}, {"fixed": "2.0"}]}]}]  # fmt: skip


def test_a_draft_is_answered_as_far_as_it_goes(tmp_path: Path) -> None:
    """What is missing or malformed and does not matter is passed over; the rest is open."""
    package = {"ecosystem": "PyPI", "name": "X", "version": "1.0"}
    elsewhere = {"package": {"ecosystem": "npm", "name": "x"}, "ranges": 1}
    drafts: list[tuple[object, bool | None]] = [
        ({"affected": BARE}, True),
        ({"id": 5, "modified": "soon", "aliases": [1], "affected": BARE}, True),
        ({"affected": [*BARE, {"package": {"ecosystem": "PyPI", "name": "x"}, "ranges": 1}]}, True),
        ({"affected": [{"package": {"ecosystem": "PyPI", "name": "x"}, "ranges": 1}]}, None),
        ({"affected": [elsewhere]}, False),
        ({"affected": ["?"]}, None),
        ({"affected": None}, False),
        ({}, False),
        ({"withdrawn": "2020-01-01T00:00:00Z", "affected": BARE}, False),
        ({"withdrawn": None, "affected": BARE}, True),
    ]
    found = lines(tmp_path / "x.jsonl", *({"package": package, "advisory": a} for a, _ in drafts))
    assert [line["affected"] for line in found] == [wanted for _, wanted in drafts]


@pytest.mark.parametrize(
    ("package", "wanted"),
    [
        ({"purl": "pkg:pypi/X@1.0"}, True),
        ({"purl": "pkg:pypi/x@2.0"}, False),
        ({"purl": "pkg:pypi/x", "version": "1.0"}, True),
        ({"ecosystem": "PyPI", "name": "x", "version": None}, None),
        ({"ecosystem": "PyPI", "name": "x"}, None),
    ],
)
def test_a_package_by_purl_or_without_version(
    tmp_path: Path, package: dict[str, str], wanted: bool | None
) -> None:
    found = lines(tmp_path / "x.jsonl", {"package": package, "advisory": {"affected": BARE}})
    assert found[0]["affected"] is wanted
    assert "error" not in found[0]


@pytest.mark.parametrize("package", [{}, {"purl": "no purl"}, {"purl": "pkg:generic/x@1"}, "x", 1])
def test_a_package_that_is_not_named(tmp_path: Path, package: object) -> None:
    found = lines(tmp_path / "x.jsonl", {"package": package, "advisory": {"affected": BARE}})
    assert found[0]["affected"] is None
    assert "error" in found[0]


def test_a_tag_of_a_repository(tmp_path: Path) -> None:
    range_ = {"type": "GIT", "repo": "https://example.org/a/b.git", "events": [{"introduced": "0"}]}
    listed = {"affected": [{"ranges": [range_], "versions": ["v1.0"]}]}
    package = {"ecosystem": "GIT", "name": "https://example.org/a/b", "version": "v1.0"}
    found = lines(
        tmp_path / "x.jsonl",
        {"package": package, "advisory": listed},
        {"package": {**package, "version": "v2.0"}, "advisory": listed},
        {"package": {**package, "name": "https://example.org/other"}, "advisory": listed},
        {"package": package, "advisory": {"affected": [{"ranges": [range_]}]}},
    )
    assert [line["affected"] for line in found] == [True, False, False, None]


def test_a_file_that_is_not_there() -> None:
    code, out, err = run(["db", "test", "/no/such/file"])
    assert (code, out) == (2, "")
    assert "cannot be read" in err
