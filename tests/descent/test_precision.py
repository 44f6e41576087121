"""Every engine stops at the same k by default, also where rounding hides from a loop when a rule is met."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from places import CONFIGS
from problems import pose, random_table

import gdsolve
from gdsolve.descent.closed_form import ClosedForm
from gdsolve.descent.foreseen import Foreseen, judge
from gdsolve.descent.stop import Divergence, SmallGradient, SmallLossChange, SmallUpdate
from gdsolve.spec import DType

PENGUINS = {"target": "body_mass_g", "na": "drop", "categorical": "onehot"}
TABLES: dict[str, dict[str, Any]] = {
    "norris": {},
    # All six columns take ten times as many updates, judged in the same way.
    "longley": {"features": ["x1", "x2", "x5", "x6"]},
    "penguins": PENGUINS,
    "collinear": {},
    "wide": {},
    "two_points": {},
    "one_weight": {},
}


def every_way(name: str, **options: Any) -> list[Any]:
    source = CONFIGS / f"{name}.csv"
    ways = ("leap", "auto", "triangle", "rows")
    return [gdsolve.fit(source, engine=way, **TABLES[name], **options) for way in ways]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("dtype", DType)
def test_the_default_tolerance_and_k_are_the_same_on_every_way(name: str, dtype: DType) -> None:
    leap, *others = every_way(name, dtype=dtype)
    assert leap.status is gdsolve.Status.CONVERGED
    for other in others:
        assert (other.tol, other.iterations, other.status) == (leap.tol, leap.iterations, leap.status)
        assert other.predicted_iterations == leap.iterations
        rounding = 1e-9 if dtype is DType.FLOAT64 else 2e-3
        largest = float(leap.w.abs().amax())
        torch.testing.assert_close(other.w, leap.w, rtol=rounding, atol=rounding * largest)


@pytest.mark.parametrize("name", ["norris", "penguins"])
@pytest.mark.parametrize("rule", [{"tol": 1e-30}, {"tol": 0.0, "grad_tol": 1e-30}, {"tol": 0.0, "loss_tol": 1e-30}])
@pytest.mark.parametrize("dtype", DType)
def test_a_rule_below_rounding_ends_the_loop_and_is_told(name: str, rule: dict[str, float], dtype: DType) -> None:
    leap, _, triangle, rows = every_way(name, dtype=dtype, **rule)
    (stopped_by,) = [key for key, value in rule.items() if value]
    for loop in (triangle, rows):
        assert (loop.iterations, loop.status, loop.stopped_by) == (leap.iterations, leap.status, stopped_by)
        assert f"but for the rounding of {dtype.value}" in loop.message
        assert f"in {dtype.value} rounding alone may cause" in loop.plan.reason
        assert loop.gap < 1e-5 * loop.loss
    assert "but for the rounding" not in leap.message


def test_the_leap_says_in_which_precision_it_computes() -> None:
    leap, _, triangle, _ = every_way("norris", dtype="float32")
    assert (leap.computed_in, triangle.computed_in) == (DType.FLOAT64, DType.FLOAT32)
    assert leap.plan.reason.endswith("; evaluated in float64, on cells rounded to float32")
    assert every_way("norris")[0].plan.reason.startswith("asked for with --engine leap; 2 updates predicted: ")
    assert "float32" not in every_way("norris")[0].plan.reason


def test_what_a_loop_can_judge_is_left_to_it() -> None:
    posed = pose(random_table(31, 40, 3), 1.0 / 40.0)
    rate = 0.5 * posed.modes.spectrum.best
    form = ClosedForm.of(posed.modes, posed.start, torch.tensor([rate], dtype=torch.float64))
    rules = (Divergence(1e3), SmallUpdate(1e-7), SmallGradient(1e-7), SmallLossChange(1e-9))
    assert judge(rules, posed.modes, form, torch.float64) == rules
    judged = judge(rules, posed.modes, form, torch.float32)
    assert judged[0] == rules[0]
    assert [rule.name for rule in judged] == [rule.name for rule in rules]
    assert all(isinstance(rule, Foreseen) for rule in judged[1:])


def test_a_rule_that_never_holds_is_not_foreseen() -> None:
    posed = pose(random_table(32, 40, 3), 1.0 / 40.0)
    rate = 1.5 * posed.modes.spectrum.largest_stable
    form = ClosedForm.of(posed.modes, posed.start, torch.tensor([rate], dtype=torch.float64))
    rules = (Divergence(1e3), SmallUpdate(1e-30))
    assert judge(rules, posed.modes, form, torch.float32) == rules


@pytest.mark.parametrize("tol", [1e-160, 1e-200, 1e-307])
def test_the_smallest_tolerances_are_reached_too(tol: float) -> None:
    """Also where the squares of the updates are beyond float64."""
    source = CONFIGS / "norris.csv"
    fit = gdsolve.fit(source, tol=tol, scale="none", engine="leap")
    assert (fit.status, fit.stopped_by) == (gdsolve.Status.CONVERGED, "tol")
    assert fit.trace.updates[-1] is not None
    assert fit.trace.updates[-1] < tol
    assert gdsolve.fit(source, tol=10 * tol, scale="none", engine="leap").iterations < fit.iterations


def test_a_tolerance_that_float64_cannot_tell_from_nothing_is_refused() -> None:
    with pytest.raises(gdsolve.GdsolveError, match="tol: 1e-320 is too small for float64") as caught:
        gdsolve.fit(CONFIGS / "norris.csv", tol=1e-320)
    assert caught.value.hint == "give --tol 1e-300, or --tol 0 to turn the rule off"


def test_a_default_limit_is_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gdsolve.solve.plan.DEFAULT_MAX_ITER", 1000)
    fit = gdsolve.fit(CONFIGS / "longley.csv", lr=1e-12, engine="triangle", loss_tol=1e-300, tol=0.0)
    assert fit.message.startswith("Stopped at the default max_iter after 1,000 updates")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a,b,y\n1000000003,1,1\n999999997,2,2\n1000000001,3,5\n999999999,4,5\n1000000000,2.5,4\n",
            ["rounding to float32 changes the spread of column 'a' from 2 to 0"],
        ),
        (
            "a,y\n1,1000000003\n2,999999997\n3,1000000001\n4,1000000090\n",
            ["rounding to float32 changes the spread of column 'y' from 38.9 to 27.7"],
        ),
        (
            "a,b,c,y\n0.1,0.2,0.3,1\n1.1,2.7,3.8,2\n0.7,0.35,1.05,3\n5.5,6.1,11.6,4\n1.3,2.2,3.5,9\n",
            ["rounding to float32 hides that column 'c' is a combination of others"],
        ),
        ("a,b,y\n0.1,1,1\n0.2,5,2\n0.3,2,5\n0.7,8,5\n", []),
    ],
)
@pytest.mark.parametrize("verb", [gdsolve.fit, gdsolve.compare_lr, gdsolve.check])
def test_what_rounding_to_float32_loses_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, told: list[str], verb: Any
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    verb(path, dtype="float32")
    assert len(caplog.messages) == len(told)
    for message, start in zip(caplog.messages, told, strict=True):
        assert message.startswith(f"{path}: {start}")
        assert message.endswith("; --dtype float64 keeps it")
    caplog.clear()
    verb(path)
    assert not caplog.messages


def test_momentum_leaps_on_from_a_model_in_float32(tmp_path: Path) -> None:
    """The closed form computes in float64, and its figures are those of the rounded cells."""
    table, model = CONFIGS / "norris.csv", tmp_path / "model.json"
    optimum = gdsolve.fit(table, save=model)
    found = gdsolve.fit(table, init=model, dtype="float32", method="momentum")
    assert found.status == "converged"
    assert found.w.dtype is torch.float64
    assert found.sse == pytest.approx(optimum.sse, rel=1e-3)
