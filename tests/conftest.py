"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared"


@pytest.fixture(scope="session")
def data() -> Path:
    """Test data that is kept in the repository."""
    return REPOSITORY / "tests" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The larger body of real data beside the repository, where it is there."""
    if not (SHARED / "README.md").is_file():
        pytest.skip("no ../shared beside this clone: the larger body of real data is not tested")
    return SHARED


@pytest.fixture(autouse=True)
def nothing_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Keep tests from finding what other tests, or the user who runs them, have left."""
    monkeypatch.setenv("PATCHGATE_CACHE", "off")
    monkeypatch.setenv("PATCHGATE_SPOOL", str(tmp_path_factory.getbasetemp() / "spool"))
