"""How good a fit is as a whole, and which errors its weights have, as lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gdsolve.report.numbers import Number, counted, figure
from gdsolve.report.weighting import freedom_text

Record = Mapping[str, Any]

LEAST_P = 1e-16
MOST_FACTORS = 12
"""Columns whose variance inflation factors are shown."""
ROBUST = "robust to rows of unequal variance"


def probability(value: Number) -> str:
    """A p-value as a table has it.

    >>> probability(0.25), probability(1e-5), probability(0.0)
    ('0.2500', '1.0e-05', '<1e-16')
    """
    if value is None:
        return "–"
    if value < LEAST_P:
        return "<1e-16"
    return f"{value:.4f}" if value >= 1e-3 else f"{value:.1e}"


def error_title(errors: Record | None) -> str:
    """What heads a column of standard errors, which are named where they are not the classic ones."""
    kind = (errors or {}).get("kind") or "classic"
    names = {"classic": "std. error", "cluster": "clustered std. error"}
    return names.get(kind) or f"{kind.upper()} std. error"


def errors_line(record: Record) -> str:
    """What robust errors are, and the distribution of their tests; empty of classic ones, or where there are none."""
    if all(one["standard_error"] is None for one in (record.get("parameters") or {}).values()):
        return ""
    errors = record.get("errors") or {}
    kind, freedom = errors.get("kind") or "classic", errors.get("degrees_of_freedom")
    if kind == "classic":
        return ""
    words = f"{kind.upper()}, {ROBUST}"
    if kind == "cluster":
        words = f"clustered by {errors['column']} ({counted(errors['clusters'], 'cluster')})"
    return f"{words}; {'z, the normal distribution' if freedom is None else f't on {freedom_text(freedom)}'}"


def goodness_lines(report: Record) -> list[tuple[str, str]]:
    """The tests of all columns together, likelihood and its criteria, deviance, and inflation, each with its label."""
    return [
        ("F test", _f(report)),
        ("LR test", _ratio(report)),
        ("deviance", _deviance(report)),
        ("log-likelihood", _likelihood(report)),
        ("VIF", _factors(report)),
    ]


def _f(report: Record) -> str:
    test = report.get("f")
    if test is None:
        return ""
    two = f"{test['degrees_of_freedom']:.6g} and {freedom_text(test['residual_degrees_of_freedom'])}"
    return f"{figure(test['statistic'], 6)} on {two}, p {probability(test['p_value'])}"


def _ratio(report: Record) -> str:
    test = report.get("likelihood_ratio")
    if test is None:
        return ""
    of = freedom_text(test["degrees_of_freedom"])
    return f"{figure(test['statistic'], 6)} (χ²) on {of}, p {probability(test['p_value'])}"


def _deviance(report: Record) -> str:
    if report.get("deviance") is None:
        return ""
    null, pseudo = report.get("null_deviance"), report.get("pseudo_r2")
    parts = [figure(report["deviance"])]
    parts += [] if null is None else [f"without columns {figure(null)}"]
    parts += [] if pseudo is None else [f"McFadden's pseudo-R² {figure(pseudo, 6)}"]
    return "; ".join(parts)


def _likelihood(report: Record) -> str:
    if report.get("log_likelihood") is None:
        return ""
    named = (("AIC", "aic"), ("BIC", "bic"))
    others = [f"{title} {figure(report[key])}" for title, key in named if report.get(key) is not None]
    return "; ".join([figure(report["log_likelihood"]), *others])


def _factors(report: Record) -> str:
    """The inflation of every column; of many the largest ones. A single column has nothing to inflate it."""
    parameters: Record = report["parameters"]
    finite = {name: one["vif"] for name, one in parameters.items() if one.get("vif") is not None}
    infinite = [name for name, one in parameters.items() if one.get("vif_reason")]
    if len(finite) + len(infinite) < 2:
        return ""
    largest = sorted(finite, key=lambda name: -finite[name])[:MOST_FACTORS]
    shown = [f"{name} {figure(finite[name], 5)}" for name in finite if name in largest]
    left = len(finite) - len(largest)
    parts = [", ".join(shown)] if shown else []
    parts += [f"{counted(left, 'other')} below {figure(min(finite[name] for name in largest), 5)}"] if left else []
    reasons: dict[str, list[str]] = {}
    for name in infinite:
        reasons.setdefault(parameters[name]["vif_reason"], []).append(name)
    return "; ".join([*parts, *(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())])
