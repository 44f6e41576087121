"""The plan of a stochastic descent: batches, method, rate, rules, and what is known of where it hovers."""

from __future__ import annotations

import logging
from dataclasses import replace

import torch

from gdsolve.descent.epochs import EpochPlan
from gdsolve.descent.learning_rate import TOLERANCE
from gdsolve.descent.methods.build import USUAL_MOMENTUM, Recipe
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import LeftDomain, StopRule
from gdsolve.objective.base import Objective
from gdsolve.objective.curve import Curve, PointwiseCurve
from gdsolve.objective.gradient_noise import MOST_MODES
from gdsolve.objective.minibatches import Batches, RowBatches, updates_in_epoch
from gdsolve.objective.pointwise_rows import PointwiseRows
from gdsolve.objective.quadratic import Quadratic
from gdsolve.objective.rows import Rows, collect_rows
from gdsolve.objective.shared import Shared
from gdsolve.objective.streamed import Stream, StreamedBatches
from gdsolve.objective.streamed_pointwise import StreamedPointwise
from gdsolve.solve.batch_noise import BatchOutlook, held_rate, outlook_of_squares
from gdsolve.solve.batch_words import foretold
from gdsolve.solve.deal import Deal
from gdsolve.solve.device import device_of, dtype_of, place_rows
from gdsolve.solve.engine import only_engine
from gdsolve.solve.forecast import stable_below
from gdsolve.solve.method import own_rate
from gdsolve.solve.minibatches import LowerRate, Minibatches
from gdsolve.solve.plan import Plan
from gdsolve.solve.problem import Problem
from gdsolve.solve.rules import rules_of
from gdsolve.solve.words import coordinates_of, will_diverge
from gdsolve.spec import Method, RateSchedule
from gdsolve.spec.batch import USUAL_EPOCHS
from gdsolve.spec.choices import Shuffle
from gdsolve.spec.methods import Recurrence
from gdsolve.spec.numbers import rate_texts
from gdsolve.status import GdsolveError, Status

# Of the largest rate that holds the noise.
SHARE = 0.5
FINER = 10.0


def deal_rows(problem: Problem, batch: int) -> tuple[Batches, Objective, torch.Tensor, BatchOutlook | None]:
    """The batches of a problem, the objective of all its rows, its start, and what is known of its noise.

    Raises:
        GdsolveError: the rows are those of several processes, or meet each other in a formula.
    """
    spec, squares = problem.spec, problem.squares
    seed = None if spec.shuffle is Shuffle.NONE else spec.seed
    if isinstance(problem.objective, Shared) or (squares is not None and squares.ranks.several):
        raise GdsolveError(
            "batches are for one process", "start a single process, or leave --batch out", option="batch"
        )
    if squares is None:
        whole = problem.objective
        if isinstance(whole, StreamedPointwise):
            size = min(batch, whole.rows)
            parts = (whole.stream, whole.coordinates, whole.dtype, whole.make)
            return StreamedBatches(*parts, whole.rows, size, seed), whole, problem.start, None
        if isinstance(whole, Curve | PointwiseCurve) and whole.model.joins:
            raise GdsolveError(
                "rows meet each other in this formula, as in the mean of a column: no batch stands for all of them",
                "leave --batch out",
                option="batch",
            )
        return RowBatches.of(whole, batch, seed), whole, problem.start, None
    if isinstance(squares.kept.stream, Stream):
        return _deal_stream(problem, squares.kept.stream, batch, seed)
    rows = rows_in_memory(problem)
    dealt = RowBatches.of(rows, batch, seed)
    outlook = None
    if dealt.size < dealt.rows:
        outlook = outlook_of_squares(problem, [rows], dealt.rows, dealt.size, shuffled=seed is not None)
    assert isinstance(problem.objective, Quadratic)
    dtype, device = rows.design.dtype, rows.design.device
    whole = rows if dealt.size == dealt.rows else problem.objective.to(dtype, device)
    return dealt, whole, problem.start.to(device, dtype), outlook


def _deal_stream(
    problem: Problem, stream: Stream, batch: int, seed: int | None
) -> tuple[Batches, Objective, torch.Tensor, BatchOutlook | None]:
    """The same of rows that are read anew every epoch; once more before the first, for their noise."""
    squares, quadratic, data = problem.squares, problem.objective, problem.data
    assert squares is not None and isinstance(quadratic, Quadratic) and data is not None
    rows, dtype, device = data.rows - data.rows_weightless, dtype_of(problem.spec), device_of(problem.spec)
    penalty = quadratic.penalty.to(dtype, device)

    def make(design: torch.Tensor, target: torch.Tensor, weight: torch.Tensor | None) -> Rows:
        root = 1.0 if weight is None else weight.sqrt()
        design, target = (root * one for one in (design, target))
        return Rows(design.to(device, dtype), target.to(device, dtype), penalty, quadratic.curvature_scale)

    dealt = StreamedBatches(stream, squares.coordinates, dtype, make, rows, min(batch, rows), seed)
    parts = (make(*part) for part in stream.parts(squares.coordinates, dtype))
    outlook = outlook_of_squares(problem, parts, rows, dealt.size, shuffled=seed is not None)
    return dealt, quadratic.to(dtype, device), problem.start.to(device, dtype), outlook


def rows_in_memory(problem: Problem) -> Rows:
    """The rows of least squares, those of weight 0 left out, where they are cheapest read."""
    squares, quadratic = problem.squares, problem.objective
    assert squares is not None and isinstance(quadratic, Quadratic)
    kept = squares.kept
    updates = (problem.spec.epochs or USUAL_EPOCHS) * 2
    device = place_rows(problem.spec, kept.rows, problem.p, updates, squares.ranks).device
    return collect_rows(kept, squares.coordinates, quadratic.penalty, squares.curvature_scale, device, weighty=True)


def recipe_of_batches(
    problem: Problem, batches: Batches, objective: Objective, outlook: BatchOutlook | None, length: int
) -> tuple[Recipe, str]:
    """The recipe of a stochastic descent, and why it is this one.

    A rate of gdsolve's own is half of the largest that holds the noise, and fades as half a cosine, so that the run
    ends at the minimum and does not hover above it.
    """
    spec = problem.spec
    method = Method.GD if spec.method is Method.AUTO else spec.method
    momentum = spec.momentum
    if momentum is None and method.info.momentum:
        momentum = USUAL_MOMENTUM
    why = f"{method.value}: " + (
        "asked for with --method" if spec.method is not Method.AUTO else "plain steps on batches"
    )
    if isinstance(spec.lr, float):
        return Recipe(method, spec.lr, spec.schedule, momentum, length), why
    rate, _, how = own_rate(problem, method, momentum)
    if batches.size < batches.rows:
        held = None
        if method.info.step_rate is None:
            if outlook is not None:
                held = outlook.stable_below()
            elif isinstance(problem.objective, PointwiseRows | StreamedPointwise):
                held = held_rate(problem.objective, problem.start, batches.size)
        if held is not None:
            rate = SHARE * held * (1.0 - (momentum or 0.0))
            how = "half of the rate that holds the noise of batches"
        schedule = RateSchedule.COSINE if spec.schedule is RateSchedule.CONSTANT else spec.schedule
        how = f"{how or 'a rate from the curvature at the start'}, fading as half a cosine"
        return Recipe(method, rate, schedule, momentum, length), f"{why}; {how}"
    return Recipe(method, rate, spec.schedule, momentum, length), "; ".join(filter(None, (why, how)))


def stops_of_batches(problem: Problem, recipe: Recipe) -> tuple[float, tuple[StopRule, ...]]:
    """The tolerance on how far weights come in an epoch, and the rules that look at the end of one."""
    spec = problem.spec
    tol = spec.tol
    if tol is None:
        fades = recipe.schedule is not RateSchedule.CONSTANT
        tol = 0.0 if fades else TOLERANCE[dtype_of(spec)]
    # Weights that are no number have exploded on the way.
    return tol, tuple(rule for rule in rules_of(problem, tol) if not isinstance(rule, LeftDomain))


def predicted(
    problem: Problem, told: Minibatches, recipe: Recipe, outlook: BatchOutlook | None, limit: int
) -> Minibatches:
    """With what is known before the first step of where the loss will hover."""
    if told.whole:
        return told
    method = recipe.method
    plain = method.info.recurrence is Recurrence.PLAIN
    told = replace(told, predicted_excess=None, predicted_at_end=None, lower=None, unpredicted="")
    told = replace(told, stable_below=outlook.stable_below() if plain and outlook is not None else None)
    reasons = (
        (problem.holds_weights, "bounds hold weights, and the noise at them is another"),
        (outlook is None, f"it is worked out for squares of up to {MOST_MODES} weights"),
        (method.info.recurrence is None, f"the steps of {method.value} are not linear in the gradient"),
        (recipe.schedule is not RateSchedule.CONSTANT, f"the rate is {recipe.schedule.value}: noise fades with it"),
        (told.shuffle is Shuffle.NONE, "the order of the table is not drawn at random"),
        (told.average, "the noise of single iterates averages out"),
    )
    if why := next((words for holds, words in reasons if holds), ""):
        return replace(told, unpredicted=why)
    assert outlook is not None
    # Steps add up to 1/(1 − β) of one: to first order in the rate it is plain descent at that rate.
    rate = recipe.rate / (1.0 - (recipe.momentum or 0.0))
    hover = outlook.at(rate)
    if hover is None:
        return replace(told, unpredicted="at this rate the noise has no bound")
    done = max(1, limit // told.updates_per_epoch)
    at_end = hover.mean(done - max(1, done // 2), done)
    return replace(told, predicted_excess=hover.excess, predicted_at_end=at_end, lower=_lower(outlook, recipe))


def _lower(outlook: BatchOutlook, recipe: Recipe) -> LowerRate | None:
    """What a tenth of the rate does, and how many epochs that takes."""
    finer = float(f"{recipe.rate / FINER:.3g}")
    hover = outlook.at(finer / (1.0 - (recipe.momentum or 0.0)))
    epochs = None if hover is None or not hover.excess else hover.epochs()
    return None if hover is None or epochs is None else LowerRate(finer, hover.excess, epochs)


def plan_stochastic(problem: Problem) -> Plan:
    """Decide all of a stochastic descent before its first step.

    Raises:
        GdsolveError: rows that no batch can be made of.
    """
    spec = problem.spec
    assert spec.batch is not None
    batches, objective, start, outlook = deal_rows(problem, spec.batch)
    per_epoch = updates_in_epoch(batches.rows, batches.size)
    epochs = spec.epochs or USUAL_EPOCHS
    if spec.epochs is None and spec.max_iter is not None:
        epochs = max(1, -(-spec.max_iter // per_epoch))
    limit = epochs * per_epoch if spec.max_iter is None else min(epochs * per_epoch, spec.max_iter)
    recipe, why = recipe_of_batches(problem, batches, objective, outlook, limit)
    tol, stops = stops_of_batches(problem, recipe)
    streamed = isinstance(batches, StreamedBatches)
    shuffle = Shuffle.NONE if spec.shuffle is Shuffle.NONE else Shuffle.BLOCKS if streamed else Shuffle.ROWS
    told = Minibatches(
        batch=spec.batch,
        rows=batches.rows,
        epochs=epochs,
        updates_per_epoch=per_epoch,
        shuffle=shuffle,
        seed=None if shuffle is Shuffle.NONE else spec.seed,
        average=spec.average,
        block=batches.block if isinstance(batches, StreamedBatches) and shuffle is Shuffle.BLOCKS else None,
        streamed=streamed,
    )
    told = predicted(problem, told, recipe, outlook, limit)
    return Plan(
        recipe=recipe,
        tol=tol,
        stops=stops,
        loop_stops=stops,
        max_iter=limit,
        last=limit,
        predicted=None,
        fate=Status.MAX_ITER,
        stable_below=stable_below(problem, recipe) if told.whole else told.stable_below,
        schedule=Schedule(spec.every),
        form=None,
        stop=None,
        engine=only_engine(problem),
        device=start.device,
        why=(why,),
        batches=told,
        deal=Deal(batches, objective, start, EpochPlan(epochs, limit, spec.average), outlook),
    )


def announce_batches(logger: logging.Logger, problem: Problem, plan: Plan) -> None:
    """Say before the run where it will hover, or that it will not hold its noise."""
    told, where, rate = plan.batches, coordinates_of(problem.spec), plan.recipe.rate
    assert told is not None
    stable = plan.stable_below
    if stable is not None and rate >= stable and told.whole:
        logger.warning("%s", will_diverge(rate, stable, where))
    elif stable is not None and rate >= stable:
        shown, limit = rate_texts(rate, stable)
        logger.warning(
            "learning rate %s will diverge at batch %d%s: rates below %s are stable", shown, told.batch, where, limit
        )
    elif told.predicted_excess is not None:
        logger.info("%s", foretold(told, plan.recipe.rate))
    logger.info("method %s", plan.reason)
