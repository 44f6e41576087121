"""The program of a run: which kind it is, and all of its text."""

from __future__ import annotations

from gdsolve.programs.text import assembled, no_program
from gdsolve.programs.walk import Walk, walk_of
from gdsolve.solve.problem import Kind, Problem

TITLES = {
    False: "Gradient descent by hand: the matrix form, with the steps that gdsolve takes.",
    True: "Gradient descent with backward() and torch.optim, with the steps that gdsolve takes.",
}


def program_of(problem: Problem, kind: str | None = None) -> tuple[str, Walk]:
    """The program of a fit, by hand (`matrix`) or by `autograd`, and the steps that it takes.

    `kind` None is by hand for a linear model, and by autograd for a formula, which has no matrix form.

    Raises:
        GdsolveError: a dozen lines cannot take these steps.
    """
    require_written(problem)
    walk = walk_of(problem)
    autograd = kind == "autograd" or (kind is None and problem.kind is not Kind.LINEAR)
    if problem.kind is Kind.LINEAR:
        from gdsolve.programs.linear import linear_lines

        body = linear_lines(problem, walk, autograd=autograd)
    else:
        if not autograd:
            raise no_program("a formula by hand", "give --code autograd")
        from gdsolve.programs.formula import formula_lines

        body = formula_lines(problem, walk)
    return assembled(TITLES[autograd], body), walk


def require_written(problem: Problem) -> None:
    """See that no option asks for what a program has no lines for.

    Raises:
        GdsolveError: one does.
    """
    from gdsolve.spec.choices import DType, StopAt

    spec = problem.spec
    asked = {
        "batch": spec.batch is not None,
        "online": spec.online is not None,
        "cv": spec.cv is not None and spec.stop is not StopAt.BEST,
        "holdout": spec.holdout is not None,
        "stop": spec.stop is StopAt.BEST,
    }
    for name, given in asked.items():
        if given:
            raise no_program(f"--{name}", f"leave --{name} out", name)
    if spec.sought is not None:
        raise no_program(f"--{spec.sought} auto", f"give a number, as in --{spec.sought} 1", spec.sought)
    if spec.dtype is DType.FLOAT32:
        raise no_program("--dtype float32", "leave --dtype out: the program computes in float64", "dtype")
    if problem.fault_of_start:
        raise no_program("a start at which the loss is not finite", "start elsewhere, with --start", "start")
    if problem.separation is not None:
        raise no_program("classes or counts without a minimum", "give --ridge 1, say", "loss")
