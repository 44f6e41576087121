"""The loss of a descent that is watched, thinned as it comes: however long a run is, some hundred points tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.progress import Descending, Outlook, Stage

if TYPE_CHECKING:
    from gdsolve.picture import Panel

# About twenty-five points for every tenfold of updates.
RATIO = 1.1


class WatchedLoss:
    """Points of the first descent that is told of; a run is certified afterwards, which is no part of its curve."""

    def __init__(self) -> None:
        self._title: str | None = None
        self._latest: Descending | None = None
        self._points: list[tuple[int, float]] = []
        self._next = 0

    def note(self, stage: Stage) -> None:
        """Keep where the descent stands, if it is far enough beyond the last point that is kept."""
        if not isinstance(stage, Descending) or stage.loss is None or self._title not in (None, stage.title):
            return
        self._title, self._latest = stage.title, stage
        if stage.iteration >= self._next:
            self._points.append((stage.iteration, stage.loss))
            self._next = int(stage.iteration * RATIO) + 1

    @property
    def points(self) -> list[tuple[int, float]]:
        """Updates and losses, from the first to the latest."""
        points, latest = self._points.copy(), self._latest
        if latest is not None and latest.loss is not None and points[-1][0] < latest.iteration:
            points.append((latest.iteration, latest.loss))
        return points

    def panel(self) -> Panel | None:
        """The curve so far; None before an update was taken."""
        points, latest = self.points, self._latest
        if latest is None or len(points) < 2:
            return None
        from gdsolve.pictures.live import live_panel

        return live_panel(points, latest.outlook or Outlook())
