"""The program of a run: which kind it is, and all of its text."""

from __future__ import annotations

from typing import Any

from gdsolve.programs.text import assembled, no_program
from gdsolve.programs.walk import ProgramSteps, walk_of
from gdsolve.solve.problem import Kind, Problem

TITLES = {
    False: "Gradient descent by hand: the matrix form, with the steps that gdsolve takes.",
    True: "Gradient descent with backward() and torch.optim, with the steps that gdsolve takes.",
}
TITLES_OF_RATES = {
    False: "Learning rates compared, by hand: the matrix form, with the steps that gdsolve takes.",
    True: "Learning rates compared with backward() and torch.optim, with the steps that gdsolve takes.",
}


def program_of(problem: Problem, kind: str | None = None) -> tuple[str, ProgramSteps]:
    """The program of a fit, by hand (`matrix`) or by `autograd`, and the steps that it takes.

    `kind` None is by hand for a linear model, and by autograd for a formula, which has no matrix form.

    Raises:
        GdsolveError: a dozen lines cannot take these steps.
    """
    _require_descent(problem)
    walk = walk_of(problem)
    autograd = is_autograd(problem, kind)
    body = _parts(problem, autograd=autograd).lines(problem, walk, autograd=autograd)
    return assembled(TITLES[autograd], body), walk


def rates_program(problem: Problem, kind: str | None = None) -> tuple[str, float | None]:
    """The program of a comparison of rates, and how many seconds it takes, about, where that is known.

    Raises:
        GdsolveError: a dozen lines cannot take these steps.
    """
    _require_descent(problem)
    from gdsolve.programs.rates import rates_lines

    autograd = is_autograd(problem, kind)
    body, seconds = rates_lines(problem, _parts(problem, autograd=autograd), autograd=autograd)
    return assembled(TITLES_OF_RATES[autograd], body), seconds


def is_autograd(problem: Problem, kind: str | None) -> bool:
    """True where the gradient is PyTorch's: where that is asked for, and of a formula."""
    return kind == "autograd" or (kind is None and problem.kind is not Kind.LINEAR)


def _parts(problem: Problem, *, autograd: bool) -> Any:
    """The module that writes programs of this kind of problem."""
    if problem.kind is Kind.LINEAR:
        from gdsolve.programs import linear

        return linear
    if not autograd:
        raise no_program("a formula by hand", "give --code autograd")
    from gdsolve.programs import formula

    return formula


def _require_descent(problem: Problem) -> None:
    """See that there is something to descend on, and from where."""
    if problem.fault_of_start:
        raise no_program("a start at which the loss is not finite", "start elsewhere, with --start", "start")
    if problem.separation is not None:
        raise no_program("a likelihood without a minimum", "give --ridge 1, say", "loss")
