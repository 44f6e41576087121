"""What a fit of groups returns: one result a group, and what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gdsolve.data.group_keys import Key, cells_of
from gdsolve.presented import Predicting, Presented, Tabled
from gdsolve.solve.data import DataInfo
from gdsolve.solve.outcome import Figures
from gdsolve.spec import Spec
from gdsolve.status import ExitCode, Status

if TYPE_CHECKING:
    from gdsolve.objective.inference import Inference
    from gdsolve.objective.spectrum import Spectrum
    from gdsolve.solve.outcome import Fit

SEVERITY = (
    ExitCode.TERMINATED,
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.DATA,
    ExitCode.DIVERGED,
    ExitCode.MAX_ITER,
)
"""Exit codes of groups, the most serious first."""


@dataclass(frozen=True, slots=True)
class GroupOptimum:
    """The least value of one group, in the user's units; `ambiguity` says why several minimisers have it, if so."""

    sse: float
    loss: float
    ambiguity: str | None

    @property
    def unique(self) -> bool:
        """True where one minimiser alone has the least value."""
        return self.ambiguity is None


@dataclass(frozen=True, slots=True)
class Descended:
    """What descent on one group reached, in the user's units, with its certificate.

    `iterations` counts the updates taken and `best_iteration` those that led to the weights, as in a fit.
    `inference` is there where the spec has `report`.
    """

    stopped_by: str
    iterations: int
    best_iteration: int
    weights: dict[str, float]
    intercept: float | None
    figures: Figures
    learning_rate: float
    tol: float
    gap: float
    optimum: GroupOptimum
    spectrum: Spectrum
    inference: Inference | None = None


@dataclass(frozen=True, slots=True, repr=False)
class GroupFit(Presented):
    """One group: `group` is the text of its cells, of several columns one each; None where one is missing.

    `found` is what descent on many groups at once reached, and `fit` that on this group alone: one of them is there,
    neither where its rows cannot be used; `message` then names the cell, and `hint` the remedy.
    """

    group: Key
    status: Status
    exit_code: ExitCode
    message: str
    hint: str | None
    rows: int
    rows_dropped: int
    cells_filled: int
    found: Descended | None
    fit: Fit | None = None

    @property
    def reached(self) -> Descended | Fit | None:
        """What was reached, in whichever way."""
        return self.found or self.fit

    @property
    def weights(self) -> dict[str, float] | None:
        """The weights by name, in the user's units."""
        return None if self.reached is None else self.reached.weights

    @property
    def intercept(self) -> float | None:
        """The intercept, where the model has one."""
        return None if self.reached is None else self.reached.intercept

    @property
    def iterations(self) -> int | None:
        """The updates taken."""
        return None if self.reached is None else self.reached.iterations

    @property
    def inference(self) -> Inference | None:
        """The errors of the weights, where the spec has `report`."""
        return None if self.reached is None else self.reached.inference

    @property
    def sse(self) -> float | None:
        """‖Xw − y‖²."""
        return None if self.reached is None else self.reached.figures.sse

    @property
    def figures(self) -> Figures | None:
        """All figures of the fit."""
        return None if self.reached is None else self.reached.figures

    @property
    def loss(self) -> float | None:
        """The loss, penalty included."""
        return None if self.reached is None else self.reached.figures.loss

    @property
    def rmse(self) -> float | None:
        """The root of the mean squared residual."""
        return None if self.reached is None else self.reached.figures.rmse

    @property
    def r2(self) -> float | None:
        """R² = 1 − SSE/Σω(y − ȳ)²; None for a constant target."""
        return None if self.reached is None else self.reached.figures.r2


@dataclass(frozen=True, slots=True, repr=False)
class GroupFits(Predicting, Tabled):
    """The groups in the order in which they are met in the table; `adrift` counts rows without one.

    `reason` says why they were fitted one after the other, where they were. `message` says how many groups have not
    converged, and names the first of them.
    """

    spec: Spec
    columns: tuple[str, ...]
    groups: tuple[GroupFit, ...]
    data: DataInfo
    adrift: int
    message: str
    advice: tuple[str, ...]
    seconds: Mapping[str, float]
    reason: str | None = None

    @property
    def batched(self) -> bool:
        """True where the closed form took many groups at once; else they were fitted one after the other."""
        return self.reason is None

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[GroupFit]:
        return iter(self.groups)

    @property
    def column(self) -> str:
        """The columns that tell the groups apart, with commas."""
        return ",".join(self.columns)

    @property
    def keys(self) -> dict[str, list[str | None]]:
        """The cells of all groups, by column."""
        width = len(self.columns)
        rows = [cells_of(one.group, width) for one in self.groups]
        return {name: [row[place] for row in rows] for place, name in enumerate(self.columns)}

    def cells_of(self, one: GroupFit) -> tuple[str | None, ...]:
        """The cells of a group, one a column."""
        return cells_of(one.group, len(self.columns))

    def __getitem__(self, value: Key) -> GroupFit:
        """The group of this value; of several columns one each: `fits["north", "2024"]`.

        Raises:
            KeyError: there is none.
        """
        for one in self.groups:
            if one.group == value:
                return one
        raise KeyError(value)

    @property
    def counts(self) -> Counter[Status]:
        """How many groups ended in each way."""
        return Counter(one.status for one in self.groups)

    @property
    def exit_code(self) -> ExitCode:
        """The most serious exit code of the groups."""
        codes = {one.exit_code for one in self.groups}
        return next((code for code in SEVERITY if code in codes), ExitCode.OK)
