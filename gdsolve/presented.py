"""What results can do in Python: tell themselves in a few lines, show themselves in a notebook, be drawn, predict.

How that is done is known further up (`gdsolve.api`), and given to the results by `provide`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from matplotlib.figure import Figure

    from gdsolve.picture import Picture


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
    """What a run keeps of a small problem, to draw and to tell what was not asked for at once; pickled it is None."""

    __slots__ = ("_draw", "_drawn", "errors")

    def __init__(self, draw: Callable[[Any], Picture], errors: Callable[[], Any] | None = None) -> None:
        self._draw = draw
        self._drawn: dict[str, Picture] = {}
        self.errors = errors

    def picture(self, kind: str) -> Picture:
        """The picture of this kind, drawn once."""
        if kind not in self._drawn:
            self._drawn[kind] = self._draw(kind)
        return self._drawn[kind]

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()
