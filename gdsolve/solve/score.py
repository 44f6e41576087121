"""`score`: how far the predictions of a saved model are from the target of a table."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gdsolve.data.beside import Beside
from gdsolve.data.score import ScoredRows, score_arrays, score_tables
from gdsolve.data.score_sums import LargestError, mean_of
from gdsolve.model import Model
from gdsolve.presented import Presented
from gdsolve.solve.predict import read_for_prediction
from gdsolve.spec import Loss, Spec

logger = logging.getLogger("gdsolve")


@dataclass(frozen=True, slots=True, repr=False)
class Score(Presented):
    """The figures of a score; None for what the loss of the model has not, and where a figure does not exist.

    Rows weigh ω, 1 without a column of `weight`; means are Σω·/Σω. With r = μ − y: `sse` is Σωr², `r2` is
    1 − sse/Σω(y − ȳ)² with the mean of these rows, `mae` the mean of |r|. Of counts and positive numbers
    `mean_deviance` is the mean of the deviance of `gdsolve.data.deviance`, of poisson `mean_poisson_deviance` too; of a
    quantile τ `pinball_loss` is that of max(τ·(y − μ), (τ − 1)·(y − μ)). Of classes `log_loss`, `accuracy` and `brier`
    are means of −log p of the row's own class, of p > 1/2 being right, and of (p − y)²; `auc` is the area under the ROC
    curve. A loss without probabilities has neither `log_loss` nor `brier`, and its AUC is of z. `confusion` has Σω by
    the row's class, then by the predicted one, in the order of `classes`. Of several classes `accuracy` is the share of
    rows whose class has the largest probability, `brier` the mean of Σ_c (p_c − 1[c = y])², `auc` the mean over each
    class against all others. Source: Hastie, Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed.,
    sections 7.2 and 9.2.5.
    """

    model: str
    loss: Loss
    target: str
    weight: str | None
    sources: tuple[str, ...]
    rows: int
    rows_dropped: int
    rows_weightless: int
    sse: float | None
    r2: float | None
    rmse: float | None
    mae: float | None
    largest_error: LargestError | None
    mean_poisson_deviance: float | None
    mean_deviance: float | None
    quantile: float | None
    pinball_loss: float | None
    log_loss: float | None
    accuracy: float | None
    auc: float | None
    brier: float | None
    classes: tuple[str, ...] | None
    confusion: tuple[tuple[float, ...], ...] | None
    seconds: float
    where: str | None = None
    rows_read: int = 0
    rows_filtered: int = 0


def score(spec: Spec, model: str | Model, X: Any = None, y: Any = None, names: Sequence[str] | None = None) -> Score:
    """Score a model, saved or at hand, on the spec's tables, or on the rows of X, (m, n), and y, (m,).

    Raises:
        GdsolveError: a file that is no model, or the model of a formula, which predicts nothing.
        DataError: a table without the columns of the model or its target, without rows, or with cells that are bad.
    """
    began = time.perf_counter()
    record, curve = read_for_prediction(model)
    if X is None:
        scored, sources = score_tables(spec.data, spec, record, curve), spec.data
    else:
        scored, sources = score_arrays(X, y, spec, record, curve, names=names), ()
    seconds = time.perf_counter() - began
    if scored.dropped:
        why = "lack a cell" if "groups" not in record else "lack a cell, or are of a group without weights"
        logger.warning("%s rows are left out, which %s (first: %s)", f"{scored.dropped:,}", why, scored.first_dropped)
    logger.info("%s rows scored in %.3f s", f"{scored.sums.rows:,}", seconds)
    found = _score(scored, str(model), sources, seconds)
    # An expression of a column is called what it is.
    found = replace(found, where=spec.where, rows_read=scored.read, rows_filtered=scored.filtered)
    return replace(found, target=str(record["data"].get("target") or found.target))


def _score(scored: ScoredRows, model: str, sources: tuple[str, ...], seconds: float) -> Score:
    sums, beside = scored.sums, scored.beside
    kind, weight = sums.loss.info.target, sums.weight
    classes, likelihood = kind.is_classes, sums.loss.info.likelihood
    deviance = mean_of(sums.deviance, weight) if likelihood and not classes else None
    of_quantile = sums.loss is Loss.QUANTILE
    square = mean_of(sums.squares, weight)
    cells = sums.confusion.tolist()
    return Score(
        model=model,
        loss=sums.loss,
        target=beside.target or "",
        weight=beside.weight,
        sources=sources,
        rows=sums.rows,
        rows_dropped=scored.dropped,
        rows_weightless=scored.weightless,
        sse=None if classes or square is None else sums.squares,
        r2=None if classes or square is None else sums.r2,
        rmse=None if classes or square is None else square**0.5,
        mae=None if classes else mean_of(sums.absolute, weight),
        largest_error=None if classes else sums.largest,
        mean_poisson_deviance=deviance if sums.loss is Loss.POISSON else None,
        mean_deviance=deviance,
        quantile=sums.level if of_quantile else None,
        pinball_loss=mean_of(sums.pinball, weight) if of_quantile else None,
        log_loss=mean_of(sums.log_loss, weight) if classes and likelihood else None,
        accuracy=float(sums.confusion.trace()) / weight if classes else None,
        auc=sums.auc() if classes else None,
        brier=square if classes and likelihood else None,
        classes=_names(beside) if classes else None,
        confusion=tuple(map(tuple, cells)) if classes else None,
        seconds=seconds,
    )


def _names(beside: Beside) -> tuple[str, ...]:
    """The classes, in the order of the confusion matrix."""
    if beside.labels is not None:
        return tuple(f"{label:.0f}" for label in beside.labels)
    return beside.classes or ("0", "1")
