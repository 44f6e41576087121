"""Groups for scripts: one JSON object a line, or one row of CSV, in full precision."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from gdsolve.harmless import in_json
from gdsolve.report.group_errors import error_cells, error_columns
from gdsolve.report.group_figures import more_figures
from gdsolve.report.plain import Record, finite, write_csv
from gdsolve.report.text import encoding_of, is_unicode

BEFORE = ("status", "exit_code", "iterations", "stopped_by", "rows", "rows_dropped", "cells_filled")
FIGURES = ("sse", "loss", "rmse", "r2", "gradient_norm", "learning_rate", "gap")
OPTIMUM = ("sse", "loss")
SPECTRUM = ("condition", "rank", "largest_stable_lr", "best_lr")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")


def write_groups_ndjson(record: Record, stream: TextIO) -> None:
    """One `gdsolve.group/1` a line."""
    stream.write(_lines(record, stream))


def write_groups_json(record: Record, stream: TextIO) -> None:
    """One `gdsolve.groups/1` in all, a line a group: what `gdsolve predict` reads."""
    escaped = not is_unicode(encoding_of(stream))
    head = {name: value for name, value in record.items() if name != "groups"}
    told = json.dumps(finite(head), indent=2, ensure_ascii=escaped, allow_nan=False)
    stream.write(in_json(told).removesuffix("\n}"))
    lines = _lines(record, stream).removesuffix("\n").replace("\n", ",\n    ")
    stream.write(f',\n  "groups": [\n    {lines}\n  ]\n}}\n')


def _lines(record: Record, stream: TextIO) -> str:
    """The groups as JSON, a line each; what is not ASCII is escaped where the stream is not Unicode."""
    text = in_json(record["groups"].text())
    if is_unicode(encoding_of(stream)):
        return text
    return _BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text)


def write_groups_csv(record: Record, stream: TextIO) -> None:
    """One row a group: its keys, how it ended, figures, weights, and the message."""
    write_csv(group_columns(record), group_rows(record), stream)


def group_columns(record: Record) -> list[str]:
    """Names of the columns; where one of the table's is taken it is called `weight_`, or `group_`, and its name."""
    fixed = [*BEFORE, *FIGURES, *(f"optimum_{name}" for name in OPTIMUM), *SPECTRUM]
    last = [*(["intercept"] if record["intercept"] else []), "message"]
    features = record["parameters"]
    keys: list[str] = record["group_keys"]
    groups: list[str] = []
    for name in keys:
        groups.append(_free("group_", name, (*fixed, *last, *features, *groups, *(one for one in keys if one != name))))
    weights: list[str] = []
    for feature in features:
        taken = (*groups, *fixed, *last, *weights, *(other for other in features if other != feature))
        weights.append(_free("weight_", feature, taken))
    names = [*groups, *fixed, *weights, *last[:-1]]
    beside = (*error_columns(record), *more_figures(record))
    return [*names, *(_free("_", name, names) for name in beside), last[-1]]


def _free(prefix: str, name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name = prefix + name
    return name


def group_rows(record: Record) -> Iterator[list[Any]]:
    """A row a group, in the order of `group_columns`."""
    features, intercept = record["parameters"], record["intercept"]
    more = [*more_figures(record).values()]
    for place, one in enumerate(record["groups"]):
        optimum, spectrum, weights = (one[name] or {} for name in ("optimum", "spectrum", "weights"))
        flat = {**one, **one["data"]}
        yield [
            *(one["group"][name] for name in record["group_keys"]),
            *(flat[name] for name in (*BEFORE, *FIGURES)),
            *(optimum.get(name) for name in OPTIMUM),
            *(spectrum.get(name) for name in SPECTRUM),
            *(weights.get(name) for name in features),
            *([one["intercept"]] if intercept else []),
            *error_cells(record, one),
            *(cells[place] for cells in more),
            one["message"],
        ]
