"""Formulas as text, such as `sum((X @ w - y)**2)/2`, read by a whitelist over Python's syntax tree; Python runs none.

An expression becomes steps in postfix order, so that evaluating it needs no recursion. Constants are folded in float64.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from gdsolve.objective import formula_hints
from gdsolve.objective.operation import Operation, as_tensor, refused, run
from gdsolve.objective.reader import LONGEST_SHOWN, SHORTER, FormulaReader, short

LONGEST = 10_000


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula that was read; `names` are those it uses."""

    text: str
    steps: tuple[Operation, ...]
    names: frozenset[str]

    @property
    def reduces(self) -> bool:
        """True where entries of a tensor meet: in a sum, a product of matrices, and the like."""
        return any(step.joins for step in self.steps)

    def called(self, names: Collection[str]) -> Operation | None:
        """The first call of a function that has one of these names; None where there is none."""
        return next((step for step in self.steps if step.kind == "call" and step.value in names), None)

    def evaluate(self, values: Mapping[str, Tensor], seen: Callable[[Operation, Any], None] | None = None) -> Tensor:
        """The value at the given tensors, tracked by autograd as they are; what each step gives is told to `seen`.

        Raises:
            GdsolveError: shapes that do not go together; the message has the column and PyTorch's reason.
        """
        return as_tensor(run(self.steps, values, seen))

    def written(self, step: Operation) -> str:
        """A step as it stands in the formula, cut to one line of 80 characters."""
        text = " ".join(self.text[step.column - 1 : step.end - 1].split())
        return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def parse(text: str, names: Collection[str], absent: str = "", unknown: set[str] | None = None) -> Expression:
    """Read a formula over `names`; one that is no word of Python stands in it in backticks, as in `time (s)`.

    `absent` is what to do for a name that should be there, for the hint, with {name} in it. With a set of names that
    are `unknown`, those that are not known and may be parameters are no error, and are added to it.

    Raises:
        GdsolveError: anything but numbers, known names, + - * / ** @, conditions, w[0] and the functions of
            `FUNCTIONS`, or a constant that is not finite; the message names the column, which is its `place` as well.
    """
    if len(text) > LONGEST:
        raise refused(LONGEST + 1, f"longer than {LONGEST} characters", SHORTER)
    line = text.replace("\r", " ").replace("\n", " ").replace("\t", " ")
    line, stands_for = _with_words(line, names)
    if (odd := formula_hints.for_sign(line, names)) is not None:
        place, words, hint = odd
        raise refused(place + 1, words, hint)
    steps = FormulaReader(line, names, stands_for, absent, unknown).read()
    used = frozenset(str(step.value) for step in steps if step.kind == "name")
    return Expression(text, tuple(steps), used)


def _with_words(line: str, names: Collection[str]) -> tuple[str, dict[str, str]]:
    """The formula with a word, as long, for every name that Python does not take, and what these words stand for."""
    stands_for: dict[str, str] = {}

    def word(match: re.Match[str]) -> str:
        name = match[1] or match[0]
        if match[1] is None and (name not in names or not keyword.iskeyword(name)):
            return name
        if name not in names:
            raise refused(match.start() + 1, f"unknown name {short(name)}", formula_hints.for_name(name, names, "", ""))
        known = next((one for one, meant in stands_for.items() if meant == name), None)
        found = known or f"_{len(stands_for)}".ljust(len(match[0]), "_")
        while known is None and (found in line or found in names):
            found += "_"
        stands_for[found] = name
        return found

    replaced = re.sub(r"`([^`]*)`|[^\W\d]\w*", word, line)
    if "`" in replaced:
        raise refused(replaced.index("`") + 1, "a backtick without its second", "write `name`")
    if not line.isascii():
        # Python reads `µ` of a keyboard as the Greek letter.
        stands_for |= {unicodedata.normalize("NFKC", name): name for name in names if not name.isascii()}
    return replaced, stands_for
