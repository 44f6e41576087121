"""The kinds of comparison: whole processes, single updates within one, and what a process that stays measures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from benchmarks.agreement import apart, check_same
from benchmarks.data import Folder, Table
from benchmarks.machine import version
from benchmarks.measure import Command, Comparison, MeasurementError, Process, alternate, run_process
from benchmarks.worker import Request, ask

CONVERGED = (0,)


class Case(Protocol):
    """One row of the table: A is gdsolve, B the rival; `bound` is the most that A/B may be, None where none is set."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def a(self) -> str: ...  # noqa: D102
    @property
    def b(self) -> str: ...  # noqa: D102
    @property
    def bound(self) -> Bound | None: ...  # noqa: D102
    @property
    def needs(self) -> tuple[str, ...]: ...  # noqa: D102

    def compare(self, folder: Folder, runs: int) -> Comparison:
        """Measure A and B by turns."""
        ...


@dataclass(frozen=True, slots=True)
class Bound:
    """A limit for A/B, itself allowed unless `strict`."""

    limit: float
    strict: bool = False

    def met_by(self, ratio: float) -> bool:
        """Whether a ratio keeps the bound."""
        return ratio < self.limit if self.strict else ratio <= self.limit

    def __str__(self) -> str:
        return f"{'<' if self.strict else '≤'} {self.limit:g}"


class Tells(Enum):
    """Where a program tells the weights that it found, the intercept last."""

    NOTHING = "nowhere"
    LIST = "a JSON list on standard output"
    SAVED = "the model that gdsolve saves"
    DOCUMENT = "the one JSON document that gdsolve prints"
    GROUPS = "the lines of JSON that gdsolve prints, one a group"


class Agree(Enum):
    """What A and B must have in common to be compared."""

    UNASKED = "nothing"
    SAME = "their weights, to 1e-8"
    SHOWN = "the kind of result: how far the two are apart is shown"


@dataclass(frozen=True, slots=True)
class Work:
    """A program to be timed, its table, and what shows that it did its work."""

    arguments: tuple[str, ...]
    table: Table | None = None
    exit_codes: tuple[int, ...] = CONVERGED
    iterations: int | None = None
    tells: Tells = Tells.NOTHING

    def run(self, folder: Folder) -> tuple[Process, list[float] | None]:
        """Run it once; returns what it took and the weights that it found, where it tells them.

        Raises:
            MeasurementError: it failed, told no weights, or took another number of iterations than it was asked for.
        """
        arguments = self.arguments
        if self.table is not None:
            arguments = (*arguments, str(folder.source(self.table)))
        if self.tells is not Tells.SAVED:
            process = run_process(Command(arguments, self.exit_codes))
            return process, self._read(process.output)
        with tempfile.TemporaryDirectory() as saved:
            model = Path(saved) / "model.json"
            process = run_process(Command((*arguments, "--save", str(model)), self.exit_codes))
            return process, self._read(model.read_text())

    def _read(self, text: str) -> list[float] | None:
        if self.tells is Tells.NOTHING:
            return None
        try:
            if self.tells is Tells.LIST:
                return [float(weight) for weight in json.loads(text)]
            if self.tells is Tells.GROUPS:
                return _weights_by_group(text)
            model = json.loads(text)
            weights, taken = _weights(model), model["iterations"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MeasurementError(f"{self.tells.value}: cannot be read ({error!r}): {text[:200]}") from error
        if self.iterations not in (None, taken):
            raise MeasurementError(f"gdsolve took {taken} iterations, not {self.iterations}")
        return weights


@dataclass(frozen=True, slots=True)
class ProcessCase:
    """Two whole processes, by wall seconds or by peak memory; `most_runs` spares a rival that takes long.

    `first` is called before anything is measured: it raises where this machine has not what it takes.
    """

    name: str
    a: str
    b: str
    bound: Bound | None
    work_a: Work
    work_b: Work
    by_memory: bool = False
    agree: Agree = Agree.UNASKED
    most_runs: int | None = None
    needs: tuple[str, ...] = ()
    first: Callable[[], object] | None = None

    def compare(self, folder: Folder, runs: int) -> Comparison:
        """Measure A and B by turns.

        Raises:
            MeasurementError: one of them did not do its work.
            SkippedError: as `first` says.
        """
        if self.first is not None:
            self.first()
        runs = min(runs, self.most_runs or runs)
        a, b = alternate(lambda: self.work_a.run(folder), lambda: self.work_b.run(folder), runs)
        if self.agree is Agree.SAME:
            check_same(a[0][1], b[0][1])
        agreement = None
        if self.agree is Agree.SHOWN:
            assert self.work_b.table is not None
            agreement = apart(self.work_b.table.shape, a[0][1], b[0][1])
        processes_a, processes_b = [process for process, _ in a], [process for process, _ in b]
        quantity: Callable[[Process], float] = _peak if self.by_memory else _seconds
        return Comparison(
            tuple(map(quantity, processes_a)),
            tuple(map(quantity, processes_b)),
            "B" if self.by_memory else "s",
            {"a": processes_a, "b": processes_b},
            agreement,
        )


@dataclass(frozen=True, slots=True)
class StepCase:
    """One update computed in two ways, in a process that holds the rows in memory (`benchmarks.steps`)."""

    name: str
    way_a: str
    way_b: str
    table: Table
    bound: Bound | None = None
    needs: tuple[str, ...] = ()

    @property
    def a(self) -> str:
        """What A is."""
        return f"one update, {self.way_a}, {self.table.shape.rows:,} × {self.table.shape.features}"

    @property
    def b(self) -> str:
        """What B is."""
        return f"one update, {self.way_b}"

    def compare(self, folder: Folder, runs: int) -> Comparison:
        """Measure A and B by turns; the rows are made in memory, not in `folder`.

        Raises:
            MeasurementError: the two do not take the same step.
        """
        sizes = (str(self.table.shape.rows), str(self.table.shape.features))
        process = run_process(Command(("-m", "benchmarks.steps", *sizes, self.way_a, self.way_b, str(runs))))
        taken = json.loads(process.output)
        return Comparison(tuple(taken["a"]), tuple(taken["b"]), "s", {})


@dataclass(frozen=True, slots=True)
class InMemoryCase:
    """What a process that stays is asked to measure (`benchmarks.worker`): `module` serves, `request` says what."""

    name: str
    a: str
    b: str
    bound: Bound | None
    module: str
    request: Request
    needs: tuple[str, ...] = ()

    def compare(self, folder: Folder, runs: int) -> Comparison:
        """Measure A and B by turns; the tables are made in memory, not in `folder`.

        Raises:
            MeasurementError: the two do not find the same.
            SkippedError: this machine has not what it takes.
        """
        taken = ask(self.module, {**self.request, "runs": runs})
        return Comparison(tuple(taken["a"]), tuple(taken["b"]), "s", {}, note=taken.get("note", ""))


def missing(case: Case) -> list[str]:
    """The packages that a case needs and that are not installed."""
    return [package for package in case.needs if version(package) is None]


def _weights(model: dict[str, Any]) -> list[float]:
    return [*map(float, model["weights"].values()), float(model["intercept"])]


def _weights_by_group(text: str) -> list[float]:
    """Those of all groups, one group after the other, in the order of their names."""
    groups = sorted(map(json.loads, text.splitlines()), key=lambda group: str(group["group"]))
    return [weight for group in groups for weight in _weights(group)]


def _seconds(process: Process) -> float:
    return process.seconds


def _peak(process: Process) -> float:
    if process.peak_bytes is None:
        raise MeasurementError("the peak memory is not above that of the process that measures")
    return float(process.peak_bytes)
