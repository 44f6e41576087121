"""Stochastic descent: what does not go with looking at a few rows at a time."""

from __future__ import annotations

from gdsolve.spec.choices import Engine, RateSchedule, Shuffle
from gdsolve.spec.methods import Method
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError

USUAL_EPOCHS = 20
NOISY = tuple(method for method in Method if method.info.rated)
"""The methods whose steps mean something where every gradient is that of other rows."""
WHOLE = (Engine.TRIANGLE, Engine.LEAP)


def check_batch(spec: Options) -> None:
    """See that what is asked for beside --batch can be had.

    Raises:
        GdsolveError: naming the option that cannot.
    """
    if spec.batch is None:
        return
    if spec.method is not Method.AUTO and spec.method not in NOISY:
        raise GdsolveError(
            f"{spec.method} compares losses or gradients from step to step, and with --batch each is of other rows",
            f"give --method {'|'.join(NOISY)}, or leave --batch out",
            option="method",
        )
    if spec.schedule is RateSchedule.BACKTRACKING:
        raise GdsolveError(
            "backtracking compares losses, and with --batch each is of other rows",
            "give --schedule constant|invscaling|cosine, or leave --batch out",
            option="schedule",
        )
    for name, why in (
        ("l1", "is for descent on all rows: single batches would hold weights at zero or not by chance"),
        ("cv", "scores folds in closed form or by full descent"),
    ):
        if getattr(spec, name):
            flag = f"--{name.replace('_', '-')}"
            raise GdsolveError(f"{why}, and --batch is asked for", f"leave {flag} or --batch out", option=name)
    if spec.average and (spec.checkpoint is not None or spec.resume is not None):
        name = "checkpoint" if spec.checkpoint is not None else "resume"
        raise GdsolveError(
            "a checkpoint does not hold the mean of --average", f"leave --{name} or --average out", option=name
        )
    streamed = spec.shuffle in (Shuffle.BLOCKS, Shuffle.NONE)
    if streamed and spec.holdout is not None:
        raise GdsolveError(
            f"--shuffle {spec.shuffle} reads the rows anew every epoch, and some are held out",
            "leave --shuffle or --holdout out",
            option="shuffle",
        )
    if streamed and spec.report and spec.model is None and not spec.loss.info.squared:
        raise GdsolveError(
            f"--shuffle {spec.shuffle} keeps no rows, and a report on --loss {spec.loss} takes all of them",
            "leave --shuffle or --report out",
            option="shuffle",
        )
    if spec.engine in WHOLE or (spec.engine is Engine.AUTOGRAD and spec.model is None):
        raise GdsolveError(
            f"{spec.engine.value} takes its steps on all rows alike", "leave --engine out", option="engine"
        )
