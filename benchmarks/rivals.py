"""What people would run instead: whole programs, given to `python -c` with the path of the table as argument.

Those that fit print the weights, the intercept last, as a JSON list.
"""

TYPER = "import typer, rich.table"

TORCH = "import torch"

TORCH_THEN_SCAN = """
import sys
import torch
import polars

for batch in polars.scan_csv(sys.argv[1]).collect_batches():
    pass
"""

SCIKIT_LEARN = """
import json
import sys
import pandas
from sklearn.linear_model import LinearRegression

table = pandas.read_csv(sys.argv[1])
model = LinearRegression().fit(table.drop(columns="y"), table["y"])
print(json.dumps([*model.coef_, model.intercept_]))
"""

_TABLE_IN_TORCH = """
import json
import sys
import polars
import torch

table = polars.read_csv(sys.argv[1]).to_torch()
m = len(table)
X = torch.cat([table[:, :-1], torch.ones(m, 1, dtype=table.dtype)], dim=1)
y = table[:, -1:].contiguous()
w = torch.zeros(X.shape[1], 1, dtype=X.dtype)
lr = 0.5
"""

# The parentheses matter: lr * X.T would copy the table in every iteration.
UPDATES_ALONE = (
    _TABLE_IN_TORCH
    + """
for _ in range(1000):
    w -= lr * (X.T @ (X @ w - y)) / m
print(json.dumps(w[:, 0].tolist()))
"""
)

# The textbook's loop: it knows its SSE, and stops on small updates or small changes of the loss, as `fit` does.
HANDWRITTEN_LOOP = (
    _TABLE_IN_TORCH
    + """
loss = None
for _ in range(1000):
    residual = X @ w - y
    sse = torch.sum(residual**2)
    before, loss = loss, float(sse) / (2 * m)
    update = lr * (X.T @ residual) / m
    w -= update
    if float(update.abs().max()) < 0.0 or (before is not None and abs(loss - before) < 0.0):
        break
print(json.dumps(w[:, 0].tolist()))
"""
)
