"""The data of every kind of picture: the numbers that it shows, whatever draws it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from places import CONFIGS

from gdsolve.picture import Panel, Picture, Series
from gdsolve.pictures import illustrator
from gdsolve.pictures.draw import MAKERS, MAKERS_OF_SEVERAL
from gdsolve.pictures.scene import spaced
from gdsolve.solve.check import check
from gdsolve.solve.compare import compare
from gdsolve.solve.compare_lr import compare_lr
from gdsolve.solve.fit import fit
from gdsolve.solve.outcome import Fit
from gdsolve.solve.sample import Sample
from gdsolve.spec import PLOT_KINDS, Method, PlotKind
from gdsolve.spec.file import build_spec

TWO = str(CONFIGS / "two_points.csv")
ONE = str(CONFIGS / "one_weight.csv")
PENGUINS = {"target": "body_mass_g", "features": ("flipper_length_mm,bill_length_mm",), "na": "drop"}
SSE = {"loss": "sse", "lr": "0.01"}


def drawn(source: str | None, kind: str, **options: Any) -> tuple[Fit, Picture]:
    sources = [] if source is None else [source]
    found = fit(build_spec(sources, {"plot": True, "plot_kind": kind, **options}, "fit"), illustrate=illustrator)
    assert found.picture is not None
    return found, found.picture


def named(panel: Panel, name: str) -> Series:
    return next(one for one in panel.series if one.name == name)


def names(panel: Panel) -> list[str]:
    return [one.name for one in panel.series if one.name]


def test_the_makers_are_those_of_the_verbs() -> None:
    assert tuple(MAKERS) == PLOT_KINDS["fit"]
    assert tuple(MAKERS_OF_SEVERAL) == PLOT_KINDS["compare"]
    assert {kind for kinds in PLOT_KINDS.values() for kind in kinds} == set(PlotKind) - {PlotKind.AUTO}


def test_nothing_is_drawn_unless_asked_for() -> None:
    assert fit(build_spec([TWO], {}, "fit"), illustrate=illustrator).picture is None
    assert compare_lr(build_spec([TWO], {}, "compare-lr"), illustrate=illustrator).picture is None


@pytest.mark.parametrize("last", [0, 1, 19, 20, 21, 100, 12_345, 10**9, 10**15, 10**32])
def test_spaced_iterations_begin_dense_and_end_at_the_last(last: int) -> None:
    ks = spaced(last)
    assert ks == sorted(set(ks))
    assert ks[: min(last, 20) + 1] == list(range(min(last, 20) + 1))
    assert ks[-1] == last
    assert len(ks) <= 162


def test_the_loss_of_the_leap_is_what_the_spectrum_predicts() -> None:
    found, picture = drawn(TWO, "loss", lr="0.01")
    losses, gradient = picture.panels
    for panel, name in ((losses, "SSE"), (losses, "gap"), (gradient, "|gradient|")):
        observed, predicted = named(panel, name), named(panel, f"{name}, predicted")
        at = dict(zip(predicted.x, predicted.y, strict=True))
        shared = [(y, at[x]) for x, y in zip(observed.x, observed.y, strict=True) if x in at]
        assert len(shared) >= 7
        assert [one for one, _ in shared] == pytest.approx([other for _, other in shared], rel=1e-12)
    assert losses.rules[0].x == found.iterations == 9298
    assert "converged after 9,298 updates (tol)" in losses.rules[0].name
    assert losses.y.log and losses.x.log
    assert (losses.x.title, losses.y.title) == ("iteration [updates]", "SSE, gap above the optimal loss [y²]")


def test_a_loop_stands_beside_its_prediction() -> None:
    found, picture = drawn(TWO, "loss", **SSE, engine="rows", max_iter="50")
    losses = picture.panels[0]
    observed, predicted = named(losses, "SSE"), named(losses, "SSE, predicted")
    assert observed.x == tuple(map(float, found.trace.iterations))
    assert observed.y == pytest.approx(tuple(found.trace.sse))
    at = dict(zip(predicted.x, predicted.y, strict=True))
    assert [at[x] for x in observed.x] == pytest.approx(observed.y, rel=1e-9)
    # It goes on to where the run would have converged.
    assert predicted.x[-1] == 2521.0
    assert [rule.x for rule in losses.rules] == [50.0, 2521.0]


def test_a_billion_iterations_are_log_spaced_from_the_closed_form() -> None:
    _, picture = drawn(TWO, "loss", lr="1e-9", tol="0", max_iter="1e9")
    observed = named(picture.panels[0], "SSE")
    assert observed.x[-1] == 1e9
    assert 25 <= len(observed.x) <= 40
    assert max(after / before for before, after in zip(observed.x[6:], observed.x[7:], strict=False)) < 4.0


def test_a_perfect_start_has_no_log_axis() -> None:
    spec = build_spec([TWO], {"plot": True, "lr": "0.01", "minimize": None}, "fit")
    assert spec.plots
    _, picture = drawn(None, "loss", minimize="a**2", start=("a=0",), lr="0.1")
    assert not picture.panels[0].y.log
    assert set(picture.panels[0].series[0].y) == {0.0}


def test_a_loss_of_exactly_zero_stands_at_the_foot_of_its_log_axis() -> None:
    _, picture = drawn(ONE, "loss", loss="sse", lr="1/28", no_intercept=True, max_iter="1")
    axis = picture.panels[0].y
    heights = [y for one in picture.panels[0].series for y in one.y]
    assert min(heights) >= 0.0
    if 0.0 in heights:
        assert axis.zero_at == pytest.approx(0.1 * min(y for y in heights if y > 0.0))
        assert axis.place(0.0) == axis.zero_at


def test_a_diverged_run_is_drawn_as_far_as_it_is_finite() -> None:
    found, picture = drawn(TWO, "loss", loss="sse", lr="0.5")
    heights = picture.panels[0].series[-1].y
    assert found.status.value == "diverged"
    assert heights[0] == pytest.approx(20.0)
    assert heights[-1] > 1e13
    assert "diverged after 6 updates" in picture.panels[0].rules[0].name


def test_a_negative_loss_has_a_linear_axis_and_its_gap_a_log_one() -> None:
    _, picture = drawn(None, "loss", minimize="a**2 - 5", start=("a=3",), lr="0.1")
    loss, gap, gradient = picture.panels
    assert (loss.y.log, gap.y.log, gradient.y.log) == (False, True, True)
    assert named(gap, "gap").y[0] == pytest.approx(9.0)


@pytest.mark.parametrize(
    ("options", "unit"),
    [
        ({"minimize": "a**2", "start": ("a=2",)}, ""),
        ({"minimize": "a**2", "start": ("a=2",), "scale": "standard"}, "parameters in units of their start"),
        ({"model": "a*x", "start": ("a=2",)}, "parameters in units of their start"),
        ({}, "standardised columns"),
        ({"lr": "0.1"}, ""),
    ],
)
def test_gradients_are_in_the_coordinates_of_descent(options: dict[str, Any], unit: str) -> None:
    found, picture = drawn(None if "minimize" in options else TWO, "loss", **options)
    assert picture.panels[-1].y.unit == unit
    assert picture.panels[-1].series[-1].y[0] == pytest.approx(found.trace.gradient_norms[0])


@pytest.mark.parametrize("method", Method.all())
def test_only_what_has_a_closed_form_is_predicted(method: Method) -> None:
    options: dict[str, Any] = {"method": method, "max_iter": "40"}
    if method.info.momentum:
        options["momentum"] = "0.5"
    found, picture = drawn(str(CONFIGS / "penguins.csv"), "loss", **PENGUINS, **options)
    foreseen = "SSE, predicted" in names(picture.panels[0])
    assert foreseen == (method.info.recurrence is not None)
    ending = named(picture.panels[0], "SSE")
    assert ending.y[-1] == pytest.approx(found.sse, rel=1e-9)
    if foreseen:
        predicted = named(picture.panels[0], "SSE, predicted")
        at = dict(zip(predicted.x, predicted.y, strict=True))
        assert at[ending.x[-1]] == pytest.approx(found.sse, rel=1e-9)


def test_the_path_of_the_textbook() -> None:
    _, picture = drawn(TWO, "path", **SSE, max_iter="2")
    (panel,) = picture.panels
    path = named(panel, "iterates 0 to 2")
    assert path.x == pytest.approx((0.0, 0.28, 0.4944))
    assert path.y == pytest.approx((0.0, 0.12, 0.2128))
    goal = named(panel, "minimum")
    assert (goal.x[0], goal.y[0]) == pytest.approx((1.0, 1.0))
    assert (panel.x.title, panel.y.title) == ("weight of x [y/x]", "intercept [y]")
    # Contours are lines of equal loss: (2 − a − b)² + (4 − 3a − b)² is the same all along each.
    contours = [one for one in panel.series if one.faint]
    assert len(contours) >= 5
    for line in contours:
        losses = [(2 - a - b) ** 2 + (4 - 3 * a - b) ** 2 for a, b in zip(line.x, line.y, strict=True)]
        assert max(losses) - min(losses) <= 0.03 * max(losses) + 0.01


def test_more_parameters_are_projected_on_principal_directions() -> None:
    _, picture = drawn(str(CONFIGS / "penguins.csv"), "path", **PENGUINS)
    (panel,) = picture.panels
    assert panel.x.title.startswith("along ") and "λ = " in panel.x.title
    goal = named(panel, "minimum")
    assert (goal.x[0], goal.y[0]) == pytest.approx((0.0, 0.0), abs=1e-12)
    start, end = named(panel, "start"), named(panel, "end")
    assert math.hypot(start.x[0], start.y[0]) > 0.5
    assert math.hypot(end.x[0], end.y[0]) < 1e-6
    assert "projected" in picture.notes[1]


def test_one_weight_is_a_path_on_the_loss_itself() -> None:
    _, picture = drawn(ONE, "path", **SSE, no_intercept=True, max_iter="3")
    panel = picture.panels[0]
    path, curve = named(panel, "iterates 0 to 3"), named(panel, "loss")
    assert path.x == pytest.approx((0.0, 0.56, 0.9632, 1.253504))
    assert path.y == pytest.approx([14 * w**2 - 56 * w + 56 for w in path.x])
    assert curve.y == pytest.approx([14 * w**2 - 56 * w + 56 for w in curve.x], abs=1e-9)


def test_a_diverged_path_is_cut_where_it_leaves_the_picture() -> None:
    _, picture = drawn(TWO, "path", loss="sse", lr="0.5")
    assert named(picture.panels[0], "iterates 0 to 2").x == pytest.approx((0.0, 14.0, -136.0))
    assert picture.notes[-1] == "Iterates after 2 of 6 are too far away."


def test_the_direction_of_steepest_descent_is_seven_to_three() -> None:
    _, picture = drawn(TWO, "direction", **SSE)
    own, plane, line = picture.panels
    # As the textbook draws it: (28, 12), and the line through it from −30 to 30.
    assert own.arrows[0].end == pytest.approx((28.0, 12.0))
    assert named(own, "line of steepest descent").x == pytest.approx((-30.0, 30.0))
    assert named(own, "line of steepest descent").y == pytest.approx((-90 / 7, 90 / 7))
    assert own.x.limits == own.y.limits == (-30.0, 30.0)
    (arrow,) = plane.arrows
    assert arrow.start == pytest.approx((0.0, 0.0))
    assert arrow.end[0] / arrow.end[1] == pytest.approx(7 / 3)
    assert picture.notes[0] == "∇L at the start: (-28, -12); direction of descent 7 : 3."
    # ‖g‖²/gᵀHg with g = (28, 12) and H = 2·XᵀX.
    best = (28**2 + 12**2) / (2 * ((28 + 12) ** 2 + (3 * 28 + 12) ** 2))
    lowest = next(one for one in line.series if one.name.startswith("lowest"))
    assert lowest.x[0] == pytest.approx(best)
    step = named(line, "first step: α = 0.01")
    assert step.y[0] == pytest.approx(11.8016)
    tangent = named(line, "tangent, slope −|∇L|²")
    assert (tangent.y[1] - tangent.y[0]) / tangent.x[1] == pytest.approx(-(28**2 + 12**2))


def test_the_tangent_is_in_the_units_of_the_loss() -> None:
    _, picture = drawn(str(CONFIGS / "penguins.csv"), "direction", **PENGUINS)
    line = picture.panels[1]
    curve, tangent = named(line, "loss along the line"), named(line, "tangent, slope −|∇L|²")
    first = (curve.y[1] - curve.y[0]) / (curve.x[1] - curve.x[0])
    assert (tangent.y[1] - tangent.y[0]) / tangent.x[1] == pytest.approx(first, rel=0.05)


def test_a_flat_start_has_no_direction() -> None:
    _, picture = drawn(None, "direction", minimize="a**2 + b**2", start=("a=0,b=0",), lr="0.1")
    assert picture.notes == ("The gradient at the start is 0: there is no direction of descent.",)


def test_one_feature_is_a_line_through_the_data() -> None:
    found, picture = drawn(TWO, "fit", **SSE, max_iter="1")
    (panel,) = picture.panels
    assert (named(panel, "data").x, named(panel, "data").y) == ((1.0, 3.0), (2.0, 4.0))
    line = next(one for one in panel.series if one.name.startswith("fitted"))
    assert line.y == pytest.approx([0.28 * x + 0.12 for x in line.x])
    assert named(panel, "at the optimum").y == pytest.approx([x + 1 for x in line.x])
    assert found.iterations == 1


def test_several_features_are_predicted_against_observed() -> None:
    found, picture = drawn(str(CONFIGS / "penguins.csv"), "fit", **PENGUINS)
    against, left = picture.panels
    points = named(against, "rows")
    assert len(points.x) == 342
    assert sum((y - x) ** 2 for x, y in zip(points.x, points.y, strict=True)) == pytest.approx(found.sse)
    assert sum(r**2 for r in named(left, "rows").y) == pytest.approx(found.sse)
    assert left.y.title == "observed − predicted [body_mass_g]"


def test_a_curve_is_drawn_through_its_data() -> None:
    source = str(CONFIGS / "nist" / "misra1a.csv")
    found, picture = drawn(source, "fit", model="b1*(1 - exp(-b2*x))", start=("b1=500,b2=0.0001",))
    line = next(one for one in picture.panels[0].series if one.name.startswith("fitted"))
    b1, b2 = found.weights.values()
    assert line.y == pytest.approx([b1 * (1 - math.exp(-b2 * x)) for x in line.x])


def test_classes_are_drawn_as_a_probability() -> None:
    options = {"target": "sex", "features": ("bill_depth_mm",), "na": "drop", "loss": "logistic"}
    found, picture = drawn(str(CONFIGS / "penguins.csv"), "fit", **options)
    line = next(one for one in picture.panels[0].series if one.name.startswith("fitted"))
    w, b = found.weights["bill_depth_mm"], found.intercept or 0.0
    assert line.y == pytest.approx([1 / (1 + math.exp(-(w * x + b))) for x in line.x])
    assert picture.panels[0].y.title == "probability of sex = male"


def test_the_spectrum_and_its_factors() -> None:
    found, picture = drawn(TWO, "spectrum", **SSE)
    values, factors = picture.panels
    assert found.spectrum is not None
    assert values.series[0].y == pytest.approx((found.spectrum.largest, found.spectrum.smallest))
    used = named(factors, "rate used, α = 0.01")
    assert used.y == pytest.approx([abs(1 - 0.01 * value) for value in values.series[0].y])
    assert factors.rules[0].y == 1.0


def rates(source: str, **options: Any) -> Picture:
    found = compare_lr(build_spec([source], {"plot": True, **options}, "compare-lr"), illustrate=illustrator)
    assert found.picture is not None
    return found.picture


def test_all_rates_with_their_limit() -> None:
    picture = rates(ONE, loss="sse", lr="0.01,1/28,1/14,0.1,0.5", no_intercept=True)
    curves, against = picture.panels
    assert len(curves.series) == 5
    assert curves.series[0].y[:2] == pytest.approx((56.0, 14 * 0.56**2 - 56 * 0.56 + 56))
    limit, best = against.rules[:2]
    assert limit.x == pytest.approx(1 / 14)
    assert best.x == pytest.approx(1 / 28, rel=1e-7)
    converged = named(against, "converged")
    assert (converged.x, converged.y) == (pytest.approx((0.01, 1 / 28)), (70.0, 2.0))
    assert len(named(against, "diverged").x) == 2
    predicted = named(against, "predicted to converge")
    assert max(predicted.x) < 1 / 14
    assert dict(zip(predicted.x, predicted.y, strict=True))[0.01] == 70.0


def test_the_stable_limit_is_two_over_the_largest_eigenvalue() -> None:
    picture = rates(TWO, loss="sse", scale="none")
    X = torch.tensor([[1.0, 1.0], [3.0, 1.0]], dtype=torch.float64)
    largest = float(torch.linalg.eigvalsh(2 * X.T @ X)[-1])
    assert picture.panels[1].rules[0].x == pytest.approx(2 / largest)


def test_rates_of_a_curve_come_from_their_runs() -> None:
    source = str(CONFIGS / "nist" / "misra1a.csv")
    options = {"model": "b1*(1 - exp(-b2*x))", "start": ("b1=250,b2=0.0005",), "lr": "1e-4,1e-3", "max_iter": "20"}
    picture = rates(source, **options)
    assert [one.x[-1] for one in picture.panels[0].series] == [20.0, 20.0]
    assert named(picture.panels[1], "stopped at the limit").y == (20.0, 20.0)


@pytest.mark.parametrize("kind", ["loss", "path", "spectrum"])
def test_methods_side_by_side(kind: str) -> None:
    spec = build_spec([TWO], {"plot": True, "plot_kind": kind, "methods": ("gd,adam,lbfgs",), "lr": "0.1"}, "compare")
    found = compare(spec, illustrate=illustrator)
    assert found.picture is not None
    panel = found.picture.panels[0]
    if kind == "loss":
        ends = {one.name.partition(":")[0]: one.x[-1] for one in panel.series}
        assert ends == {one.method.value: float(one.iterations) for one in found.methods}
    elif kind == "path":
        assert [name.partition(":")[0] for name in names(panel)] == ["gd", "adam", "lbfgs", "minimum"]


def test_a_table_is_drawn_raw_and_standardised() -> None:
    found = check(
        build_spec([str(CONFIGS / "penguins.csv")], {"plot": True, **PENGUINS}, "check"), illustrate=illustrator
    )
    assert found.diagnosis is not None and found.diagnosis.picture is not None
    raw, standard = found.diagnosis.picture.panels[0].series
    assert raw.y[0] == pytest.approx(found.diagnosis.raw.spectrum.largest)
    assert standard.y[-1] == pytest.approx(found.diagnosis.standardised.spectrum.smallest)


@pytest.mark.parametrize(("sizes", "stride"), [([5], 1), ([10], 1), ([11], 2), ([7, 7, 7], 4), ([100], 16)])
def test_a_sample_is_evenly_spaced(sizes: Sequence[int], stride: int) -> None:
    import numpy as np

    sample, done = Sample(most=10), 0
    for size in sizes:
        sample.add(np.arange(done, done + size, dtype=float)[:, None])
        done += size
    assert sample.rows()[:, 0].tolist() == list(range(0, done, stride))


def test_a_long_table_is_sampled(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("x,y\n" + "".join(f"{i},{2 * i + 1}\n" for i in range(5000)))
    _, picture = drawn(str(path), "fit")
    assert picture.notes[0] == "1,250 of 5,000 rows, evenly spaced."
    assert len(named(picture.panels[0], "data").x) == 1250
