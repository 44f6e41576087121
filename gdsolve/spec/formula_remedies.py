"""What to write instead of what a model formula cannot have."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Collection, Mapping, Sequence

from gdsolve.nearest import nearest_names
from gdsolve.spec.formula_functions import CONTRASTS, FUNCTIONS, KNOWN, MODULES, SAID, WRITTEN, Signature
from gdsolve.spec.formula_tokens import FormulaToken, TokenKind

LONGEST_LISTED = 12
_LIBRARIES = ("math", "torch", "scipy", "stats", "splines", "mgcv", "base", "patsy", "pd", "pl", "special", "jnp")


def short(name: str) -> str:
    """A name in quotes, cut to 40 characters."""
    return repr(name if len(name) <= 40 else f"{name[:40]}…")


def in_a_formula(name: str) -> str:
    """A name as a formula takes it: in backticks where it is none of letters, digits, dots and _.

    >>> in_a_formula("Sepal.Length"), in_a_formula("time (s)")
    ('Sepal.Length', '`time (s)`')
    """
    return name if re.fullmatch(r"[^\W\d][\w.]*", name) else f"`{name}`"


def for_function(name: str, given: Sequence[str], named: Mapping[str, str], columns: Collection[str], text: str) -> str:
    """For a function that there is not, with its arguments as they are written, in a call that is `text`."""
    return (
        _quoted(text, columns)
        or _rewritten(name, given, named)
        or _elsewhere(name, given)
        or _product(name, given, columns)
        or _near_function(name)
        or KNOWN
    )


def _quoted(text: str, columns: Collection[str]) -> str | None:
    """For a column in a text that has to stand in backticks and does not: the longest of them."""
    bare = re.sub("`[^`]*`", "``", text)
    odd = [name for name in columns if in_a_formula(name) != name and any(map(str.isalpha, name))]
    found = [name for name in odd if _stands_in(name, bare)]
    return f"write {in_a_formula(max(found, key=len))}, with its backticks" if found else None


def _stands_in(name: str, text: str) -> bool:
    words = r"\s*".join(map(re.escape, re.findall(r"\w+|[^\w\s]", name)))
    return re.search(rf"(?<!\w){words}" + (r"(?!\w)" if name[-1:].isalnum() else ""), text) is not None


def _elsewhere(name: str, given: Sequence[str]) -> str | None:
    """For what another program calls otherwise."""
    words = {"x": given[0] if given else "x", "all": ", ".join(given), "crossed": ":".join(given)}
    if name in WRITTEN and given:
        return f"write {WRITTEN[name].format(**words)}"
    return SAID[name].format(**words) if name in SAID else None


def _product(name: str, given: Sequence[str], columns: Collection[str]) -> str | None:
    if name not in columns or not given:
        return None
    factor = in_a_formula(name)
    return f"for a product write I({factor}*({given[0]})), for an interaction {factor}:({given[0]})"


def _near_function(name: str) -> str | None:
    module, _, function = name.rpartition(".")
    if function in FUNCTIONS and (module in MODULES or module.partition(".")[0] in _LIBRARIES):
        return f"write {function}(…), without {module}."
    folded = {one.lower(): one for one in FUNCTIONS}
    near = difflib.get_close_matches(function.lower(), folded, n=1, cutoff=0.7)
    return f"did you mean {folded[near[0]]}?" if near else None


def _rewritten(name: str, given: Sequence[str], named: Mapping[str, str]) -> str | None:
    """For functions of R whose arguments have other names here."""
    first = given[0] if given else "x"
    if name in ("relevel", "Relevel"):
        level = named.get("ref") or (given[1] if len(given) > 1 else "'level'")
        return f"write C({first}, Treatment({level}))"
    if name in ("ns", "rcs", "naturalSpline"):
        size = named.get("df") or (given[1] if len(given) > 1 else "4")
        return f"for a natural spline write cr({first}, df={size}, constraints='center')"
    if name in ("s", "te", "ti", "t2", "lo", "smooth"):
        return f"for a smooth curve write cr({first}, df=4, constraints='center') or bs({first}, df=5)"
    return None


def for_keyword(name: str, keyword: str, value: str, signature: Signature) -> str:
    """For an argument that a function does not have."""
    if name == "C" and keyword in ("base", "ref", "reference"):
        return "name the level of reference: C(x, Treatment('level'))"
    if name == "C" and keyword in ("contr", "contrast"):
        return f"write contrasts={value}"
    if name == "I":
        return f"to compare write ==, as in I({keyword} == {value})"
    near = difflib.get_close_matches(keyword.lower(), signature.arguments, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"write {signature.form}" + (f"; there are {', '.join(signature.arguments)}" if signature.least else "")


def for_contrasts(text: str) -> str:
    """For what stands in the place of contrasts, `C(g, sum)`."""
    name = text.rpartition(".")[2].removesuffix("()")
    known = [one for one in CONTRASTS if one.lower() == name.lower()]
    forms = [CONTRASTS[one].form for one in known or CONTRASTS]
    return f"write C(x, {forms[0]})" if known else f"there are {', '.join(forms)}"


def for_node(node: ast.expr, told: Callable[[ast.expr], str]) -> str:
    """For a piece of Python that is no part of a formula; `told` shows a piece as the user wrote it."""
    found = "use names of columns, numbers, + - * / ** and functions; " + KNOWN
    match node:
        case ast.BinOp(op=ast.BitXor(), left=left, right=right):
            found = f"write ** for a power: {told(left)}**{told(right)}"
        case ast.BoolOp(op=op, values=values):
            sign = " & " if isinstance(op, ast.And) else " | "
            found = f"write {sign.join(f'({told(value)})' for value in values)}"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            found = f"write ~({told(operand)})"
        case ast.IfExp(test=test, body=body, orelse=other):
            found = f"write where({told(test)}, {told(body)}, {told(other)})"
        case ast.Compare(ops=[_, _]):
            found = f"write {_two_comparisons(node, told)}"
    return found


def _two_comparisons(node: ast.Compare, told: Callable[[ast.expr], str]) -> str:
    """`1 < x < 3`, and `x > 1 & x < 3`, in which & binds more closely than Python's readers expect."""
    left, right, middle = node.left, node.comparators[1], node.comparators[0]
    inner, sign, outer = middle, "&", middle
    if isinstance(middle, ast.BinOp) and isinstance(middle.op, ast.BitAnd | ast.BitOr):
        inner, outer = middle.left, middle.right
        sign = "&" if isinstance(middle.op, ast.BitAnd) else "|"
    halves = ast.Compare(left, node.ops[:1], [inner]), ast.Compare(outer, node.ops[1:], [right])
    return f"({told(halves[0])}) {sign} ({told(halves[1])})"


_DESCRIBED: Mapping[type[ast.AST], str] = {
    ast.Attribute: "an attribute (a dot after a name)",
    ast.Subscript: "an index in brackets",
    ast.Compare: "such a comparison",
    ast.Constant: "such a constant",
    ast.Call: "a call other than name(…)",
    ast.Set: "a set in braces",
    ast.Dict: "a mapping in braces",
    ast.BoolOp: "and, or",
    ast.IfExp: "if … else",
}


def described(node: ast.expr) -> str:
    """A piece of Python in words."""
    if isinstance(node, ast.BinOp):
        return {ast.BitXor: "^ within a function", ast.MatMult: "@"}.get(type(node.op), "this operator")
    if isinstance(node, ast.UnaryOp):
        return "not"
    return _DESCRIBED.get(type(node), f"Python's {type(node).__name__}")


def for_syntax(text: str, columns: Collection[str]) -> str:
    """For a call that Python cannot read."""
    product = re.search(r"(?<![\w.])(\d[\d.]*)\s*([^\W\d]\w*)", text)
    return (
        _quoted(text, columns)
        or next((hint for sign, hint in _SIGNS.items() if re.search(sign, text)), None)
        or (f"for a product write {product[1]}*{product[2]}" if product else None)
        or "write it as in I(x**2), log(x) or C(x, Sum); a name that is not of letters, digits and _ goes in backticks"
    )


_SIGNS: Mapping[str, str] = {
    "%%": "for the remainder write %",
    "%in%": "write (x == 'a') | (x == 'b')",
    r"&&|\|\|": "for && write &, for || write |, with both sides in brackets",
    r"!(?!=)": "for ! write ~",
    r"(?<![<>=!])=(?!=)": "to compare write ==",
}


def for_missing(before: FormulaToken, after: FormulaToken, text: str, columns: Collection[str]) -> str:
    """For two terms with nothing between them."""
    if (quoted := _quoted(text, columns)) is not None:
        return quoted
    if after.kind is TokenKind.OPEN and before.kind is TokenKind.NAME and before.text in FUNCTIONS:
        return f"write {before.text}(…), without the blank"
    if before.kind is TokenKind.NUMBER:
        return f"for a product write I({before.text}*{after.text})"
    return "write + between terms, : for their interaction, or * for both"


def for_name(name: str, columns: Sequence[str], text: str) -> str:
    """For a column that the table does not have."""
    if (quoted := _quoted(text, columns)) is not None:
        return quoted
    folded = {known.lower(): known for known in columns}
    near = nearest_names(name.lower(), folded)
    listed = ", ".join(in_a_formula(one) for one in columns[:LONGEST_LISTED])
    beyond = len(columns) - LONGEST_LISTED
    more = f", and {beyond:,} more: gdsolve check FILE lists them" if beyond > 0 else ""
    meant = f"did you mean {in_a_formula(folded[near[0]])}? " if near else ""
    return f"{meant}columns: {listed}{more}"
