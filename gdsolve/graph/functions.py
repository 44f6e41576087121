"""The functions that autograd keeps between tensors, noted while they are whole: a backward frees what they saved.

A function that is called with a gradient gives those of its inputs, frees nothing, runs no hook and fills no `.grad`:
so local derivatives and the gradients of a whole graph are found without going backward through it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction

Key = tuple[Any, int]
"""A function and the number of one of its outputs."""
Changes = Mapping[Any, Callable[[Tensor], Tensor]]


@dataclass(slots=True)
class FunctionNote:
    """One function: what it is called, what it takes its inputs from, and its derivatives by each of them."""

    operation: str | None
    inputs: tuple[Key | None, ...]
    shape: tuple[int, ...] | None
    derivatives: tuple[Tensor | None, ...]
    name: str | None = None
    text: str | None = None
    statement: str | None = None

    @property
    def label(self) -> str | None:
        """What it computes, in a word: its node, or the part of a formula."""
        return self.name or self.text


@dataclass(slots=True)
class FunctionBook:
    """All functions that were met, with what was noted of each; `local` where derivatives are asked for."""

    local: bool = True
    notes: dict[Any, FunctionNote] = field(default_factory=dict)

    def note(self, tensor: Tensor) -> Any:
        """Note the functions behind a tensor, and return its own; None for one that autograd does not track."""
        if not tensor.requires_grad:
            return None
        own = tensor.grad_fn if tensor.grad_fn is not None else accumulator(tensor)
        pending = [own]
        while pending:
            function = pending.pop()
            if function in self.notes:
                continue
            self.notes[function] = made = self._made(function)
            pending += [key[0] for key in made.inputs if key is not None]
        return own

    def _made(self, function: Any) -> FunctionNote:
        inputs = tuple(None if one is None else (one, number) for one, number in function.next_functions)
        leaf = is_leaf(function)
        derivatives = local_derivatives(function) if self.local and not leaf else (None,) * len(inputs)
        return FunctionNote(None if leaf else function.name(), inputs, shape_of(function), derivatives)

    def gradients(self, root: Any, changes: Changes | None = None, ends: Collection[Any] = ()) -> dict[Any, Tensor]:
        """The derivative of a root, one number, by the output of every function that it leads to.

        `changes` are those that hooks make on the way; `ends` are functions that lead no further. What comes before a
        function that cannot be called has none.
        """
        outputs = list(_metadata(root))
        if root is None or len(outputs) != 1 or math.prod(outputs[0].shape) != 1:
            return {}
        with torch.no_grad():
            return self._swept(root, _ones(outputs[0]), changes or {}, {*ends} - {root})

    def _swept(self, root: Any, seed: Tensor, changes: Changes, ends: Collection[Any]) -> dict[Any, Tensor]:
        coming: dict[Any, dict[int, Tensor]] = {root: {0: seed}}
        found: dict[Any, Tensor] = {}
        for function in self._ordered(root, ends):
            here = coming.pop(function, None)
            if here is None:
                continue
            if function in changes and 0 in here:
                here[0] = changes[function](here[0])
            if 0 in here:
                found[function] = here[0]
            if is_leaf(function) or function in ends:
                continue
            given = called(function, [here.get(place) for place in range(len(_metadata(function)))])
            for key, gradient in zip(self.notes[function].inputs, given, strict=True):
                if key is None or gradient is None:
                    continue
                before = coming.setdefault(key[0], {}).get(key[1])
                coming[key[0]][key[1]] = gradient if before is None else before + gradient
        return found

    def _ordered(self, root: Any, ends: Collection[Any]) -> list[Any]:
        """Functions from the root on, each before all that it takes its inputs from."""
        done: dict[Any, None] = {}
        pending = [(root, False)]
        while pending:
            function, finished = pending.pop()
            if finished:
                done[function] = None
            elif function not in done:
                pending.append((function, True))
                if function in ends:
                    continue
                inputs = (key[0] for key in self.notes[function].inputs if key is not None)
                pending += [(one, False) for one in inputs if one not in done]
        return list(reversed(done))


def accumulator(leaf: Tensor) -> Any:
    """The function that adds up the gradient of a leaf."""
    with torch.enable_grad():
        return leaf.view_as(leaf).grad_fn.next_functions[0][0]  # type: ignore[union-attr]


def is_leaf(function: Any) -> bool:
    """True for the function that adds up the gradient of a leaf."""
    return hasattr(function, "variable")


def shape_of(function: Any) -> tuple[int, ...] | None:
    """The shape of the output of a function; None where it has several."""
    if is_leaf(function):
        return tuple(function.variable.shape)
    outputs = _metadata(function)
    return tuple(outputs[0].shape) if len(outputs) == 1 else None


def local_derivatives(function: Any) -> tuple[Tensor | None, ...]:
    """The derivative of the output, where it is one number, by each input; None for what cannot be told."""
    outputs = _metadata(function)
    if len(outputs) != 1 or math.prod(outputs[0].shape) != 1:
        return (None,) * len(function.next_functions)
    with torch.no_grad():
        return called(function, [_ones(outputs[0])])


def called(function: Any, gradients: Iterable[Tensor | None]) -> tuple[Tensor | None, ...]:
    """The gradients of the inputs by those of the outputs, in the shape of each input; None where it refuses.

    Functions that are written in Python are not called: what they do beside that is not known.
    """
    count = len(function.next_functions)
    if isinstance(function, BackwardCFunction):
        return (None,) * count
    try:
        given = function(*gradients)
    except (RuntimeError, TypeError, NotImplementedError):
        return (None,) * count
    given = given if isinstance(given, tuple) else (given,)
    found: list[Tensor | None] = []
    for gradient, (following, number) in zip(given, function.next_functions, strict=False):
        if gradient is None or following is None:
            found.append(None)
            continue
        outputs = _metadata(following)
        # As the engine does where a small tensor met a large one.
        found.append(gradient.sum_to_size(outputs[number].shape) if number < len(outputs) else gradient)
    return tuple(found + [None] * (count - len(found)))


def is_stale(function: Any) -> bool:
    """True where what a function saved is gone, or is no longer what it was."""
    if is_leaf(function):
        return False
    for name in dir(function):
        if name.startswith("_saved_"):
            try:
                getattr(function, name)
            except RuntimeError:
                return True
    return False


def _metadata(function: Any) -> Any:
    return getattr(function, "_input_metadata", ())


def _ones(output: Any) -> Tensor:
    return torch.ones(tuple(output.shape), dtype=output.dtype, device=output.device)
