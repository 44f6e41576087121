"""How far a run has come: what reading and descending tell, and who listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a pass over tables stands: `bytes` are those of the files on disk, `share` is how much of all is done.

    Each is None where it is not known; `share` goes from 0 to 1.
    """

    title: str
    rows: int | None
    bytes: float | None
    share: float | None

    @property
    def begun(self) -> bool:
        """True once anything has been read."""
        return bool(self.rows or self.bytes)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a loss before the first step, for whoever draws it: its unit, and what the spectrum predicts.

    `loss` and `gap`, above `minimum`, are those after `iterations` updates, in the user's units; without them nothing
    is predicted, and `minimum` is None. An observed gap of less than `noise` is nothing but rounding.
    """

    unit: str = ""
    minimum: float | None = None
    noise: float = 0.0
    iterations: tuple[int, ...] = ()
    loss: tuple[float, ...] = ()
    gap: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Descending:
    """Where a descent stands after `iteration` updates, of `last` at most; None where no end is known.

    The loss is in the user's units, the gradient norm as a trace has it; None before the first is known. There is an
    `outlook` where the run is watched.
    """

    title: str
    iteration: int
    loss: float | None
    gradient_norm: float | None
    last: int | None
    outlook: Outlook | None = None

    @property
    def begun(self) -> bool:
        """True once an update has been taken."""
        return self.iteration > 0

    @property
    def share(self) -> float | None:
        """How much of all updates is done, from 0 to 1."""
        return min(1.0, self.iteration / self.last) if self.last else None


@dataclass(frozen=True, slots=True)
class Following:
    """How many of so many starts have been followed to their ends."""

    title: str
    ended: int
    count: int

    @property
    def begun(self) -> bool:
        """True once one of them has ended."""
        return self.ended > 0

    @property
    def share(self) -> float:
        """How many of them have ended, from 0 to 1."""
        return self.ended / self.count


Stage = Reading | Descending | Following


class Listener(Protocol):
    """Who is told how far a run has come; every call is cheap, and may come from any thread."""

    def tell(self, stage: Stage) -> None:
        """Where the run stands now; another title is another stage."""
        ...

    def done(self) -> None:
        """The stage is over."""
        ...

    def hidden(self) -> AbstractContextManager[None]:
        """A span in which nothing is shown, so that something else can be written to the terminal."""
        ...


class _Silent:
    def tell(self, stage: Stage) -> None:
        pass

    def done(self) -> None:
        pass

    def hidden(self) -> AbstractContextManager[None]:
        return nullcontext()


SILENT: Listener = _Silent()
_LISTENER: ContextVar[Listener] = ContextVar("listener", default=SILENT)


def listener() -> Listener:
    """Who listens to this run: nobody, unless the command line does."""
    return _LISTENER.get()


@contextmanager
def listening(one: Listener) -> Iterator[None]:
    """Have `one` listen to whatever runs in this span."""
    token = _LISTENER.set(one)
    try:
        yield
    finally:
        _LISTENER.reset(token)
