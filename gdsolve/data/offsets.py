"""Offsets of rows: what is added to xᵀw with a weight of 1, from a column of offsets or by the logarithm of exposures.

Where the loss is one of residuals an offset is subtracted from the target as it is read: z + o − y = z − (y − o).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import polars as pl

from gdsolve.data.literal import column
from gdsolve.spec import Loss, Spec
from gdsolve.spec.losses import Target
from gdsolve.status import DataError

NOT_EXPOSED = "is not above 0, as an exposure has to be"
OFFSET = "\x00offset"


class WithOffset(Protocol):
    """What names the columns of an offset and of an exposure, None for one that there is not."""

    @property
    def offset(self) -> str | None: ...  # noqa: D102
    @property
    def exposure(self) -> str | None: ...  # noqa: D102


def offset_columns(of: WithOffset) -> list[str]:
    """The columns that an offset comes from."""
    return [name for name in (of.offset, of.exposure) if name is not None]


def is_subtracted(loss: Loss) -> bool:
    """True where an offset is subtracted from the target: of losses of residuals."""
    return loss.info.target is Target.NUMBERS


def design_with_offset(design: list[str | pl.Expr], of: WithOffset, loss: Loss) -> list[str | pl.Expr]:
    """The columns of a design and its target, last, with the offset: in the target, or as one column more."""
    if not offset_columns(of):
        return design
    found = expression_of(of)
    if not is_subtracted(loss):
        return [*design, found.alias(OFFSET)]
    target = design[-1]
    whole = column(target) if isinstance(target, str) else target
    name = target if isinstance(target, str) else target.meta.output_name()
    return [*design[:-1], (whole - found).alias(name)]


def expression_of(of: WithOffset) -> pl.Expr:
    """offset + log exposure, of those that there are; not finite where an exposure is not above 0."""
    terms = [column(of.offset)] if of.offset is not None else []
    terms += [column(of.exposure).log()] if of.exposure is not None else []
    return terms[0] if len(terms) == 1 else terms[0] + terms[1]


def offset_of(frame: pl.DataFrame, of: WithOffset) -> np.ndarray | float:
    """The offsets of rows, (rows,); NaN where a cell is missing, and 0 for all where there are none."""
    if not offset_columns(of):
        return 0.0
    return frame.select(expression_of(of).cast(pl.Float64).fill_null(np.nan)).to_series().to_numpy()


def not_exposed(cells: np.ndarray) -> np.ndarray:
    """Tell the exposures, (rows,), that are numbers and not above 0."""
    return np.asarray(cells <= 0.0)


def exposure_error(at: str, shown: str) -> DataError:
    """Explain an exposure, shown as `shown`, that has no logarithm; `at` says where it is."""
    return DataError(
        f"{at}: the exposure {shown} is not above 0", "exposures are more than 0; or choose another with --exposure"
    )


def saved_offsets(data: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The columns of offset and exposure that a saved model names in its `data`."""
    return data.get("offset"), data.get("exposure")


def split_offset(values: np.ndarray, of: WithOffset, spec: Spec) -> tuple[np.ndarray, np.ndarray | None]:
    """The design with its target, (rows, n + 1), and the offsets, (rows,), of columns that hold both."""
    if not offset_columns(of) or is_subtracted(spec.loss):
        return values, None
    return values[:, :-1], values[:, -1]
