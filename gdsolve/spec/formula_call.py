"""What stands within the brackets of a call in a model formula: Python, of which a formula has a small part.

`formulaic` evaluates it, whatever it is. So nothing passes here but names, numbers, texts, lists, the functions of
`formula_signatures` and operators between them: a formula of a stranger, or in a model of one, can do no harm.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from gdsolve.spec import formula_remedies as hints
from gdsolve.spec.formula_signatures import CONSTANTS, CONTRASTS, FUNCTIONS, MODULES, NUMPY, OF_R, Signature
from gdsolve.spec.formula_tokens import FormulaToken, refused

_ALLOWED = (
    *(ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv, ast.BitAnd, ast.BitOr),
    *(ast.USub, ast.UAdd, ast.Invert, ast.Load),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq),
)
_DEEPEST = 60
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
        self._value(tree.body, 0)
        return self

    def _without_backticks(self) -> str:
        """The text with identifiers of the same length for names in backticks, so that places stay.

        So it is with words that Python keeps for itself, in `as.factor`, and where a column is called so.
        """
        text = self.token.text
        letters = (letter for letter in map(chr, _LETTERS) if letter not in text)

        def aliased(match: re.Match[str]) -> str:
            quoted, word = match[1], match[0]
            if quoted is None:
                is_name = word in self.columns or text[match.end() :][:1] == "."
                if not keyword.iskeyword(word) or not is_name:
                    return word
                self.reserved.add(word)
            alias = next(letters).ljust(len(word), "_")
            self.stands_for[alias] = quoted or word
            return alias

        return re.sub(r"`([^`]+)`|[^\W\d]\w*", aliased, text)

    def _value(self, node: ast.expr, depth: int) -> None:
        if depth > _DEEPEST:
            raise self._deep()
        match node:
            case ast.Call():
                self._call(node, depth)
            case ast.Name(id=name):
                self._name(node, self.stands_for.get(name, name))
            case ast.Attribute():
                self._attribute(node)
            case ast.Constant(value=value) if value is None or isinstance(value, bool | int | float | str):
                return
            case ast.UnaryOp(op=op, operand=operand) if isinstance(op, _ALLOWED):
                self._value(operand, depth + 1)
            case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ALLOWED):
                self._check_size(node)
                self._value(left, depth + 1)
                self._value(right, depth + 1)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _ALLOWED):
                self._value(left, depth + 1)
                self._value(right, depth + 1)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                for part in parts:
                    self._value(part, depth + 1)
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
        for value in (*node.args, *(one.value for one in node.keywords)):
            self._value(value, depth + 1)

    def _quoted(self, node: ast.Call) -> None:
        """The column of Q('a name')."""
        match node.args:
            case [ast.Constant(value=str() as name)]:
                self.mentions.append(Mention(name, self._column(node.args[0])))
            case _:
                raise refused(self._column(node), "Q takes the name of a column in quotes", "write Q('a name')")

    def _function(self, node: ast.Call) -> tuple[Signature, str]:
        match node.func:
            case ast.Name(id=name) if name in FUNCTIONS:
                self.mentions.append(Mention(name, self._column(node), called=True))
                return FUNCTIONS[name], name
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in MODULES and name in NUMPY:
                self.mentions.append(Mention(module, self._column(node), called=True))
                return NUMPY[name], f"{module}.{name}"
            case ast.Attribute(value=ast.Name(id="contr"), attr=name) if name in OF_R:
                self.mentions.append(Mention("contr", self._column(node), called=True))
                return OF_R[name], f"contr.{name}"
        name = self._text(node.func)
        if self._is_name(node.func):
            given = [self._text(one) for one in node.args]
            hint = hints.for_function(name, given, self._named(node), self.columns, self.token.text)
            raise refused(self._column(node), f"unknown function {hints.short(name)}", hint)
        raise self._no_part(node)

    def _check_arguments(self, node: ast.Call, name: str, signature: Signature) -> None:
        column = self._column(node)
        if any(isinstance(one, ast.Starred) for one in node.args) or any(one.arg is None for one in node.keywords):
            raise refused(column, f"{name} takes its arguments one by one", f"write {signature.form}")
        for given in node.keywords:
            if given.arg not in signature.arguments:
                words = f"{name} has no argument {hints.short(str(given.arg))}"
                text = self._text(given.value)
                hint = hints.for_keyword(name, str(given.arg), text, signature)
                raise refused(self._place(given.lineno, given.col_offset), words, hint)
        count = len(node.args) + len(node.keywords)
        if count < signature.least or len(node.args) > signature.placed:
            most = signature.placed
            wanted = str(most) if most == signature.least else f"{signature.least} to {most}"
            words = f"{name} takes {wanted} argument{'' if wanted == '1' else 's'}, not {count}"
            raise refused(column, words, f"write {signature.form}")

    def _name(self, node: ast.Name, name: str) -> None:
        column = self._column(node)
        if name not in self.columns and node.id not in self.stands_for:
            if name in CONSTANTS or (name in CONTRASTS and name != "Treatment"):
                self.mentions.append(Mention(name, column, called=True))
                return
            if name in FUNCTIONS:
                raise refused(column, f"{name} is a function", f"write {FUNCTIONS[name].form}")
        self.mentions.append(Mention(name, column))
        if name in self.reserved:
            self.dotted.append((column - 1, column - 1 + len(name)))

    def _attribute(self, node: ast.Attribute) -> None:
        match node:
            case ast.Attribute(value=ast.Name(id="contr"), attr=kind) if kind in OF_R:
                self.mentions.append(Mention("contr", self._column(node), called=True))
                return
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

    def _column(self, node: ast.expr) -> int:
        return self._place(node.lineno, node.col_offset)

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
