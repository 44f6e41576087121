"""The plan of a descent, all of it decided before the first step: method, rate, rules, limit, engine, and why."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from gdsolve.descent.blocks import BLOCK
from gdsolve.descent.ends import DEFAULT_MAX_ITER, Stop
from gdsolve.descent.foreseen import Foreseen, judge
from gdsolve.descent.leap import Form
from gdsolve.descent.methods.build import Recipe
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.stop import StopRule
from gdsolve.solve.device import Placement, device_of, dtype_of, place_rows
from gdsolve.solve.engine import EngineChoice, choose, only_engine, require_closed_form
from gdsolve.solve.forecast import fate_of, form_of, has_closed_form, stable_below, stop_of
from gdsolve.solve.method import recipe_of
from gdsolve.solve.prediction import ENGINES, Prediction, Work
from gdsolve.solve.problem import Problem
from gdsolve.solve.rules import require_end, rules_of, tolerance_of
from gdsolve.solve.threads import threads_for_steps
from gdsolve.solve.words import at_the_limit, coordinates_of, will_diverge
from gdsolve.spec import DType, Engine, Method
from gdsolve.spec.methods import PLAIN
from gdsolve.status import Status

if TYPE_CHECKING:
    from gdsolve.solve.deal import Deal
    from gdsolve.solve.minibatches import Minibatches

SMALL = {"tol": "updates", "loss_tol": "changes of the loss", "grad_tol": "gradients"}
# Where it is known that there is no minimum to come to.
MOST_WITHOUT_MINIMUM = 10_000
# Of a descent that nobody knows the length of, for the choice of a device.
UNKNOWN_LENGTH = 1_000
READING = (Engine.ROWS, Engine.AUTOGRAD)


@dataclass(frozen=True, slots=True)
class Plan:
    """A descent that was decided on, and what is known of it.

    `loop_stops` are the rules for engines that take every step: where rounding hides from them when a rule is met, the
    closed form tells. `max_iter` is the limit in force, None for none; `last` is where the run ends or ends at the
    latest, None where that is not known; `predicted` is how many updates convergence takes, and `fate` what a run is
    called that the limit ends. `form` is the closed form, where there is one, and `stop` where it stops without a
    limit: `Fit` keeps the plan without the form. `why` has what led to method, engine and device; what is predicted
    among it is told in seconds of this machine. A stochastic descent has its `batches`, and
    the `deal` of rows that it runs on.
    """

    recipe: Recipe
    tol: float
    stops: tuple[StopRule, ...]
    loop_stops: tuple[StopRule, ...]
    max_iter: int | None
    last: int | None
    predicted: int | None
    fate: Status
    stable_below: float | None
    schedule: Schedule
    form: Form | None
    stop: Stop | None
    engine: Engine
    device: torch.device
    why: tuple[str | Prediction, ...]
    batches: Minibatches | None = None
    deal: Deal | None = None

    @property
    def reason(self) -> str:
        """The sentence that says why, and how long the run is predicted to take."""
        return "; ".join(map(str, self.why))

    def is_foreseen(self, rule: str | None) -> bool:
        """True for the name of a rule that the closed form judged in place of a loop."""

        return any(isinstance(one, Foreseen) and one.name == rule for one in self.loop_stops)


def plan_descent(
    problem: Problem, asked: Method | None = None, *, resumed: Engine | None = None, may_leap: bool = True
) -> Plan:
    """Decide how to descend: as the spec asks, by the engine of least predicted cost.

    `asked` stands in place of the spec's method. An earlier run that took the engine `resumed` is gone on with on the
    same. Without `may_leap` every step is taken.

    Raises:
        GdsolveError: a method, an engine or an option that does not go with this problem, or a run without an end.
    """
    schedule = Schedule(problem.spec.every)
    with threads_for_steps(problem.objective):
        recipe, why = recipe_of(problem, asked)
    tol = tolerance_of(problem, recipe)
    stops = rules_of(problem, tol, settling=True)
    require_end(problem, recipe, stops)
    form = form_of(problem, recipe)
    # It takes one thread, and nothing of what others do meanwhile.
    began = time.thread_time()
    fate, stop = fate_of(form), stop_of(form, stops)
    search = None if form is None else time.thread_time() - began
    schedule.require_room(_last(stop, recipe.length), problem.p)
    work = _work(problem, recipe, stop, schedule, search)
    choice = _engine(problem, recipe, stop, work, resumed=resumed, may_leap=may_leap)
    leaps = choice.engine is Engine.LEAP
    looped = stops if leaps else _watched(problem, stops, form)
    usual = DEFAULT_MAX_ITER if problem.separation is None else MOST_WITHOUT_MINIMUM
    limit = recipe.length if recipe.length is not None or leaps else usual
    last = _last(stop, limit)
    known = stop is not None and stop.status is Status.CONVERGED
    plain = problem.squares is not None and recipe.method is PLAIN and has_closed_form(recipe)
    told = choice.reason or choice.prediction
    place = _place(problem, choice, work)
    return Plan(
        recipe,
        tol,
        stops,
        looped,
        limit,
        None if stop is None and recipe.length is None else last,
        stop.iterations if known and stop is not None else None,
        fate,
        stable_below(problem, recipe),
        schedule,
        form,
        stop,
        choice.engine,
        place.device,
        # What plain descent on a table does needs no reason.
        tuple(
            part
            for part in (
                "" if plain and told else why,
                choice.reason,
                choice.prediction and choice.prediction.at(place.device),
                *(_arithmetic(problem, looped, leaps=leaps) if told else ()),
                place.reason or (problem.placed if problem.squares is None else ""),
            )
            if part
        ),
    )


def announce(logger: logging.Logger, problem: Problem, plan: Plan) -> None:
    """Say before the run what its rate will lead to, where that is known, and how it is run."""
    stable, where, rate = plan.stable_below, coordinates_of(problem.spec), plan.recipe.rate
    if stable is not None and plan.fate is Status.DIVERGED:
        logger.warning("%s", will_diverge(rate, stable, where))
    elif stable is not None and plan.fate is Status.EDGE_OF_STABILITY:
        logger.warning("%s", at_the_limit(rate, where))
    if not logger.isEnabledFor(logging.INFO):
        # What nobody reads is not measured.
        return
    if problem.squares is None:
        logger.info("method %s", plan.reason)
    else:
        logger.info("engine %s: %s", plan.engine.value, plan.reason)


def _engine(
    problem: Problem,
    recipe: Recipe,
    stop: Stop | None,
    work: Work,
    *,
    resumed: Engine | None,
    may_leap: bool,
) -> EngineChoice:
    asked, limited = problem.spec.engine, problem.limits is not None
    known = has_closed_form(recipe) and may_leap and not limited
    if problem.squares is None:
        return EngineChoice(only_engine(problem))
    require_closed_form(asked, known=known)
    engines = tuple(one for one in ENGINES if one is not Engine.ROWS or not _is_scan(problem))
    if asked is not Engine.AUTO:
        others = tuple(one for one in engines if one is not asked and (known or one is not Engine.LEAP))
        return EngineChoice(asked, f"asked for with --engine {asked.value}", Prediction(asked, others, work))
    if not known:
        why = "within bounds" if problem.shrinkage is None else "with an l1 penalty"
        return EngineChoice(Engine.TRIANGLE, f"the closed form does not hold {why}" if limited else "")
    found = EngineChoice(Engine.TRIANGLE, "the closed form would take too long to find where it stops")
    if stop is not None:
        found = choose(work, engines)
    return found if resumed in (None, found.engine) else EngineChoice(resumed, "as in the run that is resumed")


def _is_scan(problem: Problem) -> bool:
    """True where there are no rows that an engine could read."""
    return problem.data is not None and problem.data.is_scan


def _work(problem: Problem, recipe: Recipe, stop: Stop | None, schedule: Schedule, search: float | None) -> Work:
    """What the engines of least squares on a table are compared by; of all rows, or of a rank's share of them."""

    known = stop is not None or recipe.length is not None
    last = _last(stop, recipe.length)
    squares = problem.squares
    return Work(
        rows=0 if squares is None else -(-squares.triangle.rows // squares.ranks.size),
        p=problem.p,
        iterations=last if known else None,
        reported=schedule.count(last),
        at_most=stop is None,
        overshot=0 if stop is None or stop.iterations > last else -last % BLOCK,
        search=search,
        dtype=dtype_of(problem.spec),
        threads=torch.get_num_threads(),
    )


def _place(problem: Problem, choice: EngineChoice, work: Work) -> Placement:
    """Where the engine descends: other problems than least squares are where they were posed."""

    spec, squares = problem.spec, problem.squares
    if squares is None:
        return Placement(problem.start.device)
    if choice.engine not in READING:
        return Placement(device_of(spec))
    updates = UNKNOWN_LENGTH if work.iterations is None else work.iterations
    return place_rows(spec, work.rows, work.p, updates, squares.ranks)


def _last(stop: Stop | None, limit: int | None) -> int:
    """The update at which a run ends, or ends at the latest; `limit` is None where there is none."""

    if stop is None:
        return DEFAULT_MAX_ITER if limit is None else limit
    if limit is None:
        return stop.iterations
    return limit if stop.stopped_by == "max_iter" else min(stop.iterations, limit)


def _watched(problem: Problem, stops: tuple[StopRule, ...], form: Form | None) -> tuple[StopRule, ...]:
    """The rules for a loop: where rounding hides from it when one is met, the closed form tells."""

    if form is None or problem.modes is None:
        return stops
    return judge(stops, problem.modes, form, dtype_of(problem.spec))


def _arithmetic(problem: Problem, rules: tuple[StopRule, ...], *, leaps: bool) -> tuple[str, ...]:
    """What the precision asked for means to the engine that is chosen, to follow the reason for it; else nothing."""

    dtype = problem.spec.dtype
    if leaps:
        rounded = "not rounded" if _is_scan(problem) else "rounded to float32"
        return (f"evaluated in float64, on cells {rounded}",) if dtype is DType.FLOAT32 else ()
    return tuple(
        f"in {dtype.value} rounding alone may cause {SMALL[rule.name]} of {rule.floor:.1g}, "
        f"so that the closed form decides when {rule.name} is met"
        for rule in rules
        if isinstance(rule, Foreseen)
    )
