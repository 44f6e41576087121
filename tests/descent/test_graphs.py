"""Blocks of blind updates that are recorded once and repeated: the same run, bit for bit.

Tests marked `cuda` record CUDA graphs; the others have a stand-in that repeats operations on the host.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from devices import BLIND, needs_cuda
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from gdsolve.descent import graphs
from gdsolve.descent import iterate as loop
from gdsolve.descent.graphs import Replays, copied, recording_for, tensors_of
from gdsolve.descent.iterate import iterate
from gdsolve.descent.methods.adam import Moments
from gdsolve.descent.methods.build import Recipe, build_method
from gdsolve.descent.schedule import Schedule
from gdsolve.descent.solution import Solution
from gdsolve.descent.solver_state import SolverState
from gdsolve.descent.stop import Divergence, SettledUpdate, SmallGradient, SmallUpdate
from gdsolve.objective import walks
from gdsolve.objective.base import Objective
from gdsolve.objective.box import Box, Boxed
from gdsolve.objective.pointwise import Huber, Logistic
from gdsolve.objective.pointwise_rows import SmoothPointwiseRows
from gdsolve.objective.quadratic import Penalty, Quadratic
from gdsolve.objective.rows import Rows
from gdsolve.spec import Method, RateSchedule
from gdsolve.status import Status

aten = torch.ops.aten
HOST = torch.device("cpu")
# Updates of a block with the stand-in, which takes its time.
BLOCK = 8
# What waits for the host, or brings numbers from it.
REFUSED = {aten._local_scalar_dense.default, aten.lift_fresh.default, aten.nonzero.default, aten.equal.default}


class Tape(TorchDispatchMode):
    """Operations in the order in which they were made, to be made again on the same tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Any, Any, Any, list[Tensor]]] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in REFUSED:
            raise RuntimeError(f"{func} while recording")
        made = func(*args, **(kwargs or {}))
        storages = {one.untyped_storage().data_ptr() for one in (*args, *(kwargs or {}).values()) if is_tensor(one)}
        fresh = [one for one in results(made) if one.untyped_storage().data_ptr() not in storages]
        if fresh or func._schema.is_mutable:
            self.operations.append((func, args, kwargs or {}, results(made) if fresh else []))
        return made

    def spoil(self) -> None:
        """What was made is not there until it is made again."""
        for _, _, _, made in self.operations:
            for one in made:
                one.fill_(torch.nan) if one.is_floating_point() else one.zero_()

    def play(self) -> None:
        for func, args, kwargs, made in self.operations:
            for one, again in zip(made, results(func(*args, **kwargs)), strict=False):
                one.copy_(again)


def is_tensor(one: Any) -> bool:
    return isinstance(one, Tensor)


def results(made: Any) -> list[Tensor]:
    return list(made) if isinstance(made, tuple | list) else [made]


@dataclass
class StandIn:
    """Records as CUDA does: nothing is computed while recording, and all is overwritten when it is repeated."""

    warmed: int = 0
    recorded: int = 0
    replays: int = 0
    fails: bool = False
    interrupts_at: int | None = None
    tapes: list[Tape] = field(default_factory=list)

    def warm(self, work: Callable[[], Any]) -> Any:
        self.warmed += 1
        return work()

    def record(self, work: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
        self.recorded += 1
        if self.fails:
            raise RuntimeError("nothing can be recorded here")
        tape = Tape()
        with tape:
            made = work()
        tape.spoil()

        def replay() -> None:
            self.replays += 1
            tape.spoil()
            if self.replays == self.interrupts_at:
                raise KeyboardInterrupt
            tape.play()

        return made, replay


RNG = np.random.default_rng(5)
X = torch.from_numpy(np.column_stack([RNG.normal(size=(60, 3)), np.ones(60)]))
Y = X @ torch.tensor([[1.0], [-2.0], [0.5], [0.25]], dtype=torch.float64) + 0.1 * torch.from_numpy(
    RNG.normal(size=(60, 1))
)
WEIGHT = torch.from_numpy(RNG.uniform(0.1, 2.0, (60, 1)))
START = torch.zeros(4, 1, dtype=torch.float64)
BOX = Box(torch.full_like(START, -1.0), torch.full_like(START, 0.75))


@pytest.fixture(autouse=True)
def short_blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("cuda") is None:
        monkeypatch.setattr(loop, "BLOCK", BLOCK)
        monkeypatch.setattr(graphs, "BLOCK", BLOCK)


KINDS = ("rows", "logistic", "triangle", "bounded")
# Every method on one problem, and some on the others: there only the objective is another one.
SOME = [("rows", recipe) for recipe in BLIND] + [(name, recipe) for name in KINDS[1:] for recipe in BLIND[2:9:2]]


def problems(
    device: torch.device = HOST, dtype: torch.dtype = torch.float64
) -> dict[str, tuple[Objective, Box | None]]:
    x, y, weight = (one.to(device, dtype) for one in (X, Y, WEIGHT))
    x = x.mT.contiguous().mT
    box = Box(BOX.lower.to(device, dtype), BOX.upper.to(device, dtype))
    none = Penalty.none(4, x)
    ridge = Penalty(torch.full((3,), 0.3, dtype=dtype, device=device), none.coupled, none.aim)
    rows = Rows(x, y, ridge, 1.0 / 60.0)
    logistic = SmoothPointwiseRows(x, (y > 0).to(dtype), weight, none, Logistic(), float(weight.sum()))
    huber = SmoothPointwiseRows(x, y, None, none, Huber(0.37), 60.0)
    triangle = torch.linalg.qr(x).R.contiguous()
    return {
        "rows": (rows, None),
        "logistic": (logistic, None),
        "triangle": (Quadratic(triangle, torch.linalg.qr(x).Q.mT @ y, none, 1.0 / 60.0), None),
        "bounded": (Boxed(huber, box), box),
    }


def run(
    objective: Objective, box: Box | None, recipe: Recipe, recording: Any, monkeypatch: Any, **more: Any
) -> Solution:
    start = more.pop("start", START)
    method = build_method(recipe, box)
    options = {"max_iter": 400, "schedule": Schedule(7), "stops": (), **more}
    stops = options.pop("stops")
    monkeypatch.setattr(
        loop, "taker", lambda objective, method, unit, last, device: Replays(objective, method, unit, last, recording)
    )
    return iterate(objective, start, method, stops, **options)


def assert_same(found: Solution, wanted: Solution) -> None:
    assert (found.status, found.stopped_by, found.iterations) == (wanted.status, wanted.stopped_by, wanted.iterations)
    assert (found.best_iteration, found.evaluations) == (wanted.best_iteration, wanted.evaluations)
    assert found.value == wanted.value
    assert torch.equal(found.w, wanted.w)
    assert torch.equal(found.trace.weights, wanted.trace.weights)
    for name in ("iterations", "sse", "values", "gradient_norms", "updates"):
        assert getattr(found.trace, name) == getattr(wanted.trace, name)


@pytest.mark.parametrize(("name", "recipe"), SOME, ids=str)
def test_a_run_by_recordings_is_the_run_one_by_one(name: str, recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "WORTH_RECORDING", 2)
    objective, box = problems()[name]
    recording = StandIn()
    found = run(objective, box, recipe, recording, monkeypatch, max_iter=4 * BLOCK + 3)
    assert_same(found, run(objective, box, recipe, None, monkeypatch, max_iter=4 * BLOCK + 3))
    # Of four blocks and a part two come first, and the last is not complete.
    assert (recording.warmed, recording.recorded, recording.replays) == (1, 1, 2)


@pytest.mark.parametrize("every", [1, BLOCK, "log"])
@pytest.mark.parametrize(
    "stops",
    [
        (SmallUpdate(1e-6),),
        (SmallGradient(1e-9),),
        (SettledUpdate(1e-6, 1.0),),
    ],
    ids=lambda stops: type(stops[0]).__name__,
)
def test_a_run_ends_at_the_same_update(stops: Any, every: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    objective, _ = problems()["rows"]
    options = {"stops": stops, "schedule": Schedule(every), "max_iter": 5000, "start": START + 2.0}
    recording = StandIn()
    found = run(objective, None, Recipe(Method.GD, 0.02), recording, monkeypatch, **options)
    assert (found.status, found.iterations < 5000, found.iterations % BLOCK > 0) == (Status.CONVERGED, True, True)
    assert recording.replays > 5
    assert_same(found, run(objective, None, Recipe(Method.GD, 0.02), None, monkeypatch, **options))


def test_a_run_that_diverges_late_keeps_its_best(monkeypatch: pytest.MonkeyPatch) -> None:
    objective, _ = problems()["rows"]
    # Momentum that feeds itself: 1.005 times as far every step.
    recipe = Recipe(Method.MOMENTUM, 0.001, momentum=1.01)
    every = run(objective, None, recipe, None, monkeypatch, schedule=Schedule(1), max_iter=1000)
    assert max(every.trace.values[:300]) < max(every.trace.values)
    options = {"stops": (Divergence(max(every.trace.values[:300]) * 1e-12),), "max_iter": 1000}
    recording = StandIn()
    found = run(objective, None, recipe, recording, monkeypatch, **options)
    assert (found.status, found.iterations >= 300, recording.replays > 2) == (Status.DIVERGED, True, True)
    assert found.value == min(every.trace.values[: found.iterations + 1])
    assert_same(found, run(objective, None, recipe, None, monkeypatch, **options))


@pytest.mark.parametrize("kept", [3 * BLOCK, 6 * BLOCK + 5])
@pytest.mark.parametrize("method", [Method.ADAM, Method.NESTEROV])
def test_a_run_goes_on_from_a_checkpoint_bit_for_bit(
    method: Method, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Keeper:
        def __init__(self, state: SolverState | None = None) -> None:
            self.state = state

        def begin(self, start: Tensor) -> SolverState | None:
            return self.state

        def due(self) -> bool:
            return False

        def keep(self, state: SolverState, *, last: bool) -> None:
            self.state = state

    objective, _ = problems()["logistic"]
    recipe = Recipe(method, 0.01, RateSchedule.COSINE, length=100)
    wanted = run(objective, None, recipe, None, monkeypatch, max_iter=80)
    keeper = Keeper()
    run(objective, None, recipe, StandIn(), monkeypatch, max_iter=kept, checkpointer=keeper)
    assert keeper.state is not None
    assert keeper.state.step.k == kept // BLOCK * BLOCK
    again = run(objective, None, recipe, StandIn(), monkeypatch, max_iter=80, checkpointer=Keeper(keeper.state))
    assert_same(again, wanted)


def test_ctrl_c_amid_a_repeated_block_ends_with_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    objective, _ = problems()["rows"]
    recipe = Recipe(Method.MOMENTUM, 0.001, momentum=0.5)
    found = run(objective, None, recipe, StandIn(interrupts_at=3), monkeypatch)
    assert (found.status, found.iterations) == (Status.INTERRUPTED, 4 * BLOCK)
    wanted = run(objective, None, recipe, None, monkeypatch, max_iter=4 * BLOCK)
    assert torch.equal(found.w, wanted.w)
    assert torch.equal(found.trace.weights, wanted.trace.weights)
    assert found.trace.values == wanted.trace.values


def test_what_cannot_be_recorded_goes_on_one_by_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gdsolve")
    objective, _ = problems()["rows"]
    recording = StandIn(fails=True)
    found = run(objective, None, Recipe(Method.GD, 0.01), recording, monkeypatch)
    assert_same(found, run(objective, None, Recipe(Method.GD, 0.01), None, monkeypatch))
    assert (recording.recorded, recording.replays) == (1, 0)
    assert [record.message for record in caplog.records] == [
        "updates are taken one by one: nothing can be recorded here"
    ]


def test_a_short_run_records_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    objective, _ = problems()["rows"]
    recording = StandIn()
    run(objective, None, Recipe(Method.GD, 0.01), recording, monkeypatch, max_iter=5 * BLOCK)
    assert (recording.recorded, recording.replays) == (0, 0)


def test_only_what_does_the_same_work_every_time_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Other:
        """An objective of which nothing is known."""

    monkeypatch.setattr(graphs, "CudaRecording", lambda device: device)
    device = torch.device("cuda")
    for objective, _ in problems().values():
        assert recording_for(objective, device) == device
        assert recording_for(objective, HOST) is None
    assert recording_for(Other(), device) is None  # type: ignore[arg-type]
    assert recording_for(Boxed(Other(), BOX), device) is None  # type: ignore[arg-type]


def test_a_tensor_in_two_places_is_copied_as_one() -> None:
    one, other = torch.ones(2, 1), torch.zeros(2, 1)
    point, memory = copied((Moments(one, other), (one, None, 3.0)))
    assert memory[0] is point.mean
    assert point.mean is not one
    assert memory[1:] == (None, 3.0)
    assert [id(tensor) for tensor in tensors_of((point, memory))] == [id(point.mean), id(point.square), id(point.mean)]


CUDA = torch.device("cuda")


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("recipe", BLIND, ids=lambda recipe: f"{recipe.method.value}-{recipe.schedule.value}")
@pytest.mark.parametrize("name", KINDS)
def test_cuda_graphs_give_the_run_one_by_one(
    name: str, recipe: Recipe, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In float64 by the kernel that reads rows once, where there is Triton.
    monkeypatch.setattr(walks, "LEAST_BYTES", 0 if dtype == torch.float64 else 1 << 60)
    objective, box = problems(CUDA, dtype)[name]
    recording = recording_for(objective, CUDA)
    replays = []

    class Counted:
        def warm(self, work: Any) -> Any:
            return recording.warm(work)

        def record(self, work: Any) -> Any:
            made, replay = recording.record(work)
            return made, lambda: (replays.append(1), replay())

    start = START.to(CUDA, dtype)
    found = run(objective, box, recipe, Counted(), monkeypatch, start=start)
    assert len(replays) == 4
    assert_same(found, run(objective, box, recipe, None, monkeypatch, start=start))
    assert_same(run(objective, box, recipe, Counted(), monkeypatch, start=start), found)


@pytest.mark.cuda
@needs_cuda
@pytest.mark.parametrize("every", [1, 64, "log"])
def test_cuda_graphs_end_at_the_same_update(every: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    objective, _ = problems(CUDA)["rows"]
    start = START.to(CUDA) + 2.0
    options = {"stops": (SmallUpdate(1e-6),), "schedule": Schedule(every), "max_iter": 5000, "start": start}
    found = run(objective, None, Recipe(Method.GD, 0.02), recording_for(objective, CUDA), monkeypatch, **options)
    assert (found.status, found.iterations < 5000) == (Status.CONVERGED, True)
    assert_same(found, run(objective, None, Recipe(Method.GD, 0.02), None, monkeypatch, **options))
