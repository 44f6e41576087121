"""Cases of `hints`: what does not go with an l1 penalty, and what is told where it leaves more than one minimiser."""

from __future__ import annotations

from hints import Case

TWO = {"two.csv": "x,y\n1,2\n3,4\n4,6\n"}
TWINS = {"twins.csv": "a,b,y\n1,1,2\n3,3,4\n4,4,7\n6,6,8\n"}

CASES = [
    Case("fit two.csv --l1=-1", TWO),
    Case("fit two.csv --model 'a*x + b' --start a=1,b=1 --l1 1", TWO),
    Case("fit two.csv --l1 1 --loss absolute", TWO, {"--ridge in place of": "fit two.csv --ridge 1 --loss absolute"}),
    Case("fit two.csv --l1 1 --loss huber", TWO),
    Case("fit two.csv --l1 1 --method lbfgs", TWO),
    Case("fit two.csv --l1 1 --engine leap", TWO),
    Case("fit two.csv --penalty-scale standard", TWO),
    Case("compare two.csv --l1 1 --methods lbfgs,gd", TWO),
    Case("compare two.csv --l1 1 --methods lbfgs", TWO),
    Case("fit two.csv --l1 1e6 --format json", TWO, notice="sets every weight to zero"),
    Case("fit twins.csv --l1 1 --format json", TWINS, notice="a ridge penalty beside"),
]
