"""The lines of a program that take a step: by hand, or by `torch.optim` where it has the method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from gdsolve.programs.text import lasting, number, remark
from gdsolve.programs.walk import ProgramSteps
from gdsolve.spec import Method, RateSchedule

LEAVES = {RateSchedule.CONSTANT: "1.0", RateSchedule.INVSCALING: "1 / math.sqrt(k + 1)"}


@dataclass(frozen=True, slots=True)
class StepHolds:
    """What a step is held to: the name of a tensor of `thresholds` of an l1 penalty, or of bounds, if there are any."""

    thresholds: str | None = None
    bounds: tuple[str, str] | None = None

    @property
    def counts(self) -> bool:
        """True where a step is held to something."""
        return self.thresholds is not None or self.bounds is not None


class ProgramLoss(NamedTuple):
    """What is minimised, as code that reads `{w}`: lines that come before the gradient, it, and the loss.

    `hessian` is the second derivative, by hand; None where there is none. `defined` are the lines of a function that
    the loss calls. `penalty` is what a step takes by itself, beside the loss and its gradient.
    `note` says in a comment what is minimised.
    """

    before: tuple[str, ...]
    gradient: str
    loss: str
    hessian: str | None = None
    defined: tuple[str, ...] = ()
    penalty: str = ""
    note: str = ""


def uses_optim(walk: ProgramSteps, held: StepHolds) -> bool:
    """True where an optimizer of PyTorch takes the very steps of the walk."""
    method = walk.recipe.method
    if method is Method.NESTEROV and (walk.beta is None or held.counts):
        return False
    return method is not Method.NEWTON and (method is Method.GD or not held.counts)


def loop_lines(walk: ProgramSteps, held: StepHolds, objective: ProgramLoss, *, autograd: bool, start: str) -> list[str]:
    """The lines from the start to the last step: they leave `w`, and `k`, the number of updates."""
    optim = autograd and uses_optim(walk, held)
    looks = autograd or walk.explosion is not None or walk.loss_tol is not None
    lines = list(objective.defined) if looks and not walk.compares else []
    lines += remark(objective.note) if objective.note else []
    lines += _begun(walk, autograd=autograd, optim=optim, start=start)
    if walk.why:
        lines += remark(f"{walk.limit:,} updates: {walk.why}.")
    elif walk.updates and walk.limit is None:
        lines += remark(f"gdsolve knows beforehand where this ends: after {walk.updates:,} updates{_lasting(walk)}.")
    elif walk.updates and _lasting(walk):
        lines += remark(f"This takes {walk.updates:,} updates{_lasting(walk)}.")
    lines.append('k, status = 0, "max_iter"' if walk.compares else "k = 0  # the number of updates so far")
    lines.append("while True:" if walk.limit is None else f"while k < {walk.limit:_}:")
    body = _forward(walk, objective, autograd=autograd, optim=optim)
    update = _by_optim(walk, held) if optim else _by_hand(walk, held, objective, autograd=autograd)
    lines += [f"    {line}" if line else "" for line in (*body, *update)]
    at = _iterate(walk, optim=optim)
    if walk.diverges:
        lines.append(f"{at} = best_w  # what diverges is shown where its loss was least")
    if autograd:
        lines.append(f"w = {at}.detach()")
    return lines


def _lasting(walk: ProgramSteps) -> str:
    words = lasting(walk.seconds or 0.0)
    return f", which takes about {words}" if words else ""


def _begun(walk: ProgramSteps, *, autograd: bool, optim: bool, start: str) -> list[str]:
    recipe = walk.recipe
    lines = [f"w = {start[:-1]}, requires_grad=True)" if autograd else f"w = {start}"]
    if recipe.method is not Method.NEWTON and not walk.compares:
        lines.append(f"learning_rate = {number(recipe.rate)}")
    if optim:
        lines += OPTIMIZERS[recipe.method](walk)
        if recipe.schedule is not RateSchedule.CONSTANT:
            lines.append(f"schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: {_share(walk)})")
    else:
        lines += MEMORIES[recipe.method](walk)
    if walk.explosion is not None and not walk.compares:
        lines.append("best_loss, best_w = math.inf, w")
    if walk.loss_tol is not None:
        lines.append("loss_before = math.inf")
    return lines


def _share(walk: ProgramSteps) -> str:
    if walk.recipe.schedule is RateSchedule.INVSCALING:
        return "1 / math.sqrt(k + 1)"
    return f"0.5 * (1 + math.cos(math.pi * k / {walk.recipe.length}))"


def _point(walk: ProgramSteps, *, optim: bool) -> str:
    """The name of where the gradient is taken."""
    return "ahead" if walk.recipe.method is Method.NESTEROV and not optim else "w"


def _forward(walk: ProgramSteps, objective: ProgramLoss, *, autograd: bool, optim: bool) -> list[str]:
    """The lines up to the gradient, with the rules that look at the loss and at the gradient."""
    point, at = _point(walk, optim=optim), _iterate(walk, optim=optim)
    looks = walk.explosion is not None or walk.loss_tol is not None
    judged = _judged(walk, at) if looks else []
    apart = looks and at != point
    lines = [f"value = {loss_number(objective, at)}", *judged] if apart else []
    newton = walk.recipe.method is Method.NEWTON
    if not autograd:
        lines += [line.replace("{w}", point) for line in objective.before]
        if looks and not apart:
            lines += [f"value = {loss_number(objective, point).replace(f'(X @ {point} - y)', 'residual')}", *judged]
        lines.append(f"gradient = {objective.gradient.replace('{w}', point)}")
    else:
        if optim:
            lines.append("optimizer.zero_grad()")
        elif point != "w":
            lines.append(f"{point} = {point}.detach().requires_grad_()")
        lines.append(f"loss = {_read(objective, point)}")
        if looks and not apart:
            penalty = objective.penalty.replace("{w}", point)
            lines += [f"value = (loss{penalty}).item()" if penalty else "value = loss.item()", *judged]
        lines += (
            []
            if newton
            else ["loss.backward()  # the gradient of the loss"]
            if optim
            else ["loss.backward()", f"gradient = {point}.grad"]
        )
    if walk.grad_tol is not None:
        gradient = "w.grad" if optim else "gradient"
        lines += [f"if {gradient}.norm() < {number(walk.grad_tol)}:", *_left(walk)]
    return lines


def _iterate(walk: ProgramSteps, *, optim: bool) -> str:
    """The name of the iterate: the tensor of an optimizer goes ahead of Nesterov's."""
    return "iterate" if optim and walk.recipe.method is Method.NESTEROV else "w"


def _read(objective: ProgramLoss, point: str) -> str:
    return objective.loss.replace("{w}", point)


def loss_number(objective: ProgramLoss, point: str) -> str:
    """The loss as a number of Python."""
    code = _read(objective, point) + objective.penalty.replace("{w}", point)
    plain = code == f"loss_at({point})" or (code.endswith(".sum()") and code.count(".sum()") == 1)
    return f"{code}.item()" if plain else f"({code}).item()"


def _judged(walk: ProgramSteps, at: str) -> list[str]:
    """The rules that look at the loss, `value`."""
    lines: list[str] = []
    if walk.explosion is not None and walk.compares:
        lines += [f"if not value <= {number(walk.explosion)}:", *_left(walk, "diverged")]
    elif walk.explosion is not None:
        lines += ["if value < best_loss:", f"    best_loss, best_w = value, {at}.detach().clone()"]
        lines += [f"if not value <= {number(walk.explosion)}:  # it diverges: the rate is too large"]
        lines += [f"    {at} = best_w", "    break"]
    if walk.loss_tol is not None:
        lines += [f"if abs(loss_before - value) < {number(walk.loss_tol)}:", *_left(walk), "loss_before = value"]
    return lines


def _rate(walk: ProgramSteps) -> tuple[list[str], str]:
    if walk.recipe.schedule is RateSchedule.CONSTANT:
        return [], "learning_rate"
    return [f"rate = learning_rate * {_share(walk)}"], "rate"


def _by_optim(walk: ProgramSteps, held: StepHolds) -> list[str]:
    scheduled = ["schedule.step()"] if walk.recipe.schedule is not RateSchedule.CONSTANT else []
    if walk.recipe.method is Method.NESTEROV:
        rate, name = _rate(walk)
        # The tensor of torch.optim.SGD is the point ahead: the iterate is a plain step from there.
        lines = [*rate, f"w_new = w.detach() - {name} * w.grad  # Nesterov's iterate; torch's w goes ahead of it"]
        lines += ["optimizer.step()", *scheduled, "k += 1"]
        lines += ["change = (w_new - iterate).abs().max()", "iterate = w_new"]
        return [*lines, *_small(walk)]
    lines = ["w_old = w.detach().clone()"] if walk.tol is not None else []
    lines += ["optimizer.step()", *scheduled]
    if held.counts:
        rate, name = _rate(walk)
        lines += [*rate, "with torch.no_grad():", f"    w.copy_({_held('w', name, held)})"]
    lines.append("k += 1")
    if walk.tol is not None:
        lines.append("change = (w.detach() - w_old).abs().max()")
    return [*lines, *_small(walk)]


def _small(walk: ProgramSteps) -> list[str]:
    return (
        []
        if walk.tol is None
        else [f"if change < {number(walk.tol)}:  # no weight changed by this much or more", *_left(walk)]
    )


def _left(walk: ProgramSteps, status: str = "converged") -> list[str]:
    """The lines that end the loop."""
    return [f'    status = "{status}"', "    break"] if walk.compares else ["    break"]


def _held(point: str, rate: str, held: StepHolds) -> str:
    if held.thresholds is not None:
        return f"{point}.sign() * ({point}.abs() - {rate} * {held.thresholds}).clamp(min=0)"
    assert held.bounds is not None
    return f"{point}.clamp({', '.join(held.bounds)})"


def _by_hand(walk: ProgramSteps, held: StepHolds, objective: ProgramLoss, *, autograd: bool) -> list[str]:
    rate, name = _rate(walk)
    lines = [*rate, *UPDATES[walk.recipe.method](walk, name, held, objective, autograd)]
    if autograd and walk.recipe.method is not Method.NEWTON:
        lines = ["with torch.no_grad():", *(f"    {line}" for line in lines)]
    lines.append("k += 1")
    if walk.tol is not None:
        lines.append("change = (w_new - w).abs().max()")
    following = ".detach().requires_grad_()" if autograd and _point(walk, optim=False) == "w" else ""
    return [*lines, f"w = w_new{following}", *_small(walk)]


def _none(_walk: ProgramSteps) -> list[str]:
    return []


def _optimizer(
    name: str, options: Callable[[ProgramSteps], str] = lambda _walk: ""
) -> Callable[[ProgramSteps], list[str]]:
    return lambda walk: [f"optimizer = torch.optim.{name}([w], lr=learning_rate{options(walk)})"]


def _nesterov_memory(walk: ProgramSteps) -> list[str]:
    return ["ahead = w  # where momentum leads to", *(["t = 1.0"] if walk.beta is None else _beta(walk))]


def _beta(walk: ProgramSteps) -> list[str]:
    assert walk.beta is not None
    return [f"beta = {number(walk.beta)}  # the share of the last step that is kept"]


OPTIMIZERS: dict[Method, Callable[[ProgramSteps], list[str]]] = {
    Method.GD: _optimizer("SGD"),
    Method.MOMENTUM: _optimizer("SGD", lambda walk: f", momentum={number(walk.beta or 0.0)}"),
    Method.NESTEROV: lambda walk: [
        f"optimizer = torch.optim.SGD([w], lr=learning_rate, momentum={number(walk.beta or 0.0)}, nesterov=True)",
        "iterate = w.detach().clone()",
    ],
    Method.ADAM: _optimizer("Adam"),
    Method.RMSPROP: _optimizer("RMSprop"),
}
MEMORIES: dict[Method, Callable[[ProgramSteps], list[str]]] = {
    Method.GD: _none,
    Method.MOMENTUM: lambda walk: [*_beta(walk), "velocity = torch.zeros_like(w)"],
    Method.NESTEROV: _nesterov_memory,
    Method.ADAM: lambda _walk: ["mean, square = torch.zeros_like(w), torch.zeros_like(w)"],
    Method.RMSPROP: lambda _walk: ["square = torch.zeros_like(w)"],
    Method.NEWTON: _none,
}


def _stepped(rate: str, direction: str, held: StepHolds, point: str = "w") -> list[str]:
    lines = [f"w_new = {point} - {rate} * {direction}"]
    return [*lines, f"w_new = {_held('w_new', rate, held)}"] if held.counts else lines


def _gradient(_walk: ProgramSteps, rate: str, held: StepHolds, _objective: ProgramLoss, _autograd: bool) -> list[str]:
    return _stepped(rate, "gradient", held)


def _momentum(walk: ProgramSteps, rate: str, held: StepHolds, _objective: ProgramLoss, _autograd: bool) -> list[str]:
    lines = ["velocity = beta * velocity + gradient", f"w_new = w - {rate} * velocity"]
    return [*lines, *_stopped("velocity", held)]


def _stopped(memory: str, held: StepHolds) -> list[str]:
    """What is within bounds: a bound stops a weight."""
    if not held.counts:
        return []
    return [
        f"free, w_new = w_new, {_held('w_new', '', held)}",
        f"{memory} = torch.where(free == w_new, {memory}, 0.0)  # a bound stops a weight",
    ]


def _nesterov(walk: ProgramSteps, rate: str, held: StepHolds, _objective: ProgramLoss, _autograd: bool) -> list[str]:
    lines = _stepped(rate, "gradient", held, "ahead")
    if walk.beta is not None:
        lines.append("ahead = w_new + beta * (w_new - w)")
    else:
        lines += [
            "t_next = (1 + math.sqrt(1 + 4 * t**2)) / 2",
            "if ((ahead - w_new) * (w_new - w)).sum() > 0:  # momentum leads uphill: it starts anew",
            "    t, t_next = 1.0, 1.0",
            "ahead, t = w_new + (t - 1) / t_next * (w_new - w), t_next",
        ]
    return [*lines, f"ahead = {_held('ahead', '', held)}"] if held.bounds is not None else lines


def _adam(_walk: ProgramSteps, rate: str, held: StepHolds, _objective: ProgramLoss, _autograd: bool) -> list[str]:
    lines = [
        "mean = 0.9 * mean + 0.1 * gradient",
        "square = 0.999 * square + 0.001 * gradient**2",
        "mean_hat, square_hat = mean / (1 - 0.9 ** (k + 1)), square / (1 - 0.999 ** (k + 1))",
        f"w_new = w - {rate} * mean_hat / (square_hat.sqrt() + 1e-8)",
    ]
    return [*lines, *_stopped("mean", held)]


def _rmsprop(_walk: ProgramSteps, rate: str, held: StepHolds, _objective: ProgramLoss, _autograd: bool) -> list[str]:
    lines = ["square = 0.99 * square + 0.01 * gradient**2", f"w_new = w - {rate} * gradient / (square.sqrt() + 1e-8)"]
    return [*lines, f"w_new = {_held('w_new', '', held)}"] if held.counts else lines


def _newton(_walk: ProgramSteps, _rate: str, _held: StepHolds, objective: ProgramLoss, autograd: bool) -> list[str]:
    if not autograd:
        return [f"hessian = {objective.hessian}", "w_new = w - torch.linalg.solve(hessian, gradient)"]
    return [
        "(gradient,) = torch.autograd.grad(loss, w, create_graph=True)",
        "rows = [torch.autograd.grad(one, w, retain_graph=True)[0].flatten() for one in gradient.flatten()]",
        "step = torch.linalg.solve(torch.stack(rows), gradient.detach().flatten())",
        "w_new = w.detach() - step.reshape(w.shape)",
    ]


UPDATES: dict[Method, Callable[[ProgramSteps, str, StepHolds, ProgramLoss, bool], list[str]]] = {
    Method.GD: _gradient,
    Method.MOMENTUM: _momentum,
    Method.NESTEROV: _nesterov,
    Method.ADAM: _adam,
    Method.RMSPROP: _rmsprop,
    Method.NEWTON: _newton,
}
