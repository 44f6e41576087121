"""What goes with strengths of a penalty that are gone through: a loss with curvature, folds, nothing else to find."""

from __future__ import annotations

from gdsolve.spec.choices import Sought, StopAt
from gdsolve.spec.losses import Loss
from gdsolve.spec.option import flag
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError


def check_strengths(spec: Options, verb: str) -> None:
    """See that a strength that is `auto` can be found.

    Raises:
        GdsolveError: another verb, a loss with corners, no folds, or two things to be found at once.
    """
    name = spec.sought
    if verb == "path":
        _check_path(spec)
    if name is None or verb == "path":
        return
    number = f"{flag(name)} 1, say"
    if verb != "fit":
        raise GdsolveError(f"auto is found for a fit, and this is {verb}", f"give {number}", option=name)
    if isinstance(spec.l1, Sought) and isinstance(spec.ridge, Sought):
        raise GdsolveError(
            "--l1 auto and --ridge auto are not found together",
            "give --ridge 1, say, or --l1 1",
            option="ridge",
        )
    _check_loss(spec)
    if spec.cv is None:
        raise GdsolveError("auto is found on folds, and there are none", f"give --cv 10, or {number}", option=name)
    if spec.stop is StopAt.BEST:
        raise GdsolveError(
            f"the folds choose {flag(name)}, and with --stop best the number of updates",
            f"leave --stop out, or give {number}",
            option="stop",
        )


def _check_path(spec: Options) -> None:
    """See that a spec of YAML is one of a linear model, whose loss has curvature."""
    for name in ("minimize", "model"):
        if getattr(spec, name) is not None:
            raise GdsolveError(
                "path goes through penalties of linear models, and this is a formula",
                "run gdsolve fit, or give a spec without it",
                option=name,
            )
    _check_loss(spec)


def _check_loss(spec: Options) -> None:
    if not spec.loss.info.smooth:
        smooth = "|".join(loss for loss in Loss if loss.info.smooth and loss.info.target is spec.loss.info.target)
        raise GdsolveError(
            f"every λ is found by the curvature of the loss, and {spec.loss} has corners",
            f"give --loss {smooth}",
            option="loss",
        )
    if spec.loss is Loss.HUBER and spec.delta is None:
        raise GdsolveError(
            "no delta is looked for, as the scale of the residuals depends on the penalty",
            "give --delta 1.5, say, in units of the target",
            option="delta",
        )
    if spec.loss is Loss.NEGATIVE_BINOMIAL and spec.dispersion is None:
        raise GdsolveError(
            "no dispersion is looked for, as the one that is most likely depends on the penalty",
            "give --dispersion 0.5, say",
            option="dispersion",
        )
