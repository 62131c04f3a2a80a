"""The schemes of language ecosystems: every published fixture row, and the contract of a key.

Where a key cannot or must not say what a row says, the row stands below with the reason;
a row that begins to agree fails the test too, so that the list stays true.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gate.versions import BEFORE, BEYOND, SCHEMES, just_after, key_function

ROWS = {
    "bitnami": ["semver-versions.txt"],
    "cran": ["cran-versions.txt"],
    "golang": ["semver-versions.txt"],
    "hackage": ["hackage-versions.txt"],
    "maven": ["maven-versions.txt", "maven-univers.txt"],
    "nuget": ["nuget-versions.txt", "nuget-univers.txt"],
    "packagist": ["packagist-versions.txt"],
    "pub": ["pub-versions.txt"],
    "rubygems": ["rubygems-versions.txt"],
}

_PHP = "PHP's version_compare on text that Composer's parser refuses: no key, so unknown"
DIFFERENCES: dict[str, dict[str, str]] = {
    "bitnami": dict.fromkeys(
        (
            "1.2.3 > 1.2.3-4",
            "1.2.3-4 < 1.2.3",
            "1.2.3-5 > 1.2.3-4",
            "1.2.3-4 < 1.2.3-5",
            "1.2.3-5-foo > 1.2.3-5",
            "1.2.3-5 < 1.2.3-5-foo",
        ),
        "the number after the hyphen counts rebuilds and is left out",
    ),
    "maven": dict.fromkeys(
        ("1-1 = 1-ga-1", "2-1 < 2.0.a", "2-1 < 2.0.0.a", "2.0.a < 2.0.0.a"),
        "Maven's comparison runs in a circle here: see gate/versions/maven.py",
    ),
    "rubygems": dict.fromkeys(
        ("1 > 1beta", "1 > 1gamma"), "Gem::Version calls the first version malformed"
    ),
}


@pytest.mark.parametrize("scheme", sorted(ROWS))
def test_rows(
    scheme: str, read_rows: Callable[..., list[str]], unmet: Callable[..., dict[str, str]]
) -> None:
    differing = unmet(key_function(scheme), read_rows(*ROWS[scheme]))
    if scheme == "packagist":
        # Composer fills up 1.0 with zeros, PHP does not; all others have no key.
        assert differing.pop("1.0.0 > 1.0") == "="
        assert set(differing.values()) == {"no key"}, _PHP
        assert len(differing) == 13
        return
    assert set(differing) == set(DIFFERENCES.get(scheme, {}))


RISING = {
    "bitnami": "1.0.0-rc.1 1.0.0 1.0.1-3 1.1.0",
    "cran": "0.9 0.75 1.0 1.0-0 1.0.1",
    "freebsd": "1.* 1.rc1 1.0 1.0_1 1.0.1 1.0a 1.1 0.9,1",
    "golang": "1.20rc1 go1.20 v1.20.1-0.20230101000000-0123456789ab 1.20.1 1.21.0",
    "hackage": "1.0 1.0.0 1.0.1 1.10",
    "maven": "1-alpha-1 1-beta 1-rc1 1-SNAPSHOT 1 1-sp 1-foo 1-1 1.1",
    "opam": "1~beta 1 1.0~rc1 1.0.1 1.10 2 v0.9 v0.16 v0.16.1",
    "nuget": "1.0.0-alpha 1.0.0-beta.2 1.0.0-beta.10 1.0 1.0.0.1 1.1",
    "packagist": "1.0-dev 1.0-alpha1 1.0-beta1 1.0-RC1 1.0 1.0-patch1 1.0.1",
    "pacman": "1.0rc 1.0-1 1.0-2 1.0.1-1 1:0.1-1",
    "pub": "1.0.0-a 1.0.0 1.0.0+1 1.0.0+2 1.0.1",
    "rubygems": "1.0.a 1.0.rc1 1.0 1.0.1.a 1.0.1 1.10",
}


@pytest.mark.parametrize("scheme", sorted(RISING))
def test_rising(scheme: str) -> None:
    keys = [key_function(scheme)(version) or "" for version in RISING[scheme].split()]
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("scheme", sorted(RISING))
@given(
    st.lists(
        st.text(alphabet="019.-_+:~aAbrcpv*! \n\u00e9", min_size=0, max_size=12),
        min_size=2,
        max_size=5,
    )
)
def test_contract_of_keys(scheme: str, versions: list[str]) -> None:
    key = key_function(scheme)
    keys = sorted({found for version in versions if (found := key(version)) is not None})
    for found in keys:
        assert all("!" <= character <= "~" for character in found)
        assert BEFORE < found < BEYOND
    for a, b in itertools.pairwise(keys):
        assert not b.startswith(a)
        assert just_after(a) < b


# Composer reads five digits at most.
@pytest.mark.parametrize("scheme", sorted(set(RISING) - {"packagist"}))
def test_long_numbers_are_exact(scheme: str) -> None:
    key = key_function(scheme)
    small, large = key("1." + "1" * 5000), key("1." + "2" * 5000)
    assert small is not None
    assert large is not None
    assert small < large


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
@pytest.mark.parametrize(
    "repeated", ["1", "1.", ".1", "-1", "a", "a1", "1a", "-", "+a", "~", "_1", ".a", "rc1", ".rc.1"]
)
def test_no_version_takes_forever(scheme: str, repeated: str) -> None:
    """Patterns that try every split would not come back from these within a lifetime."""
    key = key_function(scheme)
    for start in ("", "1", "v1.0.0", "1.0-rc", "1.0.0-p.", "1:"):
        for end in ("", "!", "!!\u00e9", "-", "x"):
            key(start + repeated * 400 + end)
