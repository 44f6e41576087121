"""Cases of `hints`: the command line, files that are written, models, checkpoints, methods and engines."""

from __future__ import annotations

from hints import Case, Input

TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
THREE = {"three.csv": "x,z,y\n1,2,3\n3,1,2\n4,4,4\n5,2,1\n"}
GROUPS = {"groups.csv": "g,x,y\nu,1,2\nu,3,4\nu,4,6\nv,1,1\nv,2,3\nv,5,4\n"}
SAVED = ("fit two.csv --save model.json",)
ANEW = "start anew"
LINE = "fit two.csv --model 'a*x + b' --start a=0,b=0 --lr 0.01 --max-iter 9"
FIT = "fit two.csv --lr 0.01 --engine triangle --max-iter 20"
KEPT = (f"{FIT} --checkpoint c.ck",)


def resumed(options: str, then: dict[str, str], before: tuple[str, ...] = KEPT) -> Case:
    """A run that cannot go on from the checkpoint that was written before."""
    return Case(f"fit two.csv {options} --resume c.ck", TWO, then, before=before)


COMMAND_LINE = [
    Case("fit", TWO, {"gdsolve fit data.csv": "fit two.csv"}, stdin=b""),
    Case("predict", TWO, {"gdsolve predict model.json": "predict model.json two.csv"}, before=SAVED),
    Case("predict model.json", TWO, {"gdsolve predict model.json": "predict model.json two.csv"}, before=SAVED),
    Case("fti two.csv", TWO, {"did you mean gdsolve fit?": "fit two.csv"}),
    Case("two.csv", TWO),
    Case("zzz", TWO, {"gdsolve --help": "--help"}),
    Case("fit two.csv --learning-rate 0.1", TWO, {"did you mean --lr?": "fit two.csv --lr 0.1"}),
    Case("fit two.csv --zzz", TWO, {"gdsolve fit --help": "fit --help"}),
    Case("fit two.csv --lr", TWO, {"gdsolve fit --help": "fit --help"}),
    Case("--lr 0.1 fit two.csv", TWO, {"gdsolve fit --lr": "fit --lr 0.1 two.csv"}),
    Case(
        "fit two.csv --iterates 3", TWO, {"--iterates goes with gdsolve compare-lr": "compare-lr two.csv --iterates 3"}
    ),
    Case("a1", TWO, {"did you mean gdsolve trace A1?": "trace A1"}),
    Case("fit B44", TWO, {"did you mean B4?": "fit B4-small"}),
    Case("fit b4.yaml", TWO, {"did you mean B4?": "fit B4-small"}),
    Case("trace A22", TWO, {"did you mean A2?": "trace A2"}),
    Case("configs longly", TWO, {"did you mean longley?": "configs longley"}),
    Case("configs zzz", TWO, {"gdsolve configs lists": "configs"}),
    Case("configs A1 A2", TWO, {"give one name": "configs A1"}),
    Case("tour --case Z9", TWO, {"there are ": "tour --list"}),
    Case("--show-completion tcsh"),
    Case("--show-completion zsh fish", then={"give --show-completion zsh": "--show-completion zsh"}),
    Case("--install-completion zsh", {"home": ""}, environment={"HOME": "home"}),
]

OUTPUTS = [
    Case("fit two.csv --save model.txt", TWO),
    Case(
        "fit two.csv --history h.txt",
        TWO,
        {
            "--history trace.csv": "fit two.csv --history trace.csv",
            "trace.ndjson": "fit two.csv --history trace.ndjson",
        },
    ),
    Case("fit two.csv --history two.csv", TWO, fill={"another file": "h.csv"}),
    Case(
        "fit two.csv --save no/such/model.json",
        TWO,
        {"mkdir -p no/such": Input("fit two.csv --save no/such/model.json", {"no/such/x": ""})},
    ),
    Case(
        "fit two.csv --save d.json", {**TWO, "d.json/x": ""}, {"a file in it": "fit two.csv --save d.json/model.json"}
    ),
    Case(
        "fit two.csv --plot d.svg",
        {**TWO, "d.svg/x": ""},
        {"a file in it": "fit two.csv --max-iter 5 --history d.svg/h.csv"},
    ),
    Case(
        "report two.csv",
        TWO,
        {
            "--output run.html": "report two.csv --output run.html",
            "or - for standard output": "report two.csv --output -",
        },
    ),
    Case("report two.csv --output run.txt", TWO),
    Case("fit two.csv --checkpoint c.json --save c.json", TWO, fill={"another file": "c.ck"}),
    Case("fit two.csv --checkpoint two.csv", TWO, fill={"another file": "c.ck"}),
    Case(
        f"{FIT} --checkpoint c.ck",
        TWO,
        {
            "--resume c.ck": f"{FIT} --checkpoint c.ck --resume c.ck",
            "rm c.ck": Input(f"{FIT} --checkpoint c.ck", {"c.ck": ""}),
        },
        before=KEPT,
    ),
]

CHECKPOINTS = [
    Case(f"{FIT} --resume no.ck", TWO, {"leave --resume out": FIT, "--checkpoint FILE": f"{FIT} --checkpoint d.ck"}),
    Case(f"{FIT} --resume two.csv", TWO, {"leave --resume out": FIT}),
    Case(f"{FIT} --resume b.ck", {**TWO, "b.ck": b"\xff\xfe\x00"}, {"leave --resume out": FIT}),
    Case(
        f"{FIT} --resume o.ck",
        {**TWO, "o.ck": '{"schema": "gdsolve.checkpoint/0", "sha256": "' + "0" * 64 + '", "a": 1}'},
        {"": FIT},
    ),
    Case(
        f"{FIT} --resume e.ck",
        {**TWO, "e.ck": '{"schema": "gdsolve.checkpoint/2", "sha256": "' + "0" * 64 + '", "a": 1}'},
        {"start anew": FIT},
    ),
    resumed(
        "--lr 0.02 --engine triangle --max-iter 20",
        {"give --lr 0.01": f"{FIT} --resume c.ck", ANEW: "fit two.csv --lr 0.02 --max-iter 20"},
    ),
    resumed(
        "--lr 0.01 --max-iter 20 --engine rows",
        {"give --engine triangle": f"{FIT} --resume c.ck", ANEW: "fit two.csv --max-iter 20"},
    ),
    resumed(
        "--lr 0.01 --engine triangle --max-iter 9",
        {
            "or more": "fit two.csv --lr 0.01 --engine triangle --max-iter 200 --resume c.ck",
            ANEW: "fit two.csv --max-iter 9",
        },
        ("fit two.csv --lr 0.01 --engine triangle --max-iter 200 --checkpoint c.ck",),
    ),
    resumed(
        "--lr 0.01 --engine triangle --max-iter 20 --tol 1",
        {"or less": f"{FIT} --resume c.ck", ANEW: "fit two.csv --max-iter 3"},
    ),
    resumed(
        "--lr 0.01 --engine triangle --max-iter 20 --grad-tol 1",
        {"leave --grad-tol out": f"{FIT} --resume c.ck", ANEW: "fit two.csv --max-iter 3"},
    ),
    Case(
        f"fit three.csv {FIT[12:]} --resume c.ck",
        {**TWO, **THREE},
        {"give the same columns": f"{FIT} --resume c.ck"},
        before=KEPT,
    ),
    Case(
        f"{FIT.replace('two', 'other')} --resume c.ck",
        {**TWO, "other.csv": "x,y\n1,2\n3,4\n4,7\n"},
        {"give the same table": f"{FIT} --resume c.ck"},
        before=KEPT,
    ),
    Case(
        f"{LINE} --lower a=-1 --resume c.ck",
        TWO,
        {"give the same --lower": f"{LINE} --lower a=-2 --resume c.ck"},
        before=(f"{LINE} --lower a=-2 --checkpoint c.ck",),
    ),
    Case(
        "fit two.csv --model 'a*x + b' --start a=1,b=0 --lr 0.01 --max-iter 9 --resume c.ck",
        TWO,
        {"give the same --init": f"{LINE} --resume c.ck"},
        before=(f"{LINE} --checkpoint c.ck",),
    ),
]


def model(text: str, then: str) -> Case:
    """A file of no model that can be used."""
    return Case("predict m.json two.csv", {**TWO, "m.json": text}, {then: "predict model.json two.csv"}, before=SAVED)


SCHEMA = '"schema": "gdsolve.fit/1"'
MODELS = [
    Case("predict no.json two.csv", TWO, {"fit --save MODEL.json": "predict model.json two.csv"}, before=SAVED),
    model("x,y", "fit --save MODEL.json"),
    model('{"schema": "other"}', "fit --save MODEL.json"),
    model("{" + SCHEMA + ', "intercept": "one"}', "save the model again"),
    model("{" + SCHEMA + "}", "save the model again"),
    model("{" + SCHEMA + ', "objective": 3}', "save the model again"),
    model("{" + SCHEMA + ', "weights": {"z": 1.0}, "data": {"features": ["x"]}}', "save the model again"),
    model("{" + SCHEMA + ', "weights": {"x": null}, "data": {"features": ["x"]}}', "fit again with --lr auto"),
    model('{"schema": "gdsolve.groups/1"}', "save the model again"),
    model(
        '{"schema": "gdsolve.groups/1", "group_by": "g", "objective": {"kind": "curve", "formula": "a*x"}, '
        '"data": {"features": ["x"]}, "groups": [{"group": {"g": "u"}, "weights": null}]}',
        "save the model again",
    ),
    Case(
        "predict m.json two.csv",
        TWO,
        {"fit a model, with --model": "predict c.json two.csv"},
        before=(
            "fit two.csv --minimize 'sum((a*x - y)**2)' --start a=0 --save m.json",
            "fit two.csv --model 'a*x' --start a=0 --save c.json",
        ),
    ),
    Case(
        "predict m.json two.csv",
        TWO,
        {"as constants": "predict c.json two.csv"},
        before=(
            "fit two.csv --model 'a*(x - mean(x))' --start a=0 --save m.json",
            "fit two.csv --model 'a*(x - 2.67)' --start a=0 --save c.json",
        ),
    ),
    Case(
        "fit three.csv --init model.json",
        {**TWO, **THREE},
        {"leave --init out": "fit three.csv", "a model of the same columns": "fit two.csv --init model.json"},
        before=SAVED,
    ),
    Case(
        "fit three.csv --features z --init model.json",
        {**TWO, **THREE},
        {
            "leave --init out": "fit three.csv --features z",
            "the same columns": "fit three.csv --features x --init model.json",
        },
        before=SAVED,
    ),
    Case(
        "fit two.csv --init m.json",
        {**TWO, **THREE},
        {"leave --init out": "fit two.csv", "the same columns": "fit three.csv --init m.json"},
        before=("fit three.csv --save m.json",),
    ),
    Case(
        "fit two.csv --init model.json --no-intercept",
        TWO,
        {
            "leave --no-intercept out": "fit two.csv --init model.json",
            "without intercept": "fit two.csv --no-intercept",
        },
        before=SAVED,
    ),
]

METHODS = [
    Case("fit two.csv --method lm --loss absolute --max-iter 5", TWO),
    Case("fit two.csv --method newton --loss absolute --max-iter 5", TWO),
    Case("fit two.csv --model 'a*x' --start a=0 --lower a=-1 --method lbfgs", TWO),
    Case("compare two.csv --methods nowton", TWO, {"did you mean newton?": "compare two.csv --methods newton"}),
    Case(
        "compare three.csv --loss huber --methods lm,bb",
        THREE,
        {"give --methods bb": "compare three.csv --loss huber --methods bb"},
    ),
    Case(
        "compare two.csv --methods zzz",
        TWO,
        {"known here: gd, momentum": "compare two.csv --methods gd,momentum --max-iter 50"},
    ),
    Case(
        "fit two.csv --device cuda",
        TWO,
        {"leave --device out": "fit two.csv", "--device cpu": "fit two.csv --device cpu"},
    ),
    Case("fit two.csv --tol 0 --engine triangle", TWO),
    Case("fit groups.csv --group-by g --tol 0 --lr 0.01", GROUPS),
    Case("fit two.csv --loss absolute --engine leap --max-iter 9", TWO),
    Case("fit two.csv --loss absolute --engine triangle --max-iter 9", TWO),
    Case(
        "compare-lr two.csv --loss huber --max-iter 9 --method newton",
        TWO,
        {"--method goes with gdsolve fit": "fit two.csv --loss huber --max-iter 9 --method newton"},
    ),
    Case("fit two.csv --method newton --schedule backtracking --max-iter 5", TWO),
    Case("fit two.csv --method momentum --schedule backtracking --max-iter 5", TWO),
    Case("fit two.csv --method newton --lr 0.1 --max-iter 5", TWO),
    Case("fit two.csv --model 'a*x' --start a=0 --momentum 0.9 --max-iter 5", TWO),
    Case("fit two.csv --method adam --engine leap --max-iter 5", TWO),
    Case("fit two.csv --every 1 --max-iter 1e12 --lr 1e-9 --tol 0", TWO),
    Case("check --minimize 'a**2'", then={"--minimize goes with gdsolve fit": "fit --minimize 'a**2' --start a=0"}),
    Case("check p.yaml", {"p.yaml": "minimize: a**2\nparameters: {a: 1}\n"}, {"gdsolve fit": "fit p.yaml"}),
    Case(
        "fit huge.csv",
        {"huge.csv": "x,y\n1e200,2\n3e200,4\n4e200,6\n"},
        {"rescale it": Input("fit huge.csv", {"huge.csv": "x,y\n1,2\n3,4\n4,6\n"})},
    ),
    Case(
        "fit tiny.csv --weight w",
        {"tiny.csv": "x,w,y\n1,1e-320,2\n3,1e-320,4\n4,1e-320,6\n"},
        {"rescale them": Input("fit tiny.csv --weight w", {"tiny.csv": "x,w,y\n1,1,2\n3,1,4\n4,1,6\n"})},
    ),
]

RANKS = [
    Case("fit two.csv", TWO, {"unset WORLD_SIZE": "fit two.csv"}, environment={"WORLD_SIZE": "2"}),
    Case(
        "fit two.csv",
        TWO,
        {"torchrun": "fit two.csv"},
        environment={"WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"},
    ),
    Case(
        "fit two.csv",
        TWO,
        {"torchrun": "fit two.csv"},
        environment={"WORLD_SIZE": "two", "RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"},
    ),
]

CASES = [*COMMAND_LINE, *OUTPUTS, *CHECKPOINTS, *MODELS, *METHODS, *RANKS]
