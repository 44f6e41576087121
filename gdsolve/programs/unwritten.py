"""What a program has no lines for, told before a table is read."""

from __future__ import annotations

from gdsolve.programs.text import no_program
from gdsolve.spec import Spec
from gdsolve.spec.choices import DType, StopAt


def require_written(spec: Spec) -> None:
    """See that no option asks for what a program has no lines for.

    Raises:
        GdsolveError: one does.
    """
    asked = {
        "stop": spec.stop is StopAt.BEST,
        "batch": spec.batch is not None,
        "online": spec.online is not None,
        "cv": spec.cv is not None,
        "holdout": spec.holdout is not None,
        "formula": spec.formula is not None,
        "starts": spec.is_spread,
    }
    if spec.sought is not None:
        raise no_program(f"--{spec.sought} auto", f"give a number, as in --{spec.sought} 1", spec.sought)
    for name, given in asked.items():
        if given:
            raise no_program(f"--{name}", REMEDIES.get(name, f"leave --{name} out"), name)
    if spec.dtype is DType.FLOAT32:
        raise no_program("--dtype float32", "leave --dtype out: the program computes in float64", "dtype")


REMEDIES = {
    "formula": "name the columns, as in --target y --features x,z",
    "starts": "give every parameter one start, as in --start a=1,b=2",
}
