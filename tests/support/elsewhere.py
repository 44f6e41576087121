"""A device that is not the host, for machines that have none: tensors that say `meta` and compute on the host.

PyTorch itself takes `meta` for tensors without data; here they have theirs, and everything that an accelerator would
refuse or wait for is seen: operations on tensors of two devices, and reads by the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing

ELSEWHERE = torch.device("meta")
aten = torch.ops.aten
# What may take a tensor of the host and one of the device.
MIXING = {aten.copy_.default, aten._to_copy.default}
PLACING = {aten.index.Tensor, aten.index_put_.default}
# What the host must wait for, as it asks for a number, or for a shape that depends on numbers.
WAITING = {aten._local_scalar_dense.default, aten.nonzero.default, aten.masked_select.default, aten.equal.default}


class TwoDevicesError(Exception):
    """An operation on tensors of two devices."""


class Remote(torch.Tensor):
    """A tensor that says it is on `meta` and holds its data on the host."""

    held: torch.Tensor

    @staticmethod
    def __new__(cls, held: torch.Tensor) -> Remote:
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
            device=ELSEWHERE,
        )  # fmt: skip
        made.held = held
        return made

    def __repr__(self, **_: Any) -> str:
        return f"Remote({self.held})"

    def tolist(self) -> Any:
        return self.to("cpu").tolist()

    def __getitem__(self, place: Any) -> Any:
        return super().__getitem__(_places(place))

    def __setitem__(self, place: Any, value: Any) -> None:
        super().__setitem__(_places(place), value)

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return Elsewhere().__torch_dispatch__(func, types, args, kwargs)


def is_remote(tensor: torch.Tensor) -> bool:
    return isinstance(tensor, Remote)


class Elsewhere(TorchDispatchMode):
    """While it is on, `meta` is a device like any other; `waited` names what the host has waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[str] = []

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # To skip it costs as much as half of the operations.
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [*_tensors(args), *_tensors(kwargs.values())]
        remote = any(map(is_remote, tensors))
        if any(one.device == ELSEWHERE and not is_remote(one) for one in tensors):
            raise TwoDevicesError(f"{func} of a tensor without data")
        # The places of an index may be on the host: a copy of them is made.
        same = [args[0]] if func in PLACING else tensors
        if remote and func not in MIXING and any(not is_remote(one) and one.dim() > 0 for one in same):
            raise TwoDevicesError(f"{func} of tensors on two devices")
        place = kwargs.get("device")
        placed = remote if place is None else torch.device(place).type == ELSEWHERE.type
        if placed and place is not None:
            kwargs["device"] = torch.device("cpu")
        self._note(func, args, remote, placed)
        made = func(*_mapped(_held, args), **{name: _mapped(_held, value) for name, value in kwargs.items()})
        if func is aten.copy_.default:
            return args[0]
        if not placed:
            return made
        wrapped = _mapped(_remote, made)
        return return_and_correct_aliasing(func, args, kwargs, wrapped) if remote and _aliasing(func) else wrapped

    def __enter__(self) -> Elsewhere:
        self._tensor = torch.tensor
        # By itself it makes a tensor without data.
        torch.tensor = _tensor(torch.tensor)
        super().__enter__()
        return self

    def __exit__(self, *fault: Any) -> None:
        super().__exit__(*fault)
        torch.tensor = self._tensor

    def _note(self, func: Any, args: Any, remote: bool, placed: bool) -> None:
        brought = remote and (not placed or (func is aten.copy_.default and not is_remote(args[0])))
        places = [one for one in args[1] if one is not None] if func in PLACING else []
        waits = any(one.dtype == torch.bool or not is_remote(one) for one in places)
        if brought or (remote and (func in WAITING or waits)):
            self.waited.append(str(func))


def _tensor(real: Any) -> Any:
    def tensor(data: Any, *, dtype: Any = None, device: Any = None) -> torch.Tensor:
        made = real(data, dtype=dtype, device="cpu")
        return made if device is None else made.to(device)

    return tensor


def _places(place: Any) -> Any:
    """Lists as tensors: PyTorch would make tensors without data of them."""
    if isinstance(place, tuple):
        return tuple(map(_places, place))
    return torch.tensor(place, dtype=torch.long, device=ELSEWHERE) if isinstance(place, list) else place


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    """The tensors among arguments, also those in lists: no operation of PyTorch has deeper ones."""
    for one in values:
        if isinstance(one, torch.Tensor):
            yield one
        elif isinstance(one, list | tuple):
            yield from _tensors(one)


def _mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """A value, or what lists and tuples hold, changed."""
    if isinstance(value, list | tuple):
        return type(value)([_mapped(change, one) for one in value])
    return change(value)


@cache
def _aliasing(func: Any) -> bool:
    """Whether an operation gives back, or changes, the memory of an argument."""
    return any(one.alias_info is not None for one in (*func._schema.arguments, *func._schema.returns))


def _held(leaf: Any) -> Any:
    return leaf.held if isinstance(leaf, Remote) else leaf


def _remote(leaf: Any) -> Any:
    return Remote(leaf) if isinstance(leaf, torch.Tensor) else leaf


@contextmanager
def no_device_but_what_is_said() -> Iterator[None]:
    """Every tensor that is made without a device lands where it has no data, and fails at its first use."""
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)
