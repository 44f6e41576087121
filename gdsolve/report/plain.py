"""Records as JSON and as rows of CSV: full precision, `null` or an empty cell where a figure does not exist."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TextIO

from gdsolve.csv_rows import row_writer
from gdsolve.harmless import in_json
from gdsolve.report.text import encodable, encoding_of, is_unicode
from gdsolve.report.trace_records import TraceRecords
from gdsolve.spec.losses import Loss

Record = Mapping[str, Any]
# Pieces of text that are written at a time.
_AT_ONCE = 4096
FIXED_COLUMNS = ("iteration", "sse", "loss", "gradient_norm", "update")
RATE_COLUMNS = ("learning_rate", "status", "iterations", "sse", "loss", "gap", "factor")
METHOD_COLUMNS = (
    "method",
    "schedule",
    "learning_rate",
    "status",
    "stopped_by",
    "iterations",
    "evaluations",
    "seconds",
    "sse",
    "loss",
    "gap",
)
CHECK_COLUMNS = (
    "name",
    "role",
    "type",
    "missing",
    "minimum",
    "maximum",
    "mean",
    "std",
    "constant",
    "duplicate_of",
    "levels",
)


def finite(value: Any) -> Any:
    """The value with `None` in place of NaN and ±Infinity, which are not JSON, at any depth."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def write_json(record: Record, stream: TextIO) -> None:
    """One document, indented by 2; characters are escaped only where the stream is not Unicode."""
    pieces = _pieces(finite(record), ascii_only=not is_unicode(encoding_of(stream)), margin="\n")
    while part := "".join(islice(pieces, _AT_ONCE)):
        stream.write(in_json(part))
    stream.write("\n")


def indented(value: Any, *, ascii_only: bool) -> str:
    """The value as `json.dumps` with an indent of 2 writes it."""
    return "".join(_pieces(value, ascii_only=ascii_only, margin="\n"))


def _pieces(value: Any, *, ascii_only: bool, margin: str) -> Iterator[str]:
    """The same piece by piece; `margin` is the line break before the closing bracket.

    With an indent `json` takes its encoder in Python, ten times slower than that in C, which here writes whatever holds
    no other container: nearly all of a trace.
    """
    inner = margin + "  "
    rows = isinstance(value, TraceRecords) and len(value) > 0
    value = [] if isinstance(value, TraceRecords) and not rows else value
    items = value.values() if isinstance(value, dict) else value
    if not rows and not (
        isinstance(value, dict | list) and any(isinstance(item, dict | list | TraceRecords) for item in items)
    ):
        text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, separators=("," + inner, ": "))
        yield text[0] + inner + text[1:-1] + margin + text[-1] if isinstance(value, dict | list) and value else text
        return
    before = ("{" if isinstance(value, dict) else "[") + inner
    for key, item in value.items() if isinstance(value, dict) else ((None, item) for item in value):
        yield before if key is None else f"{before}{json.dumps(key, ensure_ascii=ascii_only)}: "
        yield from _pieces(finite(item) if rows else item, ascii_only=ascii_only, margin=inner)
        before = "," + inner
    yield margin + ("}" if isinstance(value, dict) else "]")


def write_history_csv(record: Record, stream: TextIO) -> None:
    """The iteration table: iteration, sse, loss, gradient_norm, update, one column per weight, intercept.

    With partial derivatives, a column `gradient_` and the name for each of those.
    """
    write_csv(history_columns(record), history_rows(record), stream)


def write_compare_csv(record: Record, stream: TextIO) -> None:
    """One row per learning rate, in the order they were given in; with iterates, one per rate and iteration."""
    rates = record["rates"]
    if not any(rate["trace"] for rate in rates):
        write_csv(RATE_COLUMNS, ([rate[name] for name in RATE_COLUMNS] for rate in rates), stream)
        return
    whose = ("learning_rate", "status")
    rows = ([*(rate[name] for name in whose), *row] for rate in rates for row in history_rows(record, rate["trace"]))
    write_csv(history_columns(record, whose), rows, stream)


def write_methods_csv(record: Record, stream: TextIO) -> None:
    """One row per method, in the order they were given in."""
    write_csv(METHOD_COLUMNS, ([one[name] for name in METHOD_COLUMNS] for one in record["methods"]), stream)


def write_check_csv(record: Record, stream: TextIO) -> None:
    """One row per column of the table."""
    write_csv(CHECK_COLUMNS, ([column[name] for name in CHECK_COLUMNS] for column in record["columns"]), stream)


def write_history_ndjson(record: Record, stream: TextIO) -> None:
    """One JSON object a line, with the keys of `history_columns`."""
    names = history_columns(record)
    for row in history_rows(record):
        line = json.dumps(dict(zip(names, finite(row), strict=True)), ensure_ascii=False, allow_nan=False)
        stream.write(in_json(line) + "\n")


def history_columns(record: Record, before: Sequence[str] = ()) -> list[str]:
    """Names of the columns of an iteration table; a weight whose name is taken is called `weight_` and its name."""
    names = [*before, *FIXED_COLUMNS]
    last = ["intercept"] if has_intercept(record) else []
    features, taken = weight_names(record), (*names, *last)
    for feature in features:
        name = feature
        while name in taken or (name != feature and name in features):
            name = "weight_" + name
        names.append(name)
    names += last
    if has_gradients(record):
        names += [_not_among(names, f"gradient_{name}") for name in [*features, *last]]
    return names


def has_gradients(record: Record) -> bool:
    """True where the iterations have the partial derivatives of the weights."""
    return any("gradient" in row for row in record.get("trace", ())[:1])


def _not_among(names: Sequence[str], name: str) -> str:
    while name in names:
        name = "weight_" + name
    return name


def history_rows(record: Record, trace: Sequence[Record] | None = None) -> Iterator[list[Any]]:
    """Rows of the iteration table, that of the record unless another is given, in the order of `history_columns`."""
    features = weight_names(record)
    intercept = has_intercept(record)
    for row in record["trace"] if trace is None else trace:
        weights = row["weights"] or {}
        last = [row["intercept"]] if intercept else []
        found = [*(row[name] for name in FIXED_COLUMNS), *(weights.get(name) for name in features), *last]
        if (slopes := row.get("gradient")) is not None:
            found += [slopes["weights"][name] for name in features]
            found += [slopes["intercept"]] if intercept else []
        yield found


def weight_names(record: Record) -> list[str]:
    """The weights by name, in order: the features of a linear model, the parameters of a formula."""
    of_classes = record["descent"].get("loss") == Loss.SOFTMAX if record.get("descent") else False
    if (record.get("objective") or {}).get("kind", "linear") == "linear" and not of_classes:
        return list(record["data"]["features"])
    return list(record["weights"])


def has_intercept(record: Record) -> bool:
    """True when the model has an intercept, as far as the record shows one anywhere."""
    places = [record, record.get("optimum") or {}, *record.get("trace", ())[:1]]
    for rate in record.get("rates", ())[:1]:
        places += rate["trace"][:1]
    places += record.get("methods", ())[:1]
    return bool(record.get("descent", {}).get("intercept")) or any(one.get("intercept") is not None for one in places)


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    """A header and rows; an empty cell is a figure that does not exist."""
    writer = row_writer(Encodable(stream))
    writer.writerow(header)
    writer.writerows([csv_cell(value) for value in row] for row in rows)


def csv_cell(value: Any) -> Any:
    """The value as a cell has it: truths in lower case, nothing in place of NaN and ±Infinity."""
    return str(value).lower() if isinstance(value, bool) else finite(value)


class Encodable:
    """A stream that takes every character, as an escape where its encoding lacks it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._encoding = encoding_of(stream)

    def write(self, text: str) -> int:
        """Write a text."""
        return self._stream.write(encodable(text, self._encoding))
