"""The HTML report as people see it: on a desk, on a phone, in the dark, on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.report.formats import FORMATS
from gate.run.result import Result
from tests.browser import DESK, PHONE, look, printed
from tests.report.hostile import PAYLOADS, hostile
from tests.report.results import FAILED, INDETERMINATE, PASSED, finding, result_of

MANY = result_of(
    *(
        finding(f"package-{n:02}", f"CVE-2026-{n}", days=n * 9, fixed="1.2.3-4+deb12u9")
        for n in range(40)
    )
)
RESULTS = {"failed": FAILED, "indeterminate": INDETERMINATE, "passed": PASSED, "many": MANY}


def page(result: Result) -> bytes:
    return FORMATS["html"](result, 1)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("name", RESULTS)
def test_it_fits_and_can_be_read(name: str, width: int, dark: bool, tmp_path: Path) -> None:
    seen = look(page(RESULTS[name]), tmp_path, width=width, dark=dark)
    assert RESULTS[name].verdict.outcome.value in seen.text
    assert seen.width <= width
    assert seen.wide == []
    assert seen.faint == []
    assert (seen.background == "rgb(255, 255, 255)") is not dark


def test_it_sorts_without_a_script(tmp_path: Path) -> None:
    seen = look(page(MANY), tmp_path)
    assert seen.scripts == 0
    assert set(seen.orders) >= {"by-package", "by-severity"}
    by_package = seen.orders["by-package"]
    assert len(by_package) == 40
    assert [row.split("package-")[1][:2] for row in by_package] == [f"{n:02}" for n in range(40)]
    assert seen.orders["by-package"] != next(v for k, v in seen.orders.items() if k != "by-package")


@pytest.mark.parametrize("payload", ["html", "attribute", "long", "hidden"])
def test_hostile_names_load_nothing_and_break_nothing(payload: str, tmp_path: Path) -> None:
    text = PAYLOADS[payload].replace("alert(1)", "parent.alerted=window.alerted=1")
    seen = look(page(hostile(text)), tmp_path, width=PHONE)
    assert seen.fetched == ["/", "/page.html"]
    assert seen.loaded == []
    assert not seen.alerted
    assert seen.width <= PHONE


def test_on_paper_everything_is_there(tmp_path: Path) -> None:
    text = printed(page(MANY), tmp_path)
    assert "FAIL" in text
    assert [n for n in range(40) if f"CVE-2026-{n}" not in text] == []
