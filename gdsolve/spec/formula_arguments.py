"""The arguments of functions in a model formula: how many, what they are called, and what each may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from gdsolve.spec.formula_functions import CONTRASTS, OF_R, Signature

OF_TEXTS = ("levels", "reference", "base", "extrapolation", "constraints")
"""Arguments that may be texts, or None."""
_WHOLE = ("degree", "df")
_TRUTHS = ("raw", "include_intercept", "reverse", "backward", "rescale")
_LISTS = ("knots", "levels", "scores")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "extrapolation": ("raise", "clip", "na", "zero", "extend"),
    "constraints": ("center",),
}
Fault = tuple[ast.AST, str, str]
"""What it is about, what is wrong, and what to do."""


def named_arguments(call: ast.Call, signature: Signature) -> Iterator[tuple[str, ast.expr]]:
    """The arguments of a call with their names, those that stand at their places first."""
    yield from zip(signature.arguments, call.args, strict=False)
    yield from ((str(one.arg), one.value) for one in call.keywords)


def fault_of_arguments(call: ast.Call, name: str, signature: Signature) -> Fault | None:
    """What is wrong with the arguments of a function by their number and kind, if anything."""
    write = f"write {signature.form}"
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return call, f"{name} takes its arguments one by one", write
    count = len(call.args) + len(call.keywords)
    if count < signature.least or len(call.args) > signature.placed:
        most = signature.placed
        wanted = str(most) if most == signature.least else f"{signature.least} to {most}"
        return call, f"{name} takes {wanted} argument{'' if wanted == '1' else 's'}, not {count}", write
    given = dict(named_arguments(call, signature))
    if len(given) < count:
        return call, f"{name} has an argument twice", write
    return next((fault for one in given.items() if (fault := _fault_of(name, *one))), None) or _too_few(name, given)


def _fault_of(name: str, argument: str, value: ast.expr) -> Fault | None:
    found = value.value if isinstance(value, ast.Constant) else ...
    if found is None:
        return None
    if argument in _WHOLE and (not isinstance(found, int) or isinstance(found, bool) or found < 1):
        return value, f"{argument} of {name} is a whole number of 1 or more", f"write {argument}=3, say"
    if argument in _TRUTHS and not isinstance(found, bool):
        return value, f"{argument} of {name} is True or False", f"write {argument}=True"
    if argument in _LISTS and not isinstance(value, ast.List | ast.Tuple):
        kind = "'a', 'b'" if argument == "levels" else "1, 2"
        return value, f"{argument} of {name} is a list", f"write {argument}=[{kind}]"
    if argument in _WORDS and found not in _WORDS[argument]:
        words = " or ".join(map(repr, _WORDS[argument]))
        return value, f"{argument} of {name} is {words}", f"write {argument}={_WORDS[argument][-1]!r}"
    return None


def _too_few(name: str, given: Mapping[str, ast.expr]) -> Fault | None:
    """For a spline of fewer columns than it has without a knot within."""
    size = given.get("df")
    if not isinstance(size, ast.Constant) or not isinstance(size.value, int):
        return None
    if "knots" in given:
        return size, f"{name} takes df or knots, not both", "take one of them out"
    least = 1
    if name == "bs":
        degree, full = (_number(given.get(key), usual) for key, usual in (("degree", 3), ("include_intercept", 0)))
        least = degree + full
    elif name in ("cr", "cs", "cc"):
        least = 1 if "constraints" in given else 2
    return (size, f"df of {name} is {least} or more here", f"write df={least + 2}, say") if size.value < least else None


def _number(value: ast.expr | None, usual: int) -> int:
    return int(value.value) if isinstance(value, ast.Constant) and isinstance(value.value, int) else usual


def contrast_of(value: ast.expr) -> tuple[str, Signature] | None:
    """The name and the arguments of contrasts, `Sum`, `contr.sum` or a call of such; None for anything else."""
    function = value.func if isinstance(value, ast.Call) else value
    match function:
        case ast.Name(id=name) if name in CONTRASTS and (name != "Treatment" or value is not function):
            return name, CONTRASTS[name]
        case ast.Attribute(value=ast.Name(id="contr"), attr=name) if name in OF_R:
            return "contr", OF_R[name]
    return None
