"""What people type into formulas: functions, conditions, indices and the spellings of PyTorch, with their gradients."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch
from places import GUIDE

import gdsolve
from gdsolve.graph import trace
from gdsolve.objective.curve import Curve, CurveFunction
from gdsolve.objective.degree import degree, held, kinked, meets
from gdsolve.objective.edges import evaluate_at_edges, has_edges
from gdsolve.objective.elsewhere import SAME
from gdsolve.objective.expression import parse
from gdsolve.objective.functions import FUNCTIONS
from gdsolve.objective.layout import Layout
from gdsolve.objective.spellings import UNDERSTOOD
from gdsolve.report.graph_record import graph_record
from gdsolve.spec.graph import build_trace_spec
from gdsolve.status import GdsolveError, Status

POINTS = [-1.7, -0.6, -0.2, 0.3, 0.8, 1.9]
INSIDE = [-0.9, -0.4, 0.2, 0.7]
ABOVE = [1.1, 1.5, 4.0]


def tensor(values: Any, *, tracked: bool = True) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=tracked)


def slopes(formula: str, x: torch.Tensor, **others: torch.Tensor) -> list[float]:
    value = parse(formula, ["x", *others]).evaluate({"x": x, **others})
    (found,) = torch.autograd.grad(value.sum(), x)
    return list(found.tolist())


@pytest.mark.parametrize(
    ("formula", "points", "expected"),
    [
        ("asin(x)", INSIDE, np.arcsin),
        ("acos(x)", INSIDE, np.arccos),
        ("atan(x)", POINTS, np.arctan),
        ("atan2(x, 0.7)", POINTS, lambda x: np.arctan2(x, 0.7)),
        ("arctan2(-0.7, x)", POINTS, lambda x: np.arctan2(-0.7, x)),
        ("asinh(x)", POINTS, np.arcsinh),
        ("arcsinh(x)", POINTS, np.arcsinh),
        ("acosh(x)", ABOVE, np.arccosh),
        ("arccosh(x)", ABOVE, np.arccosh),
        ("atanh(x)", INSIDE, np.arctanh),
        ("arctanh(x)", INSIDE, np.arctanh),
        ("erf(x)", POINTS, scipy.special.erf),
        ("erfc(x)", POINTS, scipy.special.erfc),
        ("gamma(x)", [*POINTS, -2.5, -3.3, 5.0, 20.0], scipy.special.gamma),
        ("lgamma(x)", [*POINTS, 30.0, 300.0], scipy.special.gammaln),
        ("relu(x)", POINTS, lambda x: np.maximum(x, 0.0)),
        ("softplus(x)", [*POINTS, -30.0, 0.0, 19.0, 25.0, 800.0], lambda x: np.logaddexp(x, 0.0)),
        ("maximum(x, 0.1)", POINTS, lambda x: np.maximum(x, 0.1)),
        ("minimum(x, 0.1)", POINTS, lambda x: np.minimum(x, 0.1)),
        ("clip(x, -1, 0.5)", POINTS, lambda x: np.clip(x, -1.0, 0.5)),
        ("where(x > 0, x**2, -x)", POINTS, lambda x: np.where(x > 0, x**2, -x)),
        ("logsumexp(x)", POINTS, scipy.special.logsumexp),
        ("logsumexp(x, 0.5)", [*POINTS, 800.0], lambda x: np.logaddexp(x, 0.5)),
        ("norm(x)", POINTS, np.linalg.norm),
        ("prod(x)", POINTS, np.prod),
        ("prod(x)", [0.5, 0.0, 2.0], np.prod),
        ("cumsum(x**2)", POINTS, lambda x: np.cumsum(x**2)),
        ("floor(x) + ceil(2*x) + round(3*x) + sign(x)", POINTS,
         lambda x: np.floor(x) + np.ceil(2 * x) + np.round(3 * x) + np.sign(x)),
    ],
)  # fmt: skip
def test_functions_and_their_derivatives(formula: str, points: list[float], expected: Any) -> None:
    """Values are those of numpy and scipy; gradients and Hessians are held against differences."""
    x = tensor(points)
    expression = parse(formula, ["x"])
    np.testing.assert_allclose(expression.evaluate({"x": x}).detach().numpy(), expected(np.array(points)), rtol=1e-12)

    def value(at: torch.Tensor) -> torch.Tensor:
        return expression.evaluate({"x": at}) + 0.0 * at.sum()

    near = tensor([point for point in points if abs(point) < 100.0 and point not in (0.0, 20.0)] or points)
    assert torch.autograd.gradcheck(value, near)
    assert torch.autograd.gradgradcheck(value, near)


@pytest.mark.parametrize(
    ("formula", "point", "slope"),
    [
        ("relu(x)", 0.0, 0.0),
        ("maximum(x, 0)", 0.0, 0.5),
        ("minimum(x, 0)", 0.0, 0.5),
        ("clip(x, 0, 1)", 1.0, 0.5),
        ("softplus(x)", 0.0, 0.5),
        ("norm(x)", 0.0, 0.0),
        ("logsumexp(x, 0)", 0.0, 0.5),
        ("atan2(x, 0*x)", 0.0, 0.0),
        ("floor(x)", 1.0, 0.0),
        ("sign(x)", 0.0, 0.0),
        ("round(x)", 0.5, 0.0),
        ("(x > 0)*x", 0.0, 0.0),
    ],
)
def test_a_derivative_at_a_kink_is_between_those_on_both_sides(formula: str, point: float, slope: float) -> None:
    assert slopes(formula, tensor([point])) == [slope]


WHERE = {
    "where(x > 0, log(x), 0)": lambda x: 1 / x if x > 0 else 0.0,
    "where(x > 0, sqrt(x), 3*x)": lambda x: 0.5 / math.sqrt(x) if x > 0 else 3.0,
    "log(x) if x > 0 else 0": lambda x: 1 / x if x > 0 else 0.0,
    "where(x <= 0, 0, x**0.5)": lambda x: 0.5 / math.sqrt(x) if x > 0 else 0.0,
    "where(x != 0, sin(x)/x, 1)": lambda x: (x * math.cos(x) - math.sin(x)) / x**2 if x else 0.0,
    "where(x > 1, acosh(x), where(x > 0, 1/x, exp(1000*x)*0))": lambda x: (
        1 / math.sqrt(x * x - 1) if x > 1 else -1 / x**2 if x > 0 else 0.0
    ),
    "where(x > -1 and not x == 0, log1p(x)/x, 0)": lambda x: (
        1 / (x * (1 + x)) - math.log1p(x) / x**2 if x > -1 and x != 0 else 0.0
    ),
    "where(abs(x) < 1, exp(-1/(1 - x**2)), 0)": lambda x: (
        -2 * x / (1 - x * x) ** 2 * math.exp(-1 / (1 - x * x)) if abs(x) < 1 else 0.0
    ),
    "where(x > 0, exp(x), exp(-3000*x))*0 + where(x < 1000, x, exp(x))": lambda x: 1.0,
}


@pytest.mark.parametrize("formula", WHERE)
def test_a_branch_that_is_not_taken_has_no_part_in_a_derivative(formula: str) -> None:
    """The classic 0·∞: every derivative is that of the branch that is taken, in both modes and to second order."""
    points = [-2.0, -1.0, -0.5, 0.0, 0.25, 0.75, 2.0]
    if formula.startswith("where(x > 0, exp(x)"):
        points = [0.0 - 0.1, 0.25, 2.0]
    expected = [WHERE[formula](point) for point in points]
    expression, x = parse(formula, ["x"]), tensor(points)
    assert slopes(formula, x) == pytest.approx(expected, rel=1e-12, abs=1e-15)

    def value(at: torch.Tensor) -> torch.Tensor:
        return expression.evaluate({"x": at})

    (first,) = torch.autograd.grad(value(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    assert bool(torch.isfinite(second).all())
    edges = evaluate_at_edges(expression, {"x": x}, ["x"])
    assert edges.tolist() == value(x).tolist()
    assert torch.autograd.grad(edges.sum(), x)[0].tolist() == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_where_in_a_curve_by_all_ways_to_its_jacobian() -> None:
    x = torch.tensor([-1.0, 0.0, 0.5, 2.0], dtype=torch.float64)
    names = ("a", "c")
    layout = Layout(names, ((), ()), names, torch.ones(2, 1, dtype=torch.float64))
    w = torch.tensor([[1.5], [0.4]], dtype=torch.float64)
    expression = parse("where(x > 0, a*x**c, a*log(2 - x))", [*names, "x"])
    for at_edges in (False, True):
        model = CurveFunction(expression, layout, {}, {"x": x}, len(x), at_edges)
        expected = [[math.log(3.0), 0.0], [math.log(2.0), 0.0]]
        expected += [[at**0.4, 1.5 * at**0.4 * math.log(at)] for at in (0.5, 2.0)]
        wanted = torch.tensor(expected, dtype=torch.float64)
        torch.testing.assert_close(model.jacobian(w), wanted, rtol=1e-13, atol=1e-15)
        forward = torch.func.jacfwd(lambda point, model=model: model.at(point)[:, 0])(w)[:, :, 0]
        torch.testing.assert_close(forward, wanted, rtol=1e-13, atol=1e-15)
        mapped = torch.func.vmap(torch.func.grad(model._evaluate), in_dims=(None, 0))(w, {"x": x})[:, :, 0]
        torch.testing.assert_close(mapped, wanted, rtol=1e-13, atol=1e-15)
        assert bool(torch.isfinite(Curve(model, x[:, None], None, 1.0).hessian(w)).all())
    # In the rows where x**c is taken, x is above 0: nothing is at an edge.
    assert not has_edges(expression, {"x": x, **layout.unpack(w)}, names)


def test_a_condition_on_a_parameter_guards_sums_as_well() -> None:
    a, v = tensor(-1.0), tensor([1.0, 2.0], tracked=False)
    value = parse("where(a > 0, sum(log(a*v)), a**2)", ["a", "v"]).evaluate({"a": a, "v": v})
    assert (value.item(), torch.autograd.grad(value, a)[0].item()) == (1.0, -2.0)
    x = tensor([-1.0, 4.0], tracked=False)
    value = parse("where(x > 0, sqrt(x)*norm(v), 0)", ["x", "v"]).evaluate({"x": x, "v": tensor([3.0, 4.0, 0.0])})
    assert value.tolist() == [0.0, 10.0]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("where(0 < x < 2, 1, 0)", [0, 0, 1, 0, 0]),
        ("where(0 <= x <= 2, 1, 0)", [0, 1, 1, 1, 0]),
        ("where(x < 0 or x > 2, 1, 0)", [1, 0, 0, 0, 1]),
        ("where(not (x < 0 or x > 2), 1, 0)", [0, 1, 1, 1, 0]),
        ("where(x == 1 or x != 1 and x > 2, 1, 0)", [0, 0, 1, 0, 1]),
        ("(x > 0)*10 + (x >= 3)", [0, 0, 10, 10, 11]),
        ("-(x > 0)", [0, 0, -1, -1, -1]),
        ("sum(x > 0)/5 + 0*x", [0.6] * 5),
        ("(x > 0) - (x > 1)", [0, 0, 1, 0, 0]),
        ("where(x > 1, 1, where(x > 0, 2, 3))", [3, 3, 2, 1, 1]),
        ("1 if x > 1 else 2 if x > 0 else 3", [3, 3, 2, 1, 1]),
        ("where(1 < 2, x, 1/x)", [-1, 0, 1, 2, 3]),
        ("where(2*3 == 6 and not 1 > 2, 7, x) + 0*x", [7] * 5),
    ],
)
def test_conditions(formula: str, expected: list[float]) -> None:
    x = torch.tensor([-1.0, 0.0, 1.0, 2.0, 3.0], dtype=torch.float64)
    found = parse(formula, ["x"]).evaluate({"x": x})
    assert found.dtype == torch.float64
    assert found.tolist() == expected


def test_a_condition_counts_in_full_precision() -> None:
    b = torch.tensor(0.1, dtype=torch.float64)
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    assert parse("b*(x > 0)", ["b", "x"]).evaluate({"b": b, "x": x}).tolist() == [0.0, 0.1]


def test_indices() -> None:
    values = {"w": tensor([1.0, 2.0, 3.0]), "W": tensor([[1.0, 2.0], [3.0, 4.0]])}
    expected = {
        "w[0] + 10*w[-1]": 31.0,
        "W[0, 1]": 2.0,
        "W[-1][0]": 3.0,
        "w[1:]": [2.0, 3.0],
        "w[:-1]": [1.0, 2.0],
        "W[:, 1]": [2.0, 4.0],
        "(2*w)[1]": 4.0,
        "where(w[0] > 0, w[1], w[2])": 2.0,
    }
    for formula, value in expected.items():
        assert parse(formula, values).evaluate(values).tolist() == value
    assert slopes("x[1]**2 + x[-1]", tensor([1.0, 2.0, 3.0])) == [0.0, 4.0, 1.0]


@pytest.mark.parametrize(
    ("formula", "same"),
    [
        ("torch.pow(x, 2)", "x**2"),
        ("pow(x, y)", "x**y"),
        ("torch.exp(-torch.square(x))", "exp(-x**2)"),
        ("x.pow(2).sum()", "sum(x**2)"),
        ("(x - y).square().mean()", "mean((x - y)**2)"),
        ("torch.mean((x - y)**2)", "mean((x - y)**2)"),
        ("np.log10(x) + math.log(2)", "log10(x) + log(2)"),
        ("math.pi*x", "pi*x"),
        ("torch.special.expit(x)", "sigmoid(x)"),
        ("torch.nn.functional.softplus(x)", "softplus(x)"),
        ("F.relu(x - y)", "relu(x - y)"),
        ("torch.where(x > y, x.log(), y)", "where(x > y, log(x), y)"),
        ("torch.clamp(x, 0, 1)", "clip(x, 0, 1)"),
        ("x.clamp(min=0.5)", "maximum(x, 0.5)"),
        ("np.clip(x, a_min=0.5, a_max=1)", "clip(x, 0.5, 1)"),
        ("torch.max(x, y)", "max(x, y)"),
        ("torch.cumsum(x, dim=0)", "cumsum(x)"),
        ("x.cumsum(0)", "cumsum(x)"),
        ("np.linalg.norm(x)", "norm(x)"),
        ("torch.dot(x, y)", "dot(x, y)"),
        ("torch.mm(W, W.T)", "W @ transpose(W)"),
        ("torch.matmul(W.t(), x)", "transpose(W) @ x"),
        ("W.mm(W)", "W @ W"),
        ("W.mv(x)", "W @ x"),
        ("scipy.special.gammaln(x)", "lgamma(x)"),
    ],
)
def test_the_spellings_of_pytorch(formula: str, same: str) -> None:
    values = {"x": tensor([0.4, 1.7]), "y": tensor([1.2, 0.6]), "W": tensor([[1.0, 2.0], [3.0, 5.0]])}
    found, wanted = (parse(text, values).evaluate(values) for text in (formula, same))
    assert found.tolist() == wanted.tolist()


@pytest.mark.parametrize(
    ("formula", "message", "hint"),
    [
        ("x^2", "column 2: ^ is no power", "write ** for a power"),
        ("2*x + e**x", "column 7: unknown name 'e'", "for Euler's number write exp(1)"),
        ("x*np.e", "column 3: an attribute (a dot after a name) has no place in a formula",
         "for Euler's number write exp(1)"),
        ("x + inf", "column 5: unknown name 'inf'",
         "a formula has finite numbers alone: write a large one, as in 1e300"),
        ("x + math.inf", "column 5: an attribute (a dot after a name) has no place in a formula",
         "a formula has finite numbers alone: write a large one, as in 1e300"),
        ("x + nan", "column 5: unknown name 'nan'",
         "a formula has finite numbers alone: choose rows by where(x > 0, a, b)"),
        ("1 + x.grad", "column 5: an attribute (a dot after a name) has no place in a formula",
         "write x alone: the gradient is found without being asked for"),
        ("sum(x).backward()", "column 1: a call other than name(…) has no place in a formula",
         "write sum(x) alone: the gradient is found without being asked for"),
        ("x.reshape(-1, 1)", "column 1: a call other than name(…) has no place in a formula",
         "write x alone: a column and a vector have one dimension, and transpose(…) turns a matrix"),
        ("2*x.item()", "column 3: a call other than name(…) has no place in a formula", "write x alone, without .item"),
        ("torch.sum(x, dim=0)", "column 1: a call other than name(…) has no place in a formula",
         "write sum(x): it is taken over all entries"),
        ("x.max(0)", "column 1: a call other than name(…) has no place in a formula",
         "write max(x): it is taken over all entries"),
        ("torch.logsumexp(x, 0)", "column 1: a call other than name(…) has no place in a formula",
         "write logsumexp(x): it is taken over all entries"),
        ("torch.sinc(x)", "column 1: a call other than name(…) has no place in a formula",
         "for sinc(x) write (sin(x)/x), or as numpy has it (sin(pi*x)/(pi*x))"),
        ("torch.tensor(2.0)*x", "column 1: a call other than name(…) has no place in a formula",
         "write the number alone, without torch.tensor"),
        ("1 + where(x, 1, 2)", "column 11: a number where a condition is wanted",
         "write a comparison, as in x > 0"),
        ("x > 1", "column 1: a comparison has no place in a formula",
         "a formula is one number, as in a*x + b: write where(x > 1, 1, 0) for 1 where it holds; "
         "bounds of parameters are given by --lower and --upper"),
        ("where(x > 0, 1)", "column 1: where takes 3 arguments, not 2", "write where(x > 0, a, b)"),
        ("where(x > 0 & x < 1, 1, 2)", "column 13: the operator & has no place in a formula",
         "between conditions write and"),
        ("where((x > 0) | (x < 1), 1, 2)", "column 15: the operator | has no place in a formula",
         "between conditions write or; for the absolute value write abs(…)"),
        ("where(x > 0 && x < 1, 1, 2)", "column 14: not a formula: invalid syntax", "for && write and"),
        ("where(~(x > 0), 1, 2)", "column 7: the operator ~ has no place in a formula",
         "before a condition write not"),
        ("where(x = 0, 1, 2)", None, "write ==, !=, <, <=, > or >= to compare"),
        ("x > 0 ? 1 : 2", "column 7: not a formula: invalid syntax", "for c ? a : b write where(c, a, b)"),
        ("x[1.5]", "column 1: such an index in brackets has no place in a formula",
         "write a whole number from 0 on, as in w[0], W[0, 1] and w[-1], or a range, as in w[1:3]"),
        ("2[0] + x", "column 1: a number has no entries", "leave the brackets out"),
        ("round(x, 2)", "column 1: round takes 1 argument, not 2", "write round(x * 10 ** 2) / 10 ** 2"),
        ("clip(x, 1)", "column 1: clip takes 3 arguments, not 2",
         "write clip(x, lower, upper), or maximum(x, lower) for one bound"),
        ("maximum(x, 1, 2)", "column 1: maximum takes 2 arguments, not 3", "write maximum(x, maximum(1, 2))"),
        ("acosh(0.5) + x", "column 1: acosh(0.5) is not a number", "acosh takes a number of 1 or more"),
        ("gamma(0) + x", "column 1: gamma(0) is not finite",
         "gamma takes a number that is not 0 or a negative whole one, nor above 171"),
        ("x % 2", "column 3: the operator % has no place in a formula",
         "for the remainder write x - y*floor(x/y)"),
        ("x // 2", "column 3: the operator // has no place in a formula",
         "for the whole part of a quotient write floor(x/y)"),
    ],
)  # fmt: skip
def test_what_is_answered_instead(formula: str, message: str | None, hint: str) -> None:
    with pytest.raises(GdsolveError) as fault:
        parse(formula, ["x"])
    assert message is None or fault.value.message == message
    assert fault.value.hint == hint
    assert fault.value.exit_code == 2


@pytest.mark.parametrize("name", ["x.T", "x.mean", "np.pi"])
def test_a_column_with_a_dot_is_not_taken_for_a_spelling(name: str) -> None:
    call = "()" if name == "x.mean" else ""
    with pytest.raises(GdsolveError) as fault:
        parse(f"2*{name}{call}", ["x", name])
    assert fault.value.hint == f"write `{name}`, with its backticks"
    assert parse(f"2*`{name}`", ["x", name]).evaluate({name: tensor(2.0)}).item() == 4.0


def test_shapes_that_do_not_fit_are_told() -> None:
    values = {"w": tensor([1.0, 2.0]), "a": tensor(1.0), "W": tensor([[1.0, 2.0]]), "v": tensor([1.0, 2.0, 3.0])}
    for formula, message, hint in [
        ("2*w[2]", r"column 3: \[…\]: index 2 is out of bounds", "its shape is (2,): a place is from 0 to 1"),
        ("a[0]", r"column 1: \[…\]: ", "its shape is (): a single number has no places, leave the brackets out"),
        ("where(w > 0, exp(v), 0)", "column 14: exp: The size of tensor", "its parts have the shapes (2,) and (3,)"),
        ("cumsum(W)", "column 1: cumsum: it takes a column or a vector", "its parts have the shapes (1, 2)"),
    ]:
        with pytest.raises(GdsolveError, match=f"^{message}") as fault:
            parse(formula, values).evaluate(values)
        assert str(fault.value.hint).startswith(hint)


@pytest.mark.parametrize(
    ("formula", "degrees", "corners", "stuck"),
    [
        ("where(x > c, a + b*x, a)", 1.0, False, []),
        ("where(x > a, a, b*x)", math.inf, True, []),
        ("cumsum(a*x)[0] + (x > c)*b", 1.0, False, []),
        ("a*(x > b)", math.inf, True, ["b"]),
        ("floor(a) + b", math.inf, True, ["a"]),
        ("a*floor(x) + round(b) + (b - 1)**2", math.inf, True, []),
        ("clip(a, 0, 1) + b", math.inf, True, []),
        ("relu(x)*a + b", 1.0, False, []),
        ("norm(x)*a + norm(b)", math.inf, True, []),
        ("softplus(a) + erf(b)", math.inf, False, []),
        ("where(x > 0, floor(a), b)", math.inf, True, ["a"]),
    ],
)
def test_degree_kinks_and_jumps(formula: str, degrees: float, corners: bool, stuck: list[str]) -> None:
    expression, moving = parse(formula, ["a", "b", "c", "x"]), ("a", "b")
    assert degree(expression, moving) == degrees
    assert kinked(expression, moving) is corners
    assert sorted(held(expression, moving)) == stuck
    assert meets(parse("cumsum(x)*a + w[0]", ["a", "x", "w"]), ("x",))
    assert meets(parse("a*x[0]", ["a", "x"]), ("x",))
    assert not meets(parse("where(x > 0, w[0], w[1])*x", ["x", "w"]), ("x",))


def test_every_function_is_documented() -> None:
    text = (GUIDE / "curves.md").read_text()
    told = re.findall("`[^`]+`", re.sub("`` `[^`]*` ``", "", text))
    words = set(re.findall(r"[a-z]\w+", " ".join(told)))
    assert set(FUNCTIONS) <= words
    assert set(SAME).isdisjoint(FUNCTIONS)
    assert SAME.keys() >= UNDERSTOOD


def table(tmp_path: Path, name: str, function: Any, x: np.ndarray) -> Path:
    path = tmp_path / name
    rows = [f"{a!r},{b!r}" for a, b in zip(x.tolist(), function(x).tolist(), strict=True)]
    path.write_text("x,y\n" + "\n".join(rows) + "\n")
    return path


def test_a_known_breakpoint_is_linear_least_squares_with_a_global_optimum(tmp_path: Path) -> None:
    x = np.linspace(-2.0, 3.0, 30)
    path = table(tmp_path, "t.csv", lambda x: 1 + 2 * x + 3 * (x > 1) * (x - 1) + 0.1 * np.sin(9 * x), x)
    found = gdsolve.fit(path, model="where(x > 1, a + b*x + c*(x - 1), a + b*x)", start="a=0,b=0,c=0")
    design = np.column_stack([np.ones_like(x), x, np.maximum(x - 1, 0)])
    best = np.linalg.lstsq(design, 1 + 2 * x + 3 * (x > 1) * (x - 1) + 0.1 * np.sin(9 * x), rcond=None)[0]
    assert found.status is Status.CONVERGED
    assert list(found.weights.values()) == pytest.approx(best, rel=1e-8)
    assert found.gap is not None


def test_logarithms_in_a_branch_are_fitted_saved_and_predicted(tmp_path: Path) -> None:
    x = np.linspace(-1.0, 3.0, 25)
    with np.errstate(all="ignore"):
        path = table(tmp_path, "t.csv", lambda x: np.where(x > 0, 2 * np.log(np.where(x > 0, x, 1)) + 1, 0.5), x)
    model = "where(x > 0, a*log(x) + w[0], w[1])"
    saved = tmp_path / "m.json"
    found = gdsolve.fit(path, model=model, start=["a=1", "w=[0, 0]"], save=str(saved))
    assert list(found.weights.values()) == pytest.approx([2.0, 1.0, 0.5], rel=1e-6)
    predicted = gdsolve.predict(saved, [[-5.0], [0.0], [math.e]], names=["x"])
    assert list(predicted) == pytest.approx([0.5, 0.5, 3.0], rel=1e-6)


def test_what_a_parameter_moves_by_jumps_alone_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path, "t.csv", lambda x: 2.0 * (x > 1), np.linspace(0.0, 3.0, 12))
    with pytest.raises(GdsolveError) as fault:
        gdsolve.fit(path, model="a*(x > c)", start="a=1,c=0.5")
    assert fault.value.exit_code == 2
    assert fault.value.message.startswith("model: column 4: c moves the formula only by jumps of x > c")
    assert gdsolve.fit(path, model="a*(x > c)", start="a=1,c=1", fix="c").weights["a"] == pytest.approx(2.0)
    found = gdsolve.fit(path, model="a/(1 + exp(-k*(x - c)))", start="a=1,k=5,c=1.1", fix="k")
    assert found.weights["c"] == pytest.approx(1.1, abs=0.3)


def test_a_parameter_may_have_the_name_of_a_function(tmp_path: Path) -> None:
    x = np.linspace(-2.0, 2.0, 15)
    path = table(tmp_path, "t.csv", lambda x: 3.0 / (1 + (x / 0.5) ** 2), x)
    found = gdsolve.fit(path, model="norm/(1 + (x/gamma)**2)", start="norm=1,gamma=1")
    assert [abs(weight) for weight in found.weights.values()] == pytest.approx([3.0, 0.5], rel=1e-6)
    with pytest.raises(GdsolveError) as fault:
        gdsolve.fit(path, model="norm(x)*norm", start="norm=1")
    assert fault.value.message == "model: column 1: norm is a function here, and a parameter or constant as well"


def test_odd_columns_stand_in_backticks(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("crim rate,Sepal.Length,y\n1,2,8.1\n2,1,7\n3,5,18.9\n4,2,14\n")
    found = gdsolve.fit(path, model="a*`crim rate` + b*`Sepal.Length`", start="a=1,b=1")
    same = gdsolve.fit(path, minimize="mean((y - a*`crim rate` - b*`Sepal.Length`)**2)", start="a=1,b=1")
    assert list(found.weights.values()) == pytest.approx(list(same.weights.values()), rel=1e-6)


def test_trace_knows_the_same(tmp_path: Path) -> None:
    spec = tmp_path / "g.yaml"
    spec.write_text(
        "leaves: {x: [-1, 0, 4], gamma: 2}\n"
        "nodes: {y: 'gamma*where(x > 0, torch.sqrt(x), 0)', z: y.sum()}\nbackward_from: z\n"
    )
    record = graph_record(trace(build_trace_spec([str(spec)], {})))
    assert {node["name"]: node["grad"] for node in record["nodes"] if node["grad"] is not None} == {
        "x": [0.0, 0.0, 0.5], "gamma": 2.0
    }  # fmt: skip
