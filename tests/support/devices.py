"""Methods that look at nothing in their loop, and the mark of tests that need a GPU."""

from __future__ import annotations

import pytest
import torch

from gdsolve.descent.methods.build import Recipe
from gdsolve.spec import Method, RateSchedule

BLIND = [
    *(Recipe(method, 0.01) for method in Method.all() if method.info.rated),
    *(Recipe(method, 0.01, RateSchedule.COSINE, length=100) for method in Method.all() if method.info.rated),
    Recipe(Method.GD, 0.01, RateSchedule.INVSCALING),
    Recipe(Method.NESTEROV, 0.01, momentum=0.5),
]
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
