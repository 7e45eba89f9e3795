from collections.abc import Callable
from os import PathLike
from typing import final

__all__ = ["DataError", "Frame", "Models", "SettingsError", "StorageError", "Table", "command", "fit"]

class SettingsError(ValueError):
    """An invalid setting or argument: its author must act."""

class DataError(ValueError):
    """Input that cannot be used: its owner must act."""

class StorageError(OSError):
    """A place that cannot be read or written: its operator must act."""

@final
class Frame:
    def __new__(cls, table: object) -> Frame: ...
    @staticmethod
    def of_columns(columns: list[tuple[str, object]]) -> Frame: ...
    def __len__(self) -> int: ...
    @property
    def names(self) -> list[str]: ...
    def write(self, path: str | PathLike[str], renamed: dict[str, str]) -> None: ...

@final
class Table:
    def __len__(self) -> int: ...
    @property
    def names(self) -> list[str]: ...
    def renamed(self, names: dict[str, str]) -> Table: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

@final
class Models:
    @staticmethod
    def open(place: str) -> Models: ...
    @staticmethod
    def in_memory() -> Models: ...
    def names(self) -> list[str]: ...
    def artifact(self, name: str) -> bytes | None: ...
    def put(self, name: str, bytes: bytes) -> None: ...
    def copy_to(self, place: Models) -> None: ...
    def predict(
        self,
        *,
        customers: list[str],
        horizon: int | None,
        rows: str | PathLike[str] | None,
        features: bool,
        customer: str | None,
        parts: bool,
        widths: list[float],
        seed: int,
        max_failures: str,
        jobs: int | None,
    ) -> tuple[Table, str, Exception | None]: ...

def fit(
    frame: Frame,
    *,
    customer: str,
    settings: dict[str, str],
    validation: Frame | None,
    output: str | None,
    jobs: int | None,
    done: Callable[[int], object] | None,
) -> tuple[Models, tuple[dict[str, str], dict[str, str], str], str, str, dict[str, Table], BaseException | None]: ...
def command(program: list[str], words: list[str]) -> int: ...
