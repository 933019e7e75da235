"""Table: an ordered set of columns with a key, its Arrow schema, and how it is read and written."""

import os
import time
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from xray_platform.atomic import atomic_path
from xray_platform.errors import StoreError
from xray_platform.tables.column import ARROW, Column
from xray_platform.tables.manifest import Manifest, below, facts_of, keep, locked, manifest_file, read_checked
from xray_platform.tables.owner_only import FILE_MODE, make_folder
from xray_platform.tables.places import Places

WHOLE = "all"
SMALL = 2**20  # bytes; to share less between threads costs more than it saves
PATIENCE = (0.05, 0.2)  # seconds: while a part is being replaced, its record is not that of the file for a moment


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

    def typed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame with exactly this table's columns and types, column by column; its other columns are left out.

        Raises StoreError where a column is missing, or one that may not be null is, or it holds another type.
        """
        return _pandas(self._from_frame(frame))

    def write(self, places: Places, frame: pd.DataFrame, part: str = WHOLE) -> Path:
        """Write one part as a whole, then its manifest. Raises StoreError where frame or disk forbid it.

        Of two who write the same part at once one waits, so that file and manifest are of the same one.
        """
        path = self.path(places, part)
        if self.raw:
            make_folder(path.parent, places.raw)
        table = self._from_frame(frame)
        with locked(places, self.manifest(part)):
            with atomic_path(path) as temporary:
                pq.write_table(table, temporary)
                if self.raw:
                    temporary.chmod(FILE_MODE)
                facts = facts_of(temporary)
            keep(places, Manifest(self.manifest(part), {below(places, path): facts}))
        return path

    def read(self, places: Places, part: str | None = None, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return one part, or all parts in the order of their names; no part at all gives an empty frame.

        With `columns` only these are decoded. Raises StoreError where a part is missing or not what was written.
        """
        return _pandas(self._joined(places, [part] if part else self.parts(places), columns))

    def read_some(self, places: Places, parts: Sequence[str]) -> pd.DataFrame:
        """Return some parts, one after the other, those of them that were written; StoreError as `read` raises it."""
        return _pandas(self._joined(places, parts))

    def count(self, places: Places) -> int:
        """Return how many rows all parts have, as their files say themselves; none of a part that cannot be read."""
        return sum(_rows_in(self.path(places, part)) for part in self.parts(places))

    def earlier(self, places: Places, part: str) -> pd.DataFrame:
        """Return one part as it was before it is made anew: an empty frame where it is missing or damaged.

        Columns that it had not yet are null.
        """
        if not self._is_written(places, part):
            return _pandas(self.schema.empty_table())
        try:
            return _pandas(self._part(places, part, whole=False))
        except StoreError:
            return _pandas(self.schema.empty_table())

    def parts(self, places: Places) -> list[str]:
        """Return the names of the parts that were written."""
        written = self.path(places).parent.glob("[!.]*.parquet")
        recorded = manifest_file(places, self.manifest(WHOLE)).parent.glob("[!.]*.json")
        return sorted({path.stem for path in (*written, *recorded)})

    def manifest(self, part: str) -> str:
        """Return the name of a part's manifest."""
        return f"{'raw/' if self.raw else ''}tables/{self.name}/{part}"

    def _joined(self, places: Places, parts: Sequence[str], columns: Sequence[str] | None = None) -> pa.Table:
        written = [self._part(places, part, columns=columns) for part in parts if self._is_written(places, part)]
        empty = self.schema.empty_table()
        return pa.concat_tables(written) if written else empty.select(list(columns)) if columns else empty

    def _is_written(self, places: Places, part: str) -> bool:
        return self.path(places, part).exists() or manifest_file(places, self.manifest(part)).exists()

    def _part(self, places: Places, part: str, *, whole: bool = True, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a part; one that is written again and again is read while nobody writes."""
        path, name = self.path(places, part), self.manifest(part)
        for wait in PATIENCE:
            with suppress(StoreError):
                return self._parsed(path, read_checked(places, name, path), whole, columns)
            time.sleep(wait)
        with locked(places, name) if os.access(places.manifests, os.W_OK) else nullcontext():
            return self._parsed(path, read_checked(places, name, path), whole, columns)

    def _parsed(self, path: Path, data: bytes, whole: bool, columns: Sequence[str] | None) -> pa.Table:
        try:
            table = _decoded(data, self.schema, None if columns is None else list(columns))
            if whole:
                self._refuse_nulls(table)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OSError) as error:
            raise StoreError(f"{path} is no table {self.name} of this version") from error
        return table

    def _from_frame(self, frame: pd.DataFrame) -> pa.Table:
        try:
            return pa.Table.from_pandas(frame, schema=self.schema, preserve_index=False)
        except (ValueError, pa.ArrowTypeError, KeyError) as error:  # a null where none may be is a ValueError
            raise StoreError(f"a frame does not fit the table {self.name}: {type(error).__name__}") from error

    def _arrow(self, rows: list[dict[str, Any]]) -> pa.Table:
        table = pa.Table.from_pylist(rows, schema=self.schema)
        table.validate(full=True)
        self._refuse_nulls(table)
        return table

    def _refuse_nulls(self, table: pa.Table) -> None:
        for column in (column for column in self.columns if column.name in table.schema.names):
            if not column.nullable and table[column.name].null_count:
                raise pa.ArrowInvalid(f"{column.name} is null in {table[column.name].null_count} rows")

    def _misfit(self, rows: list[dict[str, Any]]) -> str:
        """Name the columns that hold something else than they may, without any value: it would be kept and shown."""
        return ", ".join(column.name for column in self.columns if _misfits(column, rows)) or "its columns"


def _decoded(data: bytes, schema: pa.Schema, columns: list[str] | None) -> pa.Table:
    """Decode a Parquet file; of the right schema directly, in a third of the time: a store has thousands of small ones.

    Columns that another file lacks are null.
    """
    file = pq.ParquetFile(pa.BufferReader(data))
    if not file.schema_arrow.equals(schema):
        return pq.read_table(pa.BufferReader(data), columns=columns, schema=schema)
    table = file.read(columns=columns, use_threads=len(data) > SMALL).replace_schema_metadata(schema.metadata)
    return table if columns is None else table.select(columns)


def _rows_in(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowInvalid):
        return 0


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
