"""Formulas: what is read, what is refused and where, and the values against Python's own."""

from __future__ import annotations

import keyword
import math
import re
from typing import Any

import numpy as np
import pytest
import scipy.special
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gdsolve.objective.elsewhere import SAME
from gdsolve.objective.expression import parse
from gdsolve.objective.functions import FUNCTIONS
from gdsolve.objective.spellings import UNDERSTOOD
from gdsolve.status import GdsolveError

NAMES = ("x", "y")


def tensor(value: Any, **options: Any) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64, **options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os')", "column 1: unknown function '__import__'"),
        ("x + y.grad", "column 5: an attribute (a dot after a name) has no place in a formula"),
        ("x.__class__.__base__", "column 1: an attribute (a dot after a name) has no place in a formula"),
        ("x[y]", "column 1: such an index in brackets has no place in a formula"),
        ("1 + (lambda: 1)", "column 6: Python's Lambda has no place in a formula"),
        ("[x for x in y]", "column 1: Python's ListComp has no place in a formula"),
        ("x < y", "column 1: a comparison has no place in a formula"),
        ("sum(x, axis=1)", "column 1: a call other than name(…) has no place in a formula"),
        ("sum(*x)", "column 5: Python's Starred has no place in a formula"),
        ("(x := 1)", "column 2: Python's NamedExpr has no place in a formula"),
        ("'x'", "column 1: such a constant has no place in a formula"),
        ("True", "column 1: such a constant has no place in a formula"),
        ("x % y", "column 3: the operator % has no place in a formula"),
        ("x + q", "column 5: unknown name 'q'"),
        ("   x + q", "column 8: unknown name 'q'"),
        ("sum", "column 1: sum is a function"),
        ("x)+(y", "column 2: not a formula: unmatched ')'"),
        ("x # y", "column 3: '#' has no place in a formula"),
        ("", "column 1: no formula"),
        ("dot(x)", "column 1: dot takes 2 arguments, not 1"),
        ("9**9**9", "column 1: 9**3.8742e+08 is not finite"),
        ("x + 1e999", "column 5: a constant that is not finite"),
        ("1/0", "column 1: 1/0 is not finite"),
        ("x + sqrt(-1)", "column 5: sqrt(-1) is not a number"),
        ("(x - 1)^2", "column 8: ^ is no power"),
        ("x*(2 + exp(x^2))", "column 13: ^ is no power"),
        ("x + `q (s)`", "column 5: unknown name 'q (s)'"),
        ("x + `q", "column 5: a backtick without its second"),
        ("x + ", "column 4: not a formula: invalid syntax"),
        ("1" + "0" * 400, "column 1: a constant that is not finite"),
        ("-" * 9000 + "x", "column 1: nested deeper than 100"),
        ("+".join(["x"] * 4000), "column 1: nested deeper than 100"),
        ("(" * 10_000 + "x" + ")" * 10_000, "column 10001: longer than 10000 characters"),
        ("(" * 4000 + "x" + ")" * 4000, "column 201: nested deeper than 100"),
    ],
)
def test_what_is_refused_and_where(text: str, message: str) -> None:
    with pytest.raises(GdsolveError) as fault:
        parse(text, NAMES)
    assert fault.value.message == message
    assert fault.value.exit_code == 2
    assert fault.value.hint


def test_the_nearest_name_is_the_hint() -> None:
    with pytest.raises(GdsolveError) as fault:
        parse("weigth + 1", ("weight", "x"))
    assert fault.value.hint == "did you mean weight?"


def test_a_number_as_exponent_stays_a_number() -> None:
    value = parse("x**2", NAMES).evaluate({"x": tensor(3.0, requires_grad=True)})
    assert (value.item(), value.grad_fn.name()) == (9.0, "PowBackward0")


def test_matrices_and_reductions() -> None:
    values = {"x": tensor([[1.0, 2.0], [3.0, 4.0]]), "y": tensor([[1.0], [1.0]])}
    assert parse("x @ y", NAMES).evaluate(values).tolist() == [[3.0], [7.0]]
    assert parse("transpose(x)", NAMES).evaluate(values).tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert parse("sum(x) + mean(x) + max(x) - min(x)", NAMES).evaluate(values).item() == 15.5
    assert parse("max(x, 2.5)", NAMES).evaluate(values).tolist() == [[2.5, 2.5], [3.0, 4.0]]


def test_shapes_that_do_not_go_together_name_the_column() -> None:
    with pytest.raises(GdsolveError, match=r"^column 5: @: "):
        parse("1 + x @ y", NAMES).evaluate({"x": tensor([[1.0, 2.0]]), "y": tensor([[1.0]])})


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(" ".join)
    return (
        binary | inner.map(lambda text: f"({text})") | inner.map(lambda text: f"-{text}") | inner.map("abs({})".format)
    )


FORMULAS = st.recursive(st.floats(0.1, 5.0).map(repr) | st.sampled_from(NAMES), grown, max_leaves=12)


@given(FORMULAS, st.floats(-2, 2), st.floats(-2, 2))
def test_values_are_those_of_python_to_the_last_bit(text: str, x: float, y: float) -> None:
    expected = eval(text, {"abs": abs, "__builtins__": {}}, {"x": x, "y": y})
    assert parse(text, NAMES).evaluate({"x": tensor(x), "y": tensor(y)}).item() == expected


@pytest.mark.parametrize("name", ["exp", "log", "sin", "cos", "tan", "tanh", "sqrt"])
@given(x=st.floats(0.1, 1.4))
def test_functions_are_those_of_the_library(name: str, x: float) -> None:
    expected = 2 / getattr(math, name)(x) ** 1.5 if getattr(math, name)(x) > 1e-3 else None
    if expected is not None:
        found = parse(f"2/{name}(x)**1.5", NAMES).evaluate({"x": tensor(x)}).item()
        assert found == pytest.approx(expected, rel=1e-12)


@given(st.text(alphabet="xy()+-*/@. 019_'[]:,=#\\\n\0é", max_size=40) | st.text(max_size=40))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        expression = parse(text, NAMES)
    except GdsolveError as fault:
        assert fault.message.startswith("column ")
        assert "\n" not in fault.message
    else:
        assert expression.names <= set(NAMES)


def test_every_function_has_a_value() -> None:
    assert {name for name, (arities, _) in FUNCTIONS.items() if 1 not in arities} == {
        "dot",
        "atan2",
        "arctan2",
        "where",
        "maximum",
        "minimum",
        "clip",
        "voigt",
    }
    assert parse("dot(x, y)", NAMES).evaluate({"x": tensor([1.0, 2.0]), "y": tensor([3.0, 4.0])}).item() == 11.0


_ELSEWHERE = """
    abs2 acosd arg asec asind atand atn bessel beta binom choose cbrt corr cosd cosh2 count cov digamma div
    dnorm erfinv exp10 expint fact factorial frac gammainc heaviside hypot ibeta if
    ifelse igamma imag int inverf invnorm lambertw ln lnbeta logb max_pool median mod normcdf nthroot
    odd pbinom percentile pmax pnorm pow qnorm quotient rand real rem rint rnorm sd sec sgn sinc sinpi
    sinint sqr std stdev sumsq switch tand trunc var voigt where zeta If IF SQRTPI ATAN2 PRODUCT STDEV
    acotan arccotan arcctg arctg cubrt cuberoot expm invlogit log1exp log1m log1m_exp log1pexp log_sum_exp logm signum
    sinhc sqrtm tanhc
"""


@pytest.mark.parametrize("name", _ELSEWHERE.split())
def test_no_function_of_another_program_is_taken_for_a_misspelling(name: str) -> None:
    with pytest.raises(GdsolveError) as fault:
        parse(f"{name}(x)", NAMES)
    assert "did you mean" not in str(fault.value.hint)


@pytest.mark.parametrize(("name", "meant"), [("tahn", "tanh"), ("sihn", "sinh"), ("srqt", "sqrt"), ("mena", "mean")])
def test_letters_in_another_order_name_the_function_that_has_them(name: str, meant: str) -> None:
    with pytest.raises(GdsolveError) as fault:
        parse(f"{name}(x)", NAMES)
    assert fault.value.hint == f"did you mean {meant}?"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("log1m", math.log1p(-0.4)),
        ("log1p_exp", math.log1p(math.exp(0.4))),
        ("log1m_exp", math.log1p(-math.exp(-0.4))),
        ("asech", math.acosh(1 / 0.4)),
        ("acsch", math.asinh(1 / 0.4)),
        ("arcoth", math.atanh(1 / 2.5)),
        ("sinhc", math.sinh(0.4) / 0.4),
    ],
)
def test_functions_that_no_library_here_has_are_written_so(name: str, expected: float) -> None:
    x = {"log1m_exp": -0.4, "arcoth": 2.5}.get(name, 0.4)
    assert parse(SAME[name], NAMES).evaluate({"x": tensor(x)}).item() == pytest.approx(expected, rel=1e-12)


def test_no_name_of_a_library_is_taken_for_a_misspelling() -> None:
    """Names of math, numpy, scipy.special and torch are answered by what means the same, or by the list."""
    names = {name for module in (math, np, scipy.special, torch.special) for name in dir(module)}
    for name in sorted(names - FUNCTIONS.keys() - UNDERSTOOD - set(keyword.kwlist) - set(NAMES)):
        with pytest.raises(GdsolveError) as fault:
            parse(f"{name}(x)", NAMES)
        assert "did you mean" not in str(fault.value.hint), name


def named(name: str) -> Any:
    """The function of this name in a library, None where there is none of one or two numbers."""
    if len(re.findall(r"\b[z]\b", SAME[name])) or re.search("sum|mean|max|min|dot|@|transpose", SAME[name]):
        return None
    return next((getattr(module, name) for module in (scipy.special, np, math) if hasattr(module, name)), None)


@pytest.mark.parametrize("name", [name for name in SAME if named(name) is not None])
@given(x=st.floats(0.1, 0.9), y=st.floats(1.1, 1.9))
@settings(max_examples=5)
def test_what_is_written_instead_means_the_same(name: str, x: float, y: float) -> None:
    form = SAME[name]
    values = [x, y][: 1 + bool(re.search(r"\by\b", form))]
    cells = {letter: tensor(value) for letter, value in zip("xy", values, strict=False)}
    assert parse(form, "xy").evaluate(cells).item() == pytest.approx(float(named(name)(*values)), rel=1e-9)


@pytest.mark.parametrize(
    ("formula", "names", "hint"),
    [
        ("a*exp(-b*time) + c", ("a", "b", "c", "time (s)"), "did you mean `time (s)`, with its backticks?"),
        ("a*time (s) + c", ("a", "c", "time (s)"), "write `time (s)`, with its backticks"),
        ("a*signal [V]", ("a", "signal [V]"), "write `signal [V]`, with its backticks"),
        ("a*Sepal.Length", ("a", "Sepal.Length"), "write `Sepal.Length`, with its backticks"),
        ("a*lg(`time (s)`)", ("a", "time (s)"), "write log10(`time (s)`)"),
        ("a*q", ("a", *(f"c{place:03}" for place in range(200))), "and 181 more: gdsolve check FILE lists the columns"),
    ],
)
def test_columns_that_are_no_identifiers(formula: str, names: tuple[str, ...], hint: str) -> None:
    with pytest.raises(GdsolveError) as fault:
        parse(formula, names)
    assert str(fault.value.hint).endswith(hint)


@pytest.mark.parametrize(
    ("formula", "name"),
    [("2*`time (s)`", "time (s)"), ("2*lambda", "lambda"), ("2*`lambda`", "lambda"), ("2*µ", "µ"), ("2*`a-b`", "a-b")],
)
def test_a_column_of_any_name_is_used(formula: str, name: str) -> None:
    assert parse(formula, (name,)).evaluate({name: tensor(3.0)}).item() == 6.0


def test_the_place_of_an_error_is_its_column() -> None:
    with pytest.raises(GdsolveError) as fault:
        parse("`a b` + q", ("a b",))
    assert (fault.value.message, fault.value.column) == ("column 9: unknown name 'q'", 9)
    assert fault.value.within("f.yaml: ").column == 9
    assert str(fault.value.within("f.yaml: ")) == "f.yaml: column 9: unknown name 'q'"
