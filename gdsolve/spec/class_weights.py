"""The weights of classes, from flags such as `--class-weight yes=5,no=1`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gdsolve.spec.numbers import nearest, parse_number
from gdsolve.status import GdsolveError

BALANCED = "balanced"
NAME = "class_weight"
# A name, which may hold a comma or an = sign, and a number without either.
_PAIR = re.compile(r"\s*(.+?)\s*=\s*([^,=]*?)\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class AskedClassWeights:
    """What was asked for: `balanced`, or the weights of classes by `name`."""

    balanced: bool = False
    named: Mapping[str, float] = field(default_factory=dict)

    @property
    def counts(self) -> bool:
        """True where a class may weigh more or less than another."""
        return self.balanced or bool(self.named)

    def of(self, classes: Sequence[str], place: str) -> list[float]:
        """The weights of `classes` by their names, in order; of a table that `place` names.

        Raises:
            GdsolveError: a name that is no class.
        """
        for name in self.named:
            if name not in classes:
                near = nearest(name, classes)
                listed = ", ".join(classes[:8]) + (", …" if len(classes) > 8 else "")
                raise GdsolveError(
                    f"{name!r} is no class of {place}; its classes are {listed}",
                    f"did you mean {near}?" if near else f"give --class-weight {classes[0]}=2, say",
                    option=NAME,
                )
        return [self.named.get(name, 1.0) for name in classes]


def read_class_weights(given: Sequence[str]) -> AskedClassWeights:
    """What `class_weight` asks for.

    Raises:
        GdsolveError: text that is neither `balanced` nor NAME=NUMBER, or a weight that is not above 0.
    """
    texts = [text for text in given if text.strip()]
    if [text.strip() for text in texts] == [BALANCED]:
        return AskedClassWeights(balanced=True)
    named: dict[str, float] = {}
    for text in texts:
        place = 0
        while place < len(text):
            found = _PAIR.match(text, place)
            if found is None:
                raise GdsolveError(
                    f"{text!r} is neither balanced nor NAME=NUMBER",
                    "give --class-weight balanced, or --class-weight yes=5,no=1 with names of classes",
                    option=NAME,
                )
            name, number = found.groups()
            if name in named:
                raise GdsolveError(f"{name} is given twice", "keep one of them", option=NAME)
            named[name] = _positive(name, number)
            place = found.end()
    return AskedClassWeights(named=named)


def texts_of(given: Mapping[Any, Any]) -> tuple[str, ...]:
    """The weights of classes by name, as Python gives them, in text."""
    return tuple(f"{name}={value}" for name, value in given.items())


def _positive(name: str, number: str) -> float:
    value = parse_number(number, NAME)
    if not (math.isfinite(value) and value > 0.0):
        raise GdsolveError(
            f"the weight of {name} is {number}, and not above 0", f"give {name}=1, or leave its rows out", option=NAME
        )
    return value
