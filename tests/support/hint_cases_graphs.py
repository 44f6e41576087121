"""Cases of `hints`: graphs as text, and graphs of tensors."""

from __future__ import annotations

import shlex

from hints import Case

GOOD = "trace 't = 1; y = t**2'"


def told(text: str, words: str, then: str = GOOD) -> Case:
    """A text that is wrong, and what its hint leads to."""
    return Case(f"trace {shlex.quote(text)}", {}, {words: then})


def traced(text: str) -> str:
    return f"trace {shlex.quote(text)}"


TENSOR = "import torch; t = torch.ones(2, requires_grad=True); "
MODULE = "import torch; model = torch.nn.Linear(1, 1); x = torch.ones(1, 1); "


def says(wrong: str, words: str, right: str) -> Case:
    """A call that fails, and what it is to be where the hint says these words."""
    return Case(wrong, {}, {words: right}, python=True)


PYTHON = [
    says("gdsolve.trace(3)", "give text such as", "gdsolve.trace('t = 1; y = t**2')"),
    says(MODULE + "gdsolve.trace(model)", "trace what it computes", MODULE + "gdsolve.trace(model(x))"),
    says(TENSOR + "gdsolve.trace(t*2, repeat=2)", "leave it out", TENSOR + "gdsolve.trace(t*2)"),
    says("gdsolve.trace('t = 1', gradients=True)", "leave it out", "gdsolve.trace('t = 1')"),
    says(
        TENSOR + "gdsolve.trace(t*2, gradients=True)",
        "trace the loss",
        TENSOR + "gdsolve.trace((t*2).sum(), gradients=True)",
    ),
    says(TENSOR + "gdsolve.trace(t*2, names=3)", "give names={'w': w}", TENSOR + "gdsolve.trace(t*2, names={'t': t})"),
    says(
        TENSOR + "gdsolve.trace(t*2, names={'t': 3})",
        "give names={'w': w}",
        TENSOR + "gdsolve.trace(t*2, names={'t': t})",
    ),
]

CASES = [
    told("y = 2*3", "begin with one"),
    told("t = 1; y = u**2", "give it a value before it", traced("t = 1; u = 1; y = u**2")),
    told("t = 1; y = t^2", "write ** for a power", traced("t = 1; y = t**2")),
    told("t = 1; y.backward()", "known here: t", traced("t = 1; t.backward()")),
    told("t = 1; z = t; zz.backward()", "did you mean z?", traced("t = 1; z = t; z.backward()")),
    told("y.backward(); t = 1", "write y = 1 before it", traced("y = 1; y.backward(); t = 1")),
    told("t = 1; y = t; y.backwards()", "did you mean y.backward(…)?", traced("t = 1; y = t; y.backward()")),
    told("t = 1; y = t; y.zzz()", "known here: backward()", traced("t = 1; y = t; y.backward()")),
    told(
        "t = 1; y = t; y.backward(keep=True)",
        "known here: retain_graph=True",
        traced("t = 1; y = t; y.backward(retain_graph=True)"),
    ),
    told("t = 1; y = t; y.retain_grad(keep=True)", "leave it out", traced("t = 1; y = t; y.retain_grad()")),
    told("t = 1; y = t; y.backward(t)", "go backward from a single number", traced("t = 1; y = t; y.backward()")),
    told(
        "t = 1; y = t; y.backward(retain_graph=yes)",
        "write True or False",
        traced("t = 1; y = t; y.backward(retain_graph=True)"),
    ),
    told("t = 1; t = 2", "keep one of them", traced("t = 1; t2 = 2")),
    told("t = 1; for u in t: u", "write its statements one by one", GOOD),
    told("t = 1; 2y = t", "use letters, digits and _", GOOD),
    told("t = 1; y =", "write y = 1", GOOD),
    told("t = [[1, 2], [3]]", "write t = [1, 2]", traced("t = [1, 2]")),
    told("t = (1; y = t", "close it", GOOD),
    told(
        "t = torch.tensor(x)", "write t = torch.tensor", traced("t = torch.tensor([[1.0], [2.0]], requires_grad=True)")
    ),
    told("t = 1; y = t; y.register_hook(f)", "write y.register_hook", traced("t = 1; y = t; y.register_hook(print)")),
    told("t = 1; y = t; y.detach_()", "write d = y.detach()", traced("t = 1; y = t; d = y.detach()")),
    told("t = 1; y = t; y.add_()", "write y.add_(1)", traced("t = 1; y = t; y.add_(1)")),
    told("t = 1; g = t.grad", "go backward before it", traced("t = 1; y = t; y.backward(); g = t.grad")),
    told("t = 1; y = t; g = grad(y)", "g = grad(y, t)", traced("t = 1; y = t; g = grad(y, t)")),
    told("t = 1; y = t; t == 1", "write t = 1, y = t**2", GOOD),
    told("t = 1; sum = 2; y = 2 + sum(sum)", "for a product write", traced("t = 1; sum0 = 2; y = 2 + sum0")),
    told("t = [1, 2]; y = t + [1]", "write (1)", traced("t = [1, 2]; y = t + (1)")),
    told("t = [1, 2]; u = [1, 2, 3]; y = t + u", "transpose(…) turns a matrix", traced("t = [1, 2]; y = t + 1")),
    told(";".join(f"t{i} = 1" for i in range(1001)), "trace a smaller graph"),
    Case(
        "trace 't = 1; y = t**2; y.backward()' --repeat 2",
        {},
        {"leave --repeat out": "trace 't = 1; y = t**2; y.backward()'"},
    ),
    Case("trace 't = 1; y = t**2' --symbols --format dot", {}),
    Case(
        "trace g.yaml",
        {"g.yaml": "leaves: {t: 1}\ntext: y = t**2; y.backward()\ncompare: {formula: 2*t}\n"},
        {"leave compare: out": {"g.yaml": "leaves: {t: 1}\ntext: y = t**2; y.backward()\n"}},
    ),
    *PYTHON,
]
