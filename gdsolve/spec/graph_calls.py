"""The calls of PyTorch that the text of a graph may have: `z.backward()`, `torch.tensor(1.0, requires_grad=True)`."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from gdsolve.spec.graph_statements import (
    Action,
    FormulaNode,
    GoBackward,
    Hook,
    InPlace,
    Leaf,
    PartialDerivative,
    RequireGrad,
    RetainGrad,
    ZeroGrad,
)
from gdsolve.spec.numbers import nearest, shown
from gdsolve.spec.parameter import Value
from gdsolve.status import GdsolveError, Place

_METHOD = re.compile(r"(\w+)\s*\.\s*(grad\s*\.\s*zero_|\w+)\s*\(.*\)", re.DOTALL)
_ALL_GRADS = re.compile(r"(?:\w+\s*\.\s*)?zero_grad\s*\(\s*\)")
_DETACHED = re.compile(r"(.*\S)\s*\.\s*detach\s*\(\s*\)", re.DOTALL)
CHANGES = {"add_": "+", "sub_": "-", "mul_": "*", "div_": "/", "pow_": "**"}
"""Methods that change a tensor where it stands, and what they stand for."""
METHODS = ("backward", "retain_grad", "register_hook", "requires_grad_", "zero_", "detach_", *CHANGES)
_TENSORS = ("tensor", "Tensor", "as_tensor")
_FILLED = {"zeros": 0.0, "ones": 1.0}
LARGEST = 10_000


@dataclass(frozen=True, slots=True)
class Words:
    """One statement as it is written, where it stands, and whether it is under no_grad."""

    path: str
    text: str
    line: int
    no_grad: bool

    @property
    def shown(self) -> str:
        """The statement, and that it is under no_grad."""
        return f"with no_grad: {self.text}" if self.no_grad else self.text


def refused(path: str, line: int | None, words: str, hint: str) -> GdsolveError:
    """An error in the text of a graph."""
    return GdsolveError(words, hint, place=Place(path, line))


def called(words: Words) -> Action | None:
    """The statement that is one call of a method of a node; None where it is another.

    Raises:
        GdsolveError: a method that there is not, or arguments that it does not take.
    """
    if _ALL_GRADS.fullmatch(words.text):
        return ZeroGrad(None, True, words.text, words.line)
    match = _METHOD.fullmatch(words.text)
    call = _call(words.text)
    if match is None or call is None or not isinstance(call.func, ast.Attribute):
        return None
    name, method = match[1], "".join(match[2].split())
    if method == "grad.zero_":
        return ZeroGrad(name, False, words.text, words.line)
    if not isinstance(call.func.value, ast.Name):
        return None
    if method not in METHODS:
        near = nearest(method, METHODS)
        hint = f"did you mean {name}.{near}(…)?" if near else f"known here: {', '.join(f'{one}()' for one in METHODS)}"
        raise refused(words.path, words.line, f"{name}.{method}(…) gives no node and changes none", hint)
    return _method(words, name, method, call)


def _method(words: Words, name: str, method: str, call: ast.Call) -> Action:
    if method == "backward":
        _nothing_given(words, call, "go backward from a single number, such as a sum")
        marks = _marks(words, call, ("retain_graph", "create_graph"))
        return GoBackward(name, marks["retain_graph"], marks["create_graph"], words.text, words.line)
    if method == "retain_grad":
        _nothing_given(words, call, "leave it out")
        _marks(words, call, ())
        return RetainGrad(name, words.text, words.line)
    if method == "requires_grad_":
        truth = True if not call.args and not call.keywords else _truth(words, _only(words, call, "False"))
        return RequireGrad(name, truth, words.text, words.line)
    if method == "register_hook":
        return _hook(words, name, _only(words, call, "lambda g: 2*g"))
    if method in ("zero_", "detach_"):
        if method == "detach_":
            raise refused(words.path, words.line, "detach_() changes a node of the graph", f"write d = {name}.detach()")
        return InPlace(name, "*", "0", words.shown, words.no_grad, words.line)
    change = ast.get_source_segment(words.text, _only(words, call, "1")) or ""
    return InPlace(name, CHANGES[method], change, words.shown, words.no_grad, words.line)


def _hook(words: Words, name: str, given: ast.expr) -> Hook:
    match given:
        case ast.Name(id="print"):
            return Hook(name, "g", None, words.text, words.line)
        case ast.Lambda(args=ast.arguments(args=[parameter], posonlyargs=[], kwonlyargs=[], vararg=None, kwarg=None)):
            body = given.body
            # lambda g: print(g) only looks.
            looks = isinstance(body, ast.Call) and isinstance(body.func, ast.Name) and body.func.id == "print"
            formula = None if looks else ast.get_source_segment(words.text, body)
            return Hook(name, parameter.arg, formula, words.text, words.line)
    raise refused(
        words.path,
        words.line,
        "a hook is a lambda with one argument here",
        f"write {name}.register_hook(lambda g: 2*g), or {name}.register_hook(print)",
    )


def assigned(words: Words, name: str, text: str) -> Leaf | FormulaNode | PartialDerivative | None:
    """What the right side of name = … makes where it is a call that a formula does not have; None elsewhere.

    Raises:
        GdsolveError: arguments that it does not take.
    """
    if detached := _DETACHED.fullmatch(text):
        return FormulaNode(name, detached[1], detach=True, no_grad=words.no_grad, line=words.line)
    if text.endswith(".requires_grad_()") and (made := assigned(words, name, text.removesuffix(".requires_grad_()"))):
        return Leaf(name, made.value, True, words.line) if isinstance(made, Leaf) else None
    bare = re.sub(r"\)\s*\[\s*0\s*\]$", ")", text)
    call = _call(bare)
    if call is None:
        return None
    function = ast.unparse(call.func).removeprefix("torch.")
    if function in ("grad", "autograd.grad"):
        return _partial(words, name, call)
    if function in _TENSORS or function in _FILLED:
        marks = _marks(words, call, ("requires_grad",), aside=("dtype", "device"))
        return Leaf(name, _given(words, name, function, call), marks["requires_grad"], words.line)
    return None


def _partial(words: Words, name: str, call: ast.Call) -> PartialDerivative:
    marks = _marks(words, call, ("create_graph", "retain_graph"))
    names = [_in_brackets(argument) for argument in call.args]
    if len(names) != 2 or not all(isinstance(one, ast.Name) for one in names):
        raise refused(
            words.path, words.line, "grad(…) takes the name of a node and of one it comes from", f"{name} = grad(y, t)"
        )
    of, by = (one.id for one in names if isinstance(one, ast.Name))
    return PartialDerivative(name, of, by, marks["create_graph"], marks["retain_graph"], words.line)


def _in_brackets(node: ast.expr) -> ast.expr:
    """The only entry of a list or tuple; anything else as it is."""
    return node.elts[0] if isinstance(node, ast.List | ast.Tuple) and len(node.elts) == 1 else node


def _given(words: Words, name: str, function: str, call: ast.Call) -> Value:
    try:
        given = [ast.literal_eval(argument) for argument in call.args]
        if function in _TENSORS and len(given) == 1:
            return as_value(given[0])
        if function in _FILLED:
            sizes = given[0] if len(given) == 1 and isinstance(given[0], list | tuple) else given
            return _filled(_FILLED[function], list(sizes))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        pass
    example = "torch.zeros(2, 1)" if function in _FILLED else "torch.tensor([[1.0], [2.0]], requires_grad=True)"
    raise refused(words.path, words.line, f"{name}: {function}(…) takes numbers here", f"write {name} = {example}")


def _filled(number: float, sizes: list[object]) -> Value:
    counts = [size for size in sizes if isinstance(size, int) and size > 0]
    product = 1
    for count in counts:
        product *= count
    if len(counts) != len(sizes) or len(counts) > 2 or product > LARGEST:
        raise ValueError
    value: Value = number
    for count in reversed(counts):
        value = (value,) * count
    return value


def _call(text: str) -> ast.Call | None:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree if isinstance(tree, ast.Call) else None


def _marks(words: Words, call: ast.Call, known: tuple[str, ...], aside: tuple[str, ...] = ()) -> dict[str, bool]:
    """The keywords that are true or false; those `aside` say nothing here."""
    marks = dict.fromkeys(known, False)
    for keyword in call.keywords:
        if keyword.arg in aside:
            continue
        if keyword.arg not in known:
            hint = f"known here: {', '.join(f'{one}=True' for one in known)}" if known else "leave it out"
            raise refused(words.path, words.line, f"unknown argument {shown(keyword.arg or '**')}", hint)
        marks[keyword.arg] = _truth(words, keyword.value)
    return marks


def _nothing_given(words: Words, call: ast.Call, hint: str) -> None:
    if call.args:
        raise refused(words.path, words.line, f"{ast.unparse(call.func)}(…) takes no value here", hint)


def _only(words: Words, call: ast.Call, example: str) -> ast.expr:
    if len(call.args) == 1 and not call.keywords:
        return call.args[0]
    function = ast.unparse(call.func)
    raise refused(words.path, words.line, f"{function}(…) takes one argument", f"write {function}({example})")


def _truth(words: Words, node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=bool() as truth):
            return truth
    raise refused(words.path, words.line, f"{ast.unparse(node)} is neither True nor False", "write True or False")


def as_value(given: object) -> Value:
    """A number, a vector, or a matrix as rows of one length.

    Raises:
        ValueError: anything else.
    """
    if not isinstance(given, list | tuple):
        return _number(given)
    if any(isinstance(row, list | tuple) for row in given):
        rows = [as_value(row) for row in given]
        if any(not isinstance(row, tuple) or len(row) != len(rows[0]) or not row for row in rows):  # type: ignore[arg-type]
            raise ValueError
        if any(isinstance(cell, tuple) for row in rows if isinstance(row, tuple) for cell in row):
            raise ValueError
        return tuple(rows)
    if not given:
        raise ValueError
    return tuple(map(_number, given))


def _number(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError
    number = float(given)
    if number - number != 0.0:
        raise ValueError
    return number
