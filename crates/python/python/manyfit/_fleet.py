"""The models of many customers."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from manyfit import _native
from manyfit._model import Model
from manyfit._reports import check, check_predictions
from manyfit._settings import as_text
from manyfit._tables import ArrowTable, columns_like, frame_of, library_in_use, library_of, table_like

#: What a saved fleet has beside its models, as the command's output has: the manifest, and the names of columns.
_MANIFEST, _COLUMNS = "manifest.jsonl", "columns.json"


class Columns(NamedTuple):
    """The names of the columns that have a role."""

    id: str
    time: str
    target: str

    def in_side_tables(self) -> dict[str, str]:
        """The names that columns get in tables of holidays and of the future."""
        return {self.time: "ds"} if self.time else {}

    def of_results(self) -> dict[str, str]:
        """The names that columns of results get."""
        return {"customer": self.id, **({"ds": self.time, "y": self.target} if self.time else {})}


class Fleet:
    """The models of many customers, by the customers' names.

    A fleet of :func:`manyfit.fit` is in memory unless an output was given; :meth:`save` and :meth:`load` write and read the
    files of the command.

    Attributes:
        failures: The customers that failed, with the reasons.
        tables: The tables that settings asked for: ``forecasts`` with ``horizon``, ``backtest``, ``predictions``.
        summary: The run in a few lines, for people.

    """

    failures: dict[str, str]
    tables: dict[str, Any]
    summary: str

    def __init__(
        self,
        models: _native.Models,
        outcomes: tuple[dict[str, str], dict[str, str], str],
        columns: Columns,
        library: str,
        *,
        tables: dict[str, _native.Table] | None = None,
        frame: _native.Frame | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        """Do not call this: use :func:`manyfit.fit` or :meth:`load`."""
        self._models = models
        self._columns = columns
        self._library = library
        self._frame = frame
        self._settings = settings or {}
        self.summary = ""
        self._artifacts, self.failures, self._manifest = outcomes
        self.tables = {name: self._own(table) for name, table in (tables or {}).items()}

    @classmethod
    def load(cls, place: str | os.PathLike[str], *, library: str | None = None) -> Fleet:
        """Open the models of a folder or of ``s3://bucket/prefix``: what :meth:`save` or ``manyfit train`` wrote there.

        Args:
            place: The output of a run, or its folder of models.
            library: The kind of table that results are, such as ``"polars"``; of those that are imported unless given.

        Raises:
            StorageError: The place cannot be read.
            DataError: There is no model in it.

        """
        root = os.fspath(place).rstrip("/")
        root = root.removesuffix("/models")
        beside = _native.Models.open(root)
        models = _native.Models.open(f"{root}/models")
        if not models.names():
            models = beside
        manifest = beside.artifact(_MANIFEST)
        columns = beside.artifact(_COLUMNS)
        names = Columns(**json.loads(columns)) if columns else Columns("customer", "ds", "y")
        outcomes = _outcomes((manifest or b"").decode())
        if not manifest:
            outcomes = _named_after_customers(models)
        fleet = cls(models, outcomes, names, library or library_in_use())
        if not fleet._artifacts:
            message = f"{root}: no model found: name the output of manyfit train, or its folder of models"
            raise _native.DataError(message)
        return fleet

    def save(self, place: str | os.PathLike[str]) -> None:
        """Write the models and the manifest to a folder or to ``s3://bucket/prefix``, laid out as by ``manyfit train``.

        Raises:
            StorageError: The place cannot be written.

        """
        root = os.fspath(place).rstrip("/")
        self._models.copy_to(_native.Models.open(f"{root}/models"))
        beside = _native.Models.open(root)
        beside.put(_COLUMNS, json.dumps(self._columns._asdict()).encode())
        beside.put(_MANIFEST, self._manifest.encode())

    def __len__(self) -> int:
        """The number of customers with a model."""
        return len(self._artifacts)

    def __iter__(self) -> Iterator[str]:
        """The names of the customers with a model, sorted."""
        return iter(self._artifacts)

    def __contains__(self, customer: object) -> bool:
        """Whether a customer has a model."""
        return str(customer) in self._artifacts

    def __getitem__(self, customer: object) -> Model:
        """The model of a customer. Raises ``KeyError``, with the reason if the customer failed."""
        name = str(customer)
        archive = self._archive(name)
        if archive is None:
            raise KeyError(f"{name}: {self.failures.get(name, 'there is no such customer')}")
        return Model(name, archive, self)

    def __repr__(self) -> str:
        """The number of models, and of customers that failed."""
        failed = f", {len(self.failures)} failed" if self.failures else ""
        return f"<manyfit.Fleet: {len(self)} models{failed}>"

    @property
    def manifest(self) -> list[dict[str, Any]]:
        """A row for each customer, sorted: status, reason, rows, errors, times, checksum of the artifact.

        They are those of the command's ``manifest.jsonl``, and read anew each time: keep them in a variable.
        """
        return [json.loads(line) for line in self._manifest.splitlines()]

    @property
    def scores(self) -> Any:
        """A table of errors: a row for each customer with a model.

        Its columns are the customer, ``model``, ``rows``, the errors within the history (``in_sample_mae``, ``in_sample_rmse``),
        of a backtest (``backtest_mase`` and others), and of validation rows.
        """
        rows = []
        for row in self.manifest:
            if row["status"] == "failed":
                continue
            scores = {self._columns.id: row["customer"], "model": row.get("model"), "rows": row.get("rows")}
            parts = {"in_sample": row.get("in_sample"), "backtest": (row.get("backtest") or {}).get("metrics")}
            accuracy = dict(row.get("accuracy") or {})
            parts[str(accuracy.pop("on", "validation"))] = accuracy
            for part, values in parts.items():
                numbers = {f"{part}_{name}": value for name, value in (values or {}).items()}
                scores.update({name: value for name, value in numbers.items() if isinstance(value, (int, float))})
            rows.append(scores)
        names = dict.fromkeys(name for row in rows for name in row)
        return columns_like(self._library, {name: [row.get(name) for row in rows] for name in names})

    def forecast(
        self,
        h: int | None = None,
        *,
        level: Sequence[float] | None = None,
        X_df: ArrowTable | None = None,
        components: bool = False,
        ids: Sequence[object] | None = None,
        jobs: int | None = None,
        max_failures: float | str = "10%",
    ) -> Any:
        """Forecast each customer.

        Args:
            h: Steps after the end of each history.
            level: Percentages that intervals should cover, such as ``[80, 95]``. Without it there is one interval, which covers
                the ``interval_width`` of the fit (0.8).
            X_df: The future of columns that models follow, with the names of the columns in the fit: customer (without it, the
                same rows for all), times, values. Its dates are forecast, the first ``h`` of them if that is given.
            components: Whether the table also has the trend, the seasons and other parts.
            ids: Only these customers.
            jobs: Threads; one for each processor unless given.
            max_failures: The number, share or percentage of customers that may fail.

        Returns:
            A table of the kind that was fitted, sorted by customer and time: customer, time, ``yhat``, and for each interval
            ``yhat_lower`` and ``yhat_upper``, with ``level`` ``yhat-lo-80`` and ``yhat-hi-80``.

        Raises:
            DataError: Too many customers failed, such as without rows in ``X_df``, or ``ids`` names one without a model.

        """
        widths = [float(percentage) / 100 for percentage in level or []]
        if any(not 0 < width < 1 for width in widths):
            message = f"level is {list(level or [])}: give percentages between 0 and 100"
            raise _native.SettingsError(message)
        if h is None and X_df is None:
            message = "say what to forecast: h, the number of steps, or X_df, a table with the dates"
            raise _native.SettingsError(message)
        return self._predict(X_df, False, ids, h, components, widths, jobs, max_failures)

    def predict(
        self,
        df: ArrowTable,
        *,
        shap: bool = False,
        ids: Sequence[object] | None = None,
        jobs: int | None = None,
        max_failures: float | str = "10%",
    ) -> Any:
        """Predict rows of features by the regression models of their customers.

        Args:
            df: The rows, with the columns of the fit but the target; without the column of customers, every model predicts all.
            shap: Whether the table also has each feature's SHAP value.
            ids: Only these customers.
            jobs: As for :meth:`forecast`.
            max_failures: As for :meth:`forecast`.

        Returns:
            A table of the kind that was fitted: customer, ``row`` (the number of the row among the customer's, from 1),
            ``prediction``, and SHAP values.

        Raises:
            DataError: Too many customers failed, such as without one of their features.

        """
        return self._predict(df, True, ids, None, shap, [], jobs, max_failures)

    def cross_validation(self, h: int, n_windows: int = 3, step_size: int | None = None, **settings: Any) -> Any:
        """Forecast the past: fit each customer's rows up to each of some cutoffs, and forecast what follows.

        Args:
            h: Steps that are forecast from each cutoff.
            n_windows: Number of cutoffs; the last window ends with the last value.
            step_size: Steps between cutoffs; half of ``h`` unless given.
            **settings: Settings over those of the fit, such as ``candidates="theta,ets"``.

        Returns:
            A table of the kind that was fitted: customer, time, ``cutoff``, target, ``yhat`` with its interval, and the same
            of each candidate and of the seasonal naive.

        Raises:
            SettingsError: The fleet was loaded, and has no rows; or as for :func:`manyfit.fit`.

        """
        if self._frame is None:
            message = "the rows of a loaded fleet are not known: call manyfit.fit(df, horizon=h, backtest=n_windows)"
            raise _native.SettingsError(message)
        given = {**self._settings, "horizon": h, "backtest": n_windows, "period": step_size, **settings}
        with as_text(given, renamed=self._columns.in_side_tables()) as texts:
            _, (_, failures, _), _, messages, tables, failure = _native.fit(
                self._frame, customer=self._columns.id, settings=texts, validation=None, output=None, jobs=None, done=None
            )
        check(failures, messages, failure, stacklevel=3)
        return self._own(tables["backtest"])

    def _archive(self, customer: str) -> bytes | None:
        artifact = self._artifacts.get(customer)
        return self._models.artifact(artifact) if artifact else None

    def _own(self, table: _native.Table) -> Any:
        return table_like(self._library, table.renamed(self._columns.of_results()))

    def _predict(
        self,
        rows: Any,
        features: bool,
        ids: Sequence[object] | None,
        horizon: int | None,
        parts: bool,
        widths: list[float],
        jobs: int | None,
        max_failures: float | str,
    ) -> Any:
        with tempfile.TemporaryDirectory(prefix="manyfit-") as folder:
            path = None
            if rows is not None:
                path = Path(folder) / "rows.parquet"
                keys = (self._columns.id, self._columns.time)
                renamed = self._columns.in_side_tables()
                frame_of(rows, keys=keys).write(path, renamed)
            table, messages, failure = self._models.predict(
                customers=[str(customer) for customer in ids or []],
                horizon=horizon,
                rows=path,
                features=features,
                customer=self._columns.id,
                parts=parts,
                widths=widths,
                seed=int(self._settings.get("seed", 0)),
                max_failures=str(max_failures),
                jobs=jobs,
            )
        check_predictions(messages, failure, stacklevel=4)
        library = library_of(rows) if rows is not None and not self._library else self._library
        return table_like(library, table.renamed(self._columns.of_results()))


def _outcomes(manifest: str) -> tuple[dict[str, str], dict[str, str], str]:
    """The names of artifacts by customer, the reasons of customers that failed, and the manifest that says so."""
    rows = [json.loads(line) for line in manifest.splitlines()]
    artifacts = {row["customer"]: row["artifact"] for row in rows if row.get("artifact")}
    failures = {row["customer"]: row.get("reason") or "" for row in rows if row["status"] == "failed"}
    return artifacts, failures, manifest


def _named_after_customers(models: _native.Models) -> tuple[dict[str, str], dict[str, str], str]:
    """The same for models alone: the names of artifacts are those of customers, unless ``artifact_name`` says otherwise."""
    return {name.removesuffix(".gz").removesuffix(".tar"): name for name in models.names()}, {}, ""
