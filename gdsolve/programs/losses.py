"""The losses as code: slope, value and curvature of a row, from z = Xw, y and the residual z − y."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gdsolve.programs.text import number
from gdsolve.spec import Loss, Spec


@dataclass(frozen=True, slots=True)
class RowLoss:
    """Code for the loss of a row, its slope ∂l/∂z and its curvature ∂²l/∂z²; `made` are lines that come
    once before all, and `local` those that come whenever z is there."""

    value: str
    slope: str
    curvature: str | None = None
    made: tuple[str, ...] = ()
    local: tuple[str, ...] = ()


def row_loss(spec: Spec, unit: str | None) -> RowLoss:
    """A loss that is no square, with `unit`, the name of what the target is divided by, if it is."""
    made = WITH_PARAMETERS.get(spec.loss)
    return PLAIN[spec.loss] if made is None else made(spec, unit)


PLAIN = {
    Loss.LOGISTIC: RowLoss(
        "torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction='none')".replace("'", '"'),
        "z.sigmoid() - y",
        "z.sigmoid() * (-z).sigmoid()",
    ),
    Loss.SOFTMAX: RowLoss(
        "z.logsumexp(dim=1, keepdim=True) - (y * z).sum(dim=1, keepdim=True)", "z.softmax(dim=1) - y"
    ),
    Loss.POISSON: RowLoss("z.exp() - y * z", "z.exp() - y", "z.exp()"),
    Loss.GAMMA: RowLoss("y * (-z).exp() + z", "1 - y * (-z).exp()", "y * (-z).exp()"),
    Loss.SQUARED_HINGE: RowLoss(
        "(1 - s * z).clamp(min=0) ** 2",
        "-2 * s * (1 - s * z).clamp(min=0)",
        "2.0 * (s * z < 1)",
        ("s = 2 * y - 1  # the classes as -1 and 1",),
    ),
}


def _huber(spec: Spec, unit: str | None) -> RowLoss:
    assert spec.delta is not None
    delta = number(spec.delta) + (f" / {unit}" if unit else "")
    local = ("residual = z - y", "clipped = residual.clamp(-delta, delta)")
    curvature = "1.0 * (residual.abs() <= delta)"
    return RowLoss("clipped * (residual - clipped / 2)", "clipped", curvature, (f"delta = {delta}",), local)


def _logcosh(_spec: Spec, unit: str | None) -> RowLoss:
    value, slope = "u.abs() + torch.log1p(torch.exp(-2 * u.abs())) - math.log(2)", "u.tanh()"
    if unit is None:
        return RowLoss(value, slope, "1 - u.tanh() ** 2", local=("u = z - y",))
    return RowLoss(f"({value}) / {unit}**2", f"{slope} / {unit}", "1 - u.tanh() ** 2", local=(f"u = {unit} * (z - y)",))


def _quantile(spec: Spec, unit: str | None) -> RowLoss:
    level = number(spec.quantile)
    over = f" / {unit}" if unit else ""
    slope = f"((1 - level) * (z > y) - level * (z < y)){over}"
    return RowLoss(f"{slope} * (z - y)", slope, None, (f"level = {level}",))


def _absolute(_spec: Spec, unit: str | None) -> RowLoss:
    over = f" / {unit}" if unit else ""
    return RowLoss(f"(z - y).abs(){over}", f"(z - y).sign(){over}")


def _tweedie(spec: Spec, _unit: str | None) -> RowLoss:
    above, below = "((2 - power) * z).exp()", "y * ((1 - power) * z).exp()"
    return RowLoss(
        f"{above} / (2 - power) + {below} / (power - 1)",
        f"{above} - {below}",
        f"(2 - power) * {above} + (power - 1) * {below}",
        (f"power = {number(spec.power)}",),
    )


def _negative_binomial(spec: Spec, _unit: str | None) -> RowLoss:
    assert spec.dispersion is not None
    return RowLoss(
        "(y + 1 / alpha) * torch.log1p(alpha * z.exp()) - y * z",
        "(z.exp() - y) / (1 + alpha * z.exp())",
        "z.exp() * (1 + alpha * y) / (1 + alpha * z.exp()) ** 2",
        (f"alpha = {number(spec.dispersion)}",),
    )


WITH_PARAMETERS: dict[Loss, Callable[[Spec, str | None], RowLoss]] = {
    Loss.HUBER: _huber,
    Loss.LOGCOSH: _logcosh,
    Loss.QUANTILE: _quantile,
    Loss.ABSOLUTE: _absolute,
    Loss.TWEEDIE: _tweedie,
    Loss.NEGATIVE_BINOMIAL: _negative_binomial,
}
