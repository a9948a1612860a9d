"""Generalized linear models of monthly series, with errors that allow for serial ties.

A thin layer over statsmodels: one fit, one covariance, linear and smooth contrasts. Importing
statsmodels takes seconds, so it is done when a model is fitted. What the models are about is
said in `interrupted`.
"""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from jiesu.core.before_after import Estimate

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
Family = Literal["poisson", "binomial"]

LARGEST = 12.0
"""A coefficient or linear predictor beyond it (e to the 12th) is a model that ran away."""


class NoFit(Exception):
    """The model did not converge, or its answer is of no use."""


@dataclass(frozen=True)
class Fitted:
    """Coefficients with their covariances: the model's own, and one that allows for serial ties.

    `dispersion` is Pearson's (at least 1), `lag` that of Newey and West, `t` the quantile for the
    interval.
    """

    family: Family
    coefficients: Vector
    covariances: tuple[Matrix, ...]
    dispersion: float
    lag: int
    t: float

    def linear(self, weights: Vector) -> Estimate:
        """A weighted sum of the coefficients with its interval."""
        return self.around(float(weights @ self.coefficients), weights)

    def around(self, value: float, gradient: Vector) -> Estimate:
        """A figure with this gradient in the coefficients, by the delta method."""
        half = self.t * math.sqrt(self.variance(gradient))
        return Estimate(value, value - half, value + half)

    def variance(self, gradient: Vector) -> float:
        """The larger of the variances by each covariance."""
        return max(0.0, *(float(gradient @ one @ gradient) for one in self.covariances))

    def mean(self, eta: Vector) -> Vector:
        """The response that belongs to a linear predictor."""
        if self.family == "poisson":
            return np.asarray(np.exp(eta))
        return np.asarray(1.0 / (1.0 + np.exp(-eta)))

    def slope(self, eta: Vector) -> Vector:
        """The derivative of `mean`."""
        mean = self.mean(eta)
        return mean if self.family == "poisson" else np.asarray(mean * (1.0 - mean))


def lag_for(n: int) -> int:
    """Newey and West's rule of thumb for the lag: the whole part of 4 (n / 100)^(2/9)."""
    return int(4.0 * (n / 100.0) ** (2.0 / 9.0))


def fit(
    family: Family,
    response: Matrix,
    design: Matrix,
    *,
    offset: Vector | None = None,
    serial: bool = True,
    confidence: float = 0.95,
) -> Fitted:
    """Fit a model with a log (poisson) or logit (binomial) link.

    `response` is a column of counts, or two of successes and failures; both may be fractional.
    Variances are the larger of two: the model's times Pearson's dispersion (at least 1), and,
    where `serial`, Newey and West's times n / (n - p). Intervals use Student's t with n - p
    degrees of freedom. Raises NoFit where the model does not converge, runs away or has no
    degree of freedom left.
    """
    with warnings.catch_warnings():
        # It speaks of other packages' plans when it is imported, which is nobody's concern here.
        warnings.simplefilter("ignore")
        from scipy.stats import t as student
        from statsmodels.genmod.families import Binomial, Poisson
        from statsmodels.genmod.generalized_linear_model import GLM

    n, p = design.shape
    if n <= p or np.linalg.matrix_rank(design) < p:
        raise NoFit("no degree of freedom")
    kind = Poisson() if family == "poisson" else Binomial()
    lag = lag_for(n) if serial else 0

    def run(**errors: object) -> Any:
        return GLM(response, design, family=kind, offset=offset).fit(maxiter=100, **errors)

    plain = _quietly(lambda: run(scale=1.0))
    coefficients = np.asarray(plain.params, dtype=np.float64)
    if not plain.converged or not _sound(coefficients, design):
        raise NoFit("no convergence")
    dispersion = max(1.0, float(plain.pearson_chi2) / (n - p))
    covariances = [np.asarray(plain.cov_params()) * dispersion]
    if serial:
        kwds = {"maxlags": lag, "use_correction": True}
        robust = _quietly(lambda: run(cov_type="HAC", cov_kwds=kwds))
        covariances.append(np.asarray(robust.cov_params()))
    quantile = float(student.ppf((1.0 + confidence) / 2.0, n - p))
    return Fitted(family, coefficients, tuple(covariances), dispersion, lag, quantile)


def _quietly(run: Callable[[], Any]) -> Any:
    """Run a fit; what numpy or statsmodels warn of is a model of no use.

    Except a perfect fit: of counts that is no fault, and a rate's runs away and is found so.
    """
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        try:
            return run()
        except (Warning, ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            raise NoFit(type(error).__name__) from None


def _sound(coefficients: Vector, design: Matrix) -> bool:
    if not np.all(np.isfinite(coefficients)):
        return False
    return bool(np.max(np.abs(design * coefficients)) <= LARGEST)


def seasons(position: Vector, length: float, pairs: int) -> Matrix:
    """Sine and cosine of a yearly wave and its overtones; no column for `pairs` 0."""
    columns = []
    for k in range(1, pairs + 1):
        angle = 2.0 * np.pi * k * position / length
        columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns) if columns else np.empty((len(position), 0))
