"""Cases of `hints`: flags and YAML specs."""

from __future__ import annotations

from hints import Case, Input

WEIGHED = {"w.csv": "x,w,y\n1,1,2\n3,2,4\n4,1,6\n5,3,6\n"}
TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
GROUPS = {"groups.csv": "g,x,y\nu,1,2\nu,3,4\nu,4,6\nv,1,1\nv,2,3\nv,5,4\n"}
CURVE = "fit two.csv --model 'a*x + b' --start a=0,b=0"
MEAN = "fit two.csv --model 'a*x + b' --start a=1,b=0 --loss poisson"
TEN = {"far.csv": "x,y\n1,2\n2,9\n3,4\n4,6\n5,3\n"}
FAR = {"far.csv": "x,y\n1,2e15\n2,9e15\n3,4e15\n4,6e15\n5,3e15\n"}
GRAPH = {"g.yaml": "leaves: {t: 2.0}\nnodes: {f: t**2}\n"}
MODELS = {"FILE": "other.json", "MODEL.json": "model.json"}


def spec(text: str, **then: str) -> Case:
    """A spec that fails, and what it is to be, by the words of the hint (with _ for blanks)."""
    return Case("fit p.yaml", {**TWO, "p.yaml": text}, {words: {"p.yaml": right} for words, right in then.items()})


def edits(text: str | bytes, then: dict[str, str], verb: str = "fit") -> Case:
    """A spec that fails, and what it is to be where the hint says these words."""
    return Case(f"{verb} p.yaml", {**TWO, "p.yaml": text}, {words: {"p.yaml": right} for words, right in then.items()})


def traced(text: str, then: dict[str, str]) -> Case:
    """A graph that fails, and what it is to be where the hint says these words."""
    return Case("trace g.yaml", {"g.yaml": text}, {words: {"g.yaml": right} for words, right in then.items()})


GOOD = "data: two.csv\n"
GOOD_GRAPH = GRAPH["g.yaml"]

NDJSON = {"x.ndjson": '{"x": 1, "y": 2}\n{"x": 3, "y": 4}\n{"x": 4, "y": 6}\n'}

CHECKS = [
    Case("fit w.csv --weight w --sigma w", WEIGHED),
    Case("fit w.csv --absolute-sigma", WEIGHED, fill={"COLUMN": "w"}),
    Case("fit w.csv --weight-kind frequency", WEIGHED, fill={"COLUMN": "w"}),
    Case("fit w.csv --sigma w --loss poisson", WEIGHED, fill={"COLUMN": "w"}),
    Case("fit w.csv --sigma w --absolute-sigma --loss huber", WEIGHED),
    Case("fit two.csv --tol 1e-320", TWO),
    Case("fit two.csv --loss-tol 1e-320", TWO),
    Case("fit two.csv --every 0", TWO),
    Case("fit two.csv --every none --history h.csv", TWO),
    Case("fit two.csv --every none --format csv", TWO),
    Case("fit two.csv --header yes --no-header", TWO, {"if this line is the header, leave": "fit two.csv"}),
    Case("fit two.csv --header no", TWO, {"if this line is the header, --header": "fit two.csv --header yes"}),
    edits(
        GOOD + "header: no\nno_header: false\n",
        {"--no-header or": GOOD + "no_header: false\n", "--header out": GOOD + "header: yes\n"},
    ),
    Case("fit two.csv --dtype float32 --lr 1e300 --max-iter 9", TWO, fill={"a smaller rate": "--lr 0.01"}),
    Case("fit two.csv --na-values bad,=x", TWO),
    Case("fit two.csv --confidence 1.5 --report", TWO),
    Case("fit two.csv --checkpoint-every 5", TWO, fill={"FILE": "c.ck"}),
    Case("fit two.csv --watch --quiet", TWO),
    Case("fit two.csv --plot-kind spectrum", TWO),
    Case("fit --minimize '(a - 1)**2' --start a=0 --plot p.svg --plot-kind fit"),
    Case("fit two.csv --max-iter 9 --loss absolute --plot p.svg --plot-kind spectrum", TWO),
    Case("fit two.csv --plot picture.jpg", TWO),
    Case("fit two.csv --plot --format json", TWO),
    Case("fit two.csv --loss huber --delta 0", TWO),
    Case("fit two.csv --loss quantile --quantile 1.5 --max-iter 9", TWO),
    Case("fit two.csv --delta 2", TWO),
    Case("fit far.csv --loss huber --delta 1", FAR),
    Case("fit far.csv --loss huber --delta 1 --dtype float32", FAR),
    Case("fit far.csv --loss logcosh --max-iter 9", FAR, {"or rescale it": Input("fit far.csv --loss logcosh", TEN)}),
    Case("fit two.csv --loss poisson --link log", TWO, {"or give --model": f"{MEAN} --link log"}),
    Case(
        "fit two.csv --model 'a*x + b' --start a=0.1,b=0.2 --link identity",
        {"two.csv": "x,y\n1,0\n3,1\n4,0\n"},
        {"give --loss": "fit two.csv --model 'a*x + b' --start a=0.1,b=0.2 --link identity --loss logistic"},
    ),
    Case(f"{MEAN} --link logit", TWO),
    Case(
        f"{MEAN.replace('a=1', 'a=-1')}",
        TWO,
        {"start it above 0": MEAN, "or give --link log": f"{MEAN.replace('a=1', 'a=-1')} --link log"},
    ),
    Case("fit two.csv --quantile 0.3 --max-iter 9", TWO),
    Case("fit two.csv --decimal x", {"two.csv": "x;y\n1;2\n3;4\n4;6\n"}),
    Case("fit two.csv --delimiter ab", {"two.csv": "x\ty\n1\t2\n3\t4\n4\t6\n"}),
    Case("fit two.csv --delimiter , --decimal ,", {"two.csv": "x;y\n1;2\n3;4\n4;6\n"}),
    Case("fit two.csv --thousands x", {"two.csv": "x;y\n1;2\n3;4\n4;6\n"}),
    Case("fit two.csv --thousands , --decimal ,", {"two.csv": "x;y\n1;2\n3;4\n4;6\n"}),
    Case("fit two.csv --thousands ' ' --delimiter blanks", {"two.csv": "x y\n1 2\n3 4\n4 6\n"}),
    Case("fit two.csv --comment ab", TWO),
    Case("fit two.csv --comment ';' --delimiter ';'", {"two.csv": "x;y\n1;2\n3;4\n4;6\n"}),
    edits("X: [1, 2, 3]\n", {"add the missing one": "X: [1, 2, 3]\ny: [1, 2, 4]\n"}),
    edits(GOOD + "X: [1, 2]\ny: [1, 2]\n", {"keep one of them": GOOD}),
    Case(
        CURVE + " --minimize 'a**2 + b**2'",
        TWO,
        {"keep --model": CURVE, "or --minimize": "fit --minimize 'a**2 + b**2' --start a=0,b=0"},
    ),
    *(
        Case(f"fit two.csv --start x=0 {options}", TWO)
        for options in ("--ridge 1", "--no-intercept", "--categorical onehot", "--engine rows")
    ),
    Case("compare two.csv --start x=0 --methods gd --max-iter 9", TWO),
    Case("compare-lr two.csv --start x=0 --lr 0.1,0.2 --max-iter 9", TWO),
    Case("fit two.csv --start a=1", TWO),
    Case("fit wide.csv --fix b", {"wide.csv": "x,z,y\n1,2,3\n3,1,2\n4,4,4\n5,2,1\n"}, fill={"COLUMN": "z"}),
    Case("fit two.csv --fix b", TWO, {"--ignore": "fit two.csv --no-intercept"}),
    edits(
        GOOD + "parameters: {a: 1}\n",
        {"leave parameters: out": GOOD, "add one": GOOD + "model: a*x\nparameters: {a: 1}\n"},
    ),
    edits(GOOD + "constants: {a: 1}\n", {"leave constants: out": GOOD}),
    Case(CURVE + " --ridge 1", TWO),
    Case(CURVE + " --no-intercept", TWO),
    Case("fit --minimize '(a - 1)**2' --start a=0 --loss sse"),
    Case("fit two.csv --minimize 'sum((a*x - y)**2)' --start a=0 --target y", TWO),
    Case("fit two.csv --minimize 'sum((a*x - y)**2)' --start a=0 --weight y", TWO),
    Case(CURVE + " --engine leap", TWO),
    Case("fit two.csv --method momentum --momentum 1.5", TWO),
    Case("fit two.csv --method adam --momentum 0.5", TWO),
    Case("fit two.csv --schedule cosine --lr 0.01", TWO),
    Case("fit two.csv --schedule invscaling --lr 0.01 --engine leap --max-iter 9", TWO),
    Case("fit two.csv --ridge=-1", TWO),
    Case("fit two.csv --ridge inf", TWO),
    Case("fit two.csv --init random --seed 1e20", TWO),
    Case("fit two.csv --max-iter=-3", TWO),
    Case("compare-lr two.csv --iterates 2000", TWO),
    Case("trace g.yaml --repeat 5000", GRAPH),
    # Options that the others leave without effect.
    Case("fit two.csv --target y --features x --ignore x2", TWO),
    Case("fit two.csv --seed 3", TWO),
    Case("fit two.csv --penalize-intercept", TWO),
    Case("fit two.csv --ridge 1 --penalize-intercept --no-intercept", TWO),
    Case("fit two.csv --confidence 0.9", TWO),
    Case("fit two.csv --momentum 0.9", TWO),
    Case("compare two.csv --methods gd --momentum 0.9", TWO),
    Case("compare --minimize '(a - 1)**2' --start a=0 --methods gd,lm --max-iter 9"),
    Case("compare --minimize '(a - 1)**2' --start a=0 --methods lm --max-iter 9"),
    Case("fit w.csv --se hc9", WEIGHED),
    Case("fit w.csv --se cluster", WEIGHED, fill={"COLUMN": "w"}),
    Case("fit w.csv --se hc1 --minimize 'sum((y - a*x)**2)' --start a=0", WEIGHED),
    Case("fit w.csv --se hc1 --loss huber", WEIGHED),
    Case("fit w.csv --se hc1 --ridge 1", WEIGHED),
    Case("fit w.csv --se hc1 --l1 1", WEIGHED),
    Case("fit w.csv --se hc1 --sigma w --absolute-sigma", WEIGHED),
    Case("fit w.csv --se hc1 --format csv", WEIGHED),
    Case("fit w.csv --se hc2 --loss poisson", WEIGHED),
    Case("fit two.csv --report --format csv --every 2", TWO, fill={"FILE": "h.csv"}),
    Case("fit two.csv --format latex --every 2", TWO, fill={"FILE": "h.csv"}),
    Case("fit two.csv --format csv --check-gradient", TWO, fill={"MODEL.json": "m.json"}),
    Case("fit --minimize '(a - 1)**2' --start a=0 --ignore x"),
    Case("fit --minimize '(a - 1)**2' --start a=0 --na drop"),
    Case("fit --minimize '(a - 1)**2' --start a=0 --delimiter ,"),
    Case("fit x.ndjson --decimal ,", NDJSON),
    Case("fit two.csv --model 'a*x' --start a=1 --categorical onehot", TWO),
    edits("X: [1, 2, 3]\ny: [1, 2, 4]\nna: drop\n", {"leave --na out": "X: [1, 2, 3]\ny: [1, 2, 4]\n"}),
    edits(
        "X: [1, 2, 3]\ny: [1, 2, 4]\ncategorical: onehot\n",
        {"leave --categorical out": "X: [1, 2, 3]\ny: [1, 2, 4]\n"},
    ),
    edits(GOOD + "method: adam\n", {"leave --method out": GOOD}, "compare-lr"),
    Case("trace g.yaml --retain-graph", GRAPH),
    Case("trace g.yaml --zero-grad", GRAPH),
    Case("trace g.yaml --steps --format dot", GRAPH),
    Case("fit two.csv --lr=-1", TWO),
    Case(
        "gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], lr=float('nan'))",
        then={"lr=0.01": "gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], lr=0.01)"},
        python=True,
    ),
    Case("gdsolve.spec.Spec(lr=-1.0)", then={"--lr 0.01": "gdsolve.spec.Spec(lr=0.01)"}, python=True),
]

GROUPED = [
    Case(f"fit groups.csv --group-by g {options}", GROUPS)
    for options in (
        "--every 3",
        "--history h.csv",
        "--watch",
        "--confidence 0.9",
        "--check-gradient",
        "--plot p.svg",
        "--checkpoint c.ck",
    )
] + [
    Case(
        "fit groups.csv --group-by g --minimize 'sum(a*x - y)' --start a=0",
        GROUPS,
        {
            "--minimize out": "fit groups.csv --group-by g",
            "a curve: --model": "fit groups.csv --group-by g --model 'a*x' --start a=0",
        },
    ),
    Case(
        "gdsolve.fit('groups.csv', group_by='g', lr=(0.1, 0.2))",
        GROUPS,
        {"--lr auto": "gdsolve.fit('groups.csv', group_by='g', lr='auto')"},
        python=True,
    ),
    Case(
        "fit groups.csv --group-by g --init m.json",
        {**GROUPS, "other.csv": "g,x,y\np,1,2\np,2,3\np,4,4\n"},
        {
            "leave --init out": "fit groups.csv --group-by g",
            "a model of the same groups": "fit groups.csv --group-by g --init n.json",
        },
        before=(
            "fit other.csv --group-by g --save m.json",
            "fit groups.csv --group-by g --save n.json",
        ),
    ),
]

NUMBERS = [
    Case("fit two.csv --ridge abc", TWO),
    Case("fit two.csv --tol nan", TWO),
    Case("fit two.csv --max-iter abc", TWO),
    Case("fit two.csv --max-iter 1.5", TWO),
    Case("fit two.csv --max-iter 1e999", TWO),
    Case("fit two.csv --every often", TWO),
    Case(
        "gdsolve.fit('two.csv', max_iter=True)",
        TWO,
        {"--max-iter": "gdsolve.fit('two.csv', max_iter=1000)", "max_iter=10": "gdsolve.fit('two.csv', max_iter=10)"},
        python=True,
    ),
    Case(
        "gdsolve.fit('two.csv', max_iter=1.5)",
        TWO,
        {"--max-iter": "gdsolve.fit('two.csv', max_iter=1000)"},
        python=True,
    ),
    Case(
        "gdsolve.compare_lr('two.csv', lr=[])",
        TWO,
        {"--lr 0.01": "gdsolve.compare_lr('two.csv', lr=0.01)"},
        python=True,
    ),
    Case(
        "compare-lr two.csv --lr auto,0.1",
        TWO,
        {"numbers only": "compare-lr two.csv --lr 0.2,0.1", "--lr auto": "compare-lr two.csv --lr auto"},
    ),
    Case("compare-lr two.csv --lr 0,0.1", TWO),
    Case("compare-lr two.csv --lr 0.1..1:1", TWO),
    Case("compare-lr two.csv --lr 0.1..1:x", TWO),
    Case("compare-lr two.csv --lr 0.1..1:99999,0.2..0.4:9999", TWO),
    Case("fit two.csv --lr abc", TWO),
    Case(
        "fit two.csv --lr 0.1,0.2",
        TWO,
        {"gdsolve compare-lr": "compare-lr two.csv --lr 0.1,0.2", "--lr 0.1": "fit two.csv --lr 0.1"},
    ),
]

VALUES = [
    Case("fit two.csv --loss foo", TWO),
    Case("fit two.csv --method nowton", TWO),
    Case("fit two.csv --format dot", TWO),
    Case("compare two.csv --plot p.svg --plot-kind rates", TWO),
    Case("trace g.yaml --plot --format json", GRAPH),
    Case("trace g.yaml --format csv", GRAPH),
    edits(GOOD + "quiet: perhaps\n", {"quiet: true": GOOD + "quiet: true\n", "leave it out": GOOD}),
    edits(GOOD + "loss: foo\n", {"give one of them": GOOD + "loss: sse\n"}),
    edits(GOOD + "loss: [mse]\n", {"one value": GOOD + "loss: mse\n"}),
    Case(
        "gdsolve.fit('two.csv', ridge='x' * 2)",
        TWO,
        {"--ridge 0.01": "gdsolve.fit('two.csv', ridge=0.01)"},
        python=True,
    ),
    Case("gdsolve.fit('two.csv', ridge=[1.0])", TWO, {"ridge=0.1": "gdsolve.fit('two.csv', ridge=0.1)"}, python=True),
    Case(
        "gdsolve.fit('two.csv', loss=['mse'])",
        TWO,
        {"loss: and a single value": "gdsolve.fit('two.csv', loss='mse')"},
        python=True,
    ),
    Case("gdsolve.fit('two.csv', target=3)", TWO, {'target="x2"': "gdsolve.fit('two.csv', target='x')"}, python=True),
]

EACH = [
    Case(f"fit two.csv groups.csv --features x --each {options}", {**TWO, **GROUPS})
    for options in ("--plot p.svg", "--watch", "--history h.csv", "--checkpoint c.ck", "--resume c.ck")
] + [
    Case(
        "fit groups.csv --each --group-by g",
        GROUPS,
        {"--group-by out": "fit groups.csv --each --features x", "without --each": "fit groups.csv --group-by g"},
    ),
    Case("fit two.csv --each --format latex", TWO),
    Case("fit two.csv --each --save m.json", TWO),
    Case("fit two.csv --each --save two.csv/", TWO, {"another folder": "fit two.csv --each --save m"}),
    Case("fit two.csv --each --every 3", TWO),
    Case("fit two.csv --each --check-gradient", TWO),
    Case("fit two.csv --each --report", TWO),
    Case(
        "fit --each --minimize '(a - 1)**2' --start a=0",
        TWO,
        {
            "leave --each out": "fit --minimize '(a - 1)**2' --start a=0",
            "gdsolve fit data.csv": "fit two.csv --each",
        },
    ),
    Case(
        "compare p.yaml",
        {**TWO, "p.yaml": "data: two.csv\neach: true\n"},
        {"take it out": {"p.yaml": "data: two.csv\n"}, "gdsolve fit": "fit p.yaml"},
    ),
    Case(
        "gdsolve.fit('p.yaml')",
        {**TWO, "p.yaml": "data: two.csv\neach: true\n"},
        {"take it out": {"p.yaml": "data: two.csv\n"}, "in a loop": "[gdsolve.fit(path) for path in ['two.csv']]"},
        python=True,
    ),
    Case(
        "fit two.csv two.ndjson --each --save m",
        {**TWO, "two.ndjson": '{"x": 1, "y": 2}\n{"x": 3, "y": 4}\n{"x": 4, "y": 6}\n'},
        {"by a command of its own": "fit two.csv --each --save m"},
    ),
]

YAML = [
    edits(GOOD + "lerning_rate: 0.1\n", {"did you mean lr?": GOOD + "lr: 0.1\n"}),
    Case("fit p.yaml", {**TWO, "p.yaml": GOOD + "qqqq: 1\n"}, {"gdsolve schema": "schema"}),
    Case("fit p.yaml two.csv", {**TWO, "p.yaml": GOOD}, {"under data: in the spec": "fit p.yaml"}),
    Case(
        "compare p.yaml",
        {**GROUPS, "p.yaml": "data: groups.csv\ngroup_by: g\n"},
        {"take it out": {"p.yaml": "data: groups.csv\nfeatures: x\n"}, "gdsolve fit": "fit p.yaml"},
    ),
    edits(GOOD + "lr: 0.1\nlr: 0.2\n", {"keep one": GOOD + "lr: 0.2\n"}),
    edits(
        "lr: 0.1\n",
        {"add data: and a path": GOOD + "lr: 0.1\n", "minimize:": "minimize: (a - 1)**2\nparameters: {a: 0}\n"},
    ),
    edits("X: [1, 2, 3]\ny: [1, 2]\n", {"one number per row": "X: [1, 2, 3]\ny: [1, 2, 4]\n"}),
    edits(GOOD + "lr:\n", {"give one": GOOD + "lr: 0.1\n", "take the key out": GOOD}),
    edits(GOOD + "features: [[x]]\n", {"flat list": GOOD + "features: [x]\n"}),
    edits(GOOD + "target: [y]\n", {"one value": GOOD + "target: y\n"}),
    edits(GOOD + "lr: abc\n", {"--lr 0.01": GOOD + "lr: 0.01\n"}),
    edits(
        GOOD + "model: a*x\nparameters: [a]\n",
        {"write parameters: {a: 0, b: 0}": GOOD + "model: a*x + b\nparameters: {a: 0, b: 0}\n"},
    ),
    edits(GOOD + "model: a*x\nparameters: {2a: 1}\n", {"as in a or b1": GOOD + "model: a*x\nparameters: {a: 1}\n"}),
    edits(GOOD + "model: a*x\nparameters: {a: 1, a: 2}\n", {"keep one": GOOD + "model: a*x\nparameters: {a: 1}\n"}),
    edits(
        GOOD + "model: a*x\nparameters: {a: {start: 1, lowr: 2}}\n",
        {"did you mean lower?": GOOD + "model: a*x\nparameters: {a: {start: 1, lower: 0}}\n"},
    ),
    edits(
        GOOD + "model: a*x\nparameters: {a: {start: 1, zz: 2}}\n",
        {"known here: start, lower, upper, fixed": GOOD + "model: a*x\nparameters: {a: {start: 1, upper: 9}}\n"},
    ),
    edits(
        GOOD + "model: a*x\nparameters: {a: {start: 1, lower: [0]}}\n",
        {"write lower:": GOOD + "model: a*x\nparameters: {a: {start: 1, lower: 0}}\n"},
    ),
    edits(
        GOOD + "model: a*x\nparameters: {a: {start: 1, lower: low}}\n",
        {"write lower: 1.0": GOOD + "model: a*x\nparameters: {a: {start: 1, lower: 1.0}}\n"},
    ),
    edits(
        GOOD + "model: a*x + b\nparameters: {b: 0, a: {start: 1, fixed: maybe}}\n",
        {"write fixed: true": GOOD + "model: a*x + b\nparameters: {b: 0, a: {start: 1, fixed: true}}\n"},
    ),
    edits(GOOD + "model: a*x\nparameters: {a: one}\n", {"write a: 1.0": GOOD + "model: a*x\nparameters: {a: 1.0}\n"}),
    edits("X: 3\ny: [1]\n", {"write X: [1, 2, 3]": "X: [1, 2, 3]\ny: [1, 3, 2]\n"}),
    edits("X: [[1, 2], [3]]\ny: [1, 2]\n", {"as many numbers": "X: [[1, 2], [3, 4]]\ny: [1, 2]\n"}),
    edits("X: [1, 2]\ny: [[1, 2], [3, 4]]\n", {"one number per row": "X: [1, 2]\ny: [[1], [3]]\n"}),
    edits(
        GOOD + "model: sum(a)*x\nparameters: {a: [[1, [2]], [3, 4]]}\n",
        {"as in a: [[1, 2], [3, 4]]": GOOD + "model: sum(a)*x\nparameters: {a: [[1, 2], [3, 4]]}\n"},
    ),
    edits("X: [[1, x], [3, 4]]\ny: [1, 2]\n", {"X and y hold numbers only": "X: [[1, 2], [3, 4]]\ny: [1, 2]\n"}),
    edits(GOOD + "data2: [a\n", {"quotes": GOOD}),
    Case("fit missing.yaml", {"p.yaml": GOOD, **TWO}, {"check the path": "fit p.yaml"}),
    edits(b"data: two.csv\n# \xff\n", {"save the spec as UTF-8": GOOD}),
    edits(GOOD + "# \x07\n", {"take it out": GOOD}),
    edits(GOOD + "\tlr: 1\n", {"indent with spaces": GOOD + "lr: 0.1\n"}),
    edits(GOOD + "lr: *rate\n", {"write the value out": GOOD + "lr: 0.1\n"}),
    edits("data: &d two.csv\n", {"write the value out": GOOD}),
    edits("data: *.csv\n", {'data: "*.csv"': 'data: "*.csv"\n'}),
    edits(GOOD + "---\n" + GOOD, {"one spec a file": GOOD}),
    edits("data: !!python/name two.csv\n", {"without a tag": GOOD}),
    edits("", {"begin with data:": GOOD, "X: and y:": "X: [1, 2]\ny: [1, 2]\n"}),
    edits("- two.csv\n", {"one key: value a line": GOOD}),
    edits("[two]: two.csv\n", {"one key: value a line": GOOD}),
    edits("X: [[[1]]]\ny: [1]\n", {"a list of rows": "X: [[1], [2]]\ny: [1, 3]\n"}),
    edits("data: {a: two.csv}\n", {"write data: and a value": GOOD}),
    edits(
        GOOD + "model: a*x\nparameters: {[a]: 1}\n",
        {"one key: value a line": GOOD + "model: a*x\nparameters: {a: 1}\n"},
    ),
]

PARAMETERS = [
    Case("fit two.csv --model 'a*x + b' --start a=0,b=0 --lower 'a=[0]'", TWO),
    Case(
        "fit two.csv --model 'a*x' --start a=0 --fix a",
        TWO,
        {"leave at least one free": "fit two.csv --model 'a*x' --start a=0"},
    ),
    Case(CURVE + " --lower aa=0", TWO, {"did you mean a?": CURVE + " --lower a=0"}),
    Case(CURVE + " --fix q", TWO, {"--start q=1": CURVE.replace("+ b", "+ b*q") + " --fix q --start q=1"}),
    Case("fit two.csv --model 'a*x + b' --start a,b=0", TWO),
    Case("fit two.csv --model 'a*x' --start 2a=1", TWO, {"as in a or b1": "fit two.csv --model 'a*x' --start a=1"}),
    Case("fit two.csv --model 'a*x' --start a=one", TWO, {"--start a=1": "fit two.csv --model 'a*x' --start a=1"}),
    Case(
        "fit two.csv --model 'a*x' --start 'a=[one]'",
        TWO,
        {"--start 'a=[0, 0]'": "fit two.csv --model 'sum(a)*x' --start 'a=[0, 0]'"},
    ),
    Case(
        CURVE + " --lower a=1 --upper a=1",
        TWO,
        {"leave one of them out": CURVE.replace("a=0", "a=1") + " --lower a=1", "--fix a": CURVE + " --fix a"},
    ),
    Case(CURVE + " --lower a=1", TWO, {"--start a=1": CURVE.replace("a=0", "a=1") + " --lower a=1"}),
    Case(CURVE + " --upper a=-1", TWO, {"--start a=-1": CURVE + " --start a=-1 --upper a=-1"}),
    edits(GOOD + "model: a*x\nparameters: {a: .inf}\n", {"write a: 1.0": GOOD + "model: a*x\nparameters: {a: 1.0}\n"}),
    Case(
        "gdsolve.fit('two.csv', model='a*x', parameters={'a': 'one'})",
        TWO,
        {"give a number": "gdsolve.fit('two.csv', model='a*x', parameters={'a': 1.0})"},
        python=True,
    ),
    Case(
        "gdsolve.fit('two.csv', model='a*x', parameters={'a': float('inf')})",
        TWO,
        {"--start a=1": "gdsolve.fit('two.csv', model='a*x', parameters={'a': 1.0})"},
        python=True,
    ),
]

GRAPHS = [
    Case("trace two.csv", {**TWO, **GRAPH}, {"gdsolve trace graph.yaml": "trace g.yaml"}),
    traced("nodes: {f: 2 + 2}\n", {"add leaves:": GOOD_GRAPH}),
    traced("leaves: [1, 2]\n", {"leaves: {t: 1.0}": "leaves: {t: 1.0}\n"}),
    traced("leaves: {2t: 1.0}\n", {"as in a or b1": "leaves: {t: 1.0}\n"}),
    traced("leaves: {t: {requires_grad: true}}\n", {"add value:": "leaves: {t: {value: 1, requires_grad: true}}\n"}),
    traced(
        "leaves: {t: 1.0}\nnodes: {f: {detach: true}}\n",
        {"add expression:": "leaves: {t: 1.0}\nnodes: {f: {expression: t**2}}\n"},
    ),
    traced(GOOD_GRAPH + "compare: 2*t\n", {"write compare: {formula: 2*t}": GOOD_GRAPH + "compare: {formula: 2*t}\n"}),
    traced(GOOD_GRAPH + "compare: {leaf: t}\n", {"add formula:": GOOD_GRAPH + "compare: {leaf: t, formula: 2*t}\n"}),
    traced(
        GOOD_GRAPH + "compare: {formula: 2*t, leef: t}\n",
        {"did you mean leaf?": GOOD_GRAPH + "compare: {formula: 2*t, leaf: t}\n"},
    ),
    traced(GOOD_GRAPH + "zzz: 1\n", {"known here: leaves, nodes, text, compare": GOOD_GRAPH}),
    traced(GOOD_GRAPH + "leaves: {u: 1}\n", {"keep one of them": GOOD_GRAPH}),
    traced("leaves: {t: 1.0}\nnodes: {f: [t]}\n", {"write f: and a formula": "leaves: {t: 1.0}\nnodes: {f: t*2}\n"}),
    traced(
        "leaves: {t: {value: 1, requires_grad: maybe}}\n",
        {"write requires_grad: true": "leaves: {t: {value: 1, requires_grad: true}}\n"},
    ),
    traced(GOOD_GRAPH + "repeat: often\n", {"--repeat 1000": GOOD_GRAPH + "repeat: 2\n"}),
    traced(GOOD_GRAPH + "repeat: -1\n", {"--repeat 0 or more": GOOD_GRAPH + "repeat: 0\n"}),
    Case("trace g.yaml --backward-from ff", GRAPH, {"did you mean f?": "trace g.yaml --backward-from f"}),
    Case("trace g.yaml --retain-grad zzz", GRAPH, {"known here: t, f": "trace g.yaml --retain-grad f"}),
    traced(
        "leaves: {exp: 1.0}\nnodes: {z: exp(exp)}\n",
        {
            "as in exp0": "leaves: {exp0: 1.0}\nnodes: {z: exp(exp0)}\n",
            "write exp*(…)": "leaves: {exp: 1.0}\nnodes: {z: exp*(exp)}\n",
        },
    ),
    traced(
        "leaves: {t: 1.0}\nnodes: {f: t + q}\n",
        {"write it under leaves:": "leaves: {t: 1.0, q: 1.0}\nnodes: {f: t + q}\n"},
    ),
    traced(
        "leaves: {a: [1, 2], b: [1, 2, 3]}\nnodes: {f: a*b}\n",
        {"the shapes are a (2,), b (3,)": "leaves: {a: [1, 2], b: [1, 2]}\nnodes: {f: sum(a*b)}\n"},
    ),
    traced(
        "leaves: {t: [1, 2]}\nnodes: {f: t**2}\ncompare: {formula: 2*t}\n",
        {"--backward-from": "leaves: {t: [1, 2]}\nnodes: {f: t**2, s: sum(f)}\ncompare: {formula: 2*t}\n"},
    ),
    traced(
        "leaves: {t: [1, 2]}\nnodes: {f: sum(t)}\ncompare: {formula: '2'}\n",
        {"the shape of its leaf": "leaves: {t: [1, 2]}\nnodes: {f: sum(t)}\ncompare: {formula: t/t}\n"},
    ),
    traced(
        "leaves: {t: 1, u: 2}\nnodes: {f: t*u}\ncompare: {formula: u}\n",
        {"write which: compare: {leaf: t": "leaves: {t: 1, u: 2}\nnodes: {f: t*u}\ncompare: {formula: u, leaf: t}\n"},
    ),
    traced(
        "leaves: {t: 1.0}\nnodes: {\n" + ",\n".join(f" n{i}: t" for i in range(501)) + "\n}\n",
        {"smaller graph": GOOD_GRAPH},
    ),
    traced("leaves: {t: 2.0}\nnodes: {f: t^2}\n", {"write ** for a power": GOOD_GRAPH}),
    traced(
        "leaves: {t: 2.0}\nnodes: {f: exp(t*(1 + t^2))}\n",
        {"write ** for a power": "leaves: {t: 2.0}\nnodes: {f: exp(t*(1 + t**2))}\n"},
    ),
]

CASES = [*EACH, *CHECKS, *GROUPED, *NUMBERS, *VALUES, *YAML, *PARAMETERS, *GRAPHS]
