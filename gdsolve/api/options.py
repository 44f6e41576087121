"""The options of a call from Python: which there are, and their values as those of a spec."""

from __future__ import annotations

import os
from typing import Any

from gdsolve.advice import Advice
from gdsolve.api.models import model_of, weights_of
from gdsolve.spec import Spec, options_of
from gdsolve.spec.file import PATHS, at_home, nearest_option
from gdsolve.spec.option import enumerated
from gdsolve.spec.values import kinds
from gdsolve.status import GdsolveError

ARGUMENTS = ("data", "X", "y")
COMMAND_LINE = {
    "format": "leave it out: the result is an object, and save= writes it as JSON",
    "code": "leave it out: gdsolve.code(…) returns the program as text",
    "quiet": 'logging.getLogger("gdsolve").setLevel("ERROR") silences warnings',
    "verbose": 'logging.getLogger("gdsolve").setLevel("INFO") says more',
    "watch": Advice(
        "leave it out: gdsolve fit --watch draws in a terminal; plot= draws what was reached", verbatim=True
    ),
    "each": "leave it out, and fit them in a loop: [gdsolve.fit(path) for path in paths]",
    "exit_zero": "leave it out, and look at the status of the result",
}


def read_options(options: dict[str, Any], verb: str) -> dict[str, Any]:
    """The options with a fit to start from as a model, and paths from the user's home.

    Raises:
        GdsolveError: an option that means nothing to a verb of Python.
    """
    require_options(options, verb)
    # Numbers and lists of numpy and pandas are those of Python.
    read = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in options.items()}
    for name in PATHS:
        if isinstance(read.get(name), str | os.PathLike):
            read[name] = at_home(os.fspath(read[name]))
    if "init" in options:
        read["init"] = model_of(read["init"], "init") or read["init"]
    if read.get("online") is not None:
        read["online"] = weights_of(read["online"], intercept=True)
    return read


def require_options(options: dict[str, Any], verb: str) -> None:
    """See that every option means something to a verb of Python."""
    name_of = verb.replace("-", "_")
    for name in options:
        if name not in kinds():
            known = [option for option in options_of(verb) if option not in COMMAND_LINE]
            near = nearest_option(name, known)
            remedy = f"did you mean {near}?" if near else f"there are {', '.join(known)}"
            raise GdsolveError(f"{name_of}: unknown option {name!r}", remedy)
        if name in COMMAND_LINE:
            raise GdsolveError("is an option of the command line alone", COMMAND_LINE[name], option=name)
        if name in ARGUMENTS:
            raise GdsolveError("is no option", f"give it in its place: gdsolve.{name_of}(X, y) or a path", option=name)
        homes = Spec.__dataclass_fields__[name].metadata["option"].verbs
        if homes and verb not in homes:
            others = enumerated([home.replace("-", "_") for home in homes])
            raise GdsolveError(f"means nothing to {name_of}", f"leave it out; it goes with {others}", option=name)
