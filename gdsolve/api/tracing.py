"""`gdsolve.trace`: the graph of text, of a spec, or of tensors that a program has, to be looked at."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

from gdsolve.api.options import read_options
from gdsolve.extras import check_matplotlib
from gdsolve.outputs import check_outputs, write_picture_file
from gdsolve.spec.choices import Format
from gdsolve.spec.graph import build_trace_spec, read_trace_text
from gdsolve.spec.numbers import shown
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    from torch import Tensor

    from gdsolve.graph import Graph

MOST_LINES = 5
MOST_DRAWN = 150
CALL = "give text such as 't = 1; y = t**2', the path of a spec, or a tensor that was computed"


class TracedGraph:
    """A graph that was traced: `record` is the dict that `gdsolve trace --format json` prints.

    `print(graph)` shows all of it; in a notebook it is a picture.
    """

    def __init__(self, graph: Graph) -> None:
        from gdsolve.report.graph_record import graph_record

        self.record: dict[str, Any] = graph_record(graph)

    @property
    def nodes(self) -> dict[str, dict[str, Any]]:
        """The nodes by name, as in the record."""
        return {node["name"]: node for node in self.record["nodes"]}

    @property
    def edges(self) -> list[dict[str, Any]]:
        """The edges, as in the record."""
        return list(self.record["edges"])

    @property
    def root(self) -> str:
        """The node that the tree begins at."""
        return str(self.record["root"])

    def dot(self) -> str:
        """The graph for Graphviz."""
        return self._written(Format.DOT)

    def svg(self) -> str:
        """The picture of the graph.

        Raises:
            GdsolveError: matplotlib is not installed.
        """
        check_matplotlib("a graph")
        from gdsolve.report.draw_file import render
        from gdsolve.report.graph_picture import graph_diagram

        return render(graph_diagram(self.record), "svg").decode()

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """The matplotlib figure of the graph; with a path it is written there, as .svg, .png or .pdf.

        Raises:
            GdsolveError: a path with another ending, or that cannot be written to; matplotlib is not installed.
        """
        check_matplotlib("a graph")
        from gdsolve.report.draw_file import figure_of
        from gdsolve.report.graph_picture import graph_diagram

        diagram = graph_diagram(self.record)
        if path is None:
            return figure_of(diagram)
        from gdsolve.spec import Spec

        spec = Spec(plot=os.fspath(path))
        check_outputs(spec)
        write_picture_file(spec, diagram)
        return None

    def __str__(self) -> str:
        return self._written(Format.TABLE).rstrip("\n")

    def __repr__(self) -> str:
        from gdsolve.report.graph_tree import tree_lines
        from gdsolve.report.numbers import counted

        head = f"graph of {self.root}: {counted(len(self.record['nodes']), 'node')}"
        tree, room = self.record["tree"], MOST_LINES - 1
        # The branches of the first rows depend on what follows them.
        lines = tree_lines(tree, 100) if len(tree) <= MOST_DRAWN else tree_lines(_first_rows(tree), 100)
        if len(tree) > room or len(lines) > room:
            lines = [*lines[: room - 1], f"… {max(len(tree), len(lines)) - room + 1} more: print(graph)"]
        return "\n".join([head, *lines])

    def _repr_svg_(self) -> str | None:
        return self.svg() if len(self.record["nodes"]) <= MOST_DRAWN else None

    def _repr_html_(self) -> str:
        if (picture := self._repr_svg_()) is not None:
            return picture[picture.index("<svg") :]
        from html import escape

        return f"<pre>{escape(str(self))}</pre>"

    def _written(self, form: Format) -> str:
        from gdsolve.report.write import write_record

        stream = io.StringIO()
        write_record(self.record, form, stream)
        return stream.getvalue()


def _first_rows(tree: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first rows of a tree, and of the others those that the branches of the first depend on."""
    return [*tree[:MOST_LINES], *(row for row in tree[MOST_LINES:] if row["depth"] <= MOST_LINES)]


def trace(
    what: Any,
    *,
    names: Mapping[str, Any] | Any | None = None,
    find_names: bool = True,
    gradients: bool = False,
    **options: Any,
) -> TracedGraph:
    """The autograd graph of text or a spec, with the options of `gdsolve trace`, or of a tensor that was computed.

    Of a tensor, or the outputs of a module, the graph is only looked at: nothing goes backward, and no tensor changes.
    `names` are names with their tensors, a module, whose parameters have names, or a list of such; without it the
    variables of the caller are looked through, unless `find_names` is False. With `gradients` local derivatives and
    the derivatives of one number are computed as well, beside the graph. Values that nobody keeps are None.

    Raises:
        GdsolveError: what has no graph, an option that there is not, or a spec that is wrong.
    """
    if isinstance(what, str | os.PathLike) or _is_spec(what):
        if names is not None or gradients or not find_names:
            raise GdsolveError("is for tensors, and this is a spec", "leave it out", option=_given(names, gradients))
        return _trace_spec(what, options)
    if options:
        name = next(iter(options))
        raise GdsolveError("is for text and specs, and this is a tensor", "leave it out", option=name)
    roots = dict(_tensors(what, "output"))
    if not roots:
        kind = f"{shown(type(what).__name__)} is neither text nor a tensor"
        module = hasattr(what, "named_parameters")
        raise GdsolveError(kind, "trace what it computes: gdsolve.trace(model(x))" if module else CALL)
    from gdsolve.graph.live import trace_live

    known = dict(_named(names)) if names is not None else {}
    # What calls this function has the variables.
    if names is None and find_names:
        known = dict(_of_frame(sys._getframe(1)))
    return TracedGraph(trace_live(_by_their_names(roots, known), known, gradients=gradients))


def _given(names: Any, gradients: bool) -> str:
    return "names" if names is not None else "gradients" if gradients else "find_names"


def _is_spec(what: Any) -> bool:
    return (
        isinstance(what, Mapping) and bool({"leaves", "text"} & what.keys()) and all(isinstance(k, str) for k in what)
    )


def _trace_spec(what: Any, options: dict[str, Any]) -> TracedGraph:
    from gdsolve.graph import trace as run

    given = read_options(options, "trace")
    if isinstance(what, Mapping):
        import yaml

        spec = read_trace_text(yaml.safe_dump(_plain(what), sort_keys=False), given, "spec")
    else:
        spec = build_trace_spec([os.fspath(what)], given)
    check_outputs(spec.options)
    found = TracedGraph(run(spec))
    if spec.options.plot_file is not None:
        from gdsolve.report.graph_picture import graph_diagram

        write_picture_file(spec.options, graph_diagram(found.record))
    if spec.options.plot is True:
        from gdsolve.report.graph_sweep import write_graph_sweeps

        write_graph_sweeps(found.record, sys.stdout)
    return found


def _plain(value: Any) -> Any:
    """Mappings and lists of Python, with numbers of arrays and tensors as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.tolist() if hasattr(value, "tolist") else value


def _tensors(value: Any, name: str) -> Iterator[tuple[str, Tensor]]:
    """The tensors of an output, which may be a list or a mapping of them."""
    from torch import Tensor

    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from ((f"{name}[{key!r}]", found) for _, found in _tensors(one, "") if isinstance(one, Tensor))
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            yield from ((f"{name}[{place}]", found) for _, found in _tensors(one, "") if isinstance(one, Tensor))


def _named(names: Any, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """Names with tensors: of a mapping, of the parameters and buffers of a module, or of a list of these.

    Raises:
        GdsolveError: anything else.
    """
    from torch import Tensor
    from torch.nn import Module

    if isinstance(names, Module):
        yield from ((f"{prefix}{name}", one) for name, one in names.named_parameters())
        yield from ((f"{prefix}{name}", one) for name, one in names.named_buffers())
    elif isinstance(names, Mapping):
        for name, one in names.items():
            if not isinstance(one, Tensor | Module):
                raise GdsolveError(f"{shown(name)} is no tensor and no module", "give names={'w': w}", option="names")
            yield from [(str(name), one)] if isinstance(one, Tensor) else _named(one, f"{name}.")
    elif isinstance(names, list | tuple) and all(isinstance(one, Module | Mapping) for one in names):
        for one in names:
            yield from _named(one)
    else:
        raise GdsolveError(
            f"{shown(type(names).__name__)} has no names", "give names={'w': w}, or a module", option="names"
        )


def _of_frame(frame: FrameType) -> Iterator[tuple[str, Tensor]]:
    """The tensors of a caller by the names of its variables: those of its own, then those of its module."""
    from torch import Tensor
    from torch.nn import Module

    for variables in (frame.f_locals, frame.f_globals):
        kept = {name: value for name, value in variables.items() if not name.startswith("_")}
        yield from ((name, value) for name, value in kept.items() if isinstance(value, Tensor))
        for name, value in kept.items():
            if isinstance(value, Module):
                yield from _named(value, f"{name}.")
            elif isinstance(value, list | tuple | dict) and len(value) <= MOST_DRAWN:
                yield from _tensors(value, name)


def _by_their_names(roots: Mapping[str, Tensor], known: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The roots by the names that are known of them."""
    found: dict[str, Tensor] = {}
    for name, tensor in roots.items():
        found[next((one for one, other in known.items() if other is tensor), name)] = tensor
    return found
