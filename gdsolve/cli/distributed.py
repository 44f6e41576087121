"""One run on several ranks: what they take on, who speaks, and how all of them end alike."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gdsolve.cli.messages import show_error
from gdsolve.imports import collector_at_rest
from gdsolve.ranks import AgreedError, Launched, LostError, Verdict, end_undisturbed, lost_verdict
from gdsolve.spec import VERBS, Device, Engine, Spec, Verb, flag
from gdsolve.spec.methods import Need
from gdsolve.spec.option import enumerated
from gdsolve.status import ExitCode, GdsolveError

# What is for one process alone, among the fields of a spec.
ALONE = ("minimize", "model", "group_by", "checkpoint", "resume")
ALONE_HINT = "run gdsolve without the launcher"


def run_together(ranks: Launched, call: Callable[[], int], judge: Callable[[BaseException], Verdict]) -> int:
    """Do `call` on this rank, and end it as all ranks end; returns the exit code.

    Rank 0 alone writes to standard output and standard error, with two exceptions: the traceback of a fault of gdsolve
    stands where it happened, and the first rank to notice that another one is gone says so.
    """
    spoken = sys.stderr
    if not ranks.first:
        # Until the process ends.
        sys.stdout = sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    ranks.take_signals()
    try:
        try:
            verdict = Verdict(call())
        except (AgreedError, LostError):
            raise
        except BaseException as fault:
            verdict = judge(fault)
            if verdict.internal:
                traceback.print_exception(fault, file=spoken)
            if ranks.sharing and _is_own(fault):
                # The others wait for numbers of the descent, not for this.
                return _end_alone(ranks, verdict)
        verdict = ranks.agree(verdict)
    except AgreedError as agreed:
        verdict = agreed.verdict
    except LostError:
        return _end_alone(ranks, lost_verdict())
    return _end(ranks, verdict)


def accept(spec: Spec, ranks: Launched) -> Spec:
    """Meet the other ranks for a run of a spec; returns the spec as several ranks take it.

    Raises:
        GdsolveError: what is for one process alone, or a rank without a device of its own.
    """
    with collector_at_rest():
        ranks.join(cuda=spec.device is Device.CUDA)
    apart = next((name for name in ALONE if getattr(spec, name) not in (None, ())), None)
    if apart is not None:
        raise GdsolveError(f"runs in one process only, and these are {ranks.size} ranks", ALONE_HINT, option=apart)
    if spec.method.info.needs is Need.SQUARES and spec.engine in (Engine.ROWS, Engine.AUTOGRAD):
        asked = f"{spec.method.value} with {flag('engine')} {spec.engine.value}"
        raise GdsolveError(
            f"{asked} runs in one process only, and these are {ranks.size} ranks",
            f"leave {flag('engine')} out: --engine triangle takes the same steps",
            option="method",
            about=("engine",),
        )
    # Machines may differ in what they have, and all ranks must go the same way.
    return replace(spec, device=Device.CPU) if spec.device is Device.AUTO else spec


def require_shared(verb: Verb, ranks: Launched) -> None:
    """See that several ranks can do what a verb does.

    Raises:
        GdsolveError: it is for one process alone.
    """
    if not verb.shared:
        shared = [name for name, other in VERBS.items() if other.shared]
        raise GdsolveError(
            f"{verb.name}: runs in one process only, and these are {ranks.size} ranks",
            f"{ALONE_HINT}; on several ranks run {enumerated(shared)}",
        )


def _is_own(fault: BaseException) -> bool:
    """True for a fault that the other ranks, on the same numbers, need not have."""
    return not isinstance(fault, GdsolveError | KeyboardInterrupt | SystemExit)


def _end(ranks: Launched, verdict: Verdict) -> int:
    end_undisturbed()
    try:
        if verdict.error is not None:
            show_error(verdict.error)
    except BrokenPipeError:
        verdict = Verdict(int(ExitCode.CLOSED_PIPE))
    ranks.leave()
    return verdict.exit_code


def _end_alone(ranks: Launched, verdict: Verdict) -> int:
    """End where the others cannot be met: with the exit code of the first one that does so, which also says why."""
    end_undisturbed()
    speaks, code = ranks.may_speak(verdict.exit_code)
    if speaks and verdict.error is not None:
        sys.stderr = sys.__stderr__
        show_error(verdict.error)
    return code
