"""What the weights of classes are called: `x[setosa]` is the weight of the column x for the class setosa."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

INTERCEPT = "intercept"


def intercept_name(design: Sequence[str]) -> str:
    """What intercepts are called beside columns of these names."""
    name = INTERCEPT
    while name in design:
        name = f"({name})"
    return name


def intercept_names(design: Sequence[str], classes: Sequence[str]) -> frozenset[str]:
    """The names of the intercepts of classes."""
    return frozenset(f"{intercept_name(design)}[{one}]" for one in classes)


def class_weight_names(design: Sequence[str], classes: Sequence[str], *, intercept: bool) -> tuple[str, ...]:
    """The names of the weights, class by class, the intercept of a class last.

    >>> class_weight_names(["x"], ["no", "yes"], intercept=True)
    ('x[no]', 'intercept[no]', 'x[yes]', 'intercept[yes]')
    """
    own = [*design, *([intercept_name(design)] if intercept else [])]
    return tuple(f"{name}[{one}]" for one in classes for name in own)


def by_class(
    values: Sequence[float], design: Sequence[str], classes: Sequence[str], *, intercept: bool
) -> dict[str, dict[str, Any]]:
    """Weights in the order of `class_weight_names` as those of each class, by name, with its intercept."""
    width, found = len(design) + intercept, {}
    for place, name in enumerate(classes):
        own = values[place * width : (place + 1) * width]
        found[name] = {
            "weights": dict(zip(design, own, strict=False)),
            "intercept": own[-1] if intercept else None,
        }
    return found


def names_of_model(model: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The names of the weights of a saved model of classes, None of another."""
    found = model.get("weights_by_class")
    if not isinstance(found, dict) or not found:
        return None
    first = next(iter(found.values()))
    intercept = isinstance(first, dict) and first.get("intercept") is not None
    return class_weight_names(list(model["data"]["features"]), [str(name) for name in found], intercept=intercept)
