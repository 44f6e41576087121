"""The checkpointer: when one is written, what it holds, and where a run that resumes begins."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gdsolve.checkpoint import damaged, read_checkpoint, write_checkpoint
from gdsolve.solve.fingerprint import (
    Fingerprint,
    machine,
    options_of_run,
    require_fingerprint,
    require_loop,
    require_options,
)
from gdsolve.spec import Engine, Spec
from gdsolve.status import GdsolveError
from gdsolve.version import __version__

if TYPE_CHECKING:
    import torch

    from gdsolve.descent.solver_state import SolverState

logger = logging.getLogger("gdsolve")

# Seconds to the first checkpoint after the one at the start; every following wait is twice as long.
FIRST_WAIT = 1.0
# Times as long as it takes to write one, so that writing takes a tenth of the time at most.
RARELY = 9.0


class Checkpointer:
    """Keeps the run of one spec, and knows where an earlier one stood.

    A checkpoint is written at the start, so that a full disk is told at once, then after 1, 2, 4, … seconds up to
    `checkpoint_every`, and where the run ends: what is lost with the process is about half of the time taken at most.
    """

    def __init__(self, spec: Spec, source: str) -> None:
        self._spec = spec
        self._source = source
        self._earlier = None if spec.resume is None else _read(spec.resume, spec)
        self._fingerprint: Fingerprint | None = None
        self._wait = FIRST_WAIT
        self._next = 0.0
        self._written = False
        self.checkpoint_error: GdsolveError | None = None

    @property
    def engine(self) -> Engine | None:
        """The engine of the earlier run, which this one must take as well; None for the closed form."""
        engine = None if self._earlier is None else Engine(self._earlier["fingerprint"]["engine"])
        return None if engine is Engine.LEAP else engine

    def identify(self, fingerprint: Fingerprint) -> None:
        """Say what is descended on and how, before the descent.

        Raises:
            GdsolveError: it is not what the earlier run descended on.
        """
        self._fingerprint = fingerprint
        if self._earlier is None:
            return
        path, earlier, here = str(self._spec.resume), self._earlier, machine(fingerprint.device)
        try:
            require_fingerprint(path, earlier["fingerprint"], fingerprint, self._source)
            if self.engine is not None:
                require_loop(path, earlier["fingerprint"], fingerprint)
        except GdsolveError as fault:
            raise _blamed(fault, earlier["machine"], here) from None
        except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
            raise damaged(path) from None
        if self.engine is not None and earlier["machine"] != here:
            logger.warning("%s was made %s: last digits may differ", path, _made(earlier["machine"]))

    def begin(self, start: torch.Tensor) -> SolverState | None:
        """Where the earlier run from `start`, (p, 1), stood; None to begin there.

        Raises:
            GdsolveError: a damaged file, or a limit that the earlier run is beyond.
        """
        from gdsolve.descent.state_fields import from_fields

        if self._earlier is None or self._earlier["state"] is None or self.engine is None:
            return None
        path, limit, k = str(self._spec.resume), self._spec.max_iter, self._earlier["iterations"]
        if limit is not None and k > limit:
            raise GdsolveError(
                f"{limit:,} is less than the {k:,} updates that {path} has behind it",
                f"give --max-iter {k} or more, or start anew without --resume",
                option="max_iter",
            )
        try:
            return from_fields(self._earlier["state"], start)
        except (ArithmeticError, ValueError, TypeError, LookupError, AttributeError, RuntimeError):
            raise damaged(path) from None

    def due(self) -> bool:
        """True where the time has come to write the next one."""
        return self._spec.checkpoint is not None and time.monotonic() >= self._next

    def keep(self, state: SolverState, *, last: bool) -> None:
        """Write a checkpoint; one that fails is told and tried again, unless it is the first and nothing is lost yet.

        Raises:
            GdsolveError: the first one cannot be written.
        """
        from gdsolve.descent.state_fields import to_fields

        if self._spec.checkpoint is None:
            return
        k = state.step.k
        # Nothing has happened at the start: a run that resumes from it is one that starts.
        self._write(k, state.step.value, None if k == 0 else to_fields(state), last=last)

    def keep_leap(self, iterations: int, value: float) -> None:
        """Write where the closed form arrived: it has no state, and computes it anew from the same start.

        Raises:
            GdsolveError: the file cannot be written.
        """
        if self._spec.checkpoint is not None:
            self._write(iterations, value, None, last=True)

    def _write(self, k: int, value: float, state: Mapping[str, Any] | None, *, last: bool) -> None:
        assert self._fingerprint is not None
        began = time.monotonic()
        content = {
            "version": __version__,
            "machine": machine(self._fingerprint.device),
            "options": options_of_run(self._spec),
            "fingerprint": self._fingerprint.plain(),
            "iterations": k,
            "loss": value if abs(value) < float("inf") else None,
            "state": state,
        }
        try:
            write_checkpoint(str(self._spec.checkpoint), content)
            self._written, self.checkpoint_error = True, None
        except GdsolveError as fault:
            if not self._written and not last:
                raise
            self.checkpoint_error = fault
            if not last:
                logger.warning("%s; the descent goes on, and tries it again", fault.message)
        ended = time.monotonic()
        every = self._spec.checkpoint_every
        self._next = ended + (max(min(self._wait, every), RARELY * (ended - began)) if every else 0.0)
        self._wait *= 2.0


def _read(path: str, spec: Spec) -> dict[str, Any]:
    """A checkpoint of a run with the options of `spec`.

    Raises:
        GdsolveError: no checkpoint, a damaged one, or one of a run with other options.
    """
    content = read_checkpoint(path)
    parts = {"machine": dict, "options": dict, "fingerprint": dict, "iterations": int, "state": dict | None}
    fingerprint = set(Fingerprint.__dataclass_fields__)
    for name, kind in parts.items():
        if name not in content or not isinstance(content[name], kind):
            raise damaged(path)
    if set(content["fingerprint"]) != fingerprint or content["fingerprint"]["engine"] not in list(Engine):
        raise damaged(path)
    require_options(path, content["options"], spec)
    return content


def _made(earlier: Mapping[str, Any]) -> str:
    place = earlier.get("accelerator") or f"{earlier.get('threads')} threads ({earlier.get('capability')})"
    return f"with torch {earlier.get('torch')} on {place}"


def _blamed(fault: GdsolveError, earlier: Mapping[str, Any], here: Mapping[str, Any]) -> GdsolveError:
    """The fault, with the machine named where that may be why the data are not the same to the last bit."""
    if earlier == here or fault.option != "resume":
        return fault
    return fault.but(text=f"{fault.text}, or was made {_made(earlier)}")


def checkpointer_of(spec: Spec, source: str) -> Checkpointer | None:
    """The checkpointer of a run, None where it is neither to be kept nor resumed.

    Raises:
        GdsolveError: a file to resume from that is no checkpoint of a run with these options.
    """
    return None if spec.checkpoint is None and spec.resume is None else Checkpointer(spec, source)
