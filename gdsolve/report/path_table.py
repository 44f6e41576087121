"""A path of penalties for people: some of its points on a screen, the ones that the rules take among them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from gdsolve.report.grid import Column, Grid, transpose
from gdsolve.report.numbers import column, counted, figure, whole
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import advise, data_lines, has_class_intercepts, labelled
from gdsolve.report.path_record import RULES, rules_of
from gdsolve.report.validation_table import SCORES

Record = Mapping[str, Any]
SHOWN = 16
"""Points on a screen."""
WEIGHTS = 6
"""Weights of the selected model on a screen."""
LEAST_SHARE = 12
"""A gap of a smaller part of the loss, 10 to the power of minus so much, is rounding."""
WORDS = {"min": "least error", "1se": "within one standard error"}


def write_path_table(record: Record, stream: TextIO) -> None:
    """What was read, points of the path from the largest λ down, the points that the rules take, and the model."""
    page = page_for(stream)
    labelled(
        page,
        [
            *data_lines(record, intercept=record["descent"]["intercept"], room=64),
            ("penalty", _penalty(record)),
            ("validated", _folds(record)),
        ],
    )
    page.blank()
    _show_points(page, record)
    for line in endings(record):
        page.paragraph(line, hanging=2)
    advise(page, record["advice"])
    page.write(stream)


def _penalty(record: Record) -> str:
    ratio = record["l1_ratio"]
    what = (
        "λ·Σ|w|"
        if ratio == 1.0
        else "λ/2·Σw²"
        if ratio == 0.0
        else f"λ·({figure(ratio)}·Σ|w| + {figure(1.0 - ratio)}/2·Σw²)"
    )
    what += " on half of the SSE" if record["score"] == "rmse" else f" on the sum of {record['descent']['loss']}"
    how = [", of standardised columns"] if record["penalty_scale"] == "standard" else []
    how += [", intercept too"] if record["penalize_intercept"] else []
    return what + "".join(how)


def _folds(record: Record) -> str:
    found = record["validation"]
    if found is None:
        return ""
    by = f" by {found['by']}" if found["by"] is not None else ""
    return f"{SCORES[record['score']]} over {counted(found['folds'], 'fold')}{by}, mean ± its standard error"


def chosen_points(count: int, marks: Sequence[int], most: int = SHOWN) -> list[int]:
    """Points to show: the first, the last, those marked, and some evenly between.

    >>> chosen_points(100, [31, 55], 5)
    [0, 31, 55, 66, 99]
    """
    if count <= most:
        return list(range(count))
    places = {0, count - 1, *marks}
    even = [round(part * (count - 1) / (most - 1)) for part in range(most)]
    while len(places) < most:
        places.add(max(even, key=lambda place: min(abs(place - other) for other in places)))
        even = [place for place in even if place not in places]
        if not even:
            break
    return sorted(places)


def _show_points(page: Page, record: Record) -> None:
    points, marks = record["points"], rules_of(record)
    places = chosen_points(len(points), list(marks))
    shown = [points[place] for place in places]
    told = [marks.get(place, "") for place in places]
    tables = [_grid(record, shown, told, digits, most) for most in (True, False) for digits in (8, 6, 4)]
    page.table(next(filter(page.fits, tables), tables[-1]))
    if len(places) < len(points):
        page.paragraph(f"{len(places)} of {len(points)} points; --format csv has all, with their weights", "dim")


def _grid(record: Record, shown: Sequence[Record], told: Sequence[str], digits: int, most: bool) -> Grid:
    """A row a point; `most` of the figures, or the fewest that tell one from another."""
    ridge = record["l1_ratio"] == 0.0
    # A λ is typed back as it is read.
    columns = {"λ": [figure(one["lambda"], 6) for one in shown]}
    if ridge and record["score"] == "rmse":
        columns["d.f."] = column([one["degrees_of_freedom"] for one in shown], 5, relative=False)
    elif not ridge:
        columns["nonzero"] = [whole(one["nonzero"]) for one in shown]
    if most:
        columns["R²" if record["score"] == "rmse" else "explained"] = column(
            [one["explained"] for one in shown], 6, relative=False
        )
        columns["gap/loss"] = [_share(one) for one in shown]
        columns[SCORES[record["score"]]] = column([one["score"] for one in shown], digits, relative=False)
    if record["validation"] is not None:
        columns["over folds"] = column([one["cv_score"] for one in shown], digits, relative=False)
        columns["±"] = column([one["cv_standard_error"] for one in shown], 3, relative=False)
        columns[""] = list(told)
    heads = [Column(title, right=bool(title)) for title in columns]
    return Grid(heads, transpose(list(columns.values())))


def _share(point: Record) -> str:
    """The gap as a part of the loss, as a power of ten that it is below."""
    share = point["duality_gap"] / abs(point["loss"]) if point["loss"] else 0.0
    return f"<1e-{min(LEAST_SHARE, max(0, math.floor(-math.log10(share)))) if share else LEAST_SHARE:02d}"


def endings(record: Record) -> list[str]:
    """The points that the rules take, and the model that is made of one."""
    found, lines = record["validation"], []
    if found is not None:
        for rule in RULES:
            point = record["points"][found[rule]["point"]]
            beside = (
                f"{SCORES[record['score']]} {figure(point['cv_score'], 6)} ± {figure(point['cv_standard_error'], 3)}"
            )
            kept = _kept(record, point)
            lines.append(f"{rule}: λ = {figure(point['lambda'], 6)}, {WORDS[rule]}: {beside}{kept}")
        edge = len(record["points"]) - 1
        if found["min"]["point"] == edge:
            lines.append("The error is least at the smallest λ: less of a penalty may be better still.")
    if record["model"] is not None:
        lines += ["", f"{record['model']['message']}", f"Weights of {record['selected']}: {_weights(record['model'])}"]
    return lines


def _kept(record: Record, point: Record) -> str:
    if record["l1_ratio"] == 0.0:
        if point["degrees_of_freedom"] is None:
            return ""
        return f", {figure(point['degrees_of_freedom'], 4)} degrees of freedom"
    return f", {point['nonzero']} of {counted(_counted(record, point), 'weight')} nonzero"


def _counted(record: Record, point: Record) -> int:
    """How many weights there are beside intercepts, one or one a class."""
    each = record["data"].get("classes") or () if has_class_intercepts(record) else ()
    return len(point["weights"]) - len(each)


def _weights(model: Record) -> str:
    """The weights that are not zero, the first ones of many."""
    there = [(name, value) for name, value in model["weights"].items() if value != 0.0]
    said = [f"{name} {figure(value, 6)}" for name, value in there[:WEIGHTS]]
    if len(there) > WEIGHTS:
        said.append(f"{len(there) - WEIGHTS} more")
    if model["intercept"] is not None:
        said.append(f"intercept {figure(model['intercept'], 6)}")
    return ", ".join(said) or "none"
