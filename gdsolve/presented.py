"""What results can do in Python: tell themselves in a few lines, show themselves in a notebook, be drawn, predict.

How that is done is known further up (`gdsolve.api`), and given to the results by `provide`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from weakref import ref

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from matplotlib.figure import Figure

    from gdsolve.picture import Picture

MOST_KEPT = 8_000_000
"""Numbers that results keep together at most, 64 MB: a script may keep many fits."""


class Presenter(Protocol):
    """Who tells, shows and draws results of every type."""

    def text(self, result: Any) -> str:
        """The result in at most five lines."""
        ...

    def html(self, result: Any) -> str:
        """The result as a piece of HTML."""
        ...

    def frame(self, result: Any) -> pl.DataFrame:
        """The rows of the result as a DataFrame."""
        ...

    def figure(self, result: Any, kind: str) -> Figure:
        """The picture of this kind."""
        ...

    def predict(self, model: Any, X: Any, **options: Any) -> Any:
        """As `gdsolve.predict`."""
        ...

    def score(self, model: Any, X: Any, y: Any, **options: Any) -> Any:
        """As `gdsolve.score`."""
        ...

    def save(self, model: Any, path: str | os.PathLike[str]) -> None:
        """Write a model."""
        ...

    def printed(self, result: Any) -> Any:
        """A table of standard errors and tests."""
        ...


_GIVEN: list[Presenter] = []


def provide(presenter: Presenter) -> None:
    """Let all results be presented by this one."""
    _GIVEN[:] = [presenter]


def presenter() -> Presenter:
    """Who presents results; of a result that was unpickled the verbs may not be imported yet, and then are."""
    if not _GIVEN:
        import gdsolve

        # To ask for a verb imports all of them.
        assert callable(gdsolve.fit)
    return _GIVEN[0]


class Presented:
    """A result that tells itself in at most five lines, and shows itself in a notebook."""

    __slots__ = ()

    def __repr__(self) -> str:
        return presenter().text(self)

    def _repr_html_(self) -> str:
        return presenter().html(self)


class Tabled(Presented):
    """A result with rows."""

    __slots__ = ()

    def frame(self) -> pl.DataFrame:
        """The rows as a polars DataFrame: what `--format csv` writes, of numbers, texts and nulls."""
        return presenter().frame(self)


class Drawn(Presented):
    """A result that can be drawn."""

    __slots__ = ()

    def plot(self, kind: str = "auto") -> Figure:
        """The picture of this kind, one of those of `plot_kind`, as matplotlib's `Figure`; in a notebook it is shown.

        No window is opened, and pyplot knows nothing of it: `plot("path").savefig("path.svg")` writes a file. The same
        picture goes to a file with `plot="path.svg", plot_kind="path"`.

        Raises:
            GdsolveError: a kind that this result has not, or that needs rows of a large table, which are not kept.
        """
        return presenter().figure(self, kind)


class Predicting(Presented):
    """A result that predicts."""

    __slots__ = ()

    def predict(self, X: Any, **options: Any) -> Any:
        """What it predicts for the rows of X, a table by its path, a DataFrame or an array: as `gdsolve.predict`.

        Raises:
            GdsolveError, DataError: as `gdsolve.predict`.
        """
        return presenter().predict(self, X, **options)

    def score(self, X: Any, y: Any = None, **options: Any) -> Any:
        """How well it predicts y, or the target that X has in it: as `gdsolve.score`.

        Raises:
            GdsolveError, DataError: as `gdsolve.score`.
        """
        return presenter().score(self, X, y, **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to a .json file, whole or not at all: the same file as `save=` and `--save` write.

        Raises:
            GdsolveError: another ending, or a file that cannot be written.
        """
        presenter().save(self, path)


class Kept:
    """What a run keeps of a small problem, to draw and to tell what was not asked for at once; pickled it is None.

    All that results keep together is at most `MOST_KEPT` numbers: of more, the oldest keep nothing any more.
    """

    __slots__ = ("__weakref__", "_draw", "_drawn", "_errors", "cells")

    def __init__(
        self, cells: float, draw: Callable[[Any], Picture | None], errors: Callable[[], Any] | None = None
    ) -> None:
        self.cells = cells
        self._draw: Callable[[Any], Picture | None] | None = draw
        self._drawn: dict[str, Picture | None] = {}
        self._errors = errors
        _KEEPING.add(self)

    def forget(self) -> None:
        """Keep nothing but what is drawn already."""
        self.cells, self._draw, self._errors = 0.0, None, None

    def picture(self, kind: str) -> Picture | None:
        """The picture of this kind, drawn once; None where what it shows is not kept."""
        if kind not in self._drawn and self._draw is not None:
            self._drawn[kind] = self._draw(kind)
        return self._drawn.get(kind)

    def errors(self) -> Any:
        """The inference of a fit, with all that a report has; None where what it needs is kept no more."""
        return None if self._errors is None else self._errors()

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()


@dataclass(slots=True)
class _Keeping:
    """All that keep something, the oldest first, and how many numbers these are, those that are gone among them."""

    alive: list[ref[Kept]] = field(default_factory=list)
    cells: float = 0.0

    def add(self, kept: Kept) -> None:
        """One more; where they are too many together the oldest forget, until there is room for as many again."""
        self.alive.append(ref(kept))
        self.cells += kept.cells
        if self.cells <= MOST_KEPT:
            return
        there = [one for alive in self.alive if (one := alive()) is not None]
        held = sum(one.cells for one in there)
        if held > MOST_KEPT:
            for one in there[:-1]:
                if held <= MOST_KEPT / 2:
                    break
                held -= one.cells
                one.forget()
        self.alive = [ref(one) for one in there if one.cells]
        self.cells = held


_KEEPING = _Keeping()
