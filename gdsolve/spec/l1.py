"""What goes with an l1 penalty: a loss with curvature, and descent whose steps take it."""

from __future__ import annotations

from gdsolve.spec.choices import Engine, StopAt
from gdsolve.spec.losses import Loss
from gdsolve.spec.methods import PROXIMAL, Method
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError


def check_l1(spec: Options) -> None:
    """See that a spec with `l1` asks for what its steps can do.

    Raises:
        GdsolveError: a loss, a method or an engine that does not go with it.
    """
    if not spec.l1 or spec.minimize is not None or spec.model is not None:
        return
    if not spec.loss.info.smooth:
        smooth = "|".join(loss for loss in Loss if loss.info.smooth and loss.info.target is spec.loss.info.target)
        raise GdsolveError(
            f"an l1 penalty needs a loss with curvature, and {spec.loss} has corners",
            f"give --loss {smooth}, or --ridge in place of --l1",
            option="l1",
        )
    if spec.loss is Loss.HUBER and spec.delta is None:
        raise GdsolveError(
            "with --l1 no delta is looked for, as the scale of the residuals depends on the penalty",
            "give --delta 1.5, say, in units of the target",
            option="delta",
        )
    if spec.loss is Loss.NEGATIVE_BINOMIAL and spec.dispersion is None:
        raise GdsolveError(
            "no dispersion is looked for with a penalty that sets weights to zero",
            "give --dispersion 0.5, say",
            option="dispersion",
        )
    if spec.method is not Method.AUTO and not spec.method.info.proximal:
        raise GdsolveError(
            f"{spec.method.value} takes no l1 penalty",
            f"give --method {'|'.join(PROXIMAL)}, or leave --method out",
            option="method",
        )
    if spec.stop is StopAt.BEST and spec.sought is None:
        raise GdsolveError(
            "--stop best is found in closed form, which does not hold with an l1 penalty",
            "leave --stop out, or give --ridge in place of --l1",
            option="stop",
        )
    if spec.engine is Engine.LEAP:
        raise GdsolveError("the closed form does not hold with an l1 penalty", "leave --engine out", option="engine")
