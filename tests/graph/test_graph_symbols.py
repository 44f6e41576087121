"""`trace --symbols`: derivatives in symbols, in forms that can be typed, each with the value that autograd finds."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from graph_nodes import node, traced
from in_process import completed
from places import CONFIGS

from gdsolve.objective.expression import parse
from gdsolve.objective.operation import as_tensor

SPECS = CONFIGS / "autograd"


def symbols(text: str) -> dict[str, dict[str, Any]]:
    record = traced(text, symbols=True)
    found = {one["by"]: one for one in record["symbols"]}
    for by, one in found.items():
        assert one["value"] == node(record, by)["grad"]
    return found


def test_the_sum_of_squares_as_it_is_taught() -> None:
    found = symbols("a=0; b=0; S=(2 - a - b)**2 + (4 - 3*a - b)**2")
    assert found["a"]["forms"] == ("-2*(2 - a - b) - 6*(4 - 3*a - b)", "20*a + 8*b - 28")
    assert found["a"]["value"] == -28.0
    assert found["b"]["forms"][-1] == "8*a + 4*b - 12"
    done = completed("trace", "a=0; b=0; S=(2 - a - b)**2 + (4 - 3*a - b)**2", "--symbols")
    assert "dS/da = -2·(2 - a - b) - 6·(4 - 3·a - b) = 20·a + 8·b - 28 = -28\n" in done.out


def test_the_chain_rule_along_every_path() -> None:
    found = symbols("a=0; b=0; r1=2-a-b; r2=4-3*a-b; S=r1**2+r2**2")["a"]
    assert found["chain"] == ("dS/dr1*dr1/da", "dS/dr2*dr2/da")
    assert found["forms"] == (
        "2*r1*(-1) + 2*r2*(-3)",
        "-2*r1 - 6*r2",
        "-2*(2-a-b) - 6*(4-3*a-b)",
        "20*a + 8*b - 28",
    )
    assert symbols("t=1; y=t**2; z=y**2")["t"]["forms"] == ("2*y*2*t", "4*t*y", "4*t**3")


@pytest.mark.parametrize(
    "text",
    [
        "t=0.7; y=exp(-t**2/2)*sin(3*t)",
        "t=0.7; u=2; y=log(t*u + 1)/sqrt(u); z=tanh(y)*t",
        "t=0.3; y=sigmoid(t) + softplus(2*t) + erf(t) + asin(t) + atan(t/2)",
        "t=0.3; y=log10(t) + log1p(t) + expm1(t) + cosh(t)/(1 + t**2)",
        "t=1.5; y=t**t; z=2**y",
    ],
)
def test_forms_give_the_value_when_typed_again(text: str) -> None:
    record = traced(text, symbols=True)
    values = {one["name"]: as_tensor(one["value"]) for one in record["nodes"]}
    for one in record["symbols"]:
        assert one["reason"] is None
        for form in one["forms"]:
            assert float(parse(form, list(values)).evaluate(values)) == pytest.approx(one["value"], rel=1e-7)


def test_local_derivatives_stand_on_the_tree() -> None:
    record = traced("t=1; y=t**2; z=y**2", symbols=True)
    assert [row["symbol"] for row in record["tree"]] == [None, "2*y", "2*t"]
    done = completed("trace", "t=1; y=t**2; z=y**2", "--symbols")
    assert "└─ y = t**2  PowBackward0  ∂z/∂y = 2·y = 2\n   └─ t = 1  leaf          ∂y/∂t = 2·t = 2\n" in done.out


def test_matrices_give_a_formula_of_matrices() -> None:
    record = traced(str(SPECS / "a11_data.yaml"), symbols=True)
    (found,) = record["symbols"]
    assert found["forms"] == ("0.5 * (transpose(X) @ residual)", "0.5 * (transpose(X) @ (X @ w - y))")
    tensors = {one["name"]: torch.tensor(one["value"], dtype=torch.float64) for one in record["nodes"]}
    for form in found["forms"]:
        assert parse(form, list(tensors)).evaluate(tensors).tolist() == [[-7.0], [-3.0]]


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("t=[1,2]; y=sum(exp(t)*t)", ("exp(t) + t * exp(t)",)),
        ("t=[1,2]; u=2; y=sum(u*t)", ("u + 0 * t",)),
        ("x=[[1],[2]]; W=torch.tensor([[1,2],[3,4]]); y=sum((W@x)**2)", ("2 * (transpose(W) @ (W @ x))",)),
        ("x=[1,2]; y=dot(x, x)", ("x + x",)),
        ("x=[[1],[2]]; y=mean(-transpose(x))", ("-0.5 + 0 * x",)),
    ],
)
def test_rules_of_matrices(text: str, forms: tuple[str, ...]) -> None:
    assert next(iter(symbols(text).values()))["forms"] == forms


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("t=1; y=relu(t)", "none are known here for relu"),
        ("x=[[1],[2]]; b=1; y=sum((x-b)**2)", "(x-b) spreads a small tensor over a large one"),
        ("v=[3,4]; y=norm(v)", "there is no rule of matrices here for norm"),
        ("t=1; y=t**2; y += 1; z=3*y", "y was changed in place, so its formula is not its value"),
        ("t=1; y=t**2; y.register_hook(lambda g: 2*g); y.backward()", "a hook on y changes gradients on the way"),
        ("t=1; u=2; y=t**2", "no path leads from y to u"),
    ],
)
def test_where_there_are_none_the_reason_is_told(text: str, reason: str) -> None:
    found = traced(text, symbols=True)["symbols"][-1]
    assert (found["forms"], found["reason"]) == ((), reason)


def test_sympy_is_imported_only_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gdsolve.graph.symbols", "gdsolve.graph.matrix_symbols", "gdsolve.graph.sympy_functions"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "sympy", None)
    assert traced("t=1; y=t**2")["symbols"] == []
    with pytest.raises(ImportError, match="sympy"):
        traced("t=1; y=t**2", symbols=True)


def test_symbols_are_not_for_dot() -> None:
    done = completed("trace", "t=1; y=t**2", "--symbols", "--format", "dot")
    assert done.code == 2
    assert "--format dot draws the graph with its operations" in done.err
