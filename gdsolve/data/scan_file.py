"""The file of a scan: triangles and what is known of their rows, in numpy's .npz without pickles, with a checksum."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gdsolve.data.files import near_file
from gdsolve.files import replacing_bytes
from gdsolve.form import count, list_of, mapping_of, number, one_of, record_of, text, truth
from gdsolve.model import LEARNT
from gdsolve.spec.choices import Dates, WeightKind
from gdsolve.status import DataError
from gdsolve.version import __version__

NUMBER = 1
"""The number of the schema: one more whenever a reader of the one before would misread a file."""
FORMAT = "gdsolve.scan"
MAGIC = b"PK\x03\x04"
_SCANS = "a scan is what `gdsolve scan TABLE -o FILE.tri` writes"
_AGAIN = "copy the file anew, or scan the table anew: gdsolve scan TABLE -o FILE.tri"
# What a file that is damaged can end in, as far as zipfile and numpy get.
_FORM = record_of(
    {
        **dict.fromkeys(("source", "names", "columns", "ignored", "na_values"), list_of(text)),
        **dict.fromkeys(
            ("rows", "rows_dropped", "cells_filled", "rows_weightless", "rows_read", "rows_filtered"), count
        ),
        **dict.fromkeys(("target", "weight", "sigma", "where"), text),
        **dict.fromkeys(("absolute_sigma", "has_header"), truth),
        "weight_kind": one_of(WeightKind),
        "log_weight": number,
        "levels": mapping_of(list_of(text)),
        "folds": record_of({"count": count, "seed": count, "by": text}, needed=("count", "seed")),
        "formula": LEARNT,
        "dates": record_of(
            {"columns": mapping_of(one_of(("date", "duration"))), "unit": one_of(Dates), "format": text},
            needed=("columns", "unit"),
        ),
        "counts": list_of(list_of(number)),
    }
)
_FAULTS = (zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, EOFError, OSError, NotImplementedError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanInfo:
    """What is known of the rows of a scan beside their sums, as `DataInfo` has it of a table.

    `names` are the columns of the table that were kept, in order; `columns` those of the triangle: columns of numbers,
    and `colour=red` for every one of the `levels` of a column of text. `target` was asked for by name. `log_weight` is
    Σ log ω over the rows of a weight above 0, which log-likelihoods take. `folds` says how rows were dealt to the
    triangles of folds, None where there are none. `formula` is what a model keeps of the formula that made the columns.
    Of `rows_read` rows `rows_filtered` ones do not satisfy the condition `where`, if there is one. `dates` is what a
    model keeps of columns of dates that are numbers.
    """

    source: tuple[str, ...]
    rows: int
    names: tuple[str, ...]
    columns: tuple[str, ...]
    rows_dropped: int = 0
    cells_filled: int = 0
    rows_weightless: int = 0
    log_weight: float = 0.0
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    target: str | None = None
    weight: str | None = None
    weight_kind: str = "precision"
    sigma: str | None = None
    absolute_sigma: bool = False
    ignored: tuple[str, ...] = ()
    na_values: tuple[str, ...] = ()
    has_header: bool = True
    folds: Mapping[str, Any] | None = None
    formula: Mapping[str, Any] | None = None
    where: str | None = None
    rows_read: int = 0
    rows_filtered: int = 0
    dates: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StoredTriangle:
    """A triangle as arrays: `factor` (r, q + 1), the intercept first, `shift` (q,), of q columns, both float64."""

    factor: np.ndarray
    shift: np.ndarray
    rows: int
    total_weight: float


@dataclass(frozen=True, slots=True)
class ScanFile:
    """What stands in the file of a scan: the triangle of all rows, and then those of the folds, if there are any."""

    info: ScanInfo
    triangles: tuple[StoredTriangle, ...]


def write_scan_file(path: str, stored: ScanFile) -> int:
    """Write a scan, whole or not at all; returns the number of bytes.

    Raises:
        GdsolveError: the file cannot be written; what was there before is untouched.
    """
    arrays: dict[str, np.ndarray] = {}
    for place, triangle in enumerate(stored.triangles):
        arrays[f"factor_{place}"] = np.ascontiguousarray(triangle.factor, dtype="<f8")
        arrays[f"shift_{place}"] = np.ascontiguousarray(triangle.shift, dtype="<f8")
    told = {
        "format": FORMAT,
        "schema": NUMBER,
        "version": __version__,
        "counts": [[one.rows, one.total_weight] for one in stored.triangles],
        **dataclasses.asdict(stored.info),
    }
    text = json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1)
    arrays["about"] = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    arrays["checksum"] = np.frombuffer(_checksum(arrays), dtype=np.uint8)
    with replacing_bytes(path) as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            # As `numpy.savez` does it, but without the time of day: the same scan is the same file.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as part:
                np.lib.format.write_array(part, array, allow_pickle=False)
    return Path(path).stat().st_size


def read_scan_file(path: str) -> ScanFile:
    """Read the file of a scan, and see that it is whole.

    Raises:
        DataError: no such file, no scan, a scan that is damaged or cut off, or one of a newer gdsolve.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(len(MAGIC))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file", near_file(path)) from None
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror or error})", "check the path, rights and disk"
        ) from None
    if start != MAGIC:
        raise DataError(f"{path}: is no scan, whatever its name says", f"give a table its own ending; {_SCANS}")
    try:
        # numpy leaves a file of its own open where it fails.
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            foreign = "about" not in archive.files
            arrays = {} if foreign else {name: archive[name] for name in archive.files}
        told = None if foreign else json.loads(arrays["about"].tobytes().decode("utf-8", "surrogatepass"))
    except _FAULTS:
        raise DataError(f"{path}: is damaged or cut off", _AGAIN) from None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise DataError(f"{path}: is another archive, and no scan", _SCANS)
    newer = told.get("schema")
    if isinstance(newer, int) and newer > NUMBER:
        raise DataError(
            f"{path}: is of schema {newer}, by gdsolve {told.get('version')}; this is gdsolve {__version__}, which "
            f"reads schema {NUMBER}",
            "pip install --upgrade gdsolve, or scan the table anew",
        )
    try:
        return _stored(arrays, told)
    except _FAULTS:
        raise DataError(f"{path}: is damaged: what it holds does not fit its checksum", _AGAIN) from None


def scan_columns(path: str) -> tuple[str, ...]:
    """Give the names of the columns of a scan, as flags take them.

    Raises:
        DataError: as `read_scan_file`.
    """
    return read_scan_file(path).info.names


def _stored(arrays: Mapping[str, np.ndarray], told: Mapping[str, Any]) -> ScanFile:
    """What arrays and text say, where they are what was written; else one of `_FAULTS`."""
    if arrays["checksum"].tobytes() != _checksum(arrays):
        raise ValueError("checksum")
    if misfit := _FORM("", told):
        raise ValueError(misfit)
    triangles = tuple(
        StoredTriangle(
            arrays[f"factor_{place}"].astype(np.float64),
            arrays[f"shift_{place}"].astype(np.float64),
            int(rows),
            float(weight),
        )
        for place, (rows, weight) in enumerate(told["counts"])
    )
    info = _info(told)
    width = len(info.columns)
    for one in triangles:
        if one.factor.shape != (min(one.rows, width + 1), width + 1) or one.shift.shape != (width,):
            raise ValueError("shapes")
    made = {f"{name}={level}" for name, levels in info.levels.items() for level in levels}
    held = {*info.columns}
    if not triangles or len(held) < width or not held.issuperset(made | {*info.names} - info.levels.keys()):
        raise ValueError("columns")
    return ScanFile(info, triangles)


def _info(told: Mapping[str, Any]) -> ScanInfo:
    """What a text of JSON says, with tuples for its lists; of names that are not known a newer gdsolve knows more."""
    known = {one.name: told[one.name] for one in dataclasses.fields(ScanInfo) if told.get(one.name) is not None}
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
    values["levels"] = {name: tuple(levels) for name, levels in known.get("levels", {}).items()}
    return ScanInfo(**values)


def _checksum(arrays: Mapping[str, np.ndarray]) -> bytes:
    """SHA-256 of all arrays but the checksum itself: names, types, shapes and bytes, in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        if name != "checksum":
            array = arrays[name]
            digest.update(f"{name} {array.dtype.str} {list(array.shape)}\n".encode())
            digest.update(array.tobytes())
    return digest.digest()


def same_order(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """The places in `names` of the `wanted` ones, in their order.

    >>> same_order(["a", "b", "c"], ["c", "a"])
    [2, 0]
    """
    place = {name: index for index, name in enumerate(names)}
    return [place[name] for name in wanted]
