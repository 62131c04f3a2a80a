"""What came straight from upstream is asked for where upstream's versions are spoken of."""

from __future__ import annotations

import pytest

from gate.advisories.lookup import lookup
from tests.advisories.test_lookup import asked, bom, component


@pytest.mark.parametrize(
    ("name", "version", "query"),
    [
        ("node", "20.11.1", ("node", "20.11.1")),
        ("node", "v20.11.1", ("node", "20.11.1")),
        ("python", "3.12.1", ("python", "3.12.1")),
        ("python", "3.13.0rc1", ("python", "3.13.0-rc1")),
        ("httpd", "2.4.58", ("apache", "2.4.58")),
        ("postgresql", "16.1", ("postgresql", "16.1")),
        ("openjdk", "21.0.2", ("java", "21.0.2")),
        ("openjdk", "21", ("java", "21")),
        ("openjdk", "1.8.0_402", ("java", "8.0.402")),
        ("openjdk", "8u402", ("java", "8.0.402")),
        ("jre", "11.0.21.1", ("java", "11.0.21")),
        ("jdk", "17.0.9+9", ("java", "17.0.9")),
    ],
)
def test_what_is_asked(name: str, version: str, query: tuple[str, str]) -> None:
    found = lookup(bom(None, component("generic", name, version)))
    assert asked(found) == [("Bitnami", *query, "bitnami")]
    assert found.gaps == ()
    assert found.assumed == (
        f"judged by Bitnami's advisories, which speak of upstream's versions: {name} {version}",
    )


@pytest.mark.parametrize("name", ["perl", "erlang", "something-else"])
def test_what_nobody_speaks_of_is_a_gap(name: str) -> None:
    found = lookup(bom(None, component("generic", name, "1.0")))
    assert found.queries == ()
    assert [gap.code for gap in found.gaps] == ["no-ecosystem"]


def test_without_a_version_nothing_is_known() -> None:
    found = lookup(bom(None, component("generic", "node", "")))
    assert [gap.code for gap in found.gaps] == ["no-version"]


def test_a_distribution_s_package_of_that_name_is_the_distribution_s() -> None:
    found = lookup(bom(None, component("deb", "node", "1.0")))
    assert [gap.code for gap in found.gaps] == ["unknown-distro"]
