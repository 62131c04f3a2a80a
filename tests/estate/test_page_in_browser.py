"""The page of an audit export as an auditor sees it: on a screen, on a phone, on paper."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gate.estate.assets import read_assets
from gate.estate.controls import FRAMEWORKS
from gate.estate.index import Index
from gate.estate.period import read_period
from gate.estate.reading import read_audit
from gate.evidence.keyfiles import read_public
from gate.evidence.place import FolderPlace
from gate.report import audit_page
from tests.browser import DESK, PHONE, look, printed
from tests.estate.halfyear import HalfYear


@pytest.fixture(scope="module")
def page(year: HalfYear) -> bytes:
    period = read_period("2026-01-01..2026-06-30")
    audit = read_audit(
        FolderPlace(year.evidence),
        [read_public(year.trust)],
        Index(),
        period,
        as_of=period.end,
        every=timedelta(days=7),
        assets=read_assets(year.assets),
    )
    return audit_page.render(audit, FRAMEWORKS["soc2"])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_it_fits_and_can_be_read(page: bytes, width: int, dark: bool, tmp_path: Path) -> None:
    seen = look(page, tmp_path, width=width, dark=dark)
    assert seen.fetched == ["/", "/page.html"]
    assert (seen.scripts, seen.loaded) == (0, [])
    assert seen.width <= width
    assert seen.wide == []
    assert seen.faint == []
    assert "92.3%" in seen.text


def test_on_paper_everything_is_there(page: bytes, tmp_path: Path) -> None:
    text = printed(page, tmp_path)
    assert "92.3%" in text
    assert "CC7.1" in text
