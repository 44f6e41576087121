"""What to write instead of what a formula cannot have."""

from __future__ import annotations

import ast
import difflib
import itertools
import re
from collections.abc import Callable, Collection, Sequence

from gdsolve.nearest import nearest_names
from gdsolve.objective.elsewhere import SIGNS, form_of, is_function_elsewhere, rewritten
from gdsolve.objective.functions import FUNCTIONS, KNOWN, NUMBERS
from gdsolve.objective.spellings import ALONG, module_of

FUNCTIONS_KNOWN = "known here: " + ", ".join(sorted(FUNCTIONS))
LONGEST_NAMES = 20
ALSO_NAMES = ("gamma", "max", "mean", "min", "norm", "sign")
"""The functions by whose names people call parameters."""
SHORTEST_SLIP, SLIP = 4, 0.8
CIRCLE = ("PI", "Pi", "π", "M_PI")
ENDLESS = ("inf", "Inf", "INF", "infinity", "Infinity", "nan", "NaN", "NAN", "oo")
_NUMBER = r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_PRODUCT = re.compile(rf"({_NUMBER})\s*([^\W\d]\w*|\()|(\))\s*(\w+|\()|([^\W\d]\w*)\s+(\w+|\()")
_ENDS = re.compile(r"(\*\*|[-+*/@,])\s*$")


def in_a_formula(name: str) -> str:
    """A name as a formula takes it: in backticks where it is none of letters, digits and _.

    >>> in_a_formula("time"), in_a_formula("time (s)")
    ('time', '`time (s)`')
    """
    return name if name.isidentifier() else f"`{name}`"


def may_be_parameter(name: str) -> bool:
    """True for a name that a parameter may have without being told of: no number, no function, no slip of one.

    >>> may_be_parameter("rate"), may_be_parameter("exp"), may_be_parameter("gamma"), may_be_parameter("e")
    (True, False, True, False)
    """
    if name in NUMBERS or name in CIRCLE or name in ENDLESS or name in ("e", "E"):
        return False
    return name not in FUNCTIONS or name in ALSO_NAMES


def near_column(name: str, columns: Collection[str]) -> str | None:
    """A column that may be meant by a name that is none: the same in capitals, its first word, or a slip of it."""
    # A column is often called by its first word: `time (s)`.
    alike = [column for column in columns if re.match(rf"{re.escape(name)}(\W|$)", column, re.IGNORECASE)]
    if alike or len(name) < SHORTEST_SLIP:
        return next(iter(alike), None)
    return next(iter(nearest_names(name, columns, cutoff=SLIP)), None)


def for_function(call: ast.Call, name: str, names: Collection[str], told: Callable[[str], str]) -> str:
    """For a function that there is not; `told` shows a piece of the formula as the user wrote it."""
    if name in names:
        return f"for a product write {in_a_formula(name)}*(…)"
    if name in CIRCLE and not call.args:
        return "write pi"
    form, general = rewritten(call, name), form_of(name)
    return (
        _quoted(told(ast.unparse(call)), names)
        or (f"write {told(form)}" if form else None)
        or (f"for {name}({_arguments(general)}) write {general}" if general else None)
        or (f"write {name.lower()}(…)" if name.lower() in FUNCTIONS else None)
        or _near_function(name)
        or FUNCTIONS_KNOWN
    )


def for_count(call: ast.Call, name: str, told: Callable[[str], str]) -> str:
    """For a function that takes another number of arguments."""
    parts = [ast.unparse(argument) for argument in call.args]
    written = _with_more(name, parts) if len(parts) > 1 else None
    if written is not None:
        return f"write {told(written)}"
    if name in ("maximum", "minimum") and len(parts) == 1:
        return f"write {name[:3]}({told(parts[0])})"
    if name == "clip" and len(parts) == 2:
        return "write clip(x, lower, upper), or maximum(x, lower) for one bound"
    return f"write {_FORMS.get(name) or (f'{name}(x, y)' if FUNCTIONS[name][0] == (2,) else f'{name}(x)')}"


def _with_more(name: str, parts: Sequence[str]) -> str | None:
    """What is meant by more arguments than a function takes."""
    nested = parts[-1]
    for part in reversed(parts[:-1]):
        nested = f"{name}({part}, {nested})"
    total = ast.unparse(ast.parse(" + ".join(f"({part})" for part in parts)))
    forms = {"sum": f"({total})", "mean": f"(({total})/{len(parts)})"}
    if len(parts) > 2:
        forms |= dict.fromkeys(("max", "min", "maximum", "minimum", "logsumexp"), nested)
    else:
        forms |= dict.fromkeys(("arctan", "atan"), f"atan2({parts[0]}, {parts[1]})")
        forms["log"] = f"(log({parts[0]})/log({parts[1]}))"
        forms["round"] = ast.unparse(ast.parse(f"(round(({parts[0]})*10**({parts[1]}))/10**({parts[1]}))", mode="eval"))
    return forms.get(name)


def for_condition(text: str) -> str:
    """For a condition as the whole of a formula."""
    return (
        f"a formula is one number, as in a*x + b: write where({text}, 1, 0) for 1 where it holds; "
        "bounds of parameters are given by --lower and --upper"
    )


def for_no_condition(text: str) -> str:
    """For a number in the place of a condition."""
    return f"write a comparison, as in {text} > 0"


def for_name(name: str, names: Collection[str], text: str, absent: str) -> str:
    """For a name that there is not; `absent` says what to do for one that should be there, with {name} in it."""
    if (quoted := _quoted(text, names)) is not None:
        return quoted
    if name in CIRCLE:
        return "write pi"
    if name in ("e", "E") and name not in names:
        return "for Euler's number write exp(1)" + _else(absent, name, ";")
    if name in ENDLESS:
        return "a formula has finite numbers alone: " + (
            "write a large one, as in 1e300" if name[0] in "iIo" else "choose rows by where(x > 0, a, b)"
        )
    near = _nearest(name, names)
    if near is not None:
        ticks = "" if near.isidentifier() else ", with its backticks"
        return f"did you mean {in_a_formula(near)}{ticks}?{_else(absent, name)}"
    return (absent.format(name=name) + "; " if absent else "") + _names_known(names)


def for_node(node: ast.expr, names: Collection[str], told: Callable[[str], str]) -> str:
    """For a piece of Python that is no part of a formula."""
    return (
        _quoted(told(ast.unparse(node)), names)
        or _for_dots(node, names, told)
        or _for_call(node, told)
        or _for_constant(node, names, told)
        or _FOR_KIND.get(type(node.op if isinstance(node, ast.BinOp) else node))
        or f"use {KNOWN}"
    )


def _for_dots(node: ast.expr, names: Collection[str], told: Callable[[str], str]) -> str | None:
    """For `np.exp2(x)`, `x.sum(0)`, `x.grad` and `x.reshape(2, 2)`."""
    dotted = node.func if isinstance(node, ast.Call) else node
    if not isinstance(dotted, ast.Attribute):
        return None
    module = module_of(dotted, names)
    if isinstance(node, ast.Call) and dotted.attr in ALONG:
        parts = node.args if module else [dotted.value, *node.args]
        whole = f"{dotted.attr}({ast.unparse(parts[0])})" if parts else "sum(x)"
        return f"write {told(whole)}: it is taken over all entries"
    if module is not None:
        return _without(module, dotted.attr, names)
    return _for_method(node, dotted, told)


def _for_method(node: ast.expr, dotted: ast.Attribute, told: Callable[[str], str]) -> str | None:
    """For what PyTorch has behind a dot."""
    name, of = dotted.attr, told(ast.unparse(dotted.value))
    if name in ("grad", "backward"):
        return f"write {of} alone: the gradient is found without being asked for"
    if name in _SHAPING:
        return f"write {of} alone: a column and a vector have one dimension, and transpose(…) turns a matrix"
    if name in _PLAIN:
        return f"write {of} alone, without .{name}"
    given = node.args if isinstance(node, ast.Call) else []
    form = rewritten(ast.Call(ast.Name(name), [dotted.value, *given], []), name)
    return f"write {told(form)}" if form else f"write {name}({of})" if name in FUNCTIONS else None


_SHAPING = ("reshape", "view", "flatten", "ravel", "squeeze", "unsqueeze")
_PLAIN = ("item", "detach", "float", "double", "numpy", "tolist", "cpu", "cuda", "to", "clone", "data", "values")
"""What of a tensor gives the same numbers."""
_FORMS = {"where": "where(x > 0, a, b)", "clip": "clip(x, lower, upper)"}


def _for_call(node: ast.expr, told: Callable[[str], str]) -> str | None:
    """For `sum(x, axis=0)` and `2(x + 1)`."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[first, *_], keywords=[_, *_]) if name in ALONG:
            return f"write {told(f'{name}({ast.unparse(first)})')}: it is taken over all entries"
        case ast.Call(func=ast.Constant() | ast.BinOp() | ast.Call() as factor):
            text = told(ast.unparse(factor))
            return f"for a product write {f'({text})' if isinstance(factor, ast.BinOp) else text}*(…)"
        case ast.Call(func=ast.Name(id=name), keywords=[_, *_]) if name in FUNCTIONS:
            return for_count(node, name, told)
    return None


def _for_constant(node: ast.expr, names: Collection[str], told: Callable[[str], str]) -> str | None:
    """For `[x]`, `True` and a name in quotes."""
    match node:
        case ast.List(elts=[inner]) | ast.Set(elts=[inner]):
            return f"write ({told(ast.unparse(inner))})"
        case ast.Constant(value=bool() as truth):
            return f"write {int(truth)}"
        case ast.Constant(value=str() as word) if word in names:
            return f"write {in_a_formula(word)}"
    return None


_ABSOLUTE = "for the absolute value write abs(…)"
_FOR_KIND: dict[type[ast.AST], str] = {
    ast.Tuple: "write decimals with a point, as in 1.5",
    ast.BitOr: f"between conditions write or; {_ABSOLUTE}",
    ast.BitAnd: "between conditions write and",
    ast.Compare: "write ==, !=, <, <=, > or >= to compare",
    ast.Subscript: "write a whole number from 0 on, as in w[0], W[0, 1] and w[-1], or a range, as in w[1:3]",
    ast.Mod: "for the remainder write x - y*floor(x/y)",
    ast.FloorDiv: "for the whole part of a quotient write floor(x/y)",
    ast.UnaryOp: "before a condition write not",
}


def for_syntax(line: str, column: int, reason: str, names: Collection[str], absent: str) -> str:
    """For a text that Python cannot read at this column."""
    return (
        _quoted(line, names)
        or (for_name("lambda", names, line, absent) if re.search(r"\blambda\b", line) else None)
        or _for_brackets(column, reason)
        or _for_condition(line)
        or _for_equation(line)
        or (_ABSOLUTE if "|" in line else None)
        or _for_product(line)
        or f"use {KNOWN}"
    )


def _for_brackets(column: int, reason: str) -> str | None:
    if "never closed" in reason:
        return "write the ) that goes with it"
    if reason.startswith("unmatched"):
        return f"take it out, or write the one that goes with it before column {column}"
    return None


_LOGICAL = {"&&": "and", "||": "or", "!": "not", "<>": "!="}


def _for_condition(line: str) -> str | None:
    """For the conditions of C, gnuplot and R, and for a single = in one."""
    if re.search(r"\?.*:", line):
        return "for c ? a : b write where(c, a, b)"
    sign = re.search(r"&&|\|\||!(?!=)|<>", line)
    if sign is not None:
        return f"for {sign[0]} write {_LOGICAL[sign[0]]}"
    if re.search(r"\bwhere\s*\(.*(?<![=<>!])=(?!=)", line) or re.search(r"=[<>]", line):
        return "write ==, !=, <, <=, > or >= to compare"
    return None


def _for_equation(line: str) -> str | None:
    mark = "~" if "~" in line else "=" if re.search(r"(?<![=<>!:])=(?!=)", line) else None
    words = "alone, with a name for every parameter, as in a*x + b"
    return f"write what stands to the right of {mark} {words}" if mark else None


def _for_product(line: str) -> str | None:
    """For `2x`, `x y` and `sin x`, and for an end that comes too early."""
    if (match := _PRODUCT.search(line)) is not None:
        left, right = (part for part in match.groups() if part)
        if left in FUNCTIONS:
            return f"write {left}({right}…)" if right == "(" else f"write {left}({right})"
        return f"for a product write {left}*{right}"
    ends = _ENDS.search(line)
    return f"write what follows the {ends[1]}, or leave it out" if ends else None


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
    """A column in the text that has to stand in backticks and does not."""
    text = re.sub("`[^`]*`", "``", text)
    odd = [name for name in names if not name.isidentifier() and any(map(str.isalpha, name))]
    found = [name for name in odd if re.search(_loose(name), text)]
    return f"write {in_a_formula(max(found, key=len))}, with its backticks" if found else None


def _loose(name: str) -> str:
    """A pattern of a name, with blanks where Python puts them or not."""
    words = re.findall(r"\w+|[^\w\s]", name)
    between = (r"\s+" if one[-1:].isalnum() and two[:1].isalnum() else r"\s*" for one, two in itertools.pairwise(words))
    joined = "".join(re.escape(word) + gap for word, gap in itertools.zip_longest(words, between, fillvalue=""))
    return rf"(?<!\w){joined}" + (r"(?!\w)" if words[-1].isalnum() else "")


def _without(module: str, attribute: str, names: Collection[str]) -> str:
    if attribute == "e" or attribute in ENDLESS:
        return for_name(attribute, [], "", "") if attribute not in names else f"write {attribute}"
    if attribute in FUNCTIONS:
        return f"write {attribute}(…), without {module}."
    if attribute in ("tensor", "array", "asarray", "Tensor", "float64", "float32"):
        return f"write the number alone, without {module}.{attribute}"
    form = form_of(attribute)
    return FUNCTIONS_KNOWN if form is None else f"for {attribute}({_arguments(form)}) write {form}"


def _arguments(form: str) -> str:
    return ", ".join(letter for letter in "xyz" if re.search(rf"\b{letter}\b", form))


def _near_function(name: str) -> str | None:
    """The functions that may be meant by a name that is none, here or elsewhere."""
    if is_function_elsewhere(name):
        return None
    swapped = [one for one in FUNCTIONS if sorted(one) == sorted(name.lower())]
    near = swapped or difflib.get_close_matches(name.lower(), list(FUNCTIONS), n=3, cutoff=0.8)
    same = [one for one in near if re.sub(r"\D", "", one) == re.sub(r"\D", "", name)]
    return f"did you mean {' or '.join(same)}?" if same else None


def _nearest(name: str, names: Collection[str]) -> str | None:
    folded = {known.lower(): known for known in names}
    near = nearest_names(name.lower(), folded)
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
