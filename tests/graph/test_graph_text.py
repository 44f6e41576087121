"""Graphs as text: PyTorch's own statements, on the command line and on standard input, and what is refused."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from graph_nodes import node, traced
from in_process import completed

from gdsolve.report.graph_tree import branches
from gdsolve.report.write import write_record
from gdsolve.spec import Format
from gdsolve.status import GdsolveError


def table(record: dict[str, Any]) -> str:
    stream = io.StringIO()
    write_record(record, Format.TABLE, stream)
    return stream.getvalue()


def test_text_on_the_command_line() -> None:
    done = completed("trace", "t=1; y=t**2; z=y+2", "--format", "json")
    record = json.loads(done.out)
    assert (done.code, done.err, record["source"]) == (0, "", "inline text")
    assert (node(record, "z")["value"], node(record, "t")["grad"]) == (3.0, 2.0)
    assert record["edges"] == [
        {"from": "y", "to": "t", "operation": "PowBackward0", "derivative": 2.0},
        {"from": "z", "to": "y", "operation": "AddBackward0", "derivative": 1.0},
    ]


@pytest.mark.parametrize("text", ["t = 2\n# a comment\ny = t**3\n", "leaves: {t: 2}\nnodes: {y: t**3}\n"])
def test_standard_input_is_text_or_yaml(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    record = traced("-")
    assert (record["source"], node(record, "t")["grad"]) == ("standard input", 12.0)


def test_a_file_of_that_name_wins_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("t=2.yaml").write_text("leaves: {t: 2}\nnodes: {y: t**2}\n")
    assert node(traced("t=2.yaml"), "t")["grad"] == 4.0


def test_pytorch_as_it_is_written() -> None:
    """The same statements by PyTorch itself."""
    text = """
import torch
X = torch.tensor([[1.0, 1.0], [3.0, 1.0]], dtype=torch.float64)  # no gradient
y = torch.tensor([[2.0],
                  [4.0]])
w = torch.zeros(2, 1, requires_grad=True)
loss = ((X.mm(w) - y)**2).mean()/2
loss.backward()
with torch.no_grad():
    w -= 0.01*w.grad
w.grad = None
print(w)
"""
    record = traced(text)
    X = torch.tensor([[1.0, 1.0], [3.0, 1.0]], dtype=torch.float64)
    y = torch.tensor([[2.0], [4.0]], dtype=torch.float64)
    w = torch.zeros(2, 1, dtype=torch.float64, requires_grad=True)
    (((X @ w - y) ** 2).mean() / 2).backward()
    assert w.grad is not None
    assert node(record, "w")["value"] == (w.detach() - 0.01 * w.grad).tolist()
    assert [node(record, name)["requires_grad"] for name in ("X", "y", "w")] == [False, False, True]
    assert [one["statement"] for one in record["actions"]] == [
        "loss.backward()",
        "with no_grad: w -= 0.01*w.grad",
        "w.grad = None",
    ]


def test_a_leaf_alone_goes_backward_only_on_request() -> None:
    record = traced("t = 1")
    assert (record["backward"], node(record, "t")["grad_note"]) == ([], "no backward asked for")
    asked = traced("t = 1", backward_from="t")
    assert node(asked, "t")["grad"] == 1.0


def test_what_is_detached_cut_or_required() -> None:
    record = traced("t=1; d = (t**2).detach(); c = torch.tensor(3.0).requires_grad_(); with no_grad: n = 2*c")
    assert [node(record, name)["requires_grad"] for name in "tdcn"] == [True, False, True, False]
    assert [node(record, name)["is_leaf"] for name in "tdcn"] == [True] * 4


def test_retain_grad_and_hooks_that_only_look() -> None:
    record = traced("t=1; y=t**2; z=y**2; y.retain_grad(); y.register_hook(print); z.backward()")
    assert (node(record, "y")["grad"], node(record, "t")["grad"]) == (2.0, 4.0)
    assert record["actions"][-1]["hooks"] == [{"name": "y", "before": 2.0, "after": 2.0}]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("x=1; y=x**2; y.backward(); y.backward()", "the backward before this one freed what the graph of y had saved"),
        ("x=1; x.grad.zero_(); y=x**2", "x.grad is None: no backward pass has filled it yet"),
        ("x=1; c=x.detach(); c.register_hook(print)", "c requires no gradient, so none comes to it"),
        ("x=1; c=x.detach(); c.retain_grad()", "c requires no gradient, so there is none to keep"),
        ("x=1; y=x**2; y.requires_grad_(False)", "y is no leaf: its graph decides"),
        ("x=1; u=2; y=x**2; g=grad(y, u)", "y was not computed from u: no path of the graph leads there"),
        ("x=[1,2]; y=x**2; g=grad(y, x)", "y is not a single number"),
        ("x=[1,2]; y=2*x; z=[1,2,3]; w=sum(y); y += z", "y has the shape (2,), and would need (3,)"),
    ],
)
def test_refusals_are_told_in_plain_words_first(text: str, plain: str) -> None:
    refusal = next(one for one in traced(text)["actions"] if one["status"] == "refused")
    assert refusal["plain"].startswith(plain)
    assert refusal["reason"]


def test_what_follows_a_derivative_that_is_refused_is_not_run() -> None:
    record = traced("x=1; u=2; y=x**2; g=grad(y, u); h=g**2; y.backward()")
    assert [one["status"] for one in record["actions"]] == ["refused", "not run", "not run"]
    assert "y.backward(): not run" in table(record)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("t=1; y=u**2", "line 1: y: column 1: unknown name 'u'", "give it a value before it, as in u = 1"),
        ("t=1\ny=t^2", "line 2: y: column 2: ^ is no power", "write ** for a power"),
        ("t=1\ny.backward()", "line 2: unknown name 'y'", "known here: t"),
        ("t=1; y=t; y.backwards()", "line 1: y.backwards(…) gives no node", "did you mean y.backward(…)?"),
        ("t=1; y=t; y.backward(keep=True)", "line 1: unknown argument 'keep'", "known here: retain_graph=True"),
        ("t=1; y=t; y.backward(t)", "line 1: y.backward(…) takes no value here", "go backward from a single number"),
        ("t=1; t=2", "line 1: t: given before", "keep one of them, or call it t2"),
        ("for t = 1", "line 1: for has no place", "write its statements one by one"),
        ("t=1; 2y = t", "line 1: '2y' is no name", "use letters"),
        ("t=1; y=", "line 1: y = and nothing after it", "write y = 1"),
        ("t=[[1,2],[3]]", "line 1: t: '[[1,2],[3]]' is no vector or matrix", "write t = [1, 2]"),
        ("t=(1; y=t", "line 1: a bracket without its second", "close it"),
        ("t=torch.tensor(x)", "line 1: t: tensor(…) takes numbers here", "write t = torch.tensor("),
        ("t=1; y=t; y.register_hook(f)", "line 1: a hook is a lambda", "write y.register_hook(lambda g: 2*g)"),
        ("t=1; y=t; y.detach_()", "line 1: detach_() changes a node", "write d = y.detach()"),
        ("y = 2*3", "no leaves", "begin with one, as in t = 1; y = t**2"),
        ("t=1; g = t.grad", "line 1: t.grad is None", "go backward before it"),
        ("t=1; t", "no statement", ""),
    ],
)
def test_what_is_wrong_with_a_text(text: str, message: str, hint: str) -> None:
    with pytest.raises(GdsolveError) as fault:
        traced(text)
    assert message in fault.value.message
    assert "\n" not in fault.value.message
    assert str(fault.value.hint).startswith(hint)


def test_nothing_of_a_text_is_run_by_python(tmp_path: Path) -> None:
    path = tmp_path / "made"
    for text in (f"t=1; y=open('{path}', 'w')", f"t=1; y=t; y.register_hook(lambda g: open('{path}', 'w'))"):
        with pytest.raises(GdsolveError):
            traced(text)
    assert not path.exists()


def test_options_of_passes_do_not_go_with_a_text_that_goes_back() -> None:
    done = completed("trace", "t=1; y=t**2; y.backward()", "--repeat", "2")
    assert done.code == 2
    assert "repeat: the text says itself where it goes backward" in done.err


def test_the_tree_draws_every_function_once() -> None:
    text = table(traced("t=1; c=3; z=t**2+c*t"))
    assert (
        "z = t**2+c*t  AddBackward0\n"
        "├─ t**2       PowBackward0  ∂z/∂(t**2) = 1\n"
        "│  └─ t = 1   leaf          ∂(t**2)/∂t = 2\n"
        "└─ c*t        MulBackward0  ∂z/∂(c*t) = 1\n"
        "   ├─ c = 3   leaf          ∂(c*t)/∂c = 1\n"
        "   └─ t ↑     see above     ∂(c*t)/∂t = 3\n"
    ) in text
    assert branches([{"depth": depth} for depth in (0, 1, 2, 2, 1, 0)]) == ["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", ""]


def test_the_tree_in_ascii() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    write_record(traced("t=1; z=t**2+t"), Format.TABLE, out)
    out.flush()
    text = out.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
    assert "|- t**2      PowBackward0  dz/d(t**2) = 1\n|  `- t = 1  leaf          d(t**2)/dt = 2\n`- t ^" in text


def test_both_sweeps_in_the_terminal() -> None:
    done = completed("trace", "t=1; y=t**2; z=y**2", "--plot")
    assert done.code == 0
    assert "node      ▲ values        ▼ gradients of z\n" in done.out
    rows = [line.split("  ") for line in done.out.splitlines()[-5:]]
    assert [row[-1].strip() for row in rows] == [
        "dz/dz = 1",
        "▼ times ∂z/∂y = 2",
        "dz/dy = 2",
        "▼ times ∂y/∂t = 2",
        "dz/dt = 4",
    ]


def test_steps_after_every_statement() -> None:
    record = traced("t=1; y=t**2; y.backward(); t.grad.zero_()", steps=True)
    assert [step["statement"] for step in record["steps"]] == ["t = 1", "y = t**2", "y.backward()", "t.grad.zero_()"]
    assert [step["nodes"][0]["grad"] for step in record["steps"]] == [None, None, 2.0, 0.0]
