"""A path of penalties as a plain dict, and as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TextIO

from gdsolve.report.plain import write_csv
from gdsolve.report.record import data_record, descent_record, fit_record
from gdsolve.spec.losses import LOSS_PARAMETERS
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.solve.regularization_path import RegularizationPath
    from gdsolve.spec import Spec

Record = dict[str, Any]
RULES = ("min", "1se")
FIGURES = (
    *("lambda", "l1", "ridge", "nonzero", "degrees_of_freedom", "sse", "loss", "rmse", "r2"),
    *("score", "explained", "duality_gap"),
)
SCORES = ("cv_score", "cv_standard_error", "rule")


def path_record(path: RegularizationPath) -> Record:
    """`gdsolve.path/1`: a point for every λ, with all of its weights; null where a figure does not exist."""
    spec, folds = path.spec, path.folds
    marks = {} if folds is None else {rule: path.place(rule) for rule in RULES}
    return {
        "schema": "gdsolve.path/1",
        "version": __version__,
        "exit_code": 0 if path.model is None else int(path.model.exit_code),
        "l1_ratio": spec.l1_ratio,
        "penalty_scale": spec.penalty_scale.value,
        "penalize_intercept": spec.penalize_intercept,
        "score": path.score,
        "lambda_max": float(path.lambdas[0]),
        "points": _points(path),
        "validation": None
        if folds is None
        else {
            "folds": len(folds.rows),
            "seed": folds.seed,
            "by": folds.by,
            "score": path.score,
            "rows": list(folds.rows),
            "scores": folds.scores.tolist(),
            **{rule: {"point": place, "lambda": float(path.lambdas[place])} for rule, place in marks.items()},
        },
        "selected": None if path.model is None else spec.select.value,
        "model": None if path.model is None else fit_record(path.model),
        "data": data_record(path.data, spec),
        "descent": {"intercept": path.intercepts is not None, **_loss(spec)},
        "advice": list(path.advice),
        "seconds": path.seconds,
    }


def _loss(spec: Spec) -> Record:
    whole = descent_record(spec, standardised=False)
    return {name: whole[name] for name in ("loss", "link", *(own.name for own in LOSS_PARAMETERS))}


def _points(path: RegularizationPath) -> list[Record]:
    none = [None] * len(path.lambdas)
    columns = zip(
        path.lambdas.tolist(),
        path.l1.tolist(),
        path.ridge.tolist(),
        path.nonzero.tolist(),
        none if path.freedom is None else path.freedom.tolist(),
        none if path.sse is None else path.sse.tolist(),
        path.losses.tolist(),
        none if path.rmse is None else path.rmse.tolist(),
        none if path.r2 is None else path.r2.tolist(),
        path.scores.tolist(),
        path.explained.tolist(),
        path.duality_gaps.tolist(),
        none if path.errors is None else path.errors.tolist(),
        none if path.standard_errors is None else path.standard_errors.tolist(),
        none if path.intercepts is None else path.intercepts.tolist(),
        strict=True,
    )
    names = (*FIGURES, *SCORES[:2], "intercept")
    return [
        {**dict(zip(names, row, strict=True)), "weights": dict(zip(path.names, weights, strict=True))}
        for row, weights in zip(columns, path.weights.tolist(), strict=True)
    ]


def write_path_csv(record: Mapping[str, Any], stream: TextIO) -> None:
    """One row a λ, the largest first: its figures, the rule that takes it, and a column a weight."""
    write_csv(*path_rows(record), stream)


def path_rows(record: Mapping[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Names of columns, and a row a λ."""
    features = record["data"]["features"]
    fixed = (*FIGURES, *SCORES, *(["intercept"] if record["descent"]["intercept"] else []))
    marks = rules_of(record)
    rows = [
        [*(point[name] for name in (*FIGURES, *SCORES[:2])), marks.get(place, "")]
        + ([point["intercept"]] if record["descent"]["intercept"] else [])
        + [point["weights"][name] for name in features]
        for place, point in enumerate(record["points"])
    ]
    return [*fixed, *_untaken(features, fixed)], rows


def rules_of(record: Mapping[str, Any]) -> dict[int, str]:
    """The rules by the points that they take."""
    found = record["validation"]
    if found is None:
        return {}
    marks: dict[int, str] = {}
    for rule in RULES:
        place = found[rule]["point"]
        marks[place] = f"{marks[place]} {rule}" if place in marks else rule
    return marks


def _untaken(features: list[str], taken: tuple[str, ...]) -> list[str]:
    """The names of columns of weights; one whose name is taken is called `weight_` and its name."""
    names = []
    for feature in features:
        name = feature
        while name in taken or (name != feature and name in features):
            name = "weight_" + name
        names.append(name)
    return names
