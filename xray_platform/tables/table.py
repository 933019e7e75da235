"""Table: an ordered set of columns with a key, its Arrow schema, and how it is read and written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xray_platform.errors import StoreError
from xray_platform.tables.column import ARROW, Column
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places

WHOLE = "all"


@dataclass(frozen=True)
class Table:
    """A table's contract. `raw` tables may hold identity and live in the raw zone."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    raw: bool = False

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([column.field for column in self.columns], metadata={"table": self.name})

    def path(self, places: Places, part: str = WHOLE) -> Path:
        """Where one part (a batch, or the whole) of this table lies."""
        zone = places.raw / "tables" if self.raw else places.tables
        return zone / self.name / f"{part}.parquet"

    def frame(self, rows: list[dict[str, Any]]) -> pd.DataFrame:
        """Return the rows as a frame with exactly this table's columns and types.

        Raises StoreError where a row lacks a value that may not be null or holds one of another type.
        """
        try:
            return _pandas(self._arrow(rows))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise StoreError(f"rows do not fit the table {self.name}: {self._misfit(rows)}") from error

    def write(self, places: Places, frame: pd.DataFrame, part: str = WHOLE) -> Path:
        """Write one part at a stroke: a reader sees the old file or the new one, never a half."""
        path = self.path(places, part)
        if self.raw:
            make_folder(path.parent, places.raw)
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            pq.write_table(pa.Table.from_pandas(frame, schema=self.schema, preserve_index=False), waiting)
            if self.raw:
                waiting.chmod(FILE_MODE)
            waiting.replace(path)
        except (pa.ArrowInvalid, pa.ArrowTypeError, KeyError) as error:
            raise StoreError(f"a frame does not fit the table {self.name}: {type(error).__name__}") from error
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
        finally:
            waiting.unlink(missing_ok=True)
        return path

    def read(self, places: Places, part: str | None = None) -> pd.DataFrame:
        """Return one part, or all parts in the order of their names; no part at all gives an empty frame."""
        paths = [self.path(places, part)] if part else sorted(self.path(places).parent.glob("[!.]*.parquet"))
        parts = [pq.read_table(path, schema=self.schema) for path in paths if path.exists()]
        whole = pa.concat_tables(parts) if parts else self.schema.empty_table()
        return _pandas(whole)

    def parts(self, places: Places) -> list[str]:
        """Return the names of the parts that are written."""
        return sorted(path.stem for path in self.path(places).parent.glob("[!.]*.parquet"))

    def _arrow(self, rows: list[dict[str, Any]]) -> pa.Table:
        table = pa.Table.from_pylist(rows, schema=self.schema)
        table.validate(full=True)
        for column in self.columns:
            if not column.nullable and table[column.name].null_count:
                raise pa.ArrowInvalid(f"{column.name} is null in {table[column.name].null_count} rows")
        return table

    def _misfit(self, rows: list[dict[str, Any]]) -> str:
        """Name the columns that hold something else than they may, without any value: it would be kept and shown."""
        return ", ".join(column.name for column in self.columns if _misfits(column, rows)) or "its columns"


def _misfits(column: Column, rows: list[dict[str, Any]]) -> bool:
    values = [row.get(column.name) for row in rows]
    try:
        pa.array(values, type=ARROW[column.kind]).validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return True
    return None in values and not column.nullable


def _pandas(table: pa.Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas(types_mapper=_nullable)
    return frame


def _nullable(kind: pa.DataType) -> Any:
    """Keep integers and flags whole where some are null."""
    return {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype(), pa.string(): pd.StringDtype()}.get(kind)
