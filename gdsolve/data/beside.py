"""What is read of a row beside the columns that its prediction is made of: the target, and the weight of the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from gdsolve.data.literal import cells_in
from gdsolve.data.targets import LIMITED, outside
from gdsolve.data.weighing import LARGEST_SIGMA, SMALLEST_SIGMA
from gdsolve.model import AGAIN
from gdsolve.spec import Loss
from gdsolve.spec.choices import WeightKind
from gdsolve.spec.losses import USUAL_LOSS
from gdsolve.status import GdsolveError

_NO_CLASS = "is no class of the model"


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that is there and cannot be used: its row in a batch, its column, and in words what is wrong."""

    row: int
    column: str
    reason: str
    no_number: bool = False


@dataclass(frozen=True, slots=True)
class Beside:
    """The target and the weight of a row, by the names of their columns; None for what is not read.

    `classes` are the texts of a target that is text: 0, 1, …; `labels` are the numbers that
    stand for classes. `is_sigma`: the cells of `weight` are
    standard deviations σ, and weigh 1/σ². `may_lack_weight`: in a table without that column every row weighs 1.
    `expression` makes the target of the cells of its column, (rows,), where it is one of a curve. That of a formula is
    made of `sources`, of which `source_texts` are read as text, before rows come here.
    """

    loss: Loss = USUAL_LOSS
    target: str | None = None
    classes: tuple[str, ...] | None = None
    weight: str | None = None
    is_sigma: bool = False
    may_lack_weight: bool = True
    expression: Callable[[np.ndarray], np.ndarray] | None = None
    sources: tuple[str, ...] = ()
    source_texts: tuple[str, ...] = ()
    labels: tuple[float, ...] | None = None

    @classmethod
    def of(cls, model: Mapping[str, Any], *, target: bool, weight: bool) -> Beside:
        """The target of a saved model, and what weighs its rows; frequencies weigh none, as they only count rows.

        A row without its target may be one of another table, and without a weight, which then is 1.

        Raises:
            GdsolveError: the model does not say what its target is.
        """
        data, levels = model["data"], classes_of(model)
        if target and not isinstance(data.get("target"), str):
            raise GdsolveError("the model lacks its target", AGAIN)
        named = data.get("weight") if data.get("weight_kind") != WeightKind.FREQUENCY else None
        sources, texts = _sources_of(data) if target else ((), ())
        return cls(
            Loss((model.get("descent") or {}).get("loss", USUAL_LOSS)),
            str((not sources and data.get("target_column")) or data["target"]) if target else None,
            levels,
            (data.get("sigma") or named) if weight else None,
            bool(data.get("sigma")),
            not target and not data.get("sigma"),
            sources=sources,
            source_texts=texts,
            labels=labels_of(model) if target and levels is None else None,
        )

    @classmethod
    def scored(cls, model: Mapping[str, Any], weight: str | None) -> Beside:
        """The target of a saved model, and what weighs rows in a score: the column `weight`, or that of the model."""
        found = cls.of(model, target=True, weight=True)
        if weight is not None:
            return replace(found, weight=weight, is_sigma=False, may_lack_weight=False)
        return replace(found, weight=found.weight or model["data"].get("weight"), may_lack_weight=True)

    @property
    def numbers(self) -> list[str]:
        """Its columns of numbers."""
        target = [] if self.target is None or self.classes is not None else [*(self.sources or (self.target,))]
        target = [name for name in target if name not in self.source_texts]
        return [*target, *([] if self.weight is None else [self.weight])]

    @property
    def texts(self) -> list[str]:
        """Its columns of texts."""
        classes = [self.target] if self.target is not None and self.classes is not None else []
        return [*classes, *self.source_texts]

    @property
    def columns(self) -> list[str]:
        """All of its columns."""
        return [*self.texts, *self.numbers]

    def within(self, names: list[str]) -> Beside:
        """The same, of a table with the columns `names`: without a weight that it may lack, and lacks."""
        lacking = self.may_lack_weight and self.weight not in names
        return replace(self, weight=None) if lacking else self

    def targets_of(self, cells: pl.DataFrame) -> np.ndarray:
        """The target, (rows,), as the loss takes it; NaN where it is missing."""
        if self.target is None:
            return np.full(cells.height, np.nan)
        column = cells_in(cells, self.target)
        if self.classes is not None:
            places = list(map(float, range(len(self.classes))))
            column = column.replace_strict(list(self.classes), places, default=None, return_dtype=pl.Float64)
        found: np.ndarray = column.fill_null(np.nan).to_numpy()
        if self.labels is not None:
            there = np.isfinite(found)
            found = np.where(there, np.searchsorted(self.labels, np.where(there, found, self.labels[0])), np.nan)
        return found if self.expression is None else self.expression(found)

    def weights_of(self, cells: pl.DataFrame) -> np.ndarray:
        """The weights, (rows,), 1 without a column of them; NaN where one is missing."""
        if self.weight is None:
            return np.ones(cells.height)
        found = cells_in(cells, self.weight).fill_null(np.nan).to_numpy()
        return np.asarray(np.square(1.0 / found)) if self.is_sigma else found

    def bad_cell(self, cells: pl.DataFrame) -> BadCell | None:
        """The first cell that cannot be used, of the first column that has one; a missing one is none."""
        for name in self.texts if self.classes is not None else ():
            levels = list(self.classes or ())
            bad = (~cells_in(cells, name).is_in(levels)).fill_null(value=False)
            if bad.any():
                words = f"is neither {levels[0]!r} nor {levels[1]!r}" if len(levels) == 2 else _NO_CLASS
                return BadCell(int(bad.arg_max() or 0), name, words)
        for name in self.numbers:
            column = cells_in(cells, name)
            for bad, reason, no_number in (
                (column.is_nan(), "is not a number", True),
                (column.is_infinite(), "is not finite", False),
            ):
                if bad.any():
                    return BadCell(int(bad.fill_null(value=False).arg_max() or 0), name, reason, no_number)
            found = column.fill_null(np.nan).to_numpy()
            wrong, words = self._out_of_range(name, found)
            if wrong.any():
                return BadCell(int(wrong.argmax()), name, words)
        return None

    def _out_of_range(self, name: str, found: np.ndarray) -> tuple[np.ndarray, str]:
        if name in self.sources:
            return np.zeros_like(found, dtype=bool), ""
        if name != self.weight:
            if self.labels is not None:
                return np.isfinite(found) & ~np.isin(found, self.labels), _NO_CLASS
            limited = LIMITED.get(self.loss.info.target)
            return outside(self.loss, found), "" if limited is None else limited.wrong
        if self.is_sigma:
            words = f"is not a standard deviation between {SMALLEST_SIGMA:g} and {LARGEST_SIGMA:g}"
            return (found < SMALLEST_SIGMA) | (found > LARGEST_SIGMA), words
        return found < 0.0, "is a negative weight"


def _sources_of(data: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that the target of a formula is made of, and those of them that are text; none where it is one."""
    record = data.get("formula")
    if record is None:
        return (), ()
    from gdsolve.spec.model_formula import read_formula

    formula = read_formula(record["text"], None if record["rest"] is None else tuple(record["rest"]))
    if formula.is_column:
        return (), ()
    return formula.target_columns, tuple(name for name in formula.target_columns if name in record["texts"])


def classes_of(model: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The levels of the target of a saved model, in the order of its classes; None of a target of numbers.

    Raises:
        GdsolveError: there are more of them, or fewer, than its loss takes.
    """
    levels = model["data"].get("target_levels")
    if levels is None:
        return None
    named = model.get("weights_by_class")
    if named is not None and [str(level) for level in levels] != [str(name) for name in named]:
        raise GdsolveError("the levels of the target of the model are not its classes", AGAIN)
    if named is None and len(levels) != 2:
        raise GdsolveError(f"the model has {len(levels)} levels of its target, not two", AGAIN)
    return tuple(str(level) for level in levels)


def labels_of(model: Mapping[str, Any]) -> tuple[float, ...] | None:
    """The numbers that stand for the classes of a saved model of several, increasing; None of another model.

    Raises:
        GdsolveError: a class that is no number.
    """
    named = model.get("weights_by_class")
    if named is None:
        return None
    try:
        return tuple(float(name) for name in named)
    except ValueError:
        raise GdsolveError("the classes of the model are no numbers, as its target is", AGAIN) from None


NOTHING = Beside()
