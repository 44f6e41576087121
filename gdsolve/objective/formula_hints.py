"""What to write instead of what a formula cannot have."""

from __future__ import annotations

import ast
import difflib
import itertools
import re
from collections.abc import Callable, Collection

from gdsolve.objective.elsewhere import SIGNS, form_of, is_function_elsewhere, rewritten
from gdsolve.objective.functions import FUNCTIONS, KNOWN

FUNCTIONS_KNOWN = "known here: " + ", ".join(sorted(FUNCTIONS))
LONGEST_NAMES = 20
CIRCLE = ("PI", "Pi", "π", "M_PI")
_MODULES = ("np", "numpy", "math", "torch", "jnp", "tf", "scipy", "cmath", "Math")
_NUMBER = r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PRODUCT = re.compile(rf"({_NUMBER})\s*([^\W\d]\w*|\()|(\))\s*(\w+|\()|([^\W\d]\w*)\s+(\w+|\()")
_ENDS = re.compile(r"(\*\*|[-+*/@,])\s*$")


def in_a_formula(name: str) -> str:
    """A name as a formula takes it: in backticks where it is none of letters, digits and _.

    >>> in_a_formula("time"), in_a_formula("time (s)")
    ('time', '`time (s)`')
    """
    return name if name.isidentifier() else f"`{name}`"


def for_function(call: ast.Call, name: str, names: Collection[str], told: Callable[[str], str]) -> str:
    """For a function that there is not; `told` shows a piece of the formula as the user wrote it."""
    if name in names:
        return f"for a product write {in_a_formula(name)}*(…)"
    if name in CIRCLE and not call.args:
        return "write pi"
    if (quoted := _quoted(told(ast.unparse(call)), names)) is not None:
        return quoted
    if (form := rewritten(call, name)) is not None:
        return f"write {told(form)}"
    if (general := form_of(name)) is not None:
        return f"for {name}({_arguments(general)}) write {general}"
    if name.lower() in FUNCTIONS:
        return f"write {name.lower()}(…)"
    near = [] if is_function_elsewhere(name) else _near_functions(name)
    return f"did you mean {' or '.join(near)}?" if near else FUNCTIONS_KNOWN


def for_count(call: ast.Call, name: str, told: Callable[[str], str]) -> str:
    """For a function that takes another number of arguments."""
    parts = [ast.unparse(argument) for argument in call.args]
    if name in ("max", "min") and len(parts) > 2:
        nested = parts[-1]
        for part in reversed(parts[:-1]):
            nested = f"{name}({part}, {nested})"
        return f"write {told(nested)}"
    if name in ("sum", "mean") and len(parts) > 1:
        total = ast.unparse(ast.parse(" + ".join(f"({part})" for part in parts)))
        return f"write ({told(total if name == 'sum' else f'({total})/{len(parts)}')})"
    if name == "log" and len(parts) == 2:
        return f"write ({told(f'log({parts[0]})/log({parts[1]})')})"
    if name == "arctan" and len(parts) == 2:
        return f"for arctan(x, y) write {form_of('arctan2')}"
    return "write dot(x, y)" if name == "dot" else f"write {name}(x)"


def for_name(name: str, names: Collection[str], text: str, absent: str) -> str:
    """For a name that there is not; `absent` says what to do for one that should be there, with {name} in it."""
    if (quoted := _quoted(text, names)) is not None:
        return quoted
    if name in CIRCLE:
        return "write pi"
    if name in ("e", "E") and name not in names:
        return "for Euler's number write exp(1)" + _else(absent, name, ";")
    near = _nearest(name, names)
    if near is not None:
        ticks = "" if near.isidentifier() else ", with its backticks"
        return f"did you mean {in_a_formula(near)}{ticks}?{_else(absent, name)}"
    return (absent.format(name=name) + "; " if absent else "") + _names_known(names)


def for_node(node: ast.expr, names: Collection[str], told: Callable[[str], str]) -> str:
    """For a piece of Python that is no part of a formula."""
    if (quoted := _quoted(told(ast.unparse(node)), names)) is not None:
        return quoted
    match node:
        case ast.Attribute(value=ast.Name(id=module), attr=attribute) if module in _MODULES and module not in names:
            return _without(module, attribute)
        case ast.Attribute(attr="T", value=matrix):
            return f"write {told(f'transpose({ast.unparse(matrix)})')}"
        case ast.Attribute(attr=attribute, value=value) if attribute in FUNCTIONS:
            return f"write {told(f'{attribute}({ast.unparse(value)})')}"
        case ast.Call(func=ast.Attribute() as method, args=[], keywords=[]):
            return for_node(method, names, told)
        case ast.Call(func=ast.Attribute(value=ast.Name(id=module), attr=attribute)) if module in _MODULES:
            return _without(module, attribute)
        case ast.Call(func=ast.Name(id=name), args=[first, *_], keywords=[_, *_]) if name in FUNCTIONS:
            return f"write {told(f'{name}({ast.unparse(first)})')}: it is taken over all entries"
        case ast.Call(func=ast.Constant() | ast.BinOp() | ast.Call() as factor):
            text = told(ast.unparse(factor))
            return f"for a product write {f'({text})' if isinstance(factor, ast.BinOp) else text}*(…)"
        case ast.Tuple():
            return "write decimals with a point, as in 1.5"
        case ast.List(elts=[inner]) | ast.Set(elts=[inner]):
            return f"write ({told(ast.unparse(inner))})"
        case ast.Constant(value=bool() as truth):
            return f"write {int(truth)}"
        case ast.Constant(value=str() as word) if word in names:
            return f"write {in_a_formula(word)}"
        case ast.BinOp(op=ast.BitOr()):
            return "for the absolute value write abs(…)"
        case ast.Compare():
            return "bounds of parameters are given by --lower and --upper; a formula is one number, as in a*x + b"
        case ast.Subscript():
            return "give each entry a name of its own, as in w0 and w1"
    return f"use {KNOWN}"


def for_syntax(line: str, column: int, reason: str, names: Collection[str], absent: str) -> str:
    """For a text that Python cannot read at this column."""
    if (quoted := _quoted(line, names)) is not None:
        return quoted
    if re.search(r"\blambda\b", line):
        return for_name("lambda", names, line, absent)
    if "never closed" in reason:
        return "write the ) that goes with it"
    if reason.startswith("unmatched"):
        return f"take it out, or write the one that goes with it before column {column}"
    if "~" in line or re.search(r"(?<![=<>!:])=(?!=)", line):
        mark = "~" if "~" in line else "="
        return f"write what stands to the right of {mark} alone, with a name for every parameter, as in a*x + b"
    if "|" in line:
        return "for the absolute value write abs(…)"
    if (match := _PRODUCT.search(line)) is not None:
        left, right = (part for part in match.groups() if part)
        if left in FUNCTIONS:
            return f"write {left}({right}…)" if right == "(" else f"write {left}({right})"
        return f"for a product write {left}*{right}"
    if (match := _ENDS.search(line)) is not None:
        return f"write what follows the {match[1]}, or leave it out"
    return f"use {KNOWN}"


def for_sign(line: str, names: Collection[str]) -> tuple[int, str, str] | None:
    """The first sign that no formula has: its place, counted from 0, how it is told, and what to write instead."""
    for place, sign in enumerate(line):
        if sign == "^":
            return place, "^ is no power", "write ** for a power"
        if sign in "#\\":
            return place, f"{sign!r} has no place in a formula", f"use {KNOWN}"
        if sign in SIGNS and not any(sign in name and name in line for name in names):
            form = SIGNS[sign]
            return place, f"{sign!r} has no place in a formula", f"write {form}" if form else "leave it out"
    return None


def _quoted(text: str, names: Collection[str]) -> str | None:
    """A column in the text that has to stand in backticks."""
    odd = [name for name in names if not name.isidentifier() and any(map(str.isalpha, name))]
    found = [name for name in odd if re.search(_loose(name), text)]
    return f"write {in_a_formula(max(found, key=len))}, with its backticks" if found else None


def _loose(name: str) -> str:
    """A pattern of a name, with blanks where Python puts them or not."""
    words = re.findall(r"\w+|[^\w\s]", name)
    between = (r"\s+" if one[-1:].isalnum() and two[:1].isalnum() else r"\s*" for one, two in itertools.pairwise(words))
    joined = "".join(re.escape(word) + gap for word, gap in itertools.zip_longest(words, between, fillvalue=""))
    return rf"(?<!\w){joined}" + (r"(?!\w)" if words[-1].isalnum() else "")


def _without(module: str, attribute: str) -> str:
    if attribute in ("pi", "e"):
        return f"write {'pi' if attribute == 'pi' else 'exp(1)'}"
    if attribute in FUNCTIONS:
        return f"write {attribute}(…), without {module}."
    form = form_of(attribute)
    return FUNCTIONS_KNOWN if form is None else f"for {attribute}({_arguments(form)}) write {form}"


def _arguments(form: str) -> str:
    return ", ".join(letter for letter in "xyz" if re.search(rf"\b{letter}\b", form))


def _near_functions(name: str) -> list[str]:
    near = difflib.get_close_matches(name.lower(), list(FUNCTIONS), n=3, cutoff=0.8)
    return [one for one in near if re.sub(r"\D", "", one) == re.sub(r"\D", "", name)]


def _nearest(name: str, names: Collection[str]) -> str | None:
    folded = {known.lower(): known for known in names}
    near = difflib.get_close_matches(name.lower(), folded, n=1)
    if near:
        return folded[near[0]]
    # A column is often called by its first word: `time (s)`.
    begin = [known for known in names if len(name) > 1 and re.match(rf"{re.escape(name)}\b", known, re.IGNORECASE)]
    return begin[0] if len(begin) == 1 else None


def _else(absent: str, name: str, mark: str = "") -> str:
    return f"{mark} {absent.format(name=name)}" if absent else ""


def _names_known(names: Collection[str]) -> str:
    listed = [in_a_formula(name) for name in sorted(set(names))]
    if not listed:
        return "known here: no name"
    more = len(listed) - LONGEST_NAMES
    beyond = f", and {more:,} more: gdsolve check FILE lists the columns" if more > 0 else ""
    return f"known here: {', '.join(listed[:LONGEST_NAMES])}{beyond}"
