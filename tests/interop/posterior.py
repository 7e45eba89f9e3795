"""The judge: Prophet's log posterior, written out once, and the way from a CSV to stock Stan's answer.

Nothing here is shared with the Rust side. The design matrix is the one stock Prophet builds.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from prophet import Prophet

Floats = NDArray[np.float64]

for _name in ("cmdstanpy", "prophet", "prophet.models"):
    logging.getLogger(_name).disabled = True


@dataclass(frozen=True)
class Parameters:
    """The unknowns of the model, in scaled units: delta has shape (S), beta has shape (K)."""

    k: float
    m: float
    delta: Floats
    beta: Floats
    sigma: float


@dataclass(frozen=True)
class Problem:
    """What stock Prophet hands to Stan: t, y shape (T), changepoints_t (S), X (T, K), sigmas (K)."""

    t: Floats
    y: Floats
    changepoints_t: Floats
    X: Floats
    sigmas: Floats
    tau: float
    growth: str

    def log_posterior(self, parameters: Parameters) -> float:
        """The log posterior of these parameters, up to a constant."""
        return log_posterior(
            self.t,
            self.y,
            self.changepoints_t,
            self.X,
            self.sigmas,
            self.tau,
            parameters.k,
            parameters.m,
            parameters.delta,
            parameters.beta,
            parameters.sigma,
            self.growth,
        )


def log_posterior(
    t: ArrayLike,
    y: ArrayLike,
    changepoints_t: ArrayLike,
    X: ArrayLike,
    sigmas: ArrayLike,
    tau: float,
    k: float,
    m: float,
    delta: ArrayLike,
    beta: ArrayLike,
    sigma: float,
    growth: str,
) -> float:
    """The log density that `prophet.stan` maximises, without its constants, for additive terms.

    -k^2/50 - m^2/50 - sum|delta|/tau - sum beta^2/(2 sigmas^2) - 2 sigma^2 - T ln sigma - sum (y - mu)^2/(2 sigma^2)
    """
    t, y, s = (np.asarray(a, dtype=float) for a in (t, y, changepoints_t))
    delta, beta, sigmas = (np.asarray(a, dtype=float) for a in (delta, beta, sigmas))
    if growth == "linear":
        after = t[:, None] >= s[None, :]
        trend = (k + after @ delta) * t + (m + after @ (-s * delta))
    elif growth == "flat":
        trend = np.full_like(t, m)
    else:
        raise ValueError(f"growth {growth!r} is not judged here")
    residual = y - trend - np.asarray(X, dtype=float) @ beta
    prior = -(k**2) / 50 - m**2 / 50 - np.abs(delta).sum() / tau - (beta**2 / (2 * sigmas**2)).sum() - 2 * sigma**2
    return float(prior - len(t) * np.log(sigma) - (residual**2).sum() / (2 * sigma**2))


def read_series(path: Path, ds: str = "ds", y: str = "y") -> pd.DataFrame:
    """The columns ds and y of a CSV, whatever their names there, as a user of Prophet reads it."""
    frame = pd.read_csv(path, usecols=[ds, y]).rename(columns={ds: "ds", y: "y"})
    frame["ds"] = pd.to_datetime(frame["ds"])
    return frame


def preprocess(frame: pd.DataFrame, settings: dict[str, Any]) -> tuple[Prophet, Problem]:
    """An unfitted stock model that knows its scales and features, and the problem it would give to Stan."""
    model = Prophet(**settings)
    inputs = model.preprocess(frame)
    return model, Problem(
        t=np.asarray(inputs.t, dtype=float),
        y=np.asarray(inputs.y, dtype=float),
        changepoints_t=np.asarray(inputs.t_change, dtype=float),
        X=np.asarray(inputs.X, dtype=float),
        sigmas=np.asarray(inputs.sigmas, dtype=float),
        tau=float(inputs.tau),
        growth=model.growth,
    )


def fit(frame: pd.DataFrame, settings: dict[str, Any], **stan: Any) -> Prophet:
    """Stock Prophet fitted by stock Stan; `stan` goes to its optimizer."""
    return Prophet(**settings).fit(frame, **stan)


def parameters_of(params: dict[str, Any]) -> Parameters:
    """The parameters in a fitted model's `params`, or in the same member of its JSON."""
    flat = {
        name: np.asarray(params[name], dtype=float).reshape(-1) for name in ("k", "m", "delta", "beta", "sigma_obs")
    }
    return Parameters(
        k=float(flat["k"][0]),
        m=float(flat["m"][0]),
        delta=flat["delta"],
        beta=flat["beta"],
        sigma=float(flat["sigma_obs"][0]),
    )


HARDER: dict[str, Any] = {
    "algorithm": "LBFGS",
    "iter": 100_000,
    "timeout": 20,
    "require_converged": False,
    "sig_figs": 18,
    "history_size": 50,
    # Below these a step changes the log posterior by less than it is rounded to, and L-BFGS may never stop.
    "tol_obj": 1e-11,
    "tol_rel_obj": 10.0,
    "tol_grad": 1e-10,
    "tol_rel_grad": 10.0,
    "tol_param": 1e-14,
}


def fit_harder(frame: pd.DataFrame, settings: dict[str, Any], restarts: int = 4) -> Parameters:
    """The best that Stan finds with tight tolerances, restarted where it stopped and from jittered points nearby.

    `require_converged` is off because at a kink of the prior the line search ends before the tolerances are met.

    Raises:
        RuntimeError, TimeoutError: Stan does not end from its usual start.
    """
    _, problem = preprocess(frame, settings)
    best = fitted = parameters_of(fit(frame, settings, **HARDER).params)
    random = np.random.default_rng(0)
    for attempt in range(1, restarts):
        jitter = 0.01 * (attempt - 1)
        start = {
            "k": best.k,
            "m": best.m,
            "delta": best.delta + random.laplace(0, jitter, best.delta.shape),
            "beta": best.beta,
            "sigma_obs": best.sigma * (1 + 10 * jitter),
        }
        with contextlib.suppress(RuntimeError, TimeoutError):
            fitted = parameters_of(fit(frame, settings, init=start, **HARDER).params)
        if problem.log_posterior(fitted) > problem.log_posterior(best):
            best = fitted
    return best
