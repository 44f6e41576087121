"""The files that a fit writes, for the command line and for Python alike."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gdsolve.spec import Spec
from gdsolve.status import GdsolveError


def check_outputs(spec: Spec) -> None:
    """See that the result can be written where it shall go, before any work is done.

    Raises:
        GdsolveError: a folder that is not there, a wrong ending, or a file that is read as well.
    """
    if spec.save is not None:
        if not spec.save.endswith(".json"):
            raise GdsolveError(f"save: {spec.save} does not end in .json", "give --save model.json")
        _check_folder("save", spec.save)
    if spec.history is not None:
        from gdsolve.report import check_history_path

        check_history_path(spec.history)
        _check_folder("history", spec.history)
        for source in spec.data:
            if Path(source).exists() and Path(spec.history).exists() and Path(source).samefile(spec.history):
                raise GdsolveError(f"history: {spec.history} is read as well", "give --history another file")


def check_page(spec: Spec) -> str:
    """Where the page of a report goes, `-` for standard output: seen to before any work is done.

    Raises:
        GdsolveError: no place is given, or none that can be written.
    """
    if spec.output is None:
        raise GdsolveError("output: a report needs a file", "give --output run.html, or - for standard output")
    if spec.output != "-":
        if not spec.output.lower().endswith((".html", ".htm")):
            raise GdsolveError(f"output: {spec.output} does not end in .html", "give --output run.html")
        _check_folder("output", spec.output)
    return spec.output


def write_outputs(spec: Spec, record: Mapping[str, Any]) -> None:
    """Write the model and the history, where they are asked for, each whole or not at all.

    Raises:
        GdsolveError: a file cannot be written.
    """
    if spec.save is None and spec.history is None:
        return
    from gdsolve.report import save_json, write_history

    if spec.save is not None:
        save_json(dict(record), spec.save)
    if spec.history is not None:
        write_history(dict(record), spec.history)


def _check_folder(name: str, path: str) -> None:
    folder = Path(path).parent
    if not folder.is_dir():
        raise GdsolveError(f"{name}: the folder {folder} is not there", f"mkdir -p {folder}")
    if Path(path).is_dir():
        raise GdsolveError(f"{name}: {path} is a folder", f"give --{name} a file in it")
    if not os.access(path if Path(path).exists() else folder, os.W_OK):
        raise GdsolveError(f"{name}: {path} cannot be written", f"give --{name} another place")
