"""Arrays, tensors and DataFrames -> numbers in memory, by columns; what is no array of real numbers is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from gdsolve.data.scan import first_line
from gdsolve.spec.numbers import shown
from gdsolve.status import DataError, GdsolveError

_MISSING = ("nan", "NaT", "<NA>")


def labels_of(values: Any) -> list[Any] | None:
    """The labels of the columns of a DataFrame of pandas or polars, of a table of Arrow, of a mapping from names to
    columns, or of an array with named fields; None for anything else.

    Raises:
        GdsolveError: a frame that is not computed yet, or rows that are mappings.
        DataError: two columns have one label.
    """
    if isinstance(values, Mapping):
        return list(values)
    if isinstance(values, list | tuple) and values and isinstance(values[0], Mapping):
        raise GdsolveError("X is a list of rows that are mappings", "give polars.DataFrame(X)")
    if isinstance(values, np.ndarray):
        return None if values.dtype.names is None else list(values.dtype.names)
    if hasattr(values, "collect"):
        raise GdsolveError("a lazy frame is not computed yet", "give frame.collect()")
    found = getattr(values, "column_names", None)
    found = getattr(values, "columns", None) if found is None else found
    if found is None:
        return None
    labels = list(found)
    if len(set(labels)) < len(labels):
        doubled = next(label for label in labels if labels.count(label) > 1)
        raise DataError(f"inline: two columns of X are called {str(doubled)!r}", "give every column a name of its own")
    return labels


def names_of(values: Any, names: Any = None) -> list[str] | None:
    """The `names` that are given, else those of a DataFrame's columns; None where it has but the numbers from 0 up.

    A label that is no text, such as a year, is its text.

    Raises:
        GdsolveError: `names` that are no list of texts.
        DataError: a label that is missing or has several parts, or two with one text.
    """
    if names is not None:
        given = list(names) if isinstance(names, Iterable) and not isinstance(names, str) else [None]
        if not all(isinstance(name, str) for name in given):
            raise GdsolveError(
                f"{shown(names)} is no list of texts",
                'give one for every column, as in names=["a", "b"]',
                option="names",
            )
        return [str(name) for name in given]
    labels = labels_of(values)
    if labels is None or labels == list(range(len(labels))):
        return None
    texts = [_name(label) for label in labels]
    if len(set(texts)) < len(texts):
        doubled = next(text for text in texts if texts.count(text) > 1)
        raise DataError(f"inline: two columns of X are called {doubled!r}", "give every column a name of its own")
    return texts


def _name(label: Any) -> str:
    """The text of a label.

    Raises:
        DataError: it is missing, or has several parts.
    """
    if label is None or isinstance(label, tuple) or str(label) in _MISSING:
        raise DataError(f"inline: {shown(label)} is no name of a column of X", "give every column a text as its name")
    return str(label)


def name_of(values: Any) -> str | None:
    """The name of a Series, or of the one column of a DataFrame; None where there is none."""
    labels = labels_of(values)
    name = getattr(values, "name", None) if labels is None else labels[0] if len(labels) == 1 else None
    return name if isinstance(name, str) and name else None


def columns_of(X: Any, source: str, *, may_be_one: bool = False) -> list[Any]:
    """The columns of X, (m,) each: numbers, or anything at all where not all of them are numbers.

    X may be (m,) where it `may_be_one` column, as it mostly is for a curve.

    Raises:
        GdsolveError: a sparse matrix.
        DataError: ragged rows, another shape, or complex numbers.
    """
    labels = labels_of(X)
    if labels:
        return _of_mapping(X, source) if isinstance(X, Mapping) else [X[label] for label in labels]
    if isinstance(X, Mapping):
        raise DataError(f"{source}: X has no columns", "give a list of cells for each, by its name")
    if hasattr(X, "to_frame") and not may_be_one:
        raise DataError(f"{source}: X is one column, and no table of columns", "give X.to_frame()")
    dense = dense_of(X, "X")
    _refuse_ragged(dense, source)
    array = _array(dense, "X", source)
    return [array] if may_be_one and array.ndim == 1 else list(_two_dimensional(array, source).T)


def _of_mapping(X: Mapping[Any, Any], source: str) -> list[Any]:
    """The columns of a mapping, which are of one length.

    Raises:
        DataError: something else than a column, or one that is longer or shorter than the first.
    """
    columns = []
    for label, cells in X.items():
        if not hasattr(cells, "__len__") or isinstance(cells, str | bytes | Mapping):
            raise DataError(f"{source}: column {str(label)!r} is {shown(cells)}", "give a list of its cells")
        columns.append(column_of(list(cells) if isinstance(cells, range) else cells, f"column {str(label)!r}", source))
        if len(columns[-1]) != len(columns[0]):
            raise DataError(
                f"{source}: column {str(label)!r} has {len(columns[-1])} rows, the first one has {len(columns[0])}",
                "give all columns the same number of rows",
            )
    return columns


def column_of(y: Any, what: str, source: str) -> Any:
    """The cells of y, (m,) or (m, 1), as (m,): numbers, or anything at all where not all of them are numbers.

    Raises:
        GdsolveError: a sparse matrix.
        DataError: another shape, or complex numbers.
    """
    labels = labels_of(y)
    if labels is not None and len(labels) == 1:
        return y[labels[0]]
    if labels is None and (hasattr(y, "to_list") or hasattr(y, "to_pylist")):
        # A Series knows more of its cells than an array does.
        return y
    return _one_dimensional(_array(dense_of(y, what), what, source), what, source)


def texts_of(cells: Any) -> list[str | None]:
    """The cells of a column as texts, trimmed: 1.0 is "1"; None where one is missing.

    Raises:
        DataError: what no objects of Python can be made of.
    """
    try:
        objects = np.asarray(cells, dtype=object)
    except (ArithmeticError, LookupError, TypeError, ValueError) as fault:
        raise DataError(
            f"a column cannot be read as texts ({first_line(fault)})", "give its cells as texts or numbers"
        ) from None
    return [_text(cell) for cell in objects]


def _text(cell: Any) -> str | None:
    # What pandas calls missing has classes of its own, which are not imported here.
    if cell is None or str(cell) in _MISSING:
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _array(dense: Any, what: str, source: str) -> np.ndarray:
    array = np.asarray(dense)
    if array.dtype.kind == "c":
        raise _complex(what, source)
    # Numbers among texts are told as they were given, not as numpy has them.
    return array if array.dtype.kind in "biufmM" else np.asarray(dense, dtype=object)


def _refuse_ragged(X: Any, source: str) -> None:
    if not isinstance(X, list | tuple):
        return
    widths = [len(row) if hasattr(row, "__len__") else 0 for row in X]
    odd = next((place for place, width in enumerate(widths) if width != widths[0]), None)
    if odd is not None:
        raise DataError(
            f"{source}: row {odd + 1} of X has {widths[odd]} numbers, row 1 has {widths[0]}",
            "give every row of X the same number of numbers",
        )


def _one_dimensional(vector: np.ndarray, what: str, source: str) -> np.ndarray:
    if vector.ndim == 2 and vector.shape[1] == 1:
        vector = vector[:, 0]
    if vector.ndim != 1:
        raise DataError(f"{source}: {what} has shape {vector.shape}, not (rows,)", "give one number for every row")
    return vector


def _two_dimensional(matrix: np.ndarray, source: str) -> np.ndarray:
    if matrix.ndim != 2 or (matrix.shape[1] == 0 and len(matrix)):
        raise DataError(f"{source}: X has shape {matrix.shape}, not (rows, columns)", "for one column: [[1], [2], [3]]")
    return matrix


def _complex(what: str, source: str) -> DataError:
    return DataError(f"{source}: {what} is complex", "give its real and imaginary parts as columns of their own")


def dense_of(values: Any, what: str) -> Any:
    """Tensors of torch, also in a list, as arrays in memory, apart from any graph of autograd; NaN for what is masked.

    Raises:
        GdsolveError: a sparse matrix.
    """
    if hasattr(values, "toarray"):
        raise GdsolveError(f"{what} is a sparse matrix, and gdsolve takes dense ones", f"give {what}.toarray()")
    if hasattr(values, "detach"):
        if values.device.type == "meta":
            raise GdsolveError(f"{what} is a tensor on meta, which has no numbers", "give one on cpu or cuda")
        tensor = values.detach().cpu()
        if str(tensor.layout) != "torch.strided":
            raise GdsolveError(f"{what} is a sparse tensor, and gdsolve takes dense ones", f"give {what}.to_dense()")
        return tensor.resolve_conj().numpy() if tensor.is_complex() else tensor.double().numpy()
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "biuf":
        return np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "OUMm":
        cells = np.asarray(values.data, dtype=object).copy()
        cells[np.ma.getmaskarray(values)] = None
        return cells
    if isinstance(values, list | tuple) and any(hasattr(item, "detach") for item in values):
        return [dense_of(item, what) for item in values]
    return values
