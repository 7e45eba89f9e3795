"""The true MAP, slowly: an interior-point method inside a search over sigma, its answer checked by the KKT conditions.

For a fixed sigma the negative log posterior is a convex quadratic in w = (k, m, beta, delta) plus |delta|/tau. With
delta = p - q, p >= 0, q >= 0 it becomes a quadratic programme, which a primal-dual interior-point method solves. What
it sends to zero is then fixed there, with repairs until no condition is violated, and the rest comes from a QR
factorisation of the stacked rows. The slope of the profile over sigma is taken on a grid; every fall through zero, a
mode, is refined by bisection, and the best mode is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from posterior import Floats, Parameters, Problem

KKT_TOLERANCE = 1e-10
SIGMA_FLOOR = 1e-9


@dataclass(frozen=True)
class Optimum:
    """A stationary point, its log posterior, and the largest relative violation of its optimality conditions."""

    parameters: Parameters
    log_posterior: float
    kkt: float


def optimum(problem: Problem, grid: int = 48) -> Optimum:
    """The best mode of the posterior.

    Raises:
        ArithmeticError: the optimality conditions are not met to `KKT_TOLERANCE`.
    """
    solver = _FixedSigma(problem)
    low, high = solver.sigma_range()
    sigmas = np.geomspace(low, high, grid)
    slopes = [solver.slope(sigma) for sigma in sigmas]
    modes = [_bisect(solver.slope, sigmas[i], sigmas[i + 1]) for i in range(grid - 1) if slopes[i] > 0 >= slopes[i + 1]]
    found = [solver.optimum(sigma) for sigma in modes or [low]]
    best = max(found, key=lambda one: one.log_posterior)
    if best.kkt > KKT_TOLERANCE:
        raise ArithmeticError(f"the optimality conditions are violated by {best.kkt:.1e}")
    return best


class _FixedSigma:
    """The convex problem for one sigma at a time; columns of Z are t, 1, X and the ramps, in this order."""

    def __init__(self, problem: Problem) -> None:
        t, s = problem.t, problem.changepoints_t
        self.problem = problem
        self.linear = problem.growth == "linear"
        ramps = np.where(t[:, None] >= s, t[:, None] - s, 0.0)
        trend = np.column_stack([t, np.ones_like(t)])
        if not self.linear:
            trend[:, 0] = 0.0
            ramps[:] = 0.0
        self.Z = np.column_stack([trend, problem.X, ramps])
        self.y = problem.y
        self.smooth = self.Z.shape[1] - len(s)
        self.precision = np.concatenate([[1 / 25, 1 / 25], 1 / problem.sigmas**2, np.zeros(len(s))])
        self.gram = self.Z.T @ self.Z
        self.moment = self.Z.T @ self.y

    def sigma_range(self) -> tuple[float, float]:
        """Bounds of every stationary sigma: its closed form at the least and at the largest residual sum of squares."""
        residual = self.y - self.Z @ np.linalg.lstsq(self.Z, self.y, rcond=None)[0]
        low, high = (self._stationary_sigma(float(r @ r)) for r in (residual, self.y))
        return max(0.999 * low, SIGMA_FLOOR), 1.001 * high

    def _stationary_sigma(self, sse: float) -> float:
        rows = len(self.y)
        return float(np.sqrt((np.sqrt(rows**2 + 16 * sse) - rows) / 8))

    def slope(self, sigma: float) -> float:
        """The derivative of the profile log posterior by ln sigma."""
        residual = self.y - self.Z @ self.solve(sigma)
        return float(-4 * sigma**2 - len(self.y) + residual @ residual / sigma**2)

    def optimum(self, sigma: float) -> Optimum:
        w = self.solve(sigma)
        k, m, beta, delta = float(w[0]), float(w[1]), w[2 : self.smooth], w[self.smooth :]
        parameters = Parameters(k=k, m=m, delta=delta, beta=beta, sigma=sigma)
        kkt = max(self.violation(w, sigma), abs(self.slope(sigma)) / len(self.y))
        return Optimum(parameters, self.problem.log_posterior(parameters), kkt)

    def solve(self, sigma: float) -> Floats:
        """The minimiser for this sigma."""
        w, shadow = self._interior_point(sigma)
        signs = np.where(np.abs(w[self.smooth :]) > shadow, np.sign(w[self.smooth :]), 0.0)
        for _ in range(4 * len(signs) + 4):
            w = self._with_signs(signs, sigma)
            delta = w[self.smooth :]
            crossed = signs * delta < 0
            if crossed.any():
                signs[crossed] = 0.0
                continue
            pull = self._pull(w, sigma)[self.smooth :] * self.problem.tau
            outside = np.where(signs == 0, np.abs(pull), 0.0)
            worst = int(outside.argmax())
            if outside[worst] <= 1 + KKT_TOLERANCE:
                break
            signs[worst] = np.sign(pull[worst])
        return w

    def violation(self, w: Floats, sigma: float) -> float:
        """The largest violation of the KKT conditions, each relative to the size of the terms that cancel in it."""
        tau, delta = self.problem.tau, w[self.smooth :]
        pull = self._pull(w, sigma)
        residual = np.abs(self.y - self.Z @ w)
        size = np.abs(self.Z).T @ residual / sigma**2 + self.precision * np.abs(w) + 1 / tau
        gap = np.abs(pull)
        gap[self.smooth :] = np.where(
            delta != 0, np.abs(pull[self.smooth :] - np.sign(delta) / tau), np.maximum(gap[self.smooth :] - 1 / tau, 0)
        )
        return float((gap / size).max())

    def _pull(self, w: Floats, sigma: float) -> Floats:
        """The gradient of the smooth part of the log posterior."""
        return self.Z.T @ (self.y - self.Z @ w) / sigma**2 - self.precision * w

    def _with_signs(self, signs: Floats, sigma: float) -> Floats:
        """The minimiser when each delta keeps its given sign, or zero: least squares on stacked rows, refined once."""
        active = np.concatenate([np.arange(self.smooth), self.smooth + np.flatnonzero(signs)])
        rows = np.vstack([self.Z[:, active] / sigma, np.diag(np.sqrt(self.precision[active]))])
        penalty = np.concatenate([np.zeros(self.smooth), signs[signs != 0] / self.problem.tau])
        triangle = np.linalg.qr(rows, mode="r")
        w = np.zeros(self.Z.shape[1])
        for _ in range(3):
            gradient = self._pull(w, sigma)[active] - penalty
            w[active] += np.linalg.solve(triangle, np.linalg.solve(triangle.T, gradient))
        return w

    def _interior_point(self, sigma: float) -> tuple[Floats, Floats]:
        """Mehrotra's predictor-corrector on (smooth, p, q); also the gap that tells a zero delta from another.

        The unknowns with a bound have multipliers; at the solution one of p_j and its multiplier is zero, and
        likewise for q_j, so a coefficient counts as zero where its multiplier, in units of 1/tau, is the larger.
        """
        smooth, count = self.smooth, len(self.problem.changepoints_t)
        quadratic = self.gram / sigma**2 + np.diag(self.precision)
        pick = np.concatenate([np.arange(smooth + count), np.arange(smooth, smooth + count)])
        flip = np.concatenate([np.ones(smooth + count), -np.ones(count)])
        H = quadratic[np.ix_(pick, pick)] * np.outer(flip, flip)
        H[np.diag_indices_from(H)] += 1e-12 * np.trace(quadratic) / len(quadratic)
        c = -flip * self.moment[pick] / sigma**2
        c[smooth:] += 1 / self.problem.tau
        x = np.concatenate([np.zeros(smooth), np.full(2 * count, 0.1)])
        z = np.full(2 * count, 1 / self.problem.tau)
        for _ in range(80):
            bound = x[smooth:]
            mu = float(bound @ z) / len(z)
            dual = H @ x + c
            dual[smooth:] -= z
            if mu < 1e-13 / self.problem.tau and np.abs(dual).max() < 1e-9 * max(1.0, np.abs(c).max()):
                break
            system = H.copy()
            diagonal = np.arange(smooth, len(x))
            system[diagonal, diagonal] += z / bound
            affine, z_affine = _step(system, dual, smooth, bound, z, -bound * z)
            room = _room(bound, affine[smooth:], z, z_affine)
            predicted = float((bound + room * affine[smooth:]) @ (z + room * z_affine)) / len(z)
            target = mu * (predicted / mu) ** 3
            corrected = target - bound * z - affine[smooth:] * z_affine
            move, z_move = _step(system, dual, smooth, bound, z, corrected)
            room = 0.995 * _room(bound, move[smooth:], z, z_move)
            x, z = x + room * move, z + room * z_move
        p, q = x[smooth : smooth + count], x[smooth + count :]
        shadow = np.minimum(z[:count], z[count:]) * self.problem.tau
        return np.concatenate([x[:smooth], p - q]), shadow


def _step(system: Floats, dual: Floats, smooth: int, bound: Floats, z: Floats, gap: Floats) -> tuple[Floats, Floats]:
    """The Newton step for the complementarity residual `gap`, for the unknowns and for the multipliers."""
    right = -dual
    right[smooth:] += gap / bound
    move = np.linalg.solve(system, right)
    return move, (gap - z * move[smooth:]) / bound


def _room(bound: Floats, move: Floats, z: Floats, z_move: Floats) -> float:
    """The longest step, at most 1, that keeps the bounded unknowns and the multipliers non-negative."""
    ratios = [1.0]
    for value, change in ((bound, move), (z, z_move)):
        falling = change < 0
        ratios.extend((-value[falling] / change[falling]).tolist())
    return min(ratios)


def _bisect(function: Callable[[float], float], low: float, high: float) -> float:
    """The point where a function that is positive at `low` and not at `high` changes its sign."""
    for _ in range(200):
        middle = (low * high) ** 0.5
        if not low < middle < high:
            break
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return high
