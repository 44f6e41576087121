"""Exercises after each part: the question and the reason are words, the answer comes from a run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gdsolve.report.numbers import figure
from gdsolve.tour.figures import look_up

Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question of a part, and the commands whose records answer it; `key` is that of its words.

    With `choices` the answer is one of them, else a number, right within `tolerance` of it, relative. `shows` is what
    the question is about: a graph, in the language of `gdsolve trace`.
    """

    part: str
    key: str
    commands: tuple[str, ...]
    answer: Callable[[Records], Any]
    choices: tuple[str, ...] = ()
    tolerance: float = 1e-3
    shows: str = ""

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The words of each command after `gdsolve`."""
        return tuple(tuple(shlex.split(command)) for command in self.commands)


def read_answer(exercise: Exercise, typed: str, names: Sequence[str]) -> str | float | None:
    """What was answered: a choice by its number, its name or its word, or a number; None for anything else."""
    if not exercise.choices:
        return _number(typed)
    if typed.isdecimal():
        place = int(typed) - 1
        return exercise.choices[place] if 0 <= place < len(exercise.choices) else None
    for choice, name in zip(exercise.choices, names, strict=True):
        if typed.lower() in (choice.lower(), name.lower()):
            return choice
    return None


def is_right(exercise: Exercise, given: str | float, expected: Any) -> bool:
    """True where the answer is that of the run."""
    if exercise.choices:
        return given == str(expected)
    right = float(expected)
    return abs(float(given) - right) <= exercise.tolerance * max(abs(right), 1e-12)


def in_figures(value: Any) -> str:
    """A number as it is shown."""
    return figure(value, 6)


def _number(typed: str) -> float | None:
    top, slash, bottom = typed.replace(",", "").replace("−", "-").partition("/")
    try:
        return float(top) / (float(bottom) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        return None


def _at(path: str) -> Callable[[Records], Any]:
    return lambda records: look_up(records, path)


def _leaf(records: Records) -> str:
    return next(str(node["name"]) for node in records[0]["nodes"] if node["is_leaf"])


def _behaviour(records: Records) -> str:
    """How the iterates of a rate go: a `Status`, and of what converges whether from one side."""
    (rate,) = records[0]["rates"]
    if rate["status"] != "converged":
        return str(rate["status"])
    one, two, three = (row["weights"]["x"] for row in rate["trace"][1:4])
    return "jumps" if (two - one) * (three - two) < 0 else "steady"


def _change_of_sse(records: Records) -> str:
    before, after = (record["sse"] for record in records)
    return "grows" if after > before else "falls" if after < before else "stays"


def _ratio(records: Records) -> float:
    first, second = (record["trace"][0]["gradient_norm"] for record in records)
    return float(second / first)


EXERCISES: tuple[Exercise, ...] = (
    Exercise("A", "A-leaf", ("trace 'x=2; y=3*x; z=y+5'",), _leaf, ("x", "y", "z"), shows="x=2; y=3*x; z=y+5"),
    Exercise("A", "A-chain", ("trace 't=3; y=t**2; z=2*y+1'",), _at("0.nodes.t.grad"), shows="t=3; y=t**2; z=2*y+1"),
    Exercise("A", "A-accumulate", ("trace A6 --repeat 3",), _at("0.backward.2.grads.x")),
    Exercise("A", "A-no-grad", ("trace A7",), _at("0.backward.0.status"), ("ok", "refused")),
    Exercise("B", "B-step", ("fit B2 --lr 0.02",), _at("0.weights.x")),
    Exercise(
        "B",
        "B-rate",
        ("fit B6 --lr 0.09 --max-iter 1e5",),
        _at("0.status"),
        ("converged", "edge_of_stability", "diverged"),
    ),
    Exercise("B", "B-count", ("fit B4-small --lr 0.02",), _at("0.iterations"), tolerance=0.2),
    Exercise(
        "C",
        "C-rate",
        ("compare-lr C --lr 0.05 --iterates 3",),
        _behaviour,
        ("steady", "jumps", "edge_of_stability", "diverged"),
    ),
    Exercise("C", "C-best", ("compare-lr C",), _at("0.best_lr"), tolerance=0.01),
    Exercise("D", "D-rank", ("check D1",), _at("0.rank")),
    Exercise("D", "D-ridge", ("fit D3", "fit D3 --ridge 10"), _change_of_sse, ("falls", "stays", "grows")),
    Exercise("E", "E-scale", ("fit B1", "fit B3"), _ratio, tolerance=0.01),
    Exercise("E", "E-stop", ("fit E --max-iter 100",), _at("0.stopped_by"), ("tol", "loss_tol", "max_iter")),
)
