"""The result as a plain dict: one schema, for people's tables and for scripts alike (docs/design.md, section 4)."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Any

from gdsolve.class_names import by_class
from gdsolve.report.covariance_record import covariance_record
from gdsolve.report.inference_record import errors_record, inference_record
from gdsolve.report.minibatches_record import minibatches_record
from gdsolve.report.trace_records import TraceRecords
from gdsolve.report.validation_record import validation_record
from gdsolve.spec.losses import LOSS_PARAMETERS, Loss
from gdsolve.status import ExitCode
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.objective.spectrum import Spectrum
    from gdsolve.solve.comparison import Comparison
    from gdsolve.solve.data import DataInfo
    from gdsolve.solve.outcome import Fit, Optimum
    from gdsolve.spec import Spec

Record = dict[str, Any]


def fit_record(fit: Fit, *, with_reason: bool = True, as_model: bool = True) -> Record:
    """`gdsolve.fit/1`: result and model in one; the reason, which is measured, only if it is wanted.

    What intervals of predictions need is worked out where the record is read again `as_model`.
    """
    figures = fit.figures
    return {
        "schema": "gdsolve.fit/1",
        "version": __version__,
        "status": fit.status.value,
        "stopped_by": fit.stopped_by,
        "message": fit.message,
        "exit_code": int(fit.exit_code),
        "iterations": fit.iterations,
        "weights": fit.weights,
        "intercept": fit.intercept,
        "weights_by_class": _by_class(fit),
        "sse": figures.sse,
        "loss": figures.loss,
        "rmse": figures.rmse,
        "r2": figures.r2,
        "adjusted_r2": figures.adjusted_r2,
        "accuracy": figures.accuracy,
        "log_loss": figures.log_loss,
        "auc": figures.auc,
        "auc_reason": figures.auc_reason,
        "classes": _class_names(fit),
        "confusion": None if figures.confusion is None else [list(row) for row in figures.confusion],
        "deviance": figures.deviance,
        "rows_beyond_delta": figures.rows_beyond_delta,
        "share_beyond_delta": figures.share_beyond_delta,
        "gradient_norm": figures.gradient_norm,
        "learning_rate": fit.learning_rate,
        "optimum": None if fit.optimum is None else optimum_record(fit.optimum),
        "gap": fit.gap,
        "duality_gap": fit.duality_gap,
        "nonzero": fit.nonzero,
        "bounds": {name: asdict(one) for name, one in fit.bounds.items()},
        "spectrum": None
        if fit.spectrum is None
        else {
            **spectrum_record(fit.spectrum, shrunk=fit.spec.l1 > 0.0),
            "predicted_iterations": fit.predicted_iterations,
        },
        "data": NO_DATA if fit.data is None else data_record(fit.data, fit.spec),
        "descent": {
            **descent_record(fit.spec, standardised=fit.spec.standardise),
            **sought_record(fit.spec, sought=fit.delta_found),
            "method": fit.method.value,
            "schedule": fit.schedule.value,
            "momentum": fit.momentum,
            "stable_below": fit.stable_below,
            "engine": fit.plan.engine.value,
            "reason": fit.plan.reason if with_reason else "",
            "device": fit.device,
            "computed_in": fit.computed_in.value,
            "max_iter": fit.max_iter,
            "tol": fit.tol,
        },
        "minibatches": minibatches_record(fit.plan.batches),
        "online": None if fit.online is None else asdict(fit.online),
        "standard_errors": errors_record(fit),
        "covariance": covariance_record(fit) if as_model else None,
        "report": None if fit.inference is None else inference_record(fit.inference),
        "validation": None if fit.validation is None else validation_record(fit.validation),
        "found": None if fit.found is None else asdict(fit.found),
        "holdout": None if fit.holdout is None else asdict(fit.holdout),
        "found_start": None if fit.found_start is None else asdict(fit.found_start),
        "starts": None if fit.starts is None else asdict(fit.starts),
        "objective": _objective_record(fit),
        "best_iteration": fit.best_iteration,
        "evaluations": fit.evaluations,
        "advice": list(fit.advice),
        "gradient_checks": [asdict(one) for one in fit.gradient_checks],
        "trace": TraceRecords(fit.trace, tuple(fit.weights), intercept=fit.intercept is not None),
        "seconds": fit.seconds,
    }


def model_record(fit: Fit) -> Record:
    """What `predict` and `init` read of `gdsolve.fit/1`."""
    return {
        "schema": "gdsolve.fit/1",
        "weights": fit.weights,
        "intercept": fit.intercept,
        "weights_by_class": _by_class(fit),
        "data": NO_DATA if fit.data is None else data_record(fit.data, fit.spec),
        "descent": {"loss": fit.spec.loss.value, "link": fit.spec.link_used, **parameters_record(fit.spec)},
        "covariance": covariance_record(fit),
        "objective": _objective_record(fit),
    }


def _class_names(fit: Fit) -> list[str] | None:
    """The classes of the target, in order."""
    classes = None if fit.data is None else fit.data.classes
    return None if classes is None else list(classes.names)


def _by_class(fit: Fit) -> Record | None:
    """The weights and the intercept of every class, where each has its own."""
    if fit.spec.loss is not Loss.SOFTMAX or fit.data is None or fit.data.classes is None:
        return None
    names, intercept = fit.data.classes.names, not fit.spec.no_intercept
    return by_class(list(fit.weights.values()), fit.data.roles.design, names, intercept=intercept)


def _objective_record(fit: Fit) -> Record:
    """What was minimised, with all that a prediction needs beside the weights."""
    return {
        "kind": fit.subject.kind,
        "formula": fit.subject.formula,
        "fixed": dict(fit.fixed),
        "constants": {one.name: one.value for one in fit.spec.constants},
    }


def optimum_record(optimum: Optimum) -> Record:
    """The minimiser that the run is measured against."""
    return {
        "weights": optimum.weights,
        "intercept": optimum.intercept,
        "sse": optimum.sse,
        "loss": optimum.loss,
        "unique": optimum.unique,
        "global": optimum.is_global,
        "range": None
        if optimum.ranges is None
        else {name: [value if isfinite(value) else None for value in pair] for name, pair in optimum.ranges.items()},
    }


def spectrum_record(spectrum: Spectrum, *, shrunk: bool = False) -> Record:
    """What the Hessian's eigenvalues say of rates; of one that is `shrunk` by an l1 penalty, which are stable."""
    return {
        "largest": spectrum.largest,
        "smallest": spectrum.smallest,
        "condition": spectrum.condition,
        "rank": spectrum.rank,
        "largest_stable_lr": spectrum.largest_stable,
        "best_lr": None if shrunk else spectrum.best,
    }


def data_record(data: DataInfo, spec: Spec) -> Record:
    """What was read, and the part that each column plays."""
    roles = data.roles
    return {
        "source": list(data.source),
        "rows": data.rows,
        "rows_dropped": data.rows_dropped,
        "cells_filled": data.cells_filled,
        "where": spec.where,
        "rows_read": data.rows_read if spec.where is not None else None,
        "rows_filtered": data.rows_filtered,
        "has_header": data.has_header,
        "delimiter": data.delimiter,
        "decimal": data.decimal,
        "comments": data.comments,
        "target": roles.target,
        "target_reason": roles.target_reason,
        "target_column": roles.target_column,
        "features": list(roles.design),
        "weight": roles.weight if spec.sigma is None else None,
        "weight_kind": spec.weight_kind.value if roles.weight and spec.sigma is None else None,
        "offset": roles.offset,
        "exposure": roles.exposure,
        "sigma": None if spec.sigma is None else roles.weight,
        "absolute_sigma": spec.absolute_sigma,
        "rows_weightless": data.rows_weightless,
        "cluster": roles.cluster,
        "ignored": list(roles.ignored),
        "levels": {column: list(levels) for column, levels in roles.levels.items()},
        "target_levels": None if roles.target_levels is None else list(roles.target_levels),
        "classes": None if data.classes is None else list(data.classes.names),
        "na_values": list(spec.na_values),
        "dates": None if data.dates is None else data.dates.record(),
        "formula": _formula_record(data),
    }


def _formula_record(data: DataInfo) -> Record | None:
    """What made the features of columns, with all that it learnt; None where they are columns."""
    if data.roles.formula is None:
        return None
    from gdsolve.data.formula.saved import formula_record

    return formula_record(data.roles.formula)


NO_DATA: Record = {
    "source": [],
    "rows": 0,
    "rows_dropped": 0,
    "cells_filled": 0,
    "where": None,
    "rows_read": None,
    "rows_filtered": 0,
    "has_header": None,
    "delimiter": None,
    "decimal": None,
    "comments": 0,
    "target": None,
    "target_reason": None,
    "target_column": None,
    "features": [],
    "weight": None,
    "weight_kind": None,
    "offset": None,
    "exposure": None,
    "sigma": None,
    "absolute_sigma": False,
    "rows_weightless": 0,
    "cluster": None,
    "ignored": [],
    "levels": {},
    "target_levels": None,
    "classes": None,
    "na_values": [],
    "dates": None,
    "formula": None,
}
"""The data of a formula that needs none."""


def descent_record(spec: Spec, *, standardised: bool) -> Record:
    """How descent was asked to run."""
    return {
        "loss": spec.loss.value,
        "link": spec.link_used,
        **parameters_record(spec),
        "no_intercept": spec.no_intercept,
        "class_weight": list(spec.class_weight),
        "ridge": spec.ridge,
        "l1": spec.l1,
        "penalty_scale": spec.penalty_scale.value,
        "penalize_intercept": spec.penalize_intercept,
        "scale": "standard" if standardised else "none",
        "init": spec.init if isinstance(spec.init, str) else "a model at hand",
        "dtype": spec.dtype.value,
        "loss_tol": spec.loss_tol,
        "grad_tol": spec.grad_tol,
    }


def parameters_record(spec: Spec) -> Record:
    """The options that some losses alone look at, null for those that this loss does not."""
    return {own.name: getattr(spec, own.name) if own == spec.loss.info.parameter else None for own in LOSS_PARAMETERS}


def sought_record(spec: Spec, *, sought: bool) -> Record:
    """Which parameter of the loss was `sought`, and found before the descent."""
    return {
        "delta_found": sought and spec.loss is Loss.HUBER,
        "dispersion_found": sought and spec.loss is Loss.NEGATIVE_BINOMIAL,
    }


def comparison_record(comparison: Comparison) -> Record:
    """`gdsolve.compare-lr/1`: the rates in the order given."""
    spec, spectrum, optimum = comparison.spec, comparison.spectrum, comparison.optimum
    design, intercept = comparison.names, comparison.intercept
    return {
        "schema": "gdsolve.compare-lr/1",
        "version": __version__,
        "message": comparison.message,
        "exit_code": int(ExitCode.INTERRUPTED if comparison.interrupted else ExitCode.OK),
        "rates": [
            {
                "learning_rate": rate.learning_rate,
                "status": rate.status.value,
                "stopped_by": rate.stopped_by,
                "iterations": rate.iterations,
                "sse": rate.sse,
                "loss": rate.loss,
                "gap": rate.gap,
                "factor": rate.factor,
                "excess": rate.excess,
                "predicted_excess": rate.predicted_excess,
                "predicted_at_end": rate.predicted_at_end,
                "trace": [] if rate.trace is None else TraceRecords(rate.trace, design, intercept=intercept),
            }
            for rate in comparison.rates
        ],
        "largest_stable_lr": None if spectrum is None else spectrum.largest_stable,
        "best_lr": None if spectrum is None or spec.l1 or comparison.batches else spectrum.best,
        "minibatches": minibatches_record(comparison.batches),
        "optimum": None if optimum is None else optimum_record(optimum),
        "spectrum": None if spectrum is None else spectrum_record(spectrum, shrunk=spec.l1 > 0.0),
        "objective": {"kind": comparison.subject.kind, "formula": comparison.subject.formula},
        "weights": list(design),
        "data": NO_DATA if comparison.data is None else data_record(comparison.data, comparison.spec),
        "descent": {
            **descent_record(spec, standardised=spec.standardise),
            "intercept": intercept,
            "stable_below": comparison.stable_below,
            "max_iter": comparison.max_iter,
            "tol": comparison.tol,
        },
        "found_start": None if comparison.found_start is None else asdict(comparison.found_start),
        "starts": None if comparison.starts is None else asdict(comparison.starts),
        "advice": list(comparison.advice),
        "seconds": comparison.seconds,
    }
