"""`gdsolve.trace` of a program's own tensors: the names of its variables, and nothing of it is changed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

import gdsolve

WEIGHT = torch.tensor(3.0, requires_grad=True)


def leaf(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def test_names_are_those_of_the_callers_variables() -> None:
    t = leaf(1.0)
    y = t**2
    z = y**2 + WEIGHT * t
    graph = gdsolve.trace(z)
    assert graph.root == "z"
    assert [name for name, node in graph.nodes.items() if node["kind"] != "unnamed"] == ["t", "y", "WEIGHT", "z"]
    assert graph.nodes["y"]["value"] == 1.0
    assert [(row["depth"], row["name"], row["operation"]) for row in graph.record["tree"]] == [
        (0, "z", "AddBackward0"),
        (1, None, "PowBackward0"),
        (2, "y", "PowBackward0"),
        (3, "t", None),
        (1, None, "MulBackward0"),
        (2, "WEIGHT", None),
        (2, "t", None),
    ]
    assert graph.record["tree"][-1]["repeated"] is True


def test_names_that_are_given_or_not_looked_for() -> None:
    t = leaf(2.0)
    z = t**2
    assert [*gdsolve.trace(z, find_names=False).nodes] == ["leaf_1", "output"]
    given = gdsolve.trace(z, names={"time": t})
    assert [*given.nodes] == ["time", "output"]
    assert given.nodes["output"]["value"] == 4.0


def test_parameters_of_a_module_have_their_names() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    out = model(torch.ones(4, 2))
    parameters = [name for name, _ in model.named_parameters()]
    by_module = [name for name, node in gdsolve.trace(out, names=model).nodes.items() if node["is_leaf"]]
    assert sorted(by_module) == sorted(parameters)
    by_variables = gdsolve.trace(out).nodes
    assert {f"model.{name}" for name in parameters} <= by_variables.keys()
    assert by_variables["out"]["shape"] == [4, 1]


def test_nothing_of_the_program_is_changed() -> None:
    t, u = leaf(1.0), leaf(2.0)
    y = t**2
    y.retain_grad()
    called: list[float] = []
    y.register_hook(lambda gradient: called.append(float(gradient)))  # type: ignore[no-untyped-call]
    z = y**2 * u
    versions = [one._version for one in (t, u, y, z)]
    graph = gdsolve.trace(z, gradients=True)
    assert graph.nodes["t"]["gradient"] == 8.0
    assert {(edge["from"], edge["to"]): edge["derivative"] for edge in graph.edges}[("y", "t")] == 2.0
    assert (t.grad, u.grad, y.grad, called) == (None, None, None, [])
    assert [one._version for one in (t, u, y, z)] == versions
    assert "Hooks of tensors are not run" in str(graph)
    # The graph is whole: backward goes through it afterwards.
    z.backward()
    assert (float(t.grad or 0), float(y.grad or 0), called) == (8.0, 4.0, [4.0])
    assert gdsolve.trace(z).nodes["t"]["grad"] == 8.0


def test_gradients_are_those_of_autograd() -> None:
    generator = torch.Generator().manual_seed(3)
    X = torch.randn(5, 3, dtype=torch.float64, generator=generator)
    W = torch.randn(3, 2, dtype=torch.float64, generator=generator, requires_grad=True)
    b = torch.randn(2, dtype=torch.float64, generator=generator, requires_grad=True)
    loss = torch.log_softmax(torch.tanh(X @ W + b), dim=1)[:, 0].exp().mean()
    found = gdsolve.trace(loss, gradients=True).nodes
    for name, one in (("W", W), ("b", b)):
        (expected,) = torch.autograd.grad(loss, one, retain_graph=True)
        torch.testing.assert_close(torch.tensor(found[name]["gradient"], dtype=torch.float64), expected)


def test_a_graph_that_backward_has_freed_says_so() -> None:
    t = leaf(1.0)
    z = (t**2) ** 2
    z.backward()
    assert "a backward pass has freed what their functions saved" in str(gdsolve.trace(z, gradients=True))


class Doubled(torch.autograd.Function):
    """A function of the program's own."""

    calls = 0

    @staticmethod
    def forward(ctx: object, given: Tensor) -> Tensor:  # type: ignore[override]
        return given * 2

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:  # type: ignore[override]
        Doubled.calls += 1
        return gradient * 2


def test_functions_of_the_program_are_not_run() -> None:
    t = leaf(1.0)
    z = Doubled.apply(t) ** 2  # type: ignore[no-untyped-call]
    graph = gdsolve.trace(z, gradients=True)
    assert Doubled.calls == 0
    assert graph.nodes["t"]["gradient"] is None
    assert [row["operation"] for row in graph.record["tree"]] == ["PowBackward0", "DoubledBackward", None]


def test_outputs_of_several_tensors() -> None:
    t = leaf(1.0)
    graph = gdsolve.trace({"loss": t**2, "other": 3 * t})
    assert [row["name"] for row in graph.record["tree"] if row["depth"] == 0] == ["output['loss']", "output['other']"]


def test_a_large_parameter_is_told_by_its_shape() -> None:
    w = torch.zeros(2000, requires_grad=True)
    total = w.sum()
    assert gdsolve.trace(total).nodes["w"]["value"] is None
    assert "(2000)" in str(gdsolve.trace(total))


def test_what_is_shown_is_short_and_the_rest_is_printed(tmp_path: Path) -> None:
    t = leaf(1.0)
    z = t**2
    for _ in range(10):
        z = torch.sin(z) + t
    graph = gdsolve.trace(z)
    shown = repr(graph).splitlines()
    assert len(shown) == 5
    assert shown[0] == "graph of z: 22 nodes"
    assert shown[-1].endswith("more: print(graph)")
    assert str(graph).count("SinBackward0") == 10
    assert graph.dot().startswith("digraph trace {")
    assert graph._repr_svg_().startswith("<?xml")  # type: ignore[union-attr]
    assert graph._repr_html_().startswith("<svg")
    graph.plot(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text().startswith("<?xml")


def test_text_specs_and_options_in_python() -> None:
    graph = gdsolve.trace("x=1; y=x**2", repeat=2, retain_graph=True)
    assert [one["grads"]["x"] for one in graph.record["backward"]] == [2.0, 4.0]
    spec = {"leaves": {"t": [1.0, 2.0]}, "nodes": {"y": {"expression": "sum(t**2)", "retain_grad": True}}}
    assert gdsolve.trace(spec).nodes["t"]["grad"] == [2.0, 4.0]
    assert gdsolve.trace(spec).nodes["y"]["grad"] == 1.0


@pytest.mark.parametrize(
    ("what", "options", "message"),
    [
        (3, {}, "'int' is neither text nor a tensor"),
        (torch.nn.Linear(1, 1), {}, "'Linear' is neither text nor a tensor"),
        (leaf(1.0), {"repeat": 2}, "repeat: is for text and specs"),
        ("t=1", {"gradients": True}, "gradients: is for tensors"),
        ("t=1", {"format": "json"}, "format: is an option of the command line alone"),
        (torch.ones(2, requires_grad=True) * 2, {"gradients": True}, "gradients: gradients are those of one number"),
        (leaf(1.0), {"names": 3}, "names: 'int' has no names"),
        (leaf(1.0), {"names": {"w": 3}}, "names: 'w' is no tensor and no module"),
    ],
)
def test_what_cannot_be_traced(what: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(gdsolve.GdsolveError) as fault:
        gdsolve.trace(what, **options)  # type: ignore[arg-type]
    assert fault.value.message.startswith(message)
    assert fault.value.hint
