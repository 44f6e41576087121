"""Small runs of every verb that print JSON: between them they print every field of docs/json.md."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from in_process import completed

TABLES = {
    "t.csv": "g,x,z,w,h,c,y\n"
    + "".join(
        f"{row}\n"
        for row in (
            *("a,1,1,2,1,no,3.1", "a,2,4,1,1,no,4.7", "a,3,2,1,2,yes,8.2", "b,4,5,3,2,no,9.6", "b,5,1,1,3,yes,13.3"),
            *("b,6,3,2,3,yes,14.7", "a,7,6,0,4,no,16.2", "b,8,2,2,4,yes,21.1"),
        )
    ),
    "new.csv": "x,y\n9,20\n10,23\n",
    "cat.csv": "x,k,c\n1,u,p\n2,v,q\n3,u,r\n4,v,p\n5,u,q\n6,v,r\n7,u,p\n2,u,p\n8,v,q\n",
    "counts.csv": "x,t,y\n1,1,2\n2,2,9\n3,1,0\n4,2,30\n5,1,22\n6,2,9\n",
    "days.csv": "d,y\n2024-02-01,1\n2024-02-03,2.5\n2024-05-04,4\n",
    "same.csv": "x,u,v,y\n1,2,1,2\n2,4,2,5\n3,6,3,6.5\n4,8,4,9\n",
    "sep.csv": "x,c\n1,no\n2,no\n3,yes\n4,yes\n",
    "near.csv": "x,c\n1,no\n2,no\n3,yes\n4,yes\n5,yes\n2.5,yes\n2.8,no\n",
    "even.csv": "x,y\n1,0\n1,1\n2,0\n2,1\n",
    "short.csv": "g,x,y\na,1,2\na,2,4.1\na,3,6\nb,one,3\n",
    "text.csv": "x,y\none,3\ntwo,4\n",
    "bad.csv": "x,y\n9,20\none,23\n",
    "gap.csv": "x,y\n1,2\n,5\n3,6.5\n4,8\n",
}
RUNS = (
    "fit two_points --loss sse --lr 0.01 --max-iter 3 --show gradient --check-gradient",
    "fit two_points --loss sse --lr 1 --max-iter 30",
    "fit t.csv --features x,z --weight w --weight-kind frequency --report --na-values ?",
    "fit t.csv --features x,z --sigma h --absolute-sigma --report --where 'x < 8'",
    "fit t.csv --features x,z --report --se cluster:g --ignore h --no-intercept",
    "fit t.csv --features x,z --ridge 1 --l1 1 --max-iter 1000 --check-gradient",
    "fit t.csv --features x,z --ridge auto --cv 2 --cv-by w --holdout 0.25",
    "fit t.csv --features x,z --cv 2 --stop best",
    "fit t.csv --features x,z --lower z=0 --upper x=1",
    "fit t.csv --features x,z --method adam --max-iter 3 --loss-tol 1e-9 --grad-tol 1e-9",
    "fit t.csv --formula 'y ~ poly(x, 2) + C(c)' --report",
    "fit t.csv --target y --features x --loss quantile --check-gradient --max-iter 20",
    "fit cat.csv --target c --features x,k --categorical onehot --loss softmax --ridge 1 --no-intercept",
    "fit counts.csv --features x --exposure t --loss poisson --report",
    "fit counts.csv --features x --offset t --loss tweedie --report",
    "fit counts.csv --features x --loss negative-binomial --dispersion 0.1",
    "fit gap.csv --na mean",
    "fit wide",
    "fit t.csv --model 'a*x + b*z + q' --start a=1,b=1,q=1..3 --starts 3 --fix b --report",
    "fit t.csv --target y --model 'a*exp(b*x)'",
    "fit two_points gap.csv --each --features x",
    "fit t.csv --features x --group-by g --report",
    "compare t.csv --target y --model 'a*exp(b*x)' --methods lm",
    "fit short.csv --group-by g",
    "fit new.csv --online one.json",
    "fit t.csv --features x --method momentum --lr 0.01 --max-iter 3",
    "fit t.csv --features x,z --loss huber --holdout 0.25",
    "fit t.csv --features x --target c --loss logistic --ridge 1 --holdout 0.25",
    "fit cat.csv --target c --features x --loss softmax --report --reference p",
    "fit t.csv --features x --holdout 0.5",
    "fit near.csv --loss logistic --cv 3",
    "fit t.csv --features x --no-intercept --show gradient --lr 0.01 --max-iter 2",
    "fit --minimize 'abs(a) + (a-1)**2' --start a=0 --check-gradient --max-iter 5",
    "fit t.csv --features x --batch 4 --epochs 100 --lr 0.03 --shuffle none",
    "compare-lr t.csv --features x --batch 4 --epochs 100 --lr 0.01,0.03",
    "fit t.csv --features x --group-by g --loss logcosh --no-intercept --report --save groups.json",
    "compare two_points --methods momentum",
    "path t.csv --features x,z --points 3 --cv 2 --no-intercept",
    "scan t.csv --features x,z --cv 2 -o u.tri",
    "certify t.csv --features x --no-intercept --weights origin.json",
    "certify sep.csv --loss logistic --weights l.json",
    "trace 'a = 1; t = 1; y = t**2; z = y + 2' --symbols",
    "trace A11",
    "fit t.csv --features x --batch 2 --epochs 40 --lr 0.005",
    "fit even.csv --loss absolute --check-gradient --max-iter 50",
    "fit t.csv --target 'log(y)' --model 'a + b*x' --start a=1,b=0",
    "fit days.csv --dates days --date-format %Y-%m-%d",
    "fit counts.csv --formula 'y ~ .'",
    "fit same.csv --report --tol 1e-6",
    "fit short.csv --group-by g --loss logcosh",
    "fit t.csv --features x --group-by g --save groups.json",
    "fit t.csv --features x --group-by g --method momentum --save groups.json",
    "compare-lr t.csv --target y --model 'a*exp(b*x)' --lr 1e-4,1e-3 --max-iter 20",
    "compare-lr --minimize 'cos(a) + a**2/50' --start a=-20..20 --lr 0.1,0.2 --max-iter 20",
    "path t.csv --features x,z --points 3 --l1-ratio 0",
    "scan days.csv --dates days -o d.tri",
    "scan t.csv --features x,z --sigma h -o s.tri",
    "certify t.csv --features x --loss huber --weights one.json",
    "certify t.csv --features x --target c --loss logistic --weights l.json",
    "certify counts.csv --features x --loss poisson --weights p.json",
    "score p.json counts.csv",
    "score q.json t.csv",
    "trace A16",
    "trace A14",
    "trace A8",
    "compare-lr two_points --lr 0.01,0.1,1 --iterates 3",
    "compare two_points --methods gd,nesterov,newton",
    "compare --minimize '(a-1)**2' --start a=0..3 --methods gd",
    "fit --minimize '(a-1)**2' --start a=0..3 --starts 3",
    "path t.csv --features x,z --points 4 --cv 2 --cv-by w --select 1se",
    "path t.csv --features x,z --points 3 --loss logistic --target c",
    "check t.csv --group-by g",
    "check same.csv --where 'y > 1'",
    "check new.csv bad.csv",
    "check text.csv",
    "fit --minimize 'log(a)' --start a=-1 --check-gradient",
    "compare --minimize 'log(a)' --start a=-1 --methods gd",
    "compare-lr --minimize 'log(a)' --start a=-1 --lr 0.1",
    "scan t.csv --features x,z --cv 2 --cv-by g -o t.tri --weight w",
    "scan cat.csv --categorical onehot --ignore c --target x --where 'x < 8' -o cat.tri",
    "scan t.csv --formula 'y ~ log(x)' -o f.tri",
    "certify t.csv --features x,z --weights m.json",
    "certify t.csv --features x,z --l1 1 --weights m.json",
    "score m.json t.csv --where 'x > 1'",
    "score l.json t.csv",
    "trace 't = 1; y = t**2; z = y + 2'",
    "trace A15 --symbols",
    "trace A5 --repeat 2",
    "trace A10",
    "configs",
)


MODELS = {
    "one.json": "t.csv --features x",
    "m.json": "t.csv --features x,z",
    "origin.json": "t.csv --features x --no-intercept",
    "l.json": "t.csv --features x --target c --loss logistic",
    "p.json": "counts.csv --features x --loss poisson --weight t",
    "q.json": "t.csv --features x --target y --loss quantile --max-iter 20",
}


def printed(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every record that the runs print, or save of groups, each with its run; the working directory is `folder`."""
    for name, text in TABLES.items():
        (folder / name).write_text(text)
    for name, words in MODELS.items():
        completed("fit", *shlex.split(words), "--save", name, "--quiet")
    for line in RUNS:
        text = completed(*shlex.split(line), "--format", "json").out
        assert text, line
        yield from ((line, json.loads(one)) for one in ([text] if text.startswith("{\n") else text.splitlines()))
        if " --save " in line:
            yield line, json.loads((folder / line.split()[-1]).read_text())
