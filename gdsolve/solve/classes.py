"""The classes of a target: their names, the numbers that stand for them in rows, and what each of them weighs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gdsolve.data.targets import require_classes
from gdsolve.solve.target_classes import Classes
from gdsolve.spec.class_weights import read_class_weights
from gdsolve.spec.losses import Target

if TYPE_CHECKING:
    import torch

    from gdsolve.objective.kept_rows import KeptRows
    from gdsolve.ranks import Ranks
    from gdsolve.solve.data import DataInfo
    from gdsolve.spec import Spec


def classes_of(spec: Spec, info: DataInfo, kept: KeptRows, ranks: Ranks) -> Classes | None:
    """The classes of the rows that are kept, of all ranks; None of a loss whose target is a number.

    Numbers are classes of their own, as many as there are. Where classes have weights, the kept rows have them too
    thereafter: `balanced` is M/(C·M_c), M the sum of the weights of rows and M_c that of a class, m/(C·m_c) without
    them.

    Raises:
        DataError: one class alone.
        GdsolveError: a weight for a class that there is not.
    """
    if not spec.loss.info.target.is_classes:
        return None
    found = info.classes or _named(spec, info, kept, ranks)
    asked = read_class_weights(spec.class_weight)
    if not asked.counts:
        return Classes(found.names, found.values)
    import torch

    from gdsolve.objective.class_rows import reweigh, weigh

    values = torch.tensor(found.values, dtype=torch.float64, device="cpu")
    own = sum(ranks.gather(weigh(kept, values)), torch.zeros_like(values))
    named = asked.of(found.names, f"column {info.roles.target!r}")
    weights = torch.tensor(named, dtype=torch.float64, device="cpu")
    if asked.balanced:
        there = own > 0.0
        weights = torch.where(there, own.sum() / (len(own) * torch.where(there, own, 1.0)), 1.0)
    reweigh(kept, values, weights)
    return Classes(found.names, found.values, tuple(weights.tolist()), float((own * weights).sum()))


def _named(spec: Spec, info: DataInfo, kept: KeptRows, ranks: Ranks) -> Classes:
    roles = info.roles
    if roles.target_levels is not None:
        return Classes(roles.target_levels, tuple(map(float, range(len(roles.target_levels)))))
    if spec.loss.info.target is Target.TWO_CLASSES:
        return Classes(("0", "1"), (0.0, 1.0))
    from gdsolve.objective.class_rows import labels

    met = sorted({value for part in ranks.gather(labels(kept)) for value in part})
    names = tuple(f"{value:.0f}" for value in met)
    where = f"{info.source[0]}: column {roles.target!r}, the target ({roles.target_reason}),"
    require_classes(where, names, spec.loss)
    return Classes(names, tuple(met))


def codes_of(target: torch.Tensor, classes: Classes) -> torch.Tensor:
    """The places, from 0, of the classes of a target, (m, 1): int64."""
    import torch

    values = torch.tensor(classes.values, dtype=target.dtype, device=target.device)
    return torch.searchsorted(values, target.contiguous())
