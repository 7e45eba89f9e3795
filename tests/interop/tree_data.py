"""Data sets for the comparisons of trees: seeded, small, and each with something that trips a split search."""

import pathlib

import numpy as np

CALIFORNIA = pathlib.Path(__file__).resolve().parents[2] / "sample_data" / "housing"


def housing(seed, rows=600, validation=300, noise=0.0):
    """Prices from whole-numbered features with few distinct values, in dollars."""
    rng = np.random.default_rng(seed)
    n = rows + validation
    features = np.column_stack([
        rng.integers(1950, 2021, n),
        rng.integers(800, 4500, n),
        rng.integers(1, 7, n),
        rng.integers(2, 9, n) / 2,
        np.round(rng.normal(1.0, 0.25, n), 2),
        rng.integers(0, 4, n),
    ]).astype(np.float32)
    price = (
        150 * features[:, 1] + 6000 * features[:, 2] + 4000 * features[:, 3] + 15000 * features[:, 4]
        + 5000 * features[:, 5] - 3000 * (2021 - features[:, 0])
    )
    price = price + noise * rng.normal(size=n)
    return split(features, np.maximum(price, 0).astype(np.float32), rows)


def california(cell, seed=0):
    """The median house values of one square degree, `37n_122w`, from eight numeric features; some lack a value."""
    table = np.genfromtxt(CALIFORNIA / f"{cell}.csv", delimiter=",", skip_header=1, usecols=range(9), dtype=np.float32)
    table = np.random.default_rng(seed).permutation(table)
    return split(table[:, :8], table[:, 8], 2 * len(table) // 3)


def continuous(seed, rows=600, columns=6, validation=300, missing=0.0):
    """A smooth target of continuous features, negative ones too."""
    rng = np.random.default_rng(seed)
    n = rows + validation
    features = rng.normal(size=(n, columns)).astype(np.float32)
    target = 2 * features[:, 0] + features[:, 1 % columns] ** 2 + np.sin(3 * features[:, 2 % columns])
    target = (target + 0.3 * rng.normal(size=n)).astype(np.float32)
    features[rng.random(features.shape) < missing] = np.nan
    return split(features, target, rows)


def counts(seed, rows=600, validation=300):
    features, _, more, _ = continuous(seed, rows, 5, validation)
    rng = np.random.default_rng(seed + 1000)
    everything = np.vstack([features, more])
    target = rng.poisson(np.exp(0.5 * everything[:, 0] + 0.2 * everything[:, 1])).astype(np.float32)
    return split(everything, target, rows)


def totals(seed, rows=600, validation=300):
    features, target, more, more_target = counts(seed, rows, validation)
    rng = np.random.default_rng(seed + 2000)
    everything = np.concatenate([target, more_target])
    everything = (everything * rng.gamma(2.0, 1.0, len(everything))).astype(np.float32)
    return features, everything[:rows], more, everything[rows:]


def classes(seed, rows=600, validation=300):
    features, target, more, more_target = continuous(seed, rows, 5, validation)
    return features, (target > 1).astype(np.float32), more, (more_target > 1).astype(np.float32)


def edges():
    """Sets that a split search gets wrong easily, by name."""
    rng = np.random.default_rng(7)
    n = 200
    x = rng.normal(size=n).astype(np.float32)
    y = (x + 0.1 * rng.normal(size=n)).astype(np.float32)
    noise = rng.normal(size=n).astype(np.float32)
    with_missing = noise.copy()
    with_missing[rng.random(n) < 0.5] = np.nan
    constant_and_missing = np.where(rng.random(n) < 0.3, np.nan, 5.0).astype(np.float32)
    adjacent = np.float32(1.0) + rng.integers(0, 3, n).astype(np.float32) * np.finfo(np.float32).eps
    sets = {
        "constant column": (np.column_stack([np.full(n, 3.0), x]), y),
        "duplicate columns": (np.column_stack([x, x, noise, x]), y),
        "constant or missing": (np.column_stack([constant_and_missing, x]), np.where(np.isnan(constant_and_missing), y + 3, y)),
        "constant target": (np.column_stack([x, noise]), np.full(n, 2.5)),
        "four rows": (np.column_stack([x, noise])[:4], y[:4]),
        "one row": (np.column_stack([x, noise])[:1], y[:1]),
        "all missing": (np.column_stack([np.full(n, np.nan), x]), y),
        "adjacent values": (np.column_stack([adjacent, noise]), np.where(adjacent > 1, y + 1, y)),
        "heavy ties": (np.column_stack([np.round(x), np.round(noise)]), np.round(y)),
        "half missing": (np.column_stack([with_missing, x]), np.where(np.isnan(with_missing), y, y + with_missing)),
        "both zeros": (np.column_stack([np.where(x > 0, 0.0, -0.0), np.sign(noise) * 0.0 + x.round()]), y),
    }
    return {name: (features.astype(np.float32), target.astype(np.float32), features.astype(np.float32), target.astype(np.float32))
            for name, (features, target) in sets.items()}


def split(features, target, rows):
    return features[:rows], target[:rows], features[rows:], target[rows:]
