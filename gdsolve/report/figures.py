"""What a run reached, in words and figures: how good the fit is, and how descent went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.report import numbers
from gdsolve.report.minibatches_record import hovering_line, minibatch_line
from gdsolve.report.numbers import counted, figure, whole
from gdsolve.report.parts import Record, is_penalised, loss_text, stop_rules, what_descends, where_rates_hold
from gdsolve.report.plain import has_intercept
from gdsolve.spec.losses import Loss
from gdsolve.spec.methods import PLAIN

ROUNDING = {"float64": 1e-12, "float32": 1e-6}
"""A part of what was descended, below which a difference is rounding of the iterates."""
MOST_KINKS = 3
"""Kinks that are told one by one."""
ENGINES = {"leap": "closed form", "rows": "all rows"}
"""Engines by what they do, where their name does not say it."""


def figures_of_fit(record: Record) -> list[str]:
    """How good the fit is: SSE and what follows from it; of classes, counts and other losses their own figures."""
    loss, descent = record["descent"]["loss"], record["descent"]
    kind = (record.get("objective") or {}).get("kind", "linear")
    if kind == "formula":
        found = [("loss", _beside(record, "loss")), ("SSE", _beside(record, "sse"))]
    elif Loss(loss).info.likelihood:
        named = [("accuracy", "accuracy"), ("log loss", "log_loss"), ("AUC", "auc"), ("deviance", "deviance")]
        found = [(title, _known(record.get(key))) for title, key in named]
        found += [("loss", _beside(record, "loss"))] if is_penalised(descent) else []
    elif Loss(loss).info.squared:
        found = [("SSE", _beside(record, "sse")), *_squares(record)]
        found += [("loss", _beside(record, "loss"))] if is_penalised(descent) else []
    else:
        found = [("mean loss", _beside(record, "loss")), *_squares(record), ("", beyond_delta(record))]
        found += [("accuracy", _known(record.get("accuracy")))]
    return [f"{title} {text}".lstrip() for title, text in found if text]


def beyond_delta(record: Record) -> str:
    """How many rows have residuals beyond Huber's δ; empty for other losses."""
    count, share = record.get("rows_beyond_delta"), record.get("share_beyond_delta")
    return "" if count is None or share is None else f"{counted(count, 'row')} ({figure(100.0 * share, 3)} %) beyond δ"


def _squares(record: Record) -> list[tuple[str, str]]:
    named = (("RMSE", "rmse"), ("R²", "r2"), ("adjusted R²", "adjusted_r2"))
    return [(title, _known(record.get(key))) for title, key in named]


def all_figures(record: Record) -> list[tuple[str, str]]:
    """What was reached, figure by figure, each with its label; empty where a figure does not exist."""
    return [
        ("SSE", _beside(record, "sse")),
        ("loss", _beside(record, "loss")),
        *_squares(record),
        ("accuracy", _known(record.get("accuracy"))),
        ("log loss", _known(record.get("log_loss"))),
        ("AUC", _known(record.get("auc")) or record.get("auc_reason") or ""),
        ("deviance", _known(record.get("deviance"))),
        ("beyond δ", beyond_delta(record).removesuffix(" beyond δ")),
        *descent_figures(record),
        *gradient_checks(record),
    ]


def how_it_went(record: Record) -> list[tuple[str, str]]:
    """All that `--verbose` shows of a descent: what it did, when it stops, on which engine, and its figures."""
    formula = (record.get("objective") or {}).get("kind") == "formula"
    loss = "" if formula else f"{loss_text(record['descent'])}: "
    return [
        ("descent", what_descends(record)),
        ("batches", minibatch_line(record.get("minibatches"))),
        ("predicted", hovering_line(record.get("minibatches"))),
        ("stops", stop_rules(record["descent"])),
        ("loss", loss + _beside(record, "loss")),
        *descent_figures(record),
    ]


def descent_figures(record: Record) -> list[tuple[str, str]]:
    """Gap, gradient, rate, condition, iterations and engine, each with its label."""
    optimum, spectrum, descent = record["optimum"] or {}, record["spectrum"] or {}, record["descent"]
    above = "its minimum" if optimum.get("global", True) else "the local minimum"
    precision = descent.get("computed_in") or descent["dtype"]
    engine = ENGINES.get(descent["engine"], descent["engine"])
    return [
        ("gap", _known(record["gap"], 3, f": the loss above {above}")),
        ("duality gap", _known(record.get("duality_gap"), 3, ": no weights are better by more")),
        ("|gradient|", _known(record["gradient_norm"])),
        ("learning rate", rate_text(record)),
        ("condition", _condition(spectrum, len(record["weights"] or ()) + has_intercept(record))),
        ("iterations", _iterations(record, spectrum.get("predicted_iterations"))),
        ("engine", f"{engine} on {descent['device']} in {precision}: {descent['reason']}"),
    ]


def gradient_checks(record: Record) -> list[tuple[str, str]]:
    """What was found of the gradient, where that was asked for."""
    return [("gradient", "; ".join(_gradient_check(one) for one in record.get("gradient_checks") or ()))]


def rate_text(record: Record) -> str:
    """The rate and where it holds, beside the limits of its method; plain descent has a best one as well."""
    rate, spectrum, descent = record["learning_rate"], record["spectrum"] or {}, record["descent"]
    if rate is None:
        return ""
    shown = " ".join(filter(None, (numbers.rate(rate), where_rates_hold(record))))
    largest, best = descent.get("stable_below"), None
    told = record.get("minibatches")
    if told is not None and told["batch"] < told["rows"]:
        batch = "" if largest is None else f"; stable below {numbers.rate(largest, 6)} at batch {told['batch']}"
        return shown + batch
    # The spectrum of anything but a quadratic is that at its minimum.
    near = "" if largest is not None else "locally "
    if (descent.get("method") or PLAIN) == PLAIN and (descent.get("schedule") or "constant") == "constant":
        largest, best = spectrum.get("largest_stable_lr"), spectrum.get("best_lr")
    stable = f"; {near}stable below {numbers.rate(largest, 6)}" if largest is not None else ""
    return shown + stable + (f", best {numbers.rate(best, 6)}" if best is not None else "")


def beyond_rounding(record: Record, value: float, goal: float, size: float) -> bool:
    """True where two values differ by more than rounding of what they were, `size`, on the way of a descent."""
    precision = record["descent"].get("computed_in") or record["descent"]["dtype"]
    return abs(value - goal) > ROUNDING[precision] * max(size, abs(value), abs(goal))


def _known(value: float | None, digits: int = 8, suffix: str = "") -> str:
    return "" if value is None else figure(value, digits) + suffix


def _beside(record: Record, key: str) -> str:
    """A figure, beside that of the optimum where it says something else."""
    optimum = record["optimum"] or {}
    value, goal = record[key], optimum.get(key)
    if value is None:
        return ""
    text = figure(value)
    started = (record["trace"] or [{}])[0].get(key) or 0.0
    # What is no worse than the optimum is at it.
    if goal is None or value <= goal or figure(goal) == text or not beyond_rounding(record, value, goal, abs(started)):
        return text
    place = "optimum" if optimum.get("global", True) else "local minimum"
    return f"{text} ({figure(goal)} at the {place})"


def _condition(spectrum: Mapping[str, Any], parameters: int) -> str:
    condition, rank = spectrum.get("condition"), spectrum.get("rank")
    text = figure(condition, 4) if condition is not None else ""
    return text + (f"{' ' if text else ''}(rank {rank} of {parameters})" if rank is not None else "")


def _iterations(record: Record, predicted: float | None) -> str:
    text = f"{whole(record['iterations'])} taken"
    if predicted is not None:
        return f"{text}; {whole(predicted)} predicted to converge"
    evaluations = record.get("evaluations")
    return f"{text}, {counted(evaluations, 'evaluation')} of the loss" if evaluations else text


def _gradient_check(check: Mapping[str, Any]) -> str:
    where, kinks = f"after {counted(check['iteration'], 'update')}", check.get("kinks") or ()
    if check["agrees"] is None:
        return f"{where} not finite, and not compared with differences"
    found = [_kink(one) for one in kinks[:MOST_KINKS]]
    if len(kinks) > MOST_KINKS:
        found.append(f"and kinks along {len(kinks) - MOST_KINKS} more")
    if check["largest_difference"] is not None:
        verdict = "agrees with" if check["agrees"] else "DIFFERS from"
        apart, allowed = figure(check["largest_difference"], 2), figure(check["allowed"], 2)
        along = f" along {check['parameter']}" if check.get("parameter") else ""
        others = "along the others it " if kinks and check["agrees"] else ""
        found.append(f"{others}{verdict} differences of the loss ({apart} apart{along}, {allowed} allowed)")
    return f"{where} {', '.join(found)}"


def _kink(kink: Mapping[str, Any]) -> str:
    left, right = figure(kink["left"], 6), figure(kink["right"], 6)
    return f"a kink along {kink['parameter']}: the slopes on both sides are {left} and {right}"
