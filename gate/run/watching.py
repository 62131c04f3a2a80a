"""What a run is at, for whoever watches it; it changes nothing of the outcome."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Step(Protocol):
    """One step of a run, while it lasts."""

    def found(self, text: str) -> None:
        """Say what the step came to."""


class _Unseen:
    def found(self, text: str) -> None:
        del text


Watch = Callable[[str], AbstractContextManager[Step]]
"""Called with what begins (``reading image.tar``); the context ends with the step."""


def unwatched(text: str) -> AbstractContextManager[Step]:
    """Watch nothing."""
    del text
    return nullcontext(_Unseen())
