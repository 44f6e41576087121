"""What stands within the brackets of a call in a model formula: Python, of which a formula has a small part.

`formulaic` evaluates it, whatever it is. So nothing passes here but names, numbers, texts, lists, the functions of
`formula_functions` and operators between them: a formula of a stranger, or in a model of one, can do no harm.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from gdsolve.spec import formula_remedies as hints
from gdsolve.spec.formula_arguments import OF_TEXTS, contrast_of, fault_of_arguments, named_arguments
from gdsolve.spec.formula_functions import CONSTANTS, CONTRASTS, FUNCTIONS, MODULES, NUMPY, Signature
from gdsolve.spec.formula_tokens import FormulaToken, refused

_ALLOWED = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv, ast.BitAnd, ast.BitOr),
    *(ast.USub, ast.UAdd, ast.Invert, ast.Load),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq),
)
_DEEPEST = 60
_AS_NAMES = (
    *(
        "as",
        "assert",
        "async",
        "await",
        "break",
        "class",
        "continue",
        "def",
        "del",
        "elif",
        "except",
        "finally",
        "from",
    ),
    *("global", "import", "nonlocal", "pass", "raise", "return", "try", "while", "with", "yield"),
)
_LARGEST = 100
# Each stands for a name; one that the text has is not taken.
_LETTERS = range(0x4E00, 0x9FFF)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a formula and the column where it stands, counted from 1; `called` is True of a function."""

    name: str
    column: int
    called: bool = False


@dataclass(slots=True)
class CallReader:
    """One call, and the columns that it may name."""

    token: FormulaToken
    columns: Collection[str]
    stands_for: dict[str, str] = field(default_factory=dict)
    reserved: set[str] = field(default_factory=set)
    code: str = ""
    mentions: list[Mention] = field(default_factory=list)
    dotted: list[tuple[int, int]] = field(default_factory=list)

    def read(self) -> CallReader:
        """Its names, in `mentions`; in `dotted` the places of columns with dots, which `formulaic` wants in backticks.

        Raises:
            GdsolveError: what no formula has.
        """
        self.code = self._without_backticks()
        try:
            tree = ast.parse(self.code, mode="eval")
        except (SyntaxError, ValueError) as fault:
            raise self._unreadable(fault) from None
        except (RecursionError, MemoryError):
            raise self._deep() from None
        try:
            self._value(tree.body, 0)
        except RecursionError:
            # Dots behind one another nest without a bracket around them: x.y.y.y
            raise self._deep() from None
        if all(one.called for one in self.mentions):
            words = f"{self.token.text} names no column"
            raise refused(self.token.column, words, "write a column in it, as in log(x)")
        return self

    def _without_backticks(self) -> str:
        """The text with identifiers of the same length for names in backticks, so that places stay.

        So it is with words that Python keeps for itself and no formula has, as in `log(class)` and `as.factor(x)`.
        """
        text = self.token.text
        letters = (letter for letter in map(chr, _LETTERS) if letter not in text)

        def aliased(match: re.Match[str]) -> str:
            quoted, word = match[1], match[0]
            if quoted is None:
                if word not in _AS_NAMES and not (keyword.iskeyword(word) and text[match.end() :][:1] == "."):
                    return word
                self.reserved.add(word)
            alias = next(letters).ljust(len(word), "_")
            self.stands_for[alias] = quoted or word
            return alias

        return re.sub(r"`([^`]+)`|[^\W\d]\w*", aliased, text)

    def _value(self, node: ast.expr, depth: int, *, texts: bool = False) -> None:
        if depth > _DEEPEST:
            raise self._deep()
        match node:
            case ast.Call():
                self._call(node, depth)
            case ast.Name(id=name):
                self._name(node, self.stands_for.get(name, name))
            case ast.Attribute():
                self._attribute(node)
            case ast.Constant(value=int() | float()):
                return
            case ast.Constant(value=str() | None) if texts:
                return
            case ast.UnaryOp(op=op, operand=operand) if isinstance(op, _ALLOWED):
                self._value(operand, depth + 1)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ALLOWED):
                self._check_size(node)
                self._value(left, depth + 1)
                self._value(right, depth + 1)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _ALLOWED):
                self._value(left, depth + 1, texts=True)
                self._value(right, depth + 1, texts=True)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                for part in parts:
                    self._value(part, depth + 1, texts=texts)
            case _:
                raise self._no_part(node)

    def _check_size(self, node: ast.BinOp) -> None:
        """See that nothing huge is made of a few characters: 9**9**9, or a list that is repeated."""
        for side in (node.left, node.right):
            if isinstance(side, ast.List | ast.Tuple) or (
                isinstance(side, ast.Constant) and not isinstance(side.value, int | float)
            ):
                words = "only columns and numbers are added and multiplied"
                raise refused(self._column(side), words, "write numbers and names of columns")
        if isinstance(node.op, ast.Pow) and not any(isinstance(part, ast.Name) for part in ast.walk(node)):
            sizes = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            if any(not isinstance(size, int | float) or abs(size) > _LARGEST for size in sizes) or len(sizes) > 2:
                words = "a power of numbers that may be too large"
                raise refused(self._column(node), words, "write the number itself")

    def _call(self, node: ast.Call, depth: int) -> None:
        signature, name = self._function(node)
        self._check_arguments(node, name, signature)
        if name == "Q":
            self._quoted(node)
            return
        for argument, value in named_arguments(node, signature):
            if argument == "contrasts":
                self._contrasts(value)
            else:
                self._value(value, depth + 1, texts=argument in OF_TEXTS)

    def _quoted(self, node: ast.Call) -> None:
        """The column of Q('a name')."""
        match node.args:
            case [ast.Constant(value=str() as name)]:
                self.mentions.append(Mention(name, self._column(node.args[0])))
            case _:
                raise refused(self._column(node), "Q takes the name of a column in quotes", "write Q('a name')")

    def _function(self, node: ast.Call) -> tuple[Signature, str]:
        match node.func:
            case ast.Name(id=name) if name in FUNCTIONS and name not in CONTRASTS:
                self.mentions.append(Mention(name, self._column(node), called=True))
                return FUNCTIONS[name], name
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in MODULES and name in NUMPY:
                self.mentions.append(Mention(module, self._column(node), called=True))
                return NUMPY[name], f"{module}.{name}"
        name = self._text(node.func)
        if contrast_of(node) is not None:
            raise refused(self._column(node), f"{name} makes contrasts", f"write C(x, {self._text(node)})")
        if self._is_name(node.func):
            given = [self._text(one) for one in node.args]
            hint = hints.for_function(name, given, self._named(node), self.columns, self.token.text)
            raise refused(self._column(node), f"unknown function {hints.short(name)}", hint)
        raise self._no_part(node)

    def _check_arguments(self, node: ast.Call, name: str, signature: Signature) -> None:
        for given in node.keywords:
            if given.arg is not None and given.arg not in signature.arguments:
                words = f"{name} has no argument {hints.short(given.arg)}"
                hint = hints.for_keyword(name, given.arg, self._text(given.value), signature)
                raise refused(self._place(given.lineno, given.col_offset), words, hint)
        if (fault := fault_of_arguments(node, name, signature)) is not None:
            about, words, hint = fault
            raise refused(self._column(about), words, hint)

    def _contrasts(self, value: ast.expr) -> None:
        """What stands in C(x, …)."""
        found = contrast_of(value)
        if found is None:
            hint = hints.for_contrasts(self._text(value))
            raise refused(self._column(value), f"{self._text(value)} is no set of contrasts", hint)
        self.mentions.append(Mention(found[0], self._column(value), called=True))
        if isinstance(value, ast.Call):
            self._check_arguments(value, *found)

    def _name(self, node: ast.Name, name: str) -> None:
        column = self._column(node)
        if name in CONSTANTS and node.id not in self.stands_for:
            if name in self.columns:
                raise refused(
                    column, f"{name} is a number here, and a column as well", f"write `{name}` for the column"
                )
            self.mentions.append(Mention(name, column, called=True))
            return
        if name not in self.columns and node.id not in self.stands_for and name in FUNCTIONS:
            form = FUNCTIONS[name].form
            hint = f"write C(x, {form})" if name in CONTRASTS else f"write {form}"
            raise refused(column, f"{name} is a function", hint)
        self.mentions.append(Mention(name, column))
        if name in self.reserved:
            self.dotted.append((column - 1, column - 1 + len(name)))

    def _attribute(self, node: ast.Attribute) -> None:
        match node:
            case ast.Attribute(value=ast.Name(id=module), attr=constant) if module in MODULES and constant in CONSTANTS:
                self.mentions.append(Mention(module, self._column(node), called=True))
                return
        if not self._is_name(node):
            raise self._no_part(node)
        # A column with dots in its name, which is never an attribute: it is handed on in backticks.
        name = self._text(node)
        self.mentions.append(Mention(name, self._column(node)))
        start = self.token.start + self._offset(node.col_offset)
        self.dotted.append((start, start + len(name)))

    def _named(self, node: ast.Call) -> Mapping[str, str]:
        return {str(one.arg): self._text(one.value) for one in node.keywords}

    def _no_part(self, node: ast.expr) -> Exception:
        column = self._column(node)
        if isinstance(node, ast.BinOp):
            column = self._operator(node)
        return refused(column, f"{hints.described(node)} has no place in a formula", hints.for_node(node, self._text))

    def _unreadable(self, fault: SyntaxError | ValueError) -> Exception:
        offset = getattr(fault, "offset", None) or 1
        column = self.token.start + min(offset, len(self.code))
        reason = re.split(r"; |\. |, perhaps", getattr(fault, "msg", "a null character"), maxsplit=1)[0]
        hint = hints.for_syntax(self.token.text, self.columns)
        return refused(column, f"no formula: {reason}", hint)

    def _deep(self) -> Exception:
        return refused(self.token.column, f"nested deeper than {_DEEPEST}", "write it shorter")

    def _is_name(self, node: ast.expr) -> bool:
        """True for a name, also one with dots."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name)

    def _text(self, node: ast.expr) -> str:
        """A piece as the user wrote it, but for blanks."""
        text = ast.unparse(node)
        for word, name in self.stands_for.items():
            text = text.replace(word, name if name in self.reserved else f"`{name}`")
        return text

    def _column(self, node: ast.AST) -> int:
        return self._place(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def _operator(self, node: ast.BinOp) -> int:
        end = self._offset(node.left.end_col_offset or 0)
        sign = re.search(r"[^\s()]", self.token.text[end:])
        return self.token.start + end + 1 + (sign.start() if sign else 0)

    def _place(self, line: int, offset: int) -> int:
        """A column counted in characters from 1; Python counts bytes from 0, and lines."""
        before = sum(len(one) for one in self.token.text.splitlines(keepends=True)[: line - 1])
        return self.token.start + before + (self._offset(offset) if line == 1 else offset) + 1

    def _offset(self, offset: int) -> int:
        return len(self.code.encode()[:offset].decode(errors="ignore"))


def names_of(mentions: Collection[Mention]) -> Iterator[str]:
    """The columns among them, each once, in the order of the formula."""
    yield from dict.fromkeys(one.name for one in mentions if not one.called)
