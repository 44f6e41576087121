"""What the tour shows: a command a step, and two sentences on what to see in its result.

No figure stands here: `{weights.x}` is looked up in the record of the run (`gdsolve.tour.figures`). Cases are those of
the textbook: A is the computation graph, B two points and one line, C one weight, D where the closed form fails, E the
matrix form.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TourStep:
    """One command of the tour: `spec` is a file in `configs/`, `says` what is to be seen, `picture` a kind of plot."""

    case: str
    title: str
    verb: str
    spec: str
    says: str
    options: tuple[str, ...] = ()
    picture: str | None = None


STEPS: tuple[TourStep, ...] = (
    TourStep(
        "A1",
        "A graph of three nodes",
        "trace",
        "autograd/a01_chain.yaml",
        "The leaf t was given and has no grad_fn; y remembers that it came from {nodes.y.grad_fn}, z from "
        "{nodes.z.grad_fn}. Backward from z follows them in reverse and leaves dz/dt = {nodes.t.grad} in t.grad.",
    ),
    TourStep(
        "A2",
        "Leaf, intermediate, output",
        "trace",
        "autograd/a02_kinds.yaml",
        "x is a {nodes.x.kind}, y an {nodes.y.kind} and z the {nodes.z.kind} of the graph. The chain rule multiplies "
        "along the way back: dz/dx = {nodes.x.grad}.",
    ),
    TourStep(
        "A3",
        "Backward from the output",
        "trace",
        "autograd/a03_intermediate.yaml",
        "z is a square of a square, and backward from it leaves t.grad = {nodes.t.grad}. Only the leaf keeps a "
        "gradient, the intermediate y does not.",
    ),
    TourStep(
        "A3",
        "Backward from an intermediate node",
        "trace",
        "autograd/a03_intermediate.yaml",
        "Backward from y does not involve z. It leaves dy/dt = {nodes.t.grad} in t.grad.",
        ("--backward-from", "y"),
    ),
    TourStep(
        "A4",
        "A node that keeps its gradient",
        "trace",
        "autograd/a04_retain_grad.yaml",
        "With retain_grad, y keeps dz/dy = {nodes.y.grad}. The leaf has dz/dt = {nodes.t.grad}, as before.",
    ),
    TourStep(
        "A5",
        "Backward twice is refused",
        "trace",
        "autograd/a05_twice.yaml",
        "The first backward freed what the graph had saved, so that the second one is {backward.1.status}. A plain "
        "reason comes first, then PyTorch's message.",
    ),
    TourStep(
        "A5",
        "Backward twice, the graph retained",
        "trace",
        "autograd/a05_twice.yaml",
        "With the graph kept, the second backward is {backward.1.status}. Its gradient was added to that of the first: "
        "t.grad = {backward.0.grads.t}, then {backward.1.grads.t}.",
        ("--retain-graph",),
    ),
    TourStep(
        "A6",
        "Gradients add up",
        "trace",
        "autograd/a06_accumulate.yaml",
        "After the first backward x.grad = {backward.0.grads.x}, after the second {backward.1.grads.x}. A loop that "
        "forgets to clear gradients descends along their sum.",
    ),
    TourStep(
        "A6",
        "Gradients cleared in between",
        "trace",
        "autograd/a06_accumulate.yaml",
        "Cleared before each backward, x.grad is {backward.0.grads.x} and again {backward.1.grads.x}. This is what "
        "optimizer.zero_grad() is for.",
        ("--zero-grad",),
    ),
    TourStep(
        "A7",
        "Under no_grad nothing is recorded",
        "trace",
        "autograd/a07_no_grad.yaml",
        "z has a value, {nodes.z.value}, but no grad_fn, and backward from it is {backward.0.status}. The node y, "
        "computed before, is still tracked.",
    ),
    TourStep(
        "A8",
        "detach cuts the graph",
        "trace",
        "autograd/a08_detach.yaml",
        "d has the value of y but no grad_fn, which makes it a {nodes.d.kind}. From what is computed from d, no path "
        "leads back to t.",
    ),
    TourStep(
        "A9",
        "Which nodes are leaves",
        "trace",
        "autograd/a09_leaves.yaml",
        "Given or detached nodes are leaves, computed ones are not. A node that requires no gradient is a leaf as "
        "well: see the column is_leaf.",
    ),
    TourStep(
        "A10",
        "The graph grows as the program runs",
        "trace",
        "autograd/a10_dynamic.yaml",
        "After each statement the graph is shown as it then is. Nothing is declared in advance: the graph is what was "
        "computed.",
    ),
    TourStep(
        "A11",
        "The graph of a loss over data",
        "trace",
        "autograd/a11_data.yaml",
        "X and y need no gradient, the weights do. Autograd's gradient, the matrix formula and central differences "
        "agree.",
    ),
    TourStep(
        "B1",
        "Two points and a line: the start",
        "fit",
        "textbook/b1_start.yaml",
        "From the origin the SSE is {trace.0.sse} and the gradient has norm {trace.0.gradient_norm}. Descent starts "
        "in the opposite direction, along the line in the picture.",
        picture="direction",
    ),
    TourStep(
        "B2",
        "One step",
        "fit",
        "textbook/b2_one_step.yaml",
        "One update at α = {learning_rate} leads to ({weights.x}, {intercept}) and an SSE of {sse}. It stopped at "
        "max_iter, which scripts see by the exit code.",
        picture="path",
    ),
    TourStep(
        "B3",
        "The same step on the mean",
        "fit",
        "textbook/b3_one_step_half_mse.yaml",
        "Half the mean has a gradient smaller by a constant factor, so that the same rate leads only to ({weights.x}, "
        "{intercept}). Loss and learning rate belong together.",
        picture="path",
    ),
    TourStep(
        "B4",
        "A thousand steps",
        "fit",
        "textbook/b4_half_mse.yaml",
        "After {iterations} updates the weights are ({weights.x}, {intercept}), and the loss is {gap} above its "
        "minimum. First it falls fast along the steep mode, then slowly along the flat one.",
        picture="path",
    ),
    TourStep(
        "B4",
        "Until the updates are small",
        "fit",
        "textbook/b4_small_update.yaml",
        "No weight moved by {descent.tol} or more from update {iterations} on. The closed form found that number "
        "without computing the steps before it.",
        picture="loss",
    ),
    TourStep(
        "B5",
        "A better rate for the same steps",
        "fit",
        "textbook/b5_sse.yaml",
        "On the sum of squares the same α counts for more: the SSE is {sse} after {iterations} updates. The spectrum "
        "predicted that: {spectrum.predicted_iterations} updates to converge.",
        picture="loss",
    ),
    TourStep(
        "B6",
        "Too large a rate",
        "fit",
        "textbook/b6_diverges.yaml",
        "Above the largest stable rate, {spectrum.largest_stable_lr}, every step overshoots by more than the last. "
        "A warning said so before the first step, and the result has the best iterate.",
        picture="path",
    ),
    TourStep(
        "B7",
        "Too small a rate",
        "fit",
        "textbook/b7_slow.yaml",
        "Updates fell below the tolerance at k = {iterations}, but the weights are still ({weights.x}, {intercept}). A "
        "small update is not a small error: the gap is {gap}.",
        picture="loss",
    ),
    TourStep(
        "B8",
        "The same as a formula",
        "fit",
        "textbook/b8_formula.yaml",
        "No table, only the formula {objective.formula}: autograd takes its gradient. The iterates are those of the "
        "table, and end at ({weights.a}, {weights.b}).",
        picture="path",
    ),
    TourStep(
        "C",
        "What learning rates do",
        "compare-lr",
        "textbook/c_rates.yaml",
        "Below {largest_stable_lr} the one weight converges; exactly there it oscillates; above, it diverges. At the "
        "best rate, {best_lr}, one update reaches the minimum.",
        picture="rates",
    ),
    TourStep(
        "D1",
        "Collinear columns",
        "check",
        "textbook/d1_collinear.yaml",
        "One column is a multiple of another: the rank is {rank} of {parameters}, and the normal equations have no "
        "unique solution. Descent from the origin still reaches the one of minimum norm.",
        picture="spectrum",
    ),
    TourStep(
        "D2",
        "More columns than rows",
        "fit",
        "textbook/d2_wide.yaml",
        "The rank is {spectrum.rank}, less than the number of weights, and many weights fit exactly. Descent reaches "
        "those of minimum norm, with an SSE of {sse}.",
        picture="spectrum",
    ),
    TourStep(
        "D3",
        "Ridge makes the solution unique",
        "fit",
        "textbook/d3_ridge.yaml",
        "With λ = {descent.ridge} the matrix can be inverted, and descent finds the same weights. The price is an SSE "
        "of {sse}, above that without a penalty.",
        picture="spectrum",
    ),
    TourStep(
        "E",
        "The matrix form, with every stopping rule",
        "fit",
        "textbook/e_matrix_form.yaml",
        "Three stopping rules were set, and {stopped_by} was met first, after {iterations} updates. The weights are "
        "({weights.x}, {intercept}), within {gap} of the optimal loss.",
        picture="loss",
    ),
)
