"""`compare`, `compare-lr` on what is no least squares, and the choice of a method."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import forked
import pytest
import torch
from places import CONFIGS

import gdsolve
from gdsolve.report.compare_record import method_comparison_record
from gdsolve.report.methods_table import write_methods_table
from gdsolve.report.record import comparison_record
from gdsolve.solve.method import Traits, choose_method, refusal
from gdsolve.spec import Method
from gdsolve.status import GdsolveError, Status

B8 = "(2 - a - b)**2 + (4 - 3*a - b)**2"
ROSENBROCK = "(1 - a)**2 + 100*(b - a**2)**2"
LINEAR = Traits(weights=3, rounds=False, squares=True, curved=True, smooth=True, bounded=False, plain=False)


def traits(**changes: Any) -> Traits:
    from dataclasses import replace

    return replace(LINEAR, **changes)


@pytest.mark.parametrize(
    ("changes", "rate_given", "method"),
    [
        ({}, False, Method.LM),
        ({}, True, Method.GD),
        ({"plain": True}, False, Method.GD),
        ({"plain": True, "squares": False}, False, Method.GD),
        ({"squares": False, "rounds": True}, False, Method.NEWTON),
        ({"squares": False}, False, Method.LBFGS),
        ({"squares": False, "bounded": True}, False, Method.BB),
        ({"squares": False, "smooth": False, "curved": False}, False, Method.ADAM),
    ],
)
def test_auto_picks_what_suits(changes: dict[str, Any], rate_given: bool, method: Method) -> None:
    found, reason = choose_method(Method.AUTO, traits(**changes), rate_given=rate_given)
    assert found is method
    assert reason.startswith(f"{method.value}: ")


@pytest.mark.parametrize(
    ("method", "changes", "reason"),
    [
        (Method.LM, {"squares": False}, "lm needs a sum of squares"),
        (Method.NEWTON, {"curved": False}, "newton needs second derivatives"),
        (Method.LBFGS, {"bounded": True}, "lbfgs takes no bounds"),
    ],
)
def test_what_cannot_be_used_is_refused(method: Method, changes: dict[str, Any], reason: str) -> None:
    assert refusal(method, traits(**changes)) == reason
    with pytest.raises(GdsolveError, match=reason):
        choose_method(method, traits(**changes), rate_given=False)
    assert choose_method(method, LINEAR, rate_given=False)[0] is method


def test_all_methods_reach_one_minimum() -> None:
    found = gdsolve.compare(CONFIGS / "norris.csv")
    assert [one.method for one in found.methods] == [method for method in Method if method is not Method.AUTO]
    assert found.left_out == {}
    optimum = gdsolve.fit(CONFIGS / "norris.csv").optimum
    assert optimum is not None
    for one in found.methods:
        assert one.status is Status.CONVERGED
        assert one.weights == pytest.approx(optimum.weights, rel=1e-7)
        assert one.gap == pytest.approx(0.0, abs=1e-10)
        assert one.evaluations >= one.iterations


def test_only_what_was_asked_for_is_run() -> None:
    found = gdsolve.compare(
        minimize=ROSENBROCK, parameters={"a": -1.2, "b": 1}, methods=["newton", "lbfgs,gd"], max_iter=50
    )
    assert [one.method for one in found.methods] == [Method.NEWTON, Method.LBFGS, Method.GD]
    assert [one.status for one in found.methods] == [Status.CONVERGED, Status.CONVERGED, Status.MAX_ITER]
    assert found.optimum is not None
    assert found.optimum.weights == pytest.approx({"a": 1.0, "b": 1.0}, abs=1e-9)
    assert found.methods[2].gap == pytest.approx(found.methods[2].loss, rel=1e-9)
    record = method_comparison_record(found)
    assert record["schema"] == "gdsolve.compare/1"
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_what_a_formula_lacks_is_left_out() -> None:
    found = gdsolve.compare(minimize=B8, parameters={"a": 0, "b": 0})
    assert found.left_out == {"lm": "lm needs a sum of squares"}
    assert Method.LM not in [one.method for one in found.methods]


def test_rates_of_a_quadratic_formula_are_those_of_the_two_points() -> None:
    """configs/textbook, B5 to B8: the formula and the table are one problem."""
    rates = [0.01, 0.0001, 0.5]
    formula = gdsolve.compare_lr(minimize=B8, parameters={"a": 0, "b": 0}, lr=rates, iterates=1)
    table = gdsolve.compare_lr(CONFIGS / "two_points.csv", loss="sse", lr=rates, iterates=1)
    for one, other in zip(formula.rates, table.rates, strict=True):
        assert (one.status, one.iterations) == (other.status, other.iterations)
        assert one.gap == pytest.approx(other.gap, rel=1e-6)
        assert one.factor == pytest.approx(other.factor, rel=1e-10)
        assert one.trace is not None
        assert other.trace is not None
        torch.testing.assert_close(one.trace.weights, other.trace.weights, rtol=1e-12, atol=1e-12)
    assert comparison_record(formula)["largest_stable_lr"] == pytest.approx(0.0857864, abs=5e-8)


def test_rates_of_a_curve_are_runs_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n0,1\n1,2.7\n2,7.4\n")
    found = gdsolve.compare_lr(path, model="exp(a*x)", parameters={"a": 0.5}, max_iter=500)
    statuses = {one.status for one in found.rates}
    assert Status.CONVERGED in statuses
    assert statuses <= {Status.CONVERGED, Status.MAX_ITER, Status.DIVERGED, Status.FAILED}
    assert found.optimum is not None
    assert found.optimum.weights["a"] == pytest.approx(1.0, abs=0.01)
    assert found.max_iter == 500


def test_rates_of_a_formula_show_its_own_loss() -> None:
    found = gdsolve.compare_lr(minimize=B8 + " + 7", parameters={"a": 0, "b": 0}, lr=[0.01], max_iter=1)
    assert (found.rates[0].sse, found.rates[0].loss) == (None, pytest.approx(18.8016, rel=1e-13))


def test_what_does_not_go_with_a_rate_is_left_out() -> None:
    found = gdsolve.compare(CONFIGS / "norris.csv", lr=0.1, max_iter=100)
    assert set(found.left_out) == {"newton", "lm"}
    assert {one.learning_rate for one in found.methods if one.learning_rate is not None} == {0.1}


def test_a_comparison_that_is_interrupted_shows_what_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    from gdsolve.objective.formula import Formula

    evaluate, calls = Formula.evaluate, iter(range(10**6))

    def stopped(self: Formula, w: torch.Tensor) -> object:
        if next(calls) == 500:
            raise KeyboardInterrupt
        return evaluate(self, w)

    monkeypatch.setattr(Formula, "evaluate", stopped)
    found = gdsolve.compare(minimize=ROSENBROCK, parameters={"a": -1.2, "b": 1}, max_iter=10_000)
    assert [one.status for one in found.methods] == [Status.INTERRUPTED]
    record = method_comparison_record(found)
    assert (record["exit_code"], found.interrupted) == (130, True)
    assert record["message"] == f"Interrupted after 0 of {len(Method.all()) - len(found.left_out)} methods."
    shown = io.StringIO()
    write_methods_table(record, shown)
    assert f"\n\nINTERRUPTED after 0 of {len(Method.all()) - len(found.left_out)} methods.\n" in shown.getvalue()


def test_a_comparison_that_is_interrupted_while_it_looks_for_the_minimum_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gdsolve.descent.methods.newton import Newton

    def stopped(self: Newton, *_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(Newton, "step", stopped)
    found = gdsolve.compare(minimize=ROSENBROCK, parameters={"a": -1.2, "b": 1}, methods="gd", max_iter=10)
    assert (found.interrupted, found.message) == (True, "Interrupted after 1 of 1 methods.")
    rates = gdsolve.compare_lr(minimize=ROSENBROCK, parameters={"a": -1.2, "b": 1}, lr=[1e-3, 1e-4], max_iter=10)
    assert (rates.interrupted, rates.message) == (True, "Interrupted after 2 of 2 rates.")


def test_compare_lr_is_about_plain_descent(tmp_path: Path) -> None:
    with pytest.raises(GdsolveError, match="method: means nothing to compare_lr"):
        gdsolve.compare_lr(minimize=B8, parameters={"a": 0, "b": 0}, method="adam")
    for problem in ("X: [[1], [3]]\ny: [2, 4]", "minimize: (a - 1)**2\nparameters: {a: 0}"):
        (tmp_path / "p.yaml").write_text(f"{problem}\nmethod: adam\n")
        with pytest.raises(GdsolveError, match="line 3: method: compare-lr compares rates of gd, not of adam"):
            gdsolve.compare_lr(tmp_path / "p.yaml")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_the_command_line(form: str) -> None:
    words = ["compare", "--minimize", B8, "--start", "a=0,b=0", "--methods", "gd,newton", "--format", form]
    done = forked.run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    if form == "json":
        methods = json.loads(done.stdout)["methods"]
        assert [(one["method"], one["status"]) for one in methods] == [("gd", "converged"), ("newton", "converged")]
        # Newton lands in one update, and sees with the second that there is nothing left.
        assert methods[1]["iterations"] <= 2
    elif form == "csv":
        header, *rows = done.stdout.splitlines()
        assert header.startswith("method,schedule,learning_rate,status,stopped_by,iterations,evaluations,seconds")
        assert [row.split(",")[0] for row in rows] == ["gd", "newton"]
    else:
        assert "minimise        (2 - a - b)**2 + (4 - 3*a - b)**2\n" in done.stdout
        assert "newton  converged" in done.stdout
