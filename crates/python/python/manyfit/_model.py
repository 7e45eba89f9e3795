"""The model of one customer."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manyfit._fleet import Fleet
    from manyfit._tables import ArrowTable


class Model:
    """The model of one customer: ``fleet["id"]``.

    Attributes:
        customer: The customer's name.
        archive: The bytes of its artifact, a ``tar.gz``.
        metadata: What the artifact says of itself: model, rows, frequency, errors, fingerprint.

    """

    customer: str
    archive: bytes
    metadata: dict[str, Any]

    def __init__(self, customer: str, archive: bytes, fleet: Fleet) -> None:
        """Do not call this: use ``fleet["id"]``."""
        self.customer = customer
        self.archive = archive
        self._fleet = fleet
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as files:
            self._files = {file.name: _read(files, file) for file in files if file.isfile()}
        self.metadata = json.loads(self._files[".manyfit.json"]) if ".manyfit.json" in self._files else {}

    def __repr__(self) -> str:
        """The model and the customer."""
        return f"<manyfit.Model: {self.metadata.get('model')} of {self.customer}>"

    def forecast(self, h: int | None = None, **options: Any) -> Any:
        """Forecast this customer, as :meth:`Fleet.forecast`."""
        return self._fleet.forecast(h, ids=[self.customer], **options)

    def components(self, h: int | None = None, **options: Any) -> Any:
        """Forecast this customer with the trend, the seasons and other parts as columns."""
        return self.forecast(h, components=True, **options)

    def predict(self, df: ArrowTable, **options: Any) -> Any:
        """Predict rows of features, as :meth:`Fleet.predict`."""
        return self._fleet.predict(df, ids=[self.customer], **options)

    def explain(self, df: ArrowTable) -> Any:
        """Predict rows of features with the SHAP value of each feature as a column."""
        return self.predict(df, shap=True)

    def to_prophet(self) -> Any:
        """Give the model as Python Prophet's ``Prophet``; it must be installed.

        Raises:
            TypeError: It is another model.

        """
        if "model.json" not in self._files or "prophet" not in str(self.metadata.get("model")):
            raise TypeError(f"the model of {self.customer} is {self.metadata.get('model')}, not Prophet's")
        from prophet.serialize import model_from_json  # type: ignore[import-not-found, import-untyped, unused-ignore]

        return model_from_json(self._files["model.json"].decode())

    def to_xgboost(self) -> Any:
        """Give the model as XGBoost's ``Booster``; it must be installed.

        Raises:
            TypeError: It is no model of trees.

        """
        name = next((name for name in self._files if name.startswith("xgboost-model") or name.endswith((".ubj"))), None)
        if name is None:
            raise TypeError(f"the model of {self.customer} is {self.metadata.get('model')}, not one of trees")
        import xgboost  # type: ignore[import-not-found, import-untyped, unused-ignore]

        return xgboost.Booster(model_file=bytearray(self._files[name]))


def _read(files: tarfile.TarFile, file: tarfile.TarInfo) -> bytes:
    content = files.extractfile(file)
    return content.read() if content else b""
