"""What people would run instead: whole programs, given to `python -c` with the path of the table as argument.

Those that fit print the weights, the intercept last, as a JSON list.
"""

PYTHON = "pass"

TYPER = "import typer, rich.table"

TORCH = "import torch"

SCAN = """
import sys
import polars

for batch in polars.scan_csv(sys.argv[1]).collect_batches():
    pass
"""

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

# The start of gdsolve is in it, so that the ratio is that of what comes after.
TORCH_THEN_RIDGE = """
import json
import sys
import torch
import polars
from sklearn.linear_model import Ridge

table = polars.read_csv(sys.argv[1]).to_numpy()
model = Ridge(alpha=1.0).fit(table[:, :-1], table[:, -1])
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

# Of the settings tried (with and without averaging, eta0, adaptive rates) the fastest one with weights to four digits.
SGD_REGRESSOR = """
import json
import sys
import pandas
from sklearn.linear_model import SGDRegressor

table = pandas.read_csv(sys.argv[1])
model = SGDRegressor(penalty=None, average=True, random_state=0).fit(table.drop(columns="y"), table["y"])
print(json.dumps([*model.coef_, model.intercept_[0]]))
"""

PARQUET_SCIKIT_LEARN = """
import json
import sys
import polars
from sklearn.linear_model import LinearRegression

table = polars.read_parquet(sys.argv[1])
model = LinearRegression().fit(table.drop("y").to_numpy(), table["y"].to_numpy())
print(json.dumps([*model.coef_, model.intercept_]))
"""

# Vowpal Wabbit reads CSV by itself: nothing is converted. 11650396 is the index of its intercept.
VOWPAL_WABBIT = """
import json
import sys
import vowpalwabbit

with open(sys.argv[1]) as file:
    *features, _ = file.readline().strip().split(",")
header = ",".join([*features, "_label"])
model = vowpalwabbit.Workspace(f"--quiet --csv --csv_header {header} -d {sys.argv[1]}")
print(json.dumps([*map(model.get_weight_from_name, features), model.get_weight(11650396)]))
"""

TORCH_SGD = (
    _TABLE_IN_TORCH
    + """
w.requires_grad_()
optimiser = torch.optim.SGD([w], lr=lr)
for _ in range(1000):
    optimiser.zero_grad()
    loss = 0.5 * (X @ w - y).square().mean()
    loss.backward()
    optimiser.step()
print(json.dumps(w.detach()[:, 0].tolist()))
"""
)

GROUPS_PANDAS = """
import json
import sys
import numpy
import pandas

def fit(group):
    X = numpy.column_stack([group.drop(columns="y"), numpy.ones(len(group))])
    return numpy.linalg.lstsq(X, group["y"], rcond=None)[0].tolist()

table = pandas.read_csv(sys.argv[1])
found = table.groupby("g")[table.columns[1:].tolist()].apply(fit)
print(json.dumps([weight for weights in found for weight in weights]))
"""

# Partitions are cut out of the sorted rows: partition_by would make a table of each.
GROUPS_POLARS = """
import json
import sys
import numpy
import polars

table = polars.read_csv(sys.argv[1]).sort("g")
ends = numpy.cumsum(table["g"].rle().struct.field("len").to_numpy())
found = []
for rows in numpy.split(table.drop("g").to_numpy(), ends[:-1]):
    X = numpy.column_stack([rows[:, :-1], numpy.ones(len(rows))])
    found += numpy.linalg.lstsq(X, rows[:, -1], rcond=None)[0].tolist()
print(json.dumps(found))
"""
