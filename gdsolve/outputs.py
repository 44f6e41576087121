"""The files that a fit writes, for the command line and for Python alike."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gdsolve.advice import Advice
from gdsolve.extras import check_matplotlib
from gdsolve.paths import are_same, is_file, is_folder, is_there
from gdsolve.quoting import quoted
from gdsolve.spec import Spec
from gdsolve.spec.program import read_code
from gdsolve.spec.scans import require_name
from gdsolve.spec.source_name import path_in
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from gdsolve.picture import Diagram, Picture


def check_outputs(spec: Spec) -> None:
    """See that the result can be written where it shall go, before any work is done.

    Raises:
        GdsolveError: a folder that is not there, a wrong ending, or a file that is read as well.
    """
    if spec.save is not None:
        if not spec.save.endswith(".json"):
            raise GdsolveError(f"{spec.save} does not end in .json", "give --save model.json", option="save")
        _check_folder("save", spec.save)
    if spec.history is not None:
        from gdsolve.report import check_history_path

        check_history_path(spec.history)
        _check_folder("history", spec.history)
        _check_unread(spec, "history", spec.history)
    if spec.plot_file is not None:
        _check_folder("plot", spec.plot_file)
        _check_unread(spec, "plot", spec.plot_file)
        check_matplotlib(spec.plot_file, "plot")
    asked = read_code(spec.code)
    if asked is not None and asked.file is not None:
        _check_folder("code", asked.file)
        _check_unread(spec, "code", asked.file)
    if spec.checkpoint is not None:
        _check_checkpoint(spec, spec.checkpoint)


def _check_checkpoint(spec: Spec, path: str) -> None:
    """See that a checkpoint replaces nothing but what the run goes on from: not a table, nor another run's work."""
    from gdsolve.checkpoint import is_checkpoint

    _check_folder("checkpoint", path)
    if path in (spec.save, spec.history):
        raise GdsolveError(f"{path} is written as well", "give --checkpoint another file", option="checkpoint")
    there = Path(path)
    if not is_file(there) or not there.stat().st_size:
        return
    if spec.resume is not None and are_same(spec.resume, path):
        return
    if not is_checkpoint(path):
        raise GdsolveError(
            f"{path} is there and is no checkpoint", "give --checkpoint another file", option="checkpoint"
        )
    raise GdsolveError(
        f"{path} is there, of a run before",
        Advice(f"go on with it: --resume {quoted(path)}; or to start anew", f"rm {quoted(path)}"),
        option="checkpoint",
    )


def write_picture_file(spec: Spec, picture: Picture | Diagram | None) -> None:
    """Write the picture, where one is asked for in a file, whole or not at all.

    Raises:
        GdsolveError: it cannot be written.
    """
    if spec.plot_file is None or picture is None:
        return
    from gdsolve.report.draw_file import save_picture

    save_picture(picture, spec.plot_file)


def write_program(spec: Spec, text: str) -> None:
    """Write a program to the file that it was asked for in, whole or not at all.

    Raises:
        GdsolveError: it cannot be written.
    """
    from gdsolve.files import replacing

    asked = read_code(spec.code)
    if asked is not None and asked.file is not None:
        with replacing(asked.file) as stream:
            stream.write(text)


def _check_unread(spec: Spec, name: str, path: str) -> None:
    for source in map(path_in, spec.data):
        if are_same(source, path):
            raise GdsolveError(f"{path} is read as well", f"give --{name} another file", option=name)


def check_page(spec: Spec) -> str:
    """Where the page of a report goes, `-` for standard output: seen to before any work is done.

    Raises:
        GdsolveError: no place is given, or none that can be written.
    """
    if spec.output is None:
        raise GdsolveError("a report needs a file", "give --output run.html, or - for standard output", option="output")
    if spec.output != "-":
        if not spec.output.lower().endswith((".html", ".htm")):
            raise GdsolveError(f"{spec.output} does not end in .html", "give --output run.html", option="output")
        _check_folder("output", spec.output)
        _check_unread(spec, "output", spec.output)
    check_matplotlib("what a report shows")
    return spec.output


def check_scan_output(spec: Spec) -> str:
    """The file that a scan goes to: seen to before any work is done; it may be one of the scans that are merged.

    Raises:
        GdsolveError: no file is given, or none that can be written.
    """
    if spec.output is None:
        raise GdsolveError("a scan needs a file", "give --output FILE.tri", option="output")
    _check_folder("output", require_name(spec.output))
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
    if not is_folder(folder):
        make = Advice("", f"mkdir -p {quoted(str(folder))}")
        raise GdsolveError(f"the folder {folder} is not there", make, option=name)
    if is_folder(path):
        raise GdsolveError(f"{path} is a folder", f"give --{name} a file in it", option=name)
    if not os.access(path if is_there(path) else folder, os.W_OK):
        raise GdsolveError(f"{path} cannot be written", f"give --{name} another place", option=name)
