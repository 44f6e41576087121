"""Options of the descent: loss, penalties, method, rate and stopping rules."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec import company
from gdsolve.spec.choices import (
    Device,
    DType,
    Engine,
    Init,
    LearningRate,
    PenaltyScale,
    RateSchedule,
    Scale,
    Shuffle,
    StopAt,
    Strength,
)
from gdsolve.spec.losses import USUAL_LOSS, Link, Loss
from gdsolve.spec.methods import WITH_MOMENTUM, Method
from gdsolve.spec.option import enumerated, option
from gdsolve.spec.options_formula import FormulaOptions
from gdsolve.spec.verbs import (
    DESCENDING,
    FITTED,
    ONE_PROBLEM,
    POSED,
    SOLVED,
    STOCHASTIC,
)

USUAL_TOL = "1e-10, in float32 1e-6"
_SELF_ENDING = enumerated([method.value for method in Method if method.info.self_ending])
NO_TOL = f"0 for {_SELF_ENDING}, which end when no step lowers the loss by more than rounding"


@dataclass(frozen=True, slots=True, kw_only=True)
class DescentOptions(FormulaOptions):
    """What is minimised, and how."""

    loss: Loss = option(USUAL_LOSS, "Loss to minimise.", "Descent", goes_with=company.LOSS_LEFT)
    link: Link = option(
        Link.AUTO,
        "What the curve of --model is with a loss of means, as poisson and logistic: the mean of the target "
        "(identity), the log of the mean (log, of counts and positive numbers) or its logit (of logistic).",
        "Descent",
        verbs=POSED,
        default_text="identity: the curve is the mean",
        goes_with=(company.CURVE, company.LINKED),
    )
    delta: float | None = option(
        None,
        "Residual, in units of the target, from which on --loss huber grows linearly.",
        "Descent",
        metavar="NUMBER",
        default_text="1.345 × the scale of the residuals, median|r|/0.6745",
        by_verb={"path": {"default_text": "required with huber"}},
        goes_with=company.LOSSES["delta"],
    )
    quantile: float = option(
        0.5,
        "Quantile to fit with --loss quantile: a number between 0 and 1.",
        "Descent",
        verbs=ONE_PROBLEM,
        metavar="LEVEL",
        goes_with=company.LOSSES["quantile"],
    )
    power: float = option(
        1.5,
        "Power p of --loss tweedie, by which the variance is φ·μᵖ: a number between 1 and 2.",
        "Descent",
        metavar="P",
        goes_with=company.LOSSES["power"],
    )
    dispersion: float | None = option(
        None,
        "Dispersion α of --loss negative-binomial, by which the variance is μ + α·μ².",
        "Descent",
        metavar="NUMBER",
        default_text="found by maximum likelihood",
        by_verb={"path": {"default_text": "required with negative-binomial"}},
        goes_with=company.LOSSES["dispersion"],
    )
    class_weight: tuple[str, ...] = option(
        (),
        "Weights of the classes of --loss logistic and softmax, which multiply those of the rows: balanced is "
        "m/(C·m_c) of a class with m_c of the m rows; a class that is not named has 1.",
        "Descent",
        verbs=ONE_PROBLEM,
        metavar="balanced|NAME=NUMBER,…",
        goes_with=(company.LINEAR, company.CLASSES),
    )
    ridge: Strength = option(
        0.0,
        "Ridge penalty: adds λ·‖w‖² to the SSE, in proportion for other losses.",
        "Descent",
        verbs=ONE_PROBLEM,
        metavar="LAMBDA",
        minimum=0.0,
        goes_with=company.LINEAR,
        by_verb={
            "fit": {
                "help": "Ridge penalty: adds λ·‖w‖² to the SSE, in proportion for other losses; auto takes the λ of "
                "least error over the folds of --cv.",
                "metavar": "LAMBDA|auto",
            }
        },
    )
    l1: Strength = option(
        0.0,
        "Lasso penalty: adds λ·Σ|w| to half of the SSE, in proportion for other losses; with --ridge the elastic "
        "net. For m rows λ is m·alpha of scikit-learn's Lasso.",
        "Descent",
        verbs=ONE_PROBLEM,
        metavar="LAMBDA",
        minimum=0.0,
        goes_with=company.LINEAR,
        by_verb={
            "fit": {
                "help": "Lasso penalty: adds λ·Σ|w| to half of the SSE, in proportion for other losses; with --ridge "
                "the elastic net. For m rows λ is m·alpha of scikit-learn's Lasso; auto takes that of least error over "
                "the folds of --cv.",
                "metavar": "LAMBDA|auto",
            }
        },
    )
    penalty_scale: PenaltyScale = option(
        PenaltyScale.USER,
        "Whose weights --ridge and --l1 penalise: the user's, or, as R's glmnet does, those of columns brought to "
        "standard deviation 1.",
        "Descent",
        goes_with=(company.LINEAR, company.PENALTY),
    )
    penalize_intercept: bool = option(
        False,
        "Apply the penalties to the intercept too.",
        "Descent",
        goes_with=(company.LINEAR, company.PENALTY, company.INTERCEPT),
    )
    l1_ratio: float = option(
        1.0,
        "Share of λ that is --l1, the rest being --ridge: 1 for the lasso, 0 for ridge alone.",
        "Descent",
        verbs=("path",),
        metavar="RATIO",
        minimum=0,
        maximum=1,
    )
    points: int = option(
        100,
        "Number of strengths λ, evenly on a log scale from λ_max down to λ_max/10⁴, or λ_max/100 with no more rows "
        "than columns.",
        "Descent",
        verbs=("path",),
        metavar="N",
        minimum=2,
        maximum=10_000,
    )
    method: Method = option(
        Method.AUTO,
        "Method of descent.",
        "Descent",
        verbs=FITTED,
        default_text="gd; for a curve or a loss that is not squared: auto, unless --lr is given",
    )
    methods: tuple[str, ...] = option(
        (),
        "Methods to compare.",
        "Descent",
        verbs=("compare",),
        metavar="METHODS",
        default_text="all that the problem allows",
    )
    momentum: float | None = option(
        None,
        f"Momentum coefficient β of --method {' or '.join(WITH_MOMENTUM)}.",
        "Descent",
        verbs=("fit", "compare", "report"),
        metavar="NUMBER",
        default_text="0.9; for nesterov the sequence of FISTA with restart",
        minimum=0.0,
        goes_with=company.MOMENTUM,
    )
    lr: LearningRate = option(
        "auto",
        "Learning rate α, such as 0.01 or 1/28; auto computes the best stable rate on standardised columns, or "
        "searches for a rate by backtracking.",
        "Descent",
        metavar="NUMBER|auto",
        verbs=DESCENDING,
        by_verb={
            "compare-lr": {
                "help": "Learning rates α: a list such as 0.5,0.1,1/28, or a range such as 1e-4..1:20, which means 20 "
                "rates (10 without :20) evenly spaced on a log scale.",
                "metavar": "RATES|auto",
                "default_text": "a grid around the largest stable rate",
            }
        },
    )
    schedule: RateSchedule = option(
        RateSchedule.CONSTANT,
        "How the learning rate changes: not at all, α/√(k+1), down to 0 at --max-iter along half a cosine, or "
        "backtracking from α.",
        "Descent",
        verbs=("fit", "compare", "report"),
    )
    batch: int | None = option(
        None,
        "Stochastic descent: an update looks at this many rows at most, dealt anew every epoch, in place of all.",
        "Minibatches",
        metavar="B",
        default_text="all rows",
        minimum=1,
        verbs=STOCHASTIC,
        goes_with=company.ROWS,
    )
    epochs: int | None = option(
        None,
        "Number of times that --batch goes through all rows.",
        "Minibatches",
        metavar="E",
        default_text="20",
        minimum=1,
        verbs=STOCHASTIC,
        goes_with=company.BATCHES,
    )
    shuffle: Shuffle = option(
        Shuffle.AUTO,
        "Order of the rows of an epoch: all of them shuffled (rows, which are kept in memory), shuffled within blocks "
        "as the files are read anew (blocks), or as they stand (none, read anew too); auto is rows where they fit into "
        "memory, else blocks.",
        "Minibatches",
        verbs=STOCHASTIC,
        goes_with=company.BATCHES,
    )
    average: bool = option(
        False,
        "End with the mean of the iterates of the second half of all updates, in which noise averages out.",
        "Minibatches",
        verbs=("fit",),
        goes_with=company.BATCHES,
    )
    online: Init | None = option(
        None,
        "Go on with a saved model on new rows: columns and loss are its own. Of least squares the triangle that it "
        "holds takes them in, exactly; else it is one epoch of --batch 32 from its weights, unless these say "
        "otherwise.",
        "Minibatches",
        metavar="MODEL",
        verbs=("fit",),
        goes_with=company.ROWS,
    )
    max_iter: int | None = option(
        None,
        "Maximum number of updates; 1e12 costs nothing with --engine leap.",
        "Descent",
        metavar="K",
        default_text="no limit with --engine leap, else 1000000",
        minimum=0,
        verbs=DESCENDING,
    )
    tol: float | None = option(
        None,
        "Stop when no weight changes by this much or more (beyond rounding); 0 turns the rule off.",
        "Descent",
        verbs=SOLVED,
        metavar="NUMBER",
        default_text=f"{USUAL_TOL}; with --lr auto smaller if ten digits of every weight need it; {NO_TOL}",
        minimum=0.0,
        by_verb={
            "compare-lr": {"default_text": f"{USUAL_TOL}, the same for every rate"},
            "check": {"default_text": f"{USUAL_TOL}; for solutions by descent that of fit --lr auto"},
        },
    )
    loss_tol: float | None = option(
        None,
        "Stop when the loss changes by less than this.",
        "Descent",
        metavar="NUMBER",
        default_text="off",
        minimum=0.0,
        verbs=DESCENDING,
    )
    grad_tol: float | None = option(
        None,
        "Stop when the norm of the gradient is less than this.",
        "Descent",
        metavar="NUMBER",
        default_text="off",
        minimum=0.0,
        verbs=DESCENDING,
    )
    stop: StopAt = option(
        StopAt.RULES,
        "What ends the descent: its tolerances and --max-iter (rules), or the error over the folds of --cv: best runs "
        "to the update at which it is least, which the closed form finds.",
        "Descent",
        verbs=("fit",),
        goes_with=(company.SQUARED, company.FOLDED),
    )
    init: Init = option(
        "zeros",
        "Start of the descent: zeros, random, or a saved model.",
        "Descent",
        metavar="zeros|random|MODEL",
        verbs=DESCENDING,
    )
    seed: int = option(
        0,
        "Seed of --init random, of starts that are found, of ranges of --start and --starts, of --cv and --holdout, "
        "and of the order in which --batch takes the rows.",
        "Descent",
        metavar="N",
        minimum=0,
        maximum=2**63 - 1,
        verbs=(*DESCENDING, "path", "scan"),
        goes_with=company.RANDOM,
        by_verb={"path": {"help": "Seed of --cv."}, "scan": {"help": "Seed of --cv."}},
    )
    scale: Scale = option(
        Scale.AUTO,
        "Coordinates of the descent: as given (none) or standardised columns; auto standardises with --lr auto.",
        "Descent",
        verbs=DESCENDING,
    )
    engine: Engine = option(
        Engine.AUTO,
        "How the iterates are computed: on all rows, on the triangle of a QR factorisation, in closed form (leap, or "
        "closed-form), or by autograd; all give the same.",
        "Descent",
        verbs=FITTED,
    )
    device: Device = option(
        Device.AUTO,
        "Where to compute; auto takes CUDA where there is one and it is predicted to take less time.",
        "Descent",
        verbs=FITTED,
    )
    dtype: DType = option(
        DType.FLOAT64,
        "Precision of data and iterates; --engine leap rounds the data to it and computes in float64.",
        "Descent",
        verbs=SOLVED,
    )
