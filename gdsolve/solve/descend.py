"""A planned descent is taken: in closed form, or step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.descent.iterate import Observer, iterate
from gdsolve.descent.leap import leap
from gdsolve.descent.methods.blind import BlindRule
from gdsolve.descent.methods.build import build_method
from gdsolve.descent.solution import Solution
from gdsolve.objective.base import Objective
from gdsolve.objective.threads import one_thread
from gdsolve.objective.walks import Hastened
from gdsolve.progress import Outlook
from gdsolve.signals import held_signals
from gdsolve.solve.checkpointer import Checkpointer
from gdsolve.solve.engine import Ground, ground_of
from gdsolve.solve.fingerprint import Fingerprint, checksum, columns_of
from gdsolve.solve.forecast import momentum_of
from gdsolve.solve.observer import observing
from gdsolve.solve.plan import Plan
from gdsolve.solve.prediction import REPAID
from gdsolve.solve.problem import Problem
from gdsolve.solve.rules import tolerances_of
from gdsolve.solve.threads import threads_for_steps
from gdsolve.spec import Engine, RateSchedule

if TYPE_CHECKING:
    from gdsolve.solve.deal import Deal


def descend(
    problem: Problem,
    plan: Plan,
    ground: Ground | None = None,
    *,
    observe: Observer | None = None,
    checkpointer: Checkpointer | None = None,
    outlook: Outlook | None = None,
    title: str = "descending",
) -> Solution:
    """Descend as planned, from the start, within the bounds, in descent's coordinates.

    `ground` is what a loop descends on, where several share it. A loop tells `observe` how far it is, and whoever
    listens, under `title`, with the `outlook`; it tells `checkpointer` where it stands.

    Raises:
        GdsolveError: the closed form was asked for and cannot find where it ends, or a run cannot be resumed.
    """
    if plan.deal is not None:
        if checkpointer is not None:
            with one_thread():
                checkpointer.identify(_fingerprint(problem, plan, plan.deal.start.device.type))
        with observing(title, plan.last, problem.loss_unit, observe, outlook) as observer:
            return _by_batches(problem, plan, plan.deal, observer, checkpointer)
    if plan.engine is Engine.LEAP:
        return _leap(problem, plan, checkpointer)

    ground = ground or ground_of(problem, plan.engine, plan.device)
    if checkpointer is not None:
        checkpointer.identify(_fingerprint(problem, plan, ground.start.device.type))
    assert plan.max_iter is not None
    limits = None if problem.limits is None else problem.limits.to(ground.start)
    # A compiler catches what a signal raises in it: it waits for the loop, which ends with what was reached.
    with held_signals() as held, observing(title, plan.last, problem.loss_unit, observe, outlook) as observer:
        objective = _hastened(plan, ground.objective, resumable=checkpointer is not None)
        with threads_for_steps(objective):
            return iterate(
                problem.limited(objective, ground.start),
                ground.start,
                build_method(plan.recipe, limits),
                plan.loop_stops,
                max_iter=plan.max_iter,
                schedule=plan.schedule,
                at_limit=plan.fate,
                observe=observer,
                checkpointer=checkpointer,
                begin=held.release,
            )


def _by_batches(
    problem: Problem, plan: Plan, deal: Deal, observer: Observer | None, checkpointer: Checkpointer | None
) -> Solution:
    """Stochastic descent: on one thread, since batches are small, and so that no bit depends on how many there are."""
    from gdsolve.descent.epochs import descend_by_epochs

    method = build_method(plan.recipe, problem.limits)
    assert isinstance(method, BlindRule)
    with one_thread():
        return descend_by_epochs(
            deal.batches,
            deal.objective,
            deal.start,
            method,
            plan.loop_stops,
            deal.course,
            schedule=plan.schedule,
            observe=observer,
            checkpointer=checkpointer,
        )


def _hastened(plan: Plan, objective: Objective, *, resumable: bool) -> Objective:
    """The objective for the updates of a plan, which is another one where they repay a second of compilation.

    Not the length of a run that is resumed decides, so that its figures are those of a run that never stopped.
    """
    if not plan.recipe.method.info.rated or not isinstance(objective, Hastened):
        return objective
    short = plan.last is not None and plan.last * objective.step_elements < REPAID
    return objective if short and not resumable else objective.hastened()


def _leap(problem: Problem, plan: Plan, checkpointer: Checkpointer | None) -> Solution:
    assert problem.modes is not None
    start = problem.start.to(problem.modes.minimiser)
    if checkpointer is not None:
        checkpointer.identify(_fingerprint(problem, plan, start.device.type))
    found = leap(
        problem.modes,
        start,
        plan.recipe.rate,
        plan.stops,
        max_iter=plan.max_iter,
        schedule=plan.schedule,
        momentum=momentum_of(plan.recipe),
        known=plan.stop,
    )
    if checkpointer is not None:
        checkpointer.keep_leap(found.iterations, found.value)
    return found


def _fingerprint(problem: Problem, plan: Plan, device: str) -> Fingerprint:
    recipe, squares = plan.recipe, problem.squares
    return Fingerprint(
        engine=plan.engine,
        device=device,
        length=recipe.length if recipe.schedule is RateSchedule.COSINE else None,
        tolerances=tolerances_of(plan.stops),
        columns=columns_of(problem.labels, problem.data),
        start=checksum(problem.units.to_user(problem.start)),
        bounds=checksum(problem.box),
        data=checksum(problem.objective if squares is None else squares.triangle, problem.units),
    )
