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
from numpy.typing import NDArray
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
    """What stock Prophet hands to Stan: t, y, cap shape (T), changepoints_t (S), X (T, K), sigmas, multiplicative (K)."""

    t: Floats
    y: Floats
    changepoints_t: Floats
    X: Floats
    sigmas: Floats
    tau: float
    growth: str
    multiplicative: Floats
    cap: Floats

    def log_posterior(self, parameters: Parameters) -> float:
        """The log density that `prophet.stan` maximises, without its constants.

        -k^2/50 - m^2/50 - sum|delta|/tau - sum beta^2/(2 sigmas^2) - 2 sigma^2 - T ln sigma - sum (y - mu)^2/(2 sigma^2)
        """
        k, m, delta, beta, sigma = (getattr(parameters, name) for name in ("k", "m", "delta", "beta", "sigma"))
        mu = self._trend(k, m, delta) * (1 + self.X @ (beta * self.multiplicative))
        residual = self.y - mu - self.X @ (beta * (1 - self.multiplicative))
        prior = -(k**2) / 50 - m**2 / 50 - np.abs(delta).sum() / self.tau
        prior -= (beta**2 / (2 * self.sigmas**2)).sum() + 2 * sigma**2
        return float(prior - len(self.t) * np.log(sigma) - (residual**2).sum() / (2 * sigma**2))

    def _trend(self, k: float, m: float, delta: Floats) -> Floats:
        s = self.changepoints_t
        after = self.t[:, None] >= s[None, :]
        if self.growth == "linear":
            return (k + after @ delta) * self.t + (m + after @ (-s * delta))
        if self.growth == "flat":
            return np.full_like(self.t, m)
        # The offsets of the logistic trend, one after the other, as in prophet.stan.
        rates = np.concatenate([[k], k + np.cumsum(delta)])
        gamma = np.zeros(len(s))
        for i in range(len(s)):
            gamma[i] = (s[i] - m - gamma[:i].sum()) * (1 - rates[i] / rates[i + 1])
        return self.cap / (1 + np.exp(-(k + after @ delta) * (self.t - (m + after @ gamma))))


def read_series(path: Path, ds: str = "ds", y: str = "y") -> pd.DataFrame:
    """The columns ds and y of a CSV, whatever their names there, as a user of Prophet reads it."""
    frame = pd.read_csv(path, usecols=[ds, y]).rename(columns={ds: "ds", y: "y"})
    frame["ds"] = pd.to_datetime(frame["ds"])
    return frame


def preprocess(frame: pd.DataFrame, settings: dict[str, Any]) -> tuple[Prophet, Problem]:
    """An unfitted stock model that knows its scales and features, and the problem it would give to Stan."""
    model = Prophet(**settings)
    return model, problem_of(model, frame)


def problem_of(model: Prophet, frame: pd.DataFrame) -> Problem:
    """The problem that an unfitted stock model would give to Stan; the model then knows its scales and features."""
    inputs = model.preprocess(frame)
    return Problem(
        t=np.asarray(inputs.t, dtype=float),
        y=np.asarray(inputs.y, dtype=float),
        changepoints_t=np.asarray(inputs.t_change, dtype=float),
        X=np.asarray(inputs.X, dtype=float),
        sigmas=np.asarray(inputs.sigmas, dtype=float),
        tau=float(inputs.tau),
        growth=model.growth,
        multiplicative=np.asarray(inputs.s_m, dtype=float),
        cap=np.asarray(inputs.cap, dtype=float),
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
