"""Stochastic descent: beside torch's own optimisers on the same batches, and beside plain descent where it is that."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from in_process import completed

import gdsolve
from gdsolve.objective.minibatches import order_of, sizes_of
from gdsolve.report.record import fit_record
from gdsolve.solve.fit import fit
from gdsolve.spec import Spec
from gdsolve.status import ExitCode, Status

ROWS, BATCH, EPOCHS = 203, 20, 3
Losses = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def table(seed: int = 0, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3)) * [1.0, 2.0, 0.5]
    return X, X @ [1.0, -1.0, 2.0] + 3.0 + rng.normal(size=rows)


def batches(seed: int, rows: int = ROWS, size: int = BATCH) -> list[torch.Tensor]:
    """The rows of every batch of every epoch, in order."""
    return [part for epoch in range(EPOCHS) for part in order_of(seed, epoch, rows).split(sizes_of(rows, size))]


def by_torch(
    X: np.ndarray, y: np.ndarray, losses: Losses, make: Any, seed: int = 0, weight: np.ndarray | None = None
) -> np.ndarray:
    """The weights, intercept last, after all batches, by an optimiser of torch."""
    design = torch.from_numpy(np.c_[X, np.ones(len(X))])
    target, w = torch.from_numpy(y)[:, None], torch.zeros(4, 1, dtype=torch.float64, requires_grad=True)
    scale = torch.ones(len(y), 1) if weight is None else torch.from_numpy(weight / weight.mean())[:, None]
    optimiser = make([w])
    for part in batches(seed):
        optimiser.zero_grad()
        (scale[part] * losses(design[part] @ w, target[part])).mean().backward()
        optimiser.step()
    return w.detach().numpy()[:, 0]


def half_square(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return 0.5 * (z - y).square()


SGD = torch.optim.SGD
OPTIMISERS: dict[str, tuple[dict[str, Any], Any]] = {
    "gd": ({}, lambda w: SGD(w, lr=0.05)),
    "momentum": ({"momentum": 0.8}, lambda w: SGD(w, lr=0.05, momentum=0.8)),
    "adam": ({}, lambda w: torch.optim.Adam(w, lr=0.05)),
    "rmsprop": ({}, lambda w: torch.optim.RMSprop(w, lr=0.05)),
}


@pytest.mark.parametrize("method", OPTIMISERS)
def test_the_iterates_are_those_of_torch_on_the_same_batches(method: str) -> None:
    X, y = table()
    options, make = OPTIMISERS[method]
    found = gdsolve.fit(X, y, batch=BATCH, epochs=EPOCHS, lr=0.05, method=method, **options)
    assert found.iterations == EPOCHS * 11
    np.testing.assert_allclose(found.w.numpy()[:, 0], by_torch(X, y, half_square, make), rtol=1e-10)


def test_nesterov_is_that_of_torch_a_step_behind() -> None:
    """Torch keeps the point where the gradient is taken: w + β(w − w_before)."""
    X, y = table()
    first, last = (
        gdsolve.fit(X, y, batch=BATCH, max_iter=k, lr=0.02, method="nesterov", momentum=0.8).w
        for k in (EPOCHS * 11 - 1, EPOCHS * 11)
    )
    ahead = (last + 0.8 * (last - first)).numpy()[:, 0]
    wanted = by_torch(X, y, half_square, lambda w: SGD(w, lr=0.02, momentum=0.8, nesterov=True))
    np.testing.assert_allclose(ahead, wanted, rtol=1e-10)


POINTWISE: dict[str, Losses] = {
    "huber": lambda z, y: torch.nn.functional.huber_loss(z, y, reduction="none", delta=1.0),
    "absolute": lambda z, y: (z - y).abs(),
    "quantile": lambda z, y: torch.maximum(0.3 * (y - z), -0.7 * (y - z)),
    "logistic": lambda z, y: torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="none"),
    "poisson": lambda z, y: z.exp() - y * z,
    "mse": lambda z, y: (z - y).square(),
}
OWN: dict[str, dict[str, Any]] = {"huber": {"delta": 1.0}, "quantile": {"quantile": 0.3}}


@pytest.mark.parametrize("loss", POINTWISE)
@pytest.mark.parametrize("weighed", [False, True])
def test_every_loss_takes_the_steps_of_torch(loss: str, weighed: bool) -> None:
    X, y = table(1)
    y = (y > 3.0).astype(float) if loss == "logistic" else np.round(np.abs(y)) if loss == "poisson" else y
    weight = np.random.default_rng(2).uniform(0.5, 2.0, ROWS) if weighed else None
    options = {**OWN.get(loss, {}), **({} if weight is None else {"weight": "ω"})}
    design = X if weight is None else np.c_[X, weight]
    names = ["a", "b", "c", *([] if weight is None else ["ω"])]
    found = gdsolve.fit(
        design, y, names=names, loss=loss, batch=BATCH, epochs=EPOCHS, lr=0.01, seed=5, max_iter=33, **options
    )
    wanted = by_torch(X, y, POINTWISE[loss], lambda w: SGD(w, lr=0.01), 5, weight)
    np.testing.assert_allclose(found.trace.weights[:, -1].numpy(), wanted, rtol=1e-9)


def test_sse_is_m_times_mse() -> None:
    X, y = table()
    one = gdsolve.fit(X, y, batch=BATCH, epochs=2, lr=0.01, loss="mse")
    other = gdsolve.fit(X, y, batch=BATCH, epochs=2, lr=0.01 / ROWS, loss="sse")
    np.testing.assert_allclose(one.w.numpy(), other.w.numpy(), rtol=1e-10)


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov", "adam"])
def test_a_batch_of_all_rows_is_plain_descent(method: str) -> None:
    X, y = table()
    beta = {} if method in ("gd", "adam") else {"momentum": 0.5}
    same: dict[str, Any] = {"lr": 0.1, "method": method, "loss_tol": 1e-9, "tol": 0, **beta}
    whole = gdsolve.fit(X, y, engine="rows", max_iter=5000, **same)
    dealt = gdsolve.fit(X, y, batch=ROWS + 7, epochs=5000, **same)
    assert (dealt.iterations, dealt.status, dealt.stopped_by) == (whole.iterations, Status.CONVERGED, "loss_tol")
    assert torch.equal(dealt.w, whole.w)
    assert dealt.plan.batches is not None and dealt.plan.batches.updates_per_epoch == 1


def test_a_curve_takes_the_steps_of_torch() -> None:
    X, y = table()
    found = gdsolve.fit(
        X[:, :1], y, names=["a"], model="p*exp(q*a)", parameters={"p": 1.0, "q": 0.1}, batch=BATCH, epochs=3, lr=0.01
    )
    w = torch.tensor([1.0, 0.1], dtype=torch.float64, requires_grad=True)
    optimiser = SGD([w], lr=0.01)
    for part in batches(0):
        optimiser.zero_grad()
        z = w[0] * (w[1] * torch.from_numpy(X[part.numpy(), 0])).exp()
        half_square(z, torch.from_numpy(y)[part]).mean().backward()
        optimiser.step()
    np.testing.assert_allclose(found.w.numpy()[:, 0], w.detach().numpy(), rtol=1e-9)


def test_ridge_is_whole_in_every_batch() -> None:
    X, y = table()
    found = gdsolve.fit(X, y, batch=BATCH, epochs=EPOCHS, lr=0.05, ridge=40.0)
    design, w = np.c_[X, np.ones(ROWS)], np.zeros(4)
    held = np.array([40.0, 40.0, 40.0, 0.0]) / ROWS
    for part in batches(0):
        A, t = design[part.numpy()], y[part.numpy()]
        w = w - 0.05 * (A.T @ (A @ w - t) / len(t) + held * w)
    np.testing.assert_allclose(found.w.numpy()[:, 0], w, rtol=1e-10)


def test_rows_of_weight_zero_are_none() -> None:
    X, y = table()
    weight = np.ones(ROWS)
    weight[::3] = 0.0
    kept = weight > 0
    names = ["a", "b", "c", "ω"]
    whole = gdsolve.fit(np.c_[X, weight], y, names=names, weight="ω", batch=9, epochs=2, lr=0.05)
    fewer = gdsolve.fit(X[kept], y[kept], names=names[:3], batch=9, epochs=2, lr=0.05)
    np.testing.assert_allclose(whole.w.numpy(), fewer.w.numpy(), rtol=1e-12)


@pytest.mark.parametrize("loss", ["half-mse", "logistic"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_seed_gives_the_same_bits_on_any_threads(loss: str, dtype: str) -> None:
    X, y = table(3, 4000)
    y = (y > 3.0).astype(float) if loss == "logistic" else y
    before, found = torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        options: dict[str, Any] = {"loss": loss, "dtype": dtype, "lr": 0.01, "scale": "standard", "seed": 4}
        found.append(gdsolve.fit(X, y, batch=64, epochs=2, **options))
    torch.set_num_threads(before)
    other = gdsolve.fit(X, y, batch=64, epochs=2, **{**options, "seed": 5})
    assert torch.equal(found[0].w, found[1].w)
    assert not torch.equal(found[0].w, other.w)


def test_the_average_is_that_of_the_second_half() -> None:
    X, y = table()
    every = [gdsolve.fit(X, y, batch=BATCH, max_iter=k, lr=0.05).w for k in range(3, 5)]
    found = gdsolve.fit(X, y, batch=BATCH, max_iter=4, lr=0.05, average=True)
    np.testing.assert_allclose(found.w.numpy(), torch.stack(every).mean(dim=0).numpy(), rtol=1e-10)


def test_the_loss_of_every_epoch_is_that_of_all_rows() -> None:
    X, y = table()
    found = gdsolve.fit(X, y, batch=BATCH, epochs=EPOCHS, lr=0.05)
    design = np.c_[X, np.ones(ROWS)]
    for k, w, loss in zip(found.trace.iterations, found.trace.weights.T.numpy(), found.trace.values, strict=True):
        assert k % 11 == 0
        assert loss == pytest.approx(0.5 * np.mean((design @ w - y) ** 2), rel=1e-12)


def test_noise_free_rows_lead_to_the_minimum_at_a_constant_rate() -> None:
    X, _ = table()
    found = gdsolve.fit(X, X @ [1.0, 2.0, 3.0] + 4.0, batch=BATCH, epochs=2000, lr=0.1)
    assert (found.status, found.stopped_by) == (Status.CONVERGED, "tol")
    assert found.message.startswith("Converged after")
    np.testing.assert_allclose(found.w.numpy()[:, 0], [1.0, 2.0, 3.0, 4.0], rtol=1e-8)


def test_a_fading_rate_arrives_where_a_constant_one_hovers() -> None:
    X, y = table(0, 1000)
    constant = gdsolve.fit(X, y, batch=10, epochs=40, lr=0.1)
    fading = gdsolve.fit(X, y, batch=10, epochs=40, lr=0.1, schedule="cosine")
    automatic = gdsolve.fit(X, y, batch=10, epochs=200)
    assert (constant.status, constant.stopped_by, constant.exit_code) == (Status.MAX_ITER, "epochs", ExitCode.MAX_ITER)
    told = constant.plan.batches
    assert told is not None and told.excess is not None and told.predicted_at_end is not None
    assert (
        f"hovering {told.excess:.3g} above the optimum; {told.predicted_at_end:.3g} was predicted" in constant.message
    )
    assert fading.gap is not None and constant.gap is not None and fading.gap < 0.01 * told.excess
    assert (automatic.status, automatic.stopped_by) == (Status.CONVERGED, "gap")


def test_a_rate_that_is_too_large_is_told_before_and_after(tmp_path: Path) -> None:
    X, y = table()
    path = tmp_path / "t.csv"
    np.savetxt(path, np.c_[X, y], delimiter=",", header="a,b,c,y", comments="")
    done = completed("fit", str(path), "--batch", "1", "--lr", "0.3", "--epochs", "200")
    assert done.code == 4
    assert "learning rate 0.3 will diverge at batch 1 on the columns as they are: rates below" in done.err
    assert "at learning rate 0.3 and batch 1 on the columns as they are the loss grows without" in done.out
    lines = re.sub(r"\\\n\s*", "", done.out).splitlines()
    command = next(shlex.split(line) for line in lines if line.strip().startswith("gdsolve fit"))
    assert completed(*command[1:]).code == 3


@pytest.mark.parametrize(("rule", "value"), [("tol", 0.5), ("loss_tol", 0.5), ("grad_tol", 0.5)])
def test_a_rule_that_was_asked_for_ends_the_run_at_the_end_of_an_epoch(rule: str, value: float) -> None:
    X, y = table()
    found = gdsolve.fit(X, y, batch=BATCH, epochs=50, lr=0.02, **{rule: value})
    assert (found.status, found.stopped_by, found.iterations % 11) == (Status.CONVERGED, rule, 0)
    assert found.iterations < 50 * 11


def test_limits_are_told_apart() -> None:
    X, y = table()
    for limits, by, said in (
        ({"max_iter": 0}, "max_iter", "Stopped at max_iter after 0 updates (0 epochs), before convergence."),
        ({"max_iter": 4}, "max_iter", "Stopped at max_iter after 4 updates (0.364 epochs), before convergence."),
        ({"epochs": 1}, "epochs", "Stopped at the epoch limit after 11 updates (1 epoch), before convergence."),
        ({"epochs": 2, "max_iter": 13}, "max_iter", "Stopped at max_iter after 13 updates (1.18 epochs)"),
    ):
        found = gdsolve.fit(X, y, batch=BATCH, lr=0.02, **limits)
        assert (found.status, found.stopped_by) == (Status.MAX_ITER, by)
        assert found.message.startswith(said)


def test_a_batch_of_all_rows_diverges_as_plain_descent_does() -> None:
    X, y = table()
    whole, dealt = (gdsolve.fit(X, y, lr=0.9, **one) for one in ({"engine": "rows"}, {"batch": ROWS, "epochs": 500}))
    assert dealt.message == whole.message
    assert dealt.stable_below == whole.stable_below


def test_a_record_tells_how_rows_were_dealt() -> None:
    X, y = table()
    made = fit_record(gdsolve.fit(X, y, batch=BATCH, epochs=12, lr=0.05, seed=3))
    record = json.loads(json.dumps(made, default=list))
    told = record["minibatches"]
    names = ("batch", "rows", "epochs", "updates_per_epoch", "shuffle", "seed", "average", "unpredicted")
    assert [told[name] for name in names] == [BATCH, ROWS, 12, 11, "rows", 3, False, None]
    assert record["iterations"] == 132
    assert record["stopped_by"] == "epochs"
    assert fit_record(gdsolve.fit(X, y))["minibatches"] is None


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"method": "lbfgs"}, "lbfgs compares losses or gradients from step to step, and with --batch each is of other"),
    ({"method": "newton"}, "newton compares losses or gradients"),
    ({"schedule": "backtracking"}, "backtracking compares losses, and with --batch each is of other rows"),
    ({"l1": 1.0}, "is for descent on all rows: single batches would hold weights at zero or not by chance"),
    ({"cv": 3}, "scores folds in closed form or by full descent, and --batch is asked for"),
    ({"engine": "leap"}, "leap takes its steps on all rows alike"),
    ({"engine": "autograd"}, "autograd takes its steps on all rows alike"),
    ({"minimize": "sum((y - p*x1)**2)", "parameters": {"p": 0.0}}, "takes some rows of a table at a time"),
    ({"model": "p*(x1 - sum(x1)/203)", "parameters": {"p": 0.0}}, "rows meet each other in this formula"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED, ids=[next(iter(one)) for one, _ in REFUSED])
def test_what_needs_all_rows_is_refused_in_one_line(options: dict[str, Any], said: str) -> None:
    X, y = table()
    with pytest.raises(gdsolve.GdsolveError, match=re.escape(said)) as caught:
        gdsolve.fit(X, y, batch=BATCH, **options)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("name", ["epochs", "average", "shuffle"])
def test_what_goes_with_batches_is_refused_without_them(name: str) -> None:
    X, y = table()
    with pytest.raises(gdsolve.GdsolveError, match="every update looks at all rows"):
        gdsolve.fit(X, y, **{name: {"epochs": 3, "average": True, "shuffle": "none"}[name]})


def test_rates_are_compared_by_where_they_hover() -> None:
    X, y = table(0, 1000)
    found = gdsolve.compare_lr(X, y, lr=[0.02, 0.1, 2.0], batch=10, epochs=30)
    assert [one.status for one in found.rates] == [Status.MAX_ITER, Status.MAX_ITER, Status.DIVERGED]
    slow, fast, wild = found.rates
    assert slow.excess is not None and fast.excess is not None and slow.excess < 0.5 * fast.excess
    assert fast.predicted_at_end is not None and 0.4 < fast.excess / fast.predicted_at_end < 2.5
    assert wild.predicted_excess is None
    alone = gdsolve.fit(X, y, lr=0.1, batch=10, epochs=30)
    assert (alone.loss, alone.iterations) == (fast.loss, fast.iterations)


@pytest.mark.parametrize("method", ["gd", "momentum", "nesterov", "adam"])
def test_a_run_that_is_resumed_has_the_bits_of_one_that_never_stopped(method: str, tmp_path: Path) -> None:
    X, y = table()
    same: dict[str, Any] = {"batch": BATCH, "lr": 0.02, "method": method, "seed": 3}
    whole = gdsolve.fit(X, y, epochs=20, **same)
    for first in (5, 7):
        path = str(tmp_path / f"{first}.ck")
        gdsolve.fit(X, y, epochs=first, checkpoint=path, **same)
        found = gdsolve.fit(X, y, epochs=20, resume=path, **same)
        assert torch.equal(found.w, whole.w)
        assert torch.equal(found.trace.weights[:, :6], whole.trace.weights[:, :6])
        assert (found.iterations, found.plan.batches) == (whole.iterations, whole.plan.batches)
    for other in ({"seed": 4}, {"batch": 21}, {"seed": 0, "shuffle": "none"}):
        with pytest.raises(gdsolve.GdsolveError, match="is of a run with"):
            gdsolve.fit(X, y, epochs=20, resume=path, **{**same, **other})
    with pytest.raises(gdsolve.GdsolveError, match="does not hold the mean of --average"):
        gdsolve.fit(X, y, epochs=20, resume=path, average=True, **same)


def test_an_interrupted_run_tells_what_it_reached_and_goes_on(tmp_path: Path) -> None:
    X, y = table()
    path = str(tmp_path / "i.ck")

    def stop(step: Any) -> None:
        if step.k >= 44:
            raise KeyboardInterrupt

    spec = options_as_spec(X, y, batch=BATCH, epochs=20, lr=0.02, checkpoint=path)
    found = fit(spec, observe=stop)
    assert (found.status, found.iterations) == (Status.INTERRUPTED, 44)
    assert found.message.startswith("Interrupted after 44 updates (4 epochs).")
    whole = gdsolve.fit(X, y, batch=BATCH, epochs=20, lr=0.02)
    assert torch.equal(gdsolve.fit(X, y, batch=BATCH, epochs=20, lr=0.02, resume=path).w, whole.w)


def options_as_spec(X: np.ndarray, y: np.ndarray, **options: Any) -> Spec:
    return Spec(X=tuple(map(tuple, X.tolist())), y=tuple(y.tolist()), **options)


def test_several_classes_take_the_steps_of_torch() -> None:
    X, _ = table(4)
    classes = np.random.default_rng(5).integers(0, 3, ROWS)
    names = np.array(["u", "v", "w"])[classes]
    found = gdsolve.fit(X, names, loss="softmax", batch=BATCH, epochs=EPOCHS, lr=0.1)
    design, target = torch.from_numpy(np.c_[X, np.ones(ROWS)]), torch.from_numpy(classes)
    W = torch.zeros(4, 3, dtype=torch.float64, requires_grad=True)
    optimiser = SGD([W], lr=0.1)
    for part in batches(0):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(design[part] @ W, target[part]).backward()
        optimiser.step()
    np.testing.assert_allclose(found.w.numpy()[:, 0], W.detach().mT.reshape(-1).numpy(), rtol=1e-9)


def test_an_exposure_is_dealt_with_its_row() -> None:
    X, y = table(6)
    counts, exposure = np.round(np.abs(y)), np.random.default_rng(7).uniform(1.0, 3.0, ROWS)
    found = gdsolve.fit(
        np.c_[X, exposure],
        counts,
        names=["a", "b", "c", "e"],
        exposure="e",
        loss="poisson",
        batch=BATCH,
        epochs=EPOCHS,
        lr=0.01,
    )
    design, target = torch.from_numpy(np.c_[X, np.ones(ROWS)]), torch.from_numpy(counts)
    w, log = torch.zeros(4, dtype=torch.float64, requires_grad=True), torch.from_numpy(np.log(exposure))
    optimiser = SGD([w], lr=0.01)
    for part in batches(0):
        optimiser.zero_grad()
        z = design[part] @ w + log[part]
        (z.exp() - target[part] * z).mean().backward()
        optimiser.step()
    np.testing.assert_allclose(found.w.numpy()[:, 0], w.detach().numpy(), rtol=1e-9)


def test_weights_within_bounds_stay_there_and_no_noise_is_predicted() -> None:
    X, y = table()
    found = gdsolve.fit(X, y, nonnegative=True, batch=BATCH, epochs=EPOCHS, lr=0.05)
    assert min(found.weights.values()) >= 0.0
    told = found.plan.batches
    assert told is not None
    assert (told.predicted_excess, told.unpredicted) == (None, "bounds hold weights, and the noise at them is another")
