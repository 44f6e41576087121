"""`trace`: run the statements of a graph one by one, and look at what PyTorch makes of each."""

from __future__ import annotations

from gdsolve.graph.compare import compare_gradients
from gdsolve.graph.compute import compute
from gdsolve.graph.go_back import go_back, look_ahead
from gdsolve.graph.happen import happen
from gdsolve.graph.look import edges_of, states_of, tree_of
from gdsolve.graph.states import Backward, Graph, Happening, Snapshot, Symbolic
from gdsolve.graph.tape import GRAD, Tape, leaf_tensor, read_formulas, statement_text
from gdsolve.spec.graph_statements import FormulaNode, Leaf, PartialDerivative, Statement
from gdsolve.spec.trace_spec import TraceSpec


def trace(spec: TraceSpec) -> Graph:
    """Build the graph, run what was asked, and look at every node.

    Raises:
        GdsolveError: a formula that cannot be read or whose shapes do not go together.
    """
    tape = Tape(spec, read_formulas(spec))
    steps: list[Snapshot] = []
    for number, one in enumerate(spec.statements):
        if not _perform(tape, one):
            tape.happenings += [_not_run(later) for later in spec.statements[number + 1 :]]
            break
        if spec.options.steps:
            steps.append(Snapshot(statement_text(one), states_of(tape), tree_of(tape)))
    if spec.goes_back:
        options = spec.options
        for _ in range(options.repeat):
            if options.zero_grad:
                _drop_gradients(tape)
            done = go_back(tape, spec.root, retain_graph=options.retain_graph, create_graph=False)
            tape.backward.append(Backward(spec.root, done.status, done.reason, done.plain, done.grads))
    tree = tree_of(tape)
    symbols: tuple[Symbolic, ...] = ()
    if spec.options.symbols:
        from gdsolve.graph.symbols import symbols_of, with_symbols

        look_ahead(tape, spec.root)
        tree, symbols = with_symbols(tape, tree), symbols_of(tape)
    return Graph(
        spec.path,
        spec.root,
        states_of(tape),
        edges_of(tape),
        tree,
        tuple(tape.backward),
        tuple(tape.happenings),
        tuple(steps),
        compare_gradients(tape),
        spec.options.retain_graph,
        spec.options.zero_grad,
        symbols,
    )


def _not_run(one: Statement) -> Happening:
    return Happening(statement_text(one), "not run", "a statement before it was refused", None, {})


def _perform(tape: Tape, one: Statement) -> bool:
    """Run one statement; False where it should have given a node and was refused."""
    match one:
        case Leaf():
            tape.keep(one, leaf_tensor(one.value, requires_grad=one.requires_grad), ())
        case FormulaNode():
            _compute(tape, one)
        case PartialDerivative():
            happening = happen(tape, one)
            tape.happenings.append(happening)
            return happening.status == "ok"
        case _:
            tape.happenings.append(happen(tape, one))
    return True


def _compute(tape: Tape, one: FormulaNode) -> None:
    tensor, parts = compute(tape, one)
    if (one.retain_grad or one.name in tape.spec.options.retain_grad) and tensor.requires_grad:
        tensor.retain_grad()
    tape.label(parts)
    names = tape.formula(one).names
    tape.keep(one, tensor, tuple(name for name in tape.tensors if name in names or f"{name}{GRAD}" in names))


def _drop_gradients(tape: Tape) -> None:
    for tensor in tape.tensors.values():
        if tensor.is_leaf or tensor.retains_grad:
            tensor.grad = None
