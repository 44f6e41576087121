"""What the tour shows, in order: a case, the thing itself, the command that runs it, and a picture.

To add a step is a line of `STEPS` and its words, under its key, in every file of `gdsolve/tour/words/`. Cases are those
of the textbook: A is the computation graph, B two points and one line, C one weight, D where the closed form fails, E
the matrix form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gdsolve.bundled import Bundled, configs

PARTS = ("A", "B", "C", "D", "E")
_SIGNS = (("**2", "²"), ("*", "·"), (" - ", " − "))


@dataclass(frozen=True, slots=True)
class TextbookFormula:
    """A loss and its derivatives by its parameters, in the language of formulas; `model` is what is fitted."""

    name: str
    loss: str
    by: Mapping[str, str]
    model: str

    @property
    def gradient(self) -> tuple[str, ...]:
        """The derivatives as a textbook writes them."""
        return tuple(f"∂{self.name}/∂{one} = {as_written(text)}" for one, text in self.by.items())


@dataclass(frozen=True, slots=True)
class TourStep:
    """One command of the tour: `config` is a name of `gdsolve configs`, `key` that of its words, `picture` a plot."""

    key: str
    config: str
    options: tuple[str, ...] = ()
    picture: str | None = None
    thing: TextbookFormula | tuple[str, ...] = field(default=())

    @property
    def case(self) -> str:
        """The case of the textbook that it belongs to, as a reader types it."""
        return self.config.partition("-")[0]

    @property
    def part(self) -> str:
        """The part of the textbook."""
        return self.case[0]

    @property
    def bundled(self) -> Bundled:
        """The spec that it runs."""
        return configs(self.config)[0]

    @property
    def command(self) -> tuple[str, ...]:
        """The words of its command after `gdsolve`, with the picture."""
        drawn = () if self.picture is None else ("--plot", "--plot-kind", self.picture)
        return (self.bundled.verb, self.config, *self.options, *drawn)


def as_written(formula: str) -> str:
    """A formula as a textbook writes it.

    >>> as_written("14*w**2 - 56*w + 56")
    '14·w² − 56·w + 56'
    """
    for code, sign in _SIGNS:
        formula = formula.replace(code, sign)
    return re.sub(r"^-", "−", formula)


SSE = TextbookFormula(
    "SSE",
    "(2 - a - b)**2 + (4 - 3*a - b)**2",
    {"a": "20*a + 8*b - 28", "b": "8*a + 4*b - 12"},
    "y = a·x + b",
)
HALF = TextbookFormula(
    "L",
    "((2 - a - b)**2 + (4 - 3*a - b)**2)/4",
    {"a": "5*a + 2*b - 7", "b": "2*a + b - 3"},
    "y = a·x + b",
)
ONE = TextbookFormula("SSE", "14*w**2 - 56*w + 56", {"w": "28*w - 56"}, "y = w·x")
NORMAL = ("XᵀX·w = Xᵀy",)
RIDGE = ("w = (XᵀX + λI)⁻¹Xᵀy",)
MATRIX = ("X̂ = [X 1]   ŵ = (a, b)", "L = 1/(2m)·(y − X̂ŵ)ᵀ(y − X̂ŵ)   ∇L = 1/m·X̂ᵀ(X̂ŵ − y)")

STEPS: tuple[TourStep, ...] = (
    TourStep("A1", "A1"),
    TourStep("A2", "A2"),
    TourStep("A3", "A3"),
    TourStep("A3-y", "A3", ("--backward-from", "y")),
    TourStep("A4", "A4"),
    TourStep("A5", "A5"),
    TourStep("A5-retained", "A5", ("--retain-graph",)),
    TourStep("A6", "A6"),
    TourStep("A6-cleared", "A6", ("--zero-grad",)),
    TourStep("A7", "A7"),
    TourStep("A8", "A8"),
    TourStep("A9", "A9"),
    TourStep("A10", "A10"),
    TourStep("A11", "A11"),
    TourStep("A12", "A12"),
    TourStep("A13", "A13"),
    TourStep("A14", "A14"),
    TourStep("A15", "A15"),
    TourStep("A16", "A16"),
    TourStep("A17", "A17"),
    TourStep("B1", "B1", picture="direction", thing=SSE),
    TourStep("B2", "B2", ("--show", "gradient"), picture="path", thing=SSE),
    TourStep("B3", "B3", picture="path", thing=HALF),
    TourStep("B4", "B4", picture="path", thing=HALF),
    TourStep("B4-small", "B4-small", picture="loss", thing=HALF),
    TourStep("B5", "B5", picture="loss", thing=SSE),
    TourStep("B6", "B6", picture="path", thing=SSE),
    TourStep("B7", "B7", picture="loss", thing=SSE),
    TourStep("B8", "B8", picture="path", thing=SSE),
    TourStep("C", "C", picture="rates", thing=ONE),
    TourStep("D1", "D1", ("--verbose",), picture="spectrum", thing=NORMAL),
    TourStep("D2", "D2", picture="spectrum", thing=NORMAL),
    TourStep("D3", "D3", picture="spectrum", thing=RIDGE),
    TourStep("E", "E", picture="loss", thing=MATRIX),
)
CASES = tuple(dict.fromkeys(step.case for step in STEPS))
