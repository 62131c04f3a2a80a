"""OSV's API as a source: the same answers as the store, and never half of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gate.advisories import api as client
from gate.advisories import download
from gate.advisories.api import asked_store
from gate.advisories.model import AdvisorySet, Query
from gate.errors import AdvisoryError, UnreachableError, UsageError
from tests.advisories.osv_api import Api, serving_api
from tests.advisories.zips import record

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        download.Downloader.__init__, "__kwdefaults__", {"sleep": lambda seconds: None}
    )


@pytest.fixture
def api() -> Iterator[Api]:
    records = [record(f"DSA-{n}", aliases=[f"CVE-2026-{n}"]) for n in range(25)]
    records += [record("DSA-nginx", name="nginx"), record("DSA-old", "Debian:11")]
    about = {"id": "CVE-2026-3", "modified": "2026-11-01T00:00:00Z", "details": "of DSA-3"}
    with serving_api(Api({each["id"]: each for each in [*records, about]})) as found:
        yield found


def query(name: str, version: str = "3.0.1-1", ecosystem: str = "Debian:12") -> Query:
    return Query(
        ref=f"{name}@{version}", ecosystem=ecosystem, name=name, version=version, scheme="dpkg"
    )


def ask(api: Api, *queries: Query) -> AdvisorySet:
    with asked_store(api.url, queries, NOW) as store:
        return store.select(queries)


def ids(found: AdvisorySet) -> set[str]:
    return {stored.record.id for stored in found.records}


def test_what_is_asked_comes_back_with_what_names_the_same_flaws(api: Api) -> None:
    found = ask(api, query("openssl"), query("openssl", "3.0.2-1"), query("curl"))
    assert ids(found) == {*(f"DSA-{n}" for n in range(25)), "CVE-2026-3"}
    assert api.batches == [2]
    (source,) = found.sources
    assert (source.name, source.as_of, source.as_of_basis) == (client.SOURCE, NOW, "confirmed")
    assert source.ecosystems == {"Debian:12": 25}


def test_pages_are_turned_and_batches_are_small(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.page = 10
    monkeypatch.setattr(client, "BATCH", 2)
    found = ask(api, query("openssl"), query("nginx"), query("curl"))
    assert ids(found) == {*(f"DSA-{n}" for n in range(25)), "CVE-2026-3", "DSA-nginx"}
    assert max(api.batches) == 2
    assert sum(api.batches) == 3 + 2


def test_the_same_answers_have_the_same_digest(api: Api) -> None:
    assert ask(api, query("openssl")).snapshot == ask(api, query("openssl")).snapshot
    api.records["DSA-1"] = record("DSA-1", summary="corrected")
    assert ask(api, query("openssl")).snapshot != ask(api, query("nginx")).snapshot


def test_a_busy_server_is_asked_again_and_a_dead_one_is_unreachable(api: Api) -> None:
    api.busy = 3
    assert "DSA-1" in ids(ask(api, query("openssl")))
    api.busy = 1000
    with pytest.raises(UnreachableError, match="503"):
        ask(api, query("openssl"))


def test_an_advisory_that_is_named_and_missing_is_no_answer(api: Api) -> None:
    api.hidden = {"DSA-7"}
    with pytest.raises(AdvisoryError, match=r"names the advisory 'DSA-7' and does not have it"):
        ask(api, query("openssl"))


def test_no_advisory_at_all_is_no_answer(api: Api) -> None:
    with pytest.raises(AdvisoryError, match="knows no advisory about any package"):
        ask(api, query("curl"))


def test_too_much_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RECORDS", 24)
    with pytest.raises(AdvisoryError, match="more than 24 advisories"):
        ask(api, query("openssl"))


def test_pages_without_end_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.page = 0
    monkeypatch.setattr(client, "_PAGES", 5)
    with pytest.raises(AdvisoryError, match="does not come to an end"):
        ask(api, query("openssl"))


def test_another_server_is_no_api(api: Api) -> None:
    api.url += "/mirror"
    with pytest.raises((AdvisoryError, UnreachableError)):
        ask(api, query("openssl"))
    with pytest.raises(UsageError, match="is no web address"), asked_store("osv.dev", [], NOW):
        pass
