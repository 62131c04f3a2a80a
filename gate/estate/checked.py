"""Whether every asset of a list has a record that verifies, in the time that is asked for (V10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from gate.estate.assets import Asset, system_name
from gate.estate.period import Period
from gate.evidence.problems import Code, Problem
from gate.evidence.verify_folder import Logged


class AssetWatch:
    """Is shown each record once, and then says which assets had none."""

    def __init__(self, assets: Sequence[Asset], period: Period | None) -> None:
        """Take the list, and the time in which each has to be checked; None for any time."""
        self._assets = [one for one in assets if period is None or _scope(one, period)]
        self._period = period
        wanted = {one.system for one in self._assets}
        self._times: dict[str, list[datetime]] = {system: [] for system in wanted}

    @property
    def count(self) -> int:
        """How many assets had to be checked."""
        return len(self._assets)

    def see(self, logged: Logged) -> None:
        """Take note of a record; one that does not verify shows nothing."""
        run = logged.report.run if logged.report is not None and logged.ok else None
        for subject in run.subject if run is not None else ():
            times = self._times.get(system_name(subject.name))
            if times is not None and run is not None:
                times.append(run.decided_at)

    def gaps(self) -> tuple[Problem, ...]:
        """Return a problem for each asset without a record in its time."""
        return tuple(self._gaps())

    def _gaps(self) -> Iterator[Problem]:
        by_name = defaultdict(list, self._times)
        for asset in self._assets:
            times = by_name[asset.system]
            if self._period is None:
                if not times:
                    yield _gap(asset, "has no record")
                continue
            scope = _scope(asset, self._period)
            if scope is not None and not any(moment in scope for moment in times):
                yield _gap(asset, f"has no record between {scope.written.replace('..', ' and ')}")


def _scope(asset: Asset, period: Period) -> Period | None:
    """Return the part of `period` in which the asset was in scope; None for no part."""
    begin = max(period.begin, asset.begin) if asset.begin is not None else period.begin
    end = min(period.end, asset.end) if asset.end is not None else period.end
    return Period(begin, end) if begin < end else None


def _gap(asset: Asset, message: str) -> Problem:
    owner = f" (owner: {asset.owner})" if asset.owner else ""
    return Problem(code=Code.GAP, message=f"{message}{owner}", where=f"asset '{asset.name}'")
