"""Half a year of evidence, made once for all tests of this room; nobody writes to it."""

from __future__ import annotations

import pytest

from tests.estate.halfyear import HalfYear


@pytest.fixture(scope="session")
def year(tmp_path_factory: pytest.TempPathFactory) -> HalfYear:
    """The evidence of half a year."""
    made = HalfYear(tmp_path_factory.mktemp("halfyear"))
    made.make()
    return made
