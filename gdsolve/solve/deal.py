"""What a stochastic descent runs on."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gdsolve.descent.epochs import EpochPlan
from gdsolve.objective.base import Objective
from gdsolve.objective.minibatches import Batches
from gdsolve.objective.streamed import StreamedBatches
from gdsolve.solve.batch_noise import BatchOutlook


@dataclass(frozen=True, slots=True)
class Deal:
    """The batches, the objective of all rows, the start, (p, 1), the length of the run, and what its noise does."""

    batches: Batches
    objective: Objective
    start: torch.Tensor
    course: EpochPlan
    outlook: BatchOutlook | None

    def close(self) -> None:
        """Let go of what rows are read from."""
        if isinstance(self.batches, StreamedBatches):
            self.batches.stream.close()
