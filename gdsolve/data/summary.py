"""What stands in one column, batch by batch, at flat memory."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import polars as pl

from gdsolve.data.cells import ColumnKind
from gdsolve.data.levels import MOST_LEVELS
from gdsolve.spec import DType

NUMBERS = (ColumnKind.NUMBER, ColumnKind.BOOLEAN)
_SHOWN = 3
_FIRST_LEVELS = 8
_IDENTIFIER = re.compile(
    r"(^|.*[\s_.-])(id|idx|index|key|uid|uuid|guid|row|rows|row_?names?|row_?num(ber)?|row_?no|no|nr|num|number|obs"
    r"|observation|record|serial|unnamed: ?\d+)\.?$",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"[+-]?\s?[$€£¥]?\s?[+-]?\d[\d.,'\s]*(\s?[%$€£¥])?")
_CAMEL = re.compile(r".*[a-z](Id|ID)$")


class Fault(StrEnum):
    """Why a cell of a column of numbers cannot be used."""

    TEXT = "text"
    INFINITE = "infinite"
    BEYOND = "beyond_float64"
    ENCODING = "encoding"
    NEGATIVE_WEIGHT = "negative_weight"
    NO_SIGMA = "no_sigma"
    NO_EXPOSURE = "no_exposure"
    OUTSIDE = "target_outside"


# Lengths of columns beyond these, or below their inverses, have no squares in float64 and float32.
_LARGEST = {DType.FLOAT64: 1e150, DType.FLOAT32: 1e18}
_REFUSED = (Fault.NEGATIVE_WEIGHT, Fault.NO_SIGMA, Fault.NO_EXPOSURE, Fault.OUTSIDE)


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """One column: `type` is number, boolean, text, date or nested; `std` is that of the population.

    `levels` counts different texts, up to 1001; `duplicate_of` is an earlier column with the same cells; `unusable`
    counts cells of a column of numbers that are none, `cells` those that can be used; `unclear` ones cannot be meant:
    see `unclear_columns`. `texts` are the first levels; of a column of numbers all the different texts that stand for
    none, where they are three at most and UTF-8, else nothing.
    Of `distinct` columns all cells differ; `counting` ones count the rows up by one. `refused` counts numbers that the
    part of the column does not allow, such as a negative weight; of a `whole` column all numbers are whole.
    """

    name: str
    role: str
    type: str
    missing: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    std: float | None
    constant: bool
    duplicate_of: str | None
    levels: int | None
    unusable: int = 0
    unclear: bool = False
    cells: int = field(default=0, compare=False)
    texts: tuple[str, ...] = field(default=(), compare=False)
    refused: int = field(default=0, compare=False)
    distinct: bool = field(default=False, compare=False)
    counting: bool = field(default=False, compare=False)
    whole: bool = field(default=False, compare=False)

    @property
    def empty(self) -> bool:
        """True where every cell is missing."""
        nothing = self.levels == 0 or (self.minimum is None and self.levels is None and not self.unusable)
        return nothing and self.missing > 0

    @property
    def is_text(self) -> bool:
        """True for texts and dates."""
        return self.type in (ColumnKind.TEXT, ColumnKind.DATE)

    def squares_fail(self, dtype: DType) -> bool:
        """True where the squares of its numbers are beyond a precision, or vanish in it."""
        if self.minimum is None or self.maximum is None:
            return False
        size, most = max(abs(self.minimum), abs(self.maximum)), _LARGEST[dtype]
        return size * math.sqrt(self.cells) >= most or 0.0 < size * math.sqrt(self.cells) <= 1.0 / most

    @property
    def spelled(self) -> bool:
        """True for texts that are numbers to a person: `$1.20`, `12%`, `1 200`, `1.299,99`."""
        return (
            self.type == ColumnKind.TEXT and bool(self.texts) and all(_SPELLED.fullmatch(text) for text in self.texts)
        )

    @property
    def identifies(self) -> bool:
        """True where the cells tell the rows apart and say nothing else: by the name of numbers, by what texts are."""
        if self.is_text:
            return (self.distinct and not self.spelled) or (self.levels or 0) > MOST_LEVELS
        return self.distinct and named_identifier(self.name)


@dataclass(frozen=True, slots=True)
class Spot:
    """A cell, or a row: which source, which record of it, and the text of the cell where it is known."""

    source: int
    record: int
    text: str | None = None


@dataclass(slots=True)
class Faults:
    """Cells of one column with one fault: how many, the first one, and the first different texts of them."""

    first: Spot
    count: int = 0
    texts: dict[str, None] = field(default_factory=dict)

    def add(self, texts: list[str]) -> None:
        """Count cells."""
        self.count += len(texts)
        for text in texts:
            if len(self.texts) > _SHOWN:
                return
            self.texts[text] = None


@dataclass(slots=True)
class RunningColumn:
    """Running figures of one column; `std` by the merging formula of Chan, Golub and LeVeque (1979).

    No square of it is ever formed: that would overflow from 1e154 on. `refused` tells the numbers, (rows,), that the
    part of the column does not allow, with the fault that it is.
    """

    kind: ColumnKind
    names_rows: bool = False
    refused: tuple[Fault, Callable[[np.ndarray], np.ndarray]] | None = None
    missing: int = 0
    count: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf
    mean: float = 0.0
    std: float = 0.0
    levels: set[str] = field(default_factory=set)
    texts: dict[str, None] = field(default_factory=dict)
    numbers: set[float] = field(default_factory=set)
    whole: bool = True
    counting: bool = True
    last: float | None = None
    first: Spot | None = None
    first_missing: Spot | None = None
    faults: dict[Fault, Faults] = field(default_factory=dict)
    digest: hashlib.blake2b = field(default_factory=lambda: hashlib.blake2b(digest_size=16))

    @property
    def unusable(self) -> int:
        """The cells of a column of numbers that are none."""
        return sum(faults.count for fault, faults in self.faults.items() if fault not in _REFUSED)

    def add(
        self, cells: pl.Series, spot: Callable[[int], Spot], raw: Callable[[np.ndarray], list[str]]
    ) -> np.ndarray | None:
        """Take in the next cells; gives those that cannot be used, (rows,), or None where there are none.

        `spot` says where the cell with an index stands, `raw` gives the texts of cells as they are written.
        """
        self.digest.update(cells.hash().to_numpy().tobytes())
        gone = cells.is_null().to_numpy() if cells.null_count() else None
        if gone is not None:
            self.missing += cells.null_count()
            self.first_missing = self.first_missing or spot(int(gone.argmax()))
        if self.kind in NUMBERS:
            return self._add_numbers(cells.to_numpy(), gone, spot, raw)
        self._add_texts(cells, gone, spot)
        return gone

    def add_fault(self, fault: Fault, spot: Spot, texts: list[str]) -> None:
        """Count cells with a fault, the first of which is at `spot`."""
        self.faults.setdefault(fault, Faults(spot)).add(texts)

    def _add_texts(self, cells: pl.Series, gone: np.ndarray | None, spot: Callable[[int], Spot]) -> None:
        there = cells.drop_nulls()
        self.count += len(there)
        if not len(there):
            return
        if self.first is None:
            self.first = spot(0 if gone is None else int((~gone).argmax()))
        odd = cells.str.contains("\ufffd", literal=True).fill_null(value=False)
        if odd.any():
            self.add_fault(Fault.ENCODING, spot(int(odd.arg_max() or 0)), cells.filter(odd).to_list())
        if len(self.levels) <= MOST_LEVELS:
            found = there.unique(maintain_order=True).head(MOST_LEVELS + 1)
            self.levels.update(found)
            for text in found:
                if len(self.texts) >= _FIRST_LEVELS:
                    break
                self.texts[text] = None

    def _add_numbers(
        self,
        values: np.ndarray,
        gone: np.ndarray | None,
        spot: Callable[[int], Spot],
        raw: Callable[[np.ndarray], list[str]],
    ) -> np.ndarray | None:
        finite = np.isfinite(values)
        lacking = None if finite.all() else ~finite
        if lacking is not None:
            unusable = lacking if gone is None else lacking & ~gone
            self._judge(np.flatnonzero(unusable), spot, raw)
        if self.refused is not None:
            fault, rule = self.refused
            refused = finite & rule(values)
            if refused.any():
                places = np.flatnonzero(refused)
                self.add_fault(fault, spot(int(places[0])), [f"{value:g}" for value in values[places].tolist()])
                lacking = refused if lacking is None else lacking | refused
        self._add_figures(values if finite.all() else values[finite], complete=bool(finite.all()))
        return lacking

    def _judge(self, places: np.ndarray, spot: Callable[[int], Spot], raw: Callable[[np.ndarray], list[str]]) -> None:
        """Tell what stands in cells that are no finite numbers, by their indices, (cells,)."""
        found: dict[Fault, list[tuple[int, str]]] = {}
        for place, text in zip(places.tolist(), raw(places) if places.size else [], strict=True):
            found.setdefault(fault_of(text), []).append((place, text))
        for fault, cells in found.items():
            self.add_fault(fault, spot(cells[0][0]), [text for _, text in cells])

    def _add_figures(self, values: np.ndarray, *, complete: bool) -> None:
        self.counting &= complete
        if not values.size:
            return
        if self.whole:
            self.whole = bool((values == np.floor(values)).all())
            self.counting &= self.whole and self._goes_on(values)
        self.last = float(values[-1])
        if self.names_rows and len(self.numbers) <= MOST_LEVELS:
            self.numbers.update(np.unique(values)[: MOST_LEVELS + 1].tolist())
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))
        count = self.count + values.size
        share = values.size / count
        mean, std = _mean_and_std(values)
        step = mean - self.mean
        roots = math.sqrt(1.0 - share), math.sqrt(share)
        self.std = math.hypot(roots[0] * self.std, roots[1] * std, roots[0] * roots[1] * step)
        self.mean += step * share
        self.count = count

    def _goes_on(self, values: np.ndarray) -> bool:
        if not self.counting or (self.last is not None and values[0] != self.last + 1.0):
            return False
        return bool((np.diff(values) == 1.0).all())

    def summary(self, name: str, role: str, twin: str | None, *, unclear: bool) -> ColumnSummary:
        """What the column holds."""
        is_text = self.kind in (ColumnKind.TEXT, ColumnKind.DATE)
        known = self.count > 0 and not is_text
        counting = known and self.whole and self.counting and self.count > 1
        return ColumnSummary(
            name=name,
            role=role,
            type=self.kind.value,
            missing=self.missing,
            minimum=self.minimum if known else None,
            maximum=self.maximum if known else None,
            mean=self.mean if known else None,
            std=self.std if known else None,
            constant=len(self.levels) == 1 if is_text else self.minimum == self.maximum,
            duplicate_of=twin,
            levels=len(self.levels) if is_text else None,
            unusable=self.unusable,
            unclear=unclear,
            cells=self.count,
            texts=tuple(self.texts) if is_text else self._odd_texts(),
            refused=sum(faults.count for fault, faults in self.faults.items() if fault in _REFUSED),
            distinct=self._is_distinct(is_text=is_text),
            counting=counting,
            whole=known and self.whole,
        )

    def _odd_texts(self) -> tuple[str, ...]:
        odd = [faults for fault, faults in self.faults.items() if fault not in _REFUSED]
        found = tuple(dict.fromkeys(text for faults in odd for text in faults.texts))
        return found if len(found) <= _SHOWN and Fault.ENCODING not in self.faults else ()

    def _is_distinct(self, *, is_text: bool) -> bool:
        if is_text:
            return len(self.levels) == self.count > 1
        if self.count < 3:
            return False
        seen = len(self.numbers)
        return self.whole and (self.counting or seen > MOST_LEVELS or seen == self.count)


def named_identifier(name: str) -> bool:
    """Tell whether a name is that of a number which tells rows apart: id, PassengerId, row_no."""
    return _IDENTIFIER.match(name) is not None or _CAMEL.match(name) is not None


def fault_of(text: str) -> Fault:
    """Tell why a cell, as it is written, is no finite number."""
    if "\ufffd" in text:
        return Fault.ENCODING
    if re.fullmatch(r"[+-]?(inf|infinity|nan)", text.strip().lower()):
        return Fault.INFINITE
    try:
        return Fault.BEYOND if math.isinf(float(text.replace(",", "."))) else Fault.TEXT
    except ValueError:
        return Fault.TEXT


def _mean_and_std(values: np.ndarray) -> tuple[float, float]:
    """Mean and spread of finite numbers, without overflow as far as they are numbers themselves."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean())
        if not math.isfinite(mean):
            mean = float((values / values.size).sum())
        deviations = values - mean
    largest = float(np.abs(deviations).max())
    if largest == 0.0 or math.isinf(largest):
        return mean, largest
    return mean, largest * math.sqrt(float(np.square(deviations / largest).mean()))
