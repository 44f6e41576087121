"""The nonlinear regression problems of NIST, as its files state them, and how many certified digits gdsolve reaches."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

import gdsolve
from benchmarks.machine import describe
from benchmarks.report import OFF_A_TERMINAL
from gdsolve.objective.expression import parse
from gdsolve.solve.outcome import Fit
from gdsolve.status import GdsolveError

WANTED = 8.0
PRINTED = 11.0
FIGURES = ("parameters", "deviations", "sse")
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[Ee][-+]?\d+)?"
PARAMETER = re.compile(rf"^\s*(\w+)\s*=((?:\s+{NUMBER}){{3,}})\s*$", re.MULTILINE)
STATEMENT = re.compile(r"^\s*(\w+|\w+\[\w+\])\s*=\s*(.*)$", re.DOTALL)
DIFFICULTY = re.compile(r"^\s*(\w+) Level of Difficulty", re.MULTILINE)


class NotNistError(ValueError):
    """A file that does not read as one of NIST's; the message says which and what it lacks."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: where it starts, its certified value and standard deviation."""

    name: str
    starts: tuple[float, ...]
    value: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Problem:
    """A model of `columns`, (m,) each, to be fitted to `target`, (m,), and what NIST certifies of it."""

    name: str
    difficulty: str
    model: str
    constants: Mapping[str, float]
    columns: Mapping[str, np.ndarray]
    target: np.ndarray
    parameters: tuple[Parameter, ...]
    sse: float

    @property
    def starts(self) -> tuple[dict[str, float], ...]:
        """The starts that NIST gives, by parameter."""
        count = len(self.parameters[0].starts)
        return tuple({one.name: one.starts[place] for one in self.parameters} for place in range(count))

    @property
    def attainable(self) -> dict[str, float]:
        """The digits of each kind of figure that float64 leaves: residuals are rounded as the target is.

        An error of η in their norm moves a parameter by about η/‖r‖ of its standard deviation.
        """
        if self.sse == 0.0:
            return dict.fromkeys(FIGURES, 0.0)
        rounded = np.finfo(float).eps * float(np.linalg.norm(self.target)) / math.sqrt(self.sse)
        spread = max(one.deviation / abs(one.value) for one in self.parameters)
        digits = -math.log10(rounded)
        return {"parameters": digits - math.log10(spread), "deviations": digits, "sse": digits}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a start led to, with the digits that agree of the worst parameter, standard deviation, and of the SSE.

    `missed` names the figures with less than 8 digits though float64 leaves as many; `error` is why there are none.
    """

    problem: str
    difficulty: str
    start: int
    status: str
    stopped_by: str | None = None
    iterations: int = 0
    evaluations: int = 0
    seconds: float = 0.0
    parameters: float = 0.0
    deviations: float = 0.0
    sse: float = 0.0
    missed: tuple[str, ...] = FIGURES
    error: str | None = None


def read(path: Path) -> Problem:
    """The problem in a file of NIST.

    Raises:
        NotNistError: the file lacks one of its parts.
    """
    text = path.read_text(encoding="ascii", errors="replace")
    head, mark, data = text.rpartition("\nData:")
    model = re.search(r"^Model:(.*?)^\s*Starting Values", head, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    sse = re.search(rf"^Residual Sum of Squares:\s*({NUMBER})", head, re.MULTILINE)
    difficulty, rows = DIFFICULTY.search(head), PARAMETER.findall(head)
    parts = {"data": mark, "model": model, "sum of squares": sse, "difficulty": difficulty, "parameters": rows}
    if lacking := [name for name, part in parts.items() if not part]:
        raise NotNistError(f"{path.name}: found no {', '.join(lacking)}")
    assert model is not None
    assert sse is not None
    assert difficulty is not None
    response, formula, constants = _model(path, model[1])
    table = _table(data)
    predictors = {name: column for name, column in table.items() if re.search(rf"\b{name}\b", formula)}
    parameters = tuple(_parameter(name, numbers) for name, numbers in rows)
    target = parse(response, table).evaluate({name: torch.tensor(column) for name, column in table.items()}).numpy()
    return Problem(path.stem, difficulty[1], formula, constants, predictors, target, parameters, float(sse[1]))


def _model(path: Path, text: str) -> tuple[str, str, dict[str, float]]:
    """The response, the formula without its error term, and constants, from lines of which some go on on the next."""
    response, formula, constants = "", "", {}
    for part in re.split(r"\n(?=[^\n=]*=)", text.replace("\r", ""))[1:]:
        statement = STATEMENT.match(part)
        if statement is None:
            continue
        name, said = statement[1], " ".join(statement[2].split())
        if re.fullmatch(NUMBER, said):
            constants[name] = float(said)
        else:
            response, formula = name, re.sub(r"\s*\+\s*e$", "", said)
    if not formula:
        raise NotNistError(f"{path.name}: found no formula")
    brackets = str.maketrans("[]", "()")
    return response.translate(brackets), formula.translate(brackets), constants


def _parameter(name: str, numbers: str) -> Parameter:
    *starts, value, deviation = map(float, numbers.split())
    return Parameter(name, tuple(starts), value, deviation)


def _table(text: str) -> dict[str, np.ndarray]:
    """Columns by name, from a line of names and a line of numbers for each row."""
    names, *rows = (line.split() for line in text.splitlines() if line.strip())
    return dict(zip(names, np.array(rows, dtype=np.float64).T, strict=True))


def solve(problem: Problem, start: int) -> Outcome:
    """Fit from one of the starts, counted from 1, with every option at its default."""
    began = time.perf_counter()
    try:
        found = gdsolve.fit(
            np.column_stack(list(problem.columns.values())),
            problem.target,
            names=list(problem.columns),
            model=problem.model,
            constants=problem.constants,
            parameters=problem.starts[start - 1],
            report=True,
        )
    except GdsolveError as fault:
        return Outcome(problem.name, problem.difficulty, start, "error", error=fault.message)
    reached = _reached(problem, found)
    missed = tuple(name for name in FIGURES if reached[name] < WANTED <= problem.attainable[name])
    return Outcome(
        problem=problem.name,
        difficulty=problem.difficulty,
        start=start,
        status=found.status.value,
        stopped_by=found.stopped_by,
        iterations=found.iterations,
        evaluations=found.evaluations,
        seconds=time.perf_counter() - began,
        parameters=reached["parameters"],
        deviations=reached["deviations"],
        sse=reached["sse"],
        missed=missed,
    )


def _reached(problem: Problem, found: Fit) -> dict[str, float]:
    errors = {} if found.inference is None else {one.name: one.standard_error for one in found.inference.estimates}
    return {
        "parameters": min(digits(found.weights[one.name], one.value) for one in problem.parameters),
        "deviations": min(digits(errors.get(one.name), one.deviation) for one in problem.parameters),
        "sse": digits(found.sse, problem.sse),
    }


def digits(value: float | None, certified: float) -> float:
    """−log₁₀ of the relative error, from 0 to the 11 digits that NIST prints; 0 for what is missing."""
    if value is None or not math.isfinite(value):
        return 0.0
    error = abs(value - certified) / (abs(certified) or 1.0)
    return PRINTED if error == 0.0 else min(PRINTED, max(0.0, -math.log10(error)))


def run(folder: Path, written: Path | None) -> int:
    """Solve all problems of a folder from all starts and show the table; returns 1 if 8 digits were missed somewhere.

    Raises:
        NotNistError: there is no problem in the folder, or a file that is none.
    """
    problems = [read(path) for path in sorted(folder.glob("*.dat"))]
    if not problems:
        raise NotNistError(f"{folder}: holds no .dat file")
    machine = describe()
    outcomes = [solve(one, start) for one in problems for start in range(1, len(one.starts) + 1)]
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else OFF_A_TERMINAL, highlight=False)
    console.print(_shown(outcomes))
    for line in summary(outcomes):
        console.print(line, soft_wrap=True)
    if written is not None:
        runs = [dataclasses.asdict(outcome) for outcome in outcomes]
        document = {"schema": "gdsolve.benchmarks.nist/1", "machine": machine, "runs": runs}
        written.write_text(json.dumps(document, indent=1) + "\n")
    lines = [line for outcome in outcomes for line in _complaints(outcome)]
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines else 0


def summary(outcomes: list[Outcome]) -> Iterator[str]:
    """How many runs reach 8 digits, for each kind of figure."""
    for name in FIGURES:
        reached = sum(getattr(outcome, name) >= WANTED for outcome in outcomes)
        yield f"{name}: {reached} of {len(outcomes)} runs with {WANTED:g} digits or more"


def _complaints(outcome: Outcome) -> Iterator[str]:
    where = f"{outcome.problem}, start {outcome.start}"
    if outcome.error is not None:
        yield f"{where}: {outcome.error}"
    elif outcome.status != "converged":
        yield f"{where}: {outcome.status}"
    for name in () if outcome.error else outcome.missed:
        yield f"{where}: {name}: {getattr(outcome, name):.1f} digits"


def _shown(outcomes: list[Outcome]) -> Table:
    table = Table()
    for heading in ("problem", "difficulty", "start", "status", "stopped by"):
        table.add_column(heading, no_wrap=True)
    for heading in ("iterations", "evaluations", "seconds", *FIGURES):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in outcomes:
        reached = (f"{getattr(one, name):.1f}" for name in FIGURES)
        counts = (str(one.iterations), str(one.evaluations), f"{one.seconds:.2f}")
        table.add_row(one.problem, one.difficulty, str(one.start), one.status, one.stopped_by, *counts, *reached)
    return table
