"""Cases of `hints`: what does not go with looking at a few rows at a time, and models that go on with new rows."""

from __future__ import annotations

from hints import Case

SIX = {"six.csv": "x,y\n1,2\n3,4\n4,6\n5,6\n6,8\n8,9\n"}
CLASSES = {"classes.csv": "x,c\n1,u\n2,v\n3,w\n2,u\n1,v\n4,w\n3,u\n4,v\n1,w\n"}
CURVE = "--model 'p*(x - mean(x))' --start p=1"
SAVE = "fit six.csv --save m.json"
SPREAD = {**SIX, "w.json": '{"weights": {"x": 1}, "intercept": 0}', "z.csv": "z,y\n1,2\n3,4\n4,6\n"}

CASES = [
    Case("fit six.csv --batch 2 --method lbfgs", SIX),
    Case("fit six.csv --batch 2 --schedule backtracking", SIX),
    Case("fit six.csv --batch 2 --l1 1", SIX),
    Case("fit six.csv --batch 2 --cv 2", SIX),
    Case("fit six.csv --batch 2 --engine leap", SIX),
    Case("fit six.csv --batch 2 --engine autograd", SIX),
    Case("fit six.csv --batch 2 --shuffle blocks --holdout 0.3", SIX),
    Case("fit six.csv --batch 2 --shuffle none --loss absolute --report", SIX),
    Case("fit six.csv --batch 2 --shuffle none --loss huber", SIX),
    Case("fit classes.csv --loss softmax --batch 2 --shuffle blocks", CLASSES),
    Case(
        "fit two.csv --loss logistic --class-weight balanced --batch 2 --shuffle blocks",
        {"two.csv": "x,y\n1,0\n2,1\n3,0\n4,1\n"},
    ),
    Case("fit six.csv --batch 2 --average --checkpoint a.ck", SIX),
    Case("fit six.csv --epochs 3", SIX),
    Case("fit six.csv --batch 0", SIX),
    Case("fit six.csv --minimize 'sum((y - p*x)**2)' --start p=0 --batch 2", SIX),
    Case(f"fit six.csv {CURVE} --batch 2", SIX),
    Case(
        "fit six.csv --online w.json",
        SPREAD,
        {"give a model of gdsolve fit --save": "fit six.csv --online m.json"},
        before=(SAVE,),
    ),
    Case("fit six.csv --online m.json --loss mse", SPREAD, before=(SAVE,)),
    Case(
        "fit z.csv --online m.json",
        SPREAD,
        {"--features": "fit six.csv --online m.json", "columns": "fit six.csv --online m.json"},
        before=(SAVE,),
    ),
    Case(
        "fit six.csv --online p.json",
        SPREAD,
        {"fit all rows at once": "fit six.csv --formula 'y ~ poly(x, 2)'"},
        before=("fit six.csv --formula 'y ~ poly(x, 2)' --save p.json",),
    ),
    Case(
        "fit six.csv --online f.json",
        SPREAD,
        before=("fit --minimize '(a - 1)**2' --start a=0 --save f.json",),
    ),
    Case(
        "model = gdsolve.fit([[1], [2], [4]], [1, 3, 5], names=['a']); "
        "gdsolve.partial_fit(model, [[1], [3]], [1, 2], names=['z'])",
        {},
        {
            "give rows with the columns of the model": "model = gdsolve.fit([[1], [2], [4]], [1, 3, 5], names=['a']); "
            "gdsolve.partial_fit(model, [[1], [3]], [1, 2], names=['a'])"
        },
        python=True,
    ),
]
