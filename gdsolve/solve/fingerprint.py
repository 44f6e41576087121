"""What makes two runs the same descent: options, columns, start, data, engine; and how they differ, in one line."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gdsolve.data.offsets import offset_columns
from gdsolve.solve.data import DataInfo
from gdsolve.spec import Engine, Spec, flag
from gdsolve.spec.losses import LOSS_PARAMETERS
from gdsolve.status import GdsolveError

# Options that decide on the iterates or on what is reported of them. Others show in the data, the start or the bounds.
SAME = (
    *("no_intercept", "formula", "minimize", "model", "loss", "ridge", "l1", "penalty_scale", "penalize_intercept"),
    *(parameter.name for parameter in LOSS_PARAMETERS),
    *("method", "momentum", "lr", "schedule", "scale", "engine", "dtype", "every"),
)
DEALT = ("batch", "shuffle", "seed")
"""Those by which batches take the rows."""
ANEW = "or start anew without --resume"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a run descends on and how, as far as another must share it to go on where it stood.

    `length` is that of a schedule that ends with it, `tolerances` are those in force, 0 where a rule is off.
    """

    engine: Engine
    device: str
    length: int | None
    tolerances: Mapping[str, float]
    columns: Sequence[str]
    start: str
    bounds: str
    data: str

    def plain(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {**dataclasses.asdict(self), "engine": self.engine.value, "columns": list(self.columns)}


def options_of_run(spec: Spec) -> dict[str, Any]:
    """The options that two runs must share, as JSON has them."""
    link = spec.link_used if spec.model is not None else None
    # Of a run on all rows there is nothing of these in checkpoints from before.
    dealt = {name: _plain(getattr(spec, name)) if spec.batch is not None else None for name in DEALT}
    return {**{name: _plain(getattr(spec, name)) for name in SAME}, **dealt, "link": _plain(link)}


def columns_of(labels: Sequence[str], data: DataInfo | None) -> list[str]:
    """The weights by name, with the columns that they are fitted on and the target last."""
    roles = () if data is None else (*data.roles.features, data.roles.weight or "", data.roles.target)
    moved = () if data is None else offset_columns(data.roles)
    return [*labels, *roles, *moved]


def machine(device: str) -> dict[str, Any]:
    """What the last bit of a sum depends on beside its terms, for tensors on this kind of device."""
    import torch

    return {
        "accelerator": torch.cuda.get_device_name() if device == "cuda" else None,
        "torch": str(torch.__version__),
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
    }


def checksum(*parts: object) -> str:
    """A checksum of tensors, numbers, texts and what is made of them, by content alone."""
    digest = hashlib.sha256()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest: Any, value: object) -> None:
    import torch

    if isinstance(value, torch.Tensor):
        digest.update(f"{value.dtype}{list(value.shape)}".encode())
        digest.update(value.detach().contiguous().cpu().numpy().tobytes())
        return
    digest.update(type(value).__name__.encode())
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            # What takes no part in a comparison is scratch.
            if field.compare:
                _feed(digest, getattr(value, field.name))
    elif isinstance(value, Mapping):
        for name in sorted(value):
            _feed(digest, name)
            _feed(digest, value[name])
    elif isinstance(value, list | tuple | frozenset):
        digest.update(str(len(value)).encode())
        for part in sorted(value) if isinstance(value, frozenset) else value:
            _feed(digest, part)
    else:
        digest.update(repr(value).encode())


def require_options(path: str, earlier: Mapping[str, Any], spec: Spec) -> None:
    """See that the options of a run are those of the earlier one, before any data are read.

    Raises:
        GdsolveError: one is not; it is the option of the error.
    """
    for name, now in options_of_run(spec).items():
        before = earlier.get(name)
        if before != now:
            raise _differs(name, path, before, now)


def require_fingerprint(path: str, earlier: Mapping[str, Any], now: Fingerprint, source: str) -> None:
    """See that a run is the same descent as the earlier one, whose state is at hand.

    Raises:
        GdsolveError: it is not; the message names the option or the file.
    """
    for name, words in (("columns", "other columns"), ("start", "a run with another start")):
        if earlier[name] != now.plain()[name]:
            hint = "give the same columns" if name == "columns" else "give the same --init, --seed or --start"
            raise GdsolveError(f"{path} is of {words}", f"{hint}, {ANEW}", option="resume")
    if earlier["bounds"] != now.bounds:
        raise GdsolveError(
            f"{path} is of a run with other bounds", f"give the same --lower and --upper, {ANEW}", option="resume"
        )
    if earlier["data"] != now.data and earlier["device"] != now.device:
        # A triangle of the same table that was built elsewhere differs in its last bits.
        raise _differs("device", path, earlier["device"], now.device)
    if earlier["data"] != now.data:
        raise GdsolveError(
            f"{path} is of a run on other data, not on {source}",
            f"give the same table and options, {ANEW}",
            option="resume",
        )
    if earlier["length"] != now.length:
        raise _differs("max_iter", path, earlier["length"], now.length)


def require_loop(path: str, earlier: Mapping[str, Any], now: Fingerprint) -> None:
    """See that a loop can go on where the earlier one stood: the same engine and device, and no rule that is looser.

    Raises:
        GdsolveError: it cannot; the error names the option.
    """
    for name, other, own in (
        ("engine", earlier["engine"], now.engine.value),
        ("device", earlier["device"], now.device),
    ):
        if other != own:
            raise _differs(name, path, other, own)
    for name, after in now.tolerances.items():
        before = float(earlier["tolerances"][name])
        if after > before:
            tolerance, remedy = (f"{before:g}", f"give {flag(name)} {before:g} or less")
            if not before:
                tolerance, remedy = "none", f"leave {flag(name)} out"
            raise GdsolveError(
                f"{after:g} is looser than {tolerance}, that of {path}: it might have ended the run before",
                f"{remedy}, {ANEW}",
                option=name,
            )


def _differs(name: str, path: str, before: object, now: object) -> GdsolveError:
    words = {None: "none", True: "true", False: "false"}
    old, new = (
        str(words[value]) if value is None or isinstance(value, bool) else str(value) for value in (before, now)
    )
    given = {"true": f"give {flag(name)}", "false": f"leave {flag(name)} out", "none": f"leave {flag(name)} out"}
    return GdsolveError(
        f"{path} is of a run with {old}, and this is one with {new}",
        f"{given.get(old, f'give {flag(name)} {old}')}, {ANEW}",
        option=name,
    )


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value
