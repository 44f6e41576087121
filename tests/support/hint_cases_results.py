"""Cases of `hints`: what results are asked in Python, and tables that are mappings of columns."""

from __future__ import annotations

from hint_cases_python import FIT, MODEL, X, Y, says

LARGE = "from gdsolve.pictures import later; later.MOST_CELLS = {}; "
WITHOUT = f"{LARGE.format(0)}m = {FIT}; {LARGE.format(1_000_000)}"

CASES = [
    says(MODEL + "m.plot('los')", "did you mean loss?", MODEL + "m.plot('loss')"),
    says(MODEL + "m.plot('zzz')", "give one of loss", MODEL + "m.plot('loss')"),
    says(
        WITHOUT + "m.plot('path')",
        'ask for it in the call: plot="path.svg", plot_kind="path"',
        f"m = gdsolve.fit({X}, {Y}, plot='path.svg', plot_kind='path'); m.plot('path')",
    ),
    says(
        WITHOUT + "m.report()",
        "ask for it in the call: report=True",
        f"m = gdsolve.fit({X}, {Y}, report=True); m.report()",
    ),
    says(
        "gdsolve.fit([{'x': 1.0, 'y': 2.0}, {'x': 2.0, 'y': 3.0}])",
        "give polars.DataFrame(X)",
        "gdsolve.fit(pl.DataFrame([{'x': 1.0, 'y': 2.0}, {'x': 2.0, 'y': 3.0}]))",
    ),
    says(
        "gdsolve.fit({'x': [1.0, 2.0], 'y': [1.0]})",
        "the same number of rows",
        "gdsolve.fit({'x': [1.0, 2.0], 'y': [1.0, 3.0]})",
    ),
    says(
        "gdsolve.fit({'x': 1.0, 'y': 1.0})",
        "give a list of its cells",
        "gdsolve.fit({'x': [1.0, 2.0], 'y': [1.0, 3.0]})",
    ),
    says("gdsolve.fit({}, [1.0, 3.0])", "give a list of cells for each", "gdsolve.fit({'x': [1.0, 2.0]}, [1.0, 3.0])"),
    says(
        "gdsolve.fit({None: [1.0, 2.0]}, [1.0, 3.0])",
        "a text as its name",
        "gdsolve.fit({'x': [1.0, 2.0]}, [1.0, 3.0])",
    ),
    says(
        "gdsolve.fit({1: [1.0, 2.0], '1': [2.0, 5.0]}, [1.0, 3.0])",
        "a name of its own",
        "gdsolve.fit({1: [1.0, 2.0], '2': [2.0, 5.0]}, [1.0, 3.0])",
    ),
    says(
        "gdsolve.fit(pl.Series('x', [1.0, 2.0]), [1.0, 3.0])",
        "give X.to_frame()",
        "gdsolve.fit(pl.Series('x', [1.0, 2.0]).to_frame(), [1.0, 3.0])",
    ),
    says(
        "import torch; gdsolve.fit(torch.zeros(2, 1, device='meta'), [1.0, 3.0])",
        "give one on cpu or cuda",
        "import torch; gdsolve.fit(torch.zeros(2, 1, device='cpu'), [1.0, 3.0])",
    ),
]
