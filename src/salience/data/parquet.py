"""Rows of a Parquet file, a batch of rows in memory at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from salience.core.errors import DataError
from salience.data.fault import check_names

_BATCH = 4096


def parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    """(row number, values by column) of each row, counted from 1."""
    import pyarrow
    import pyarrow.parquet

    numbers = itertools.count(1)
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            check_names(file.schema_arrow.names, f"{path.name}, schema")
            for batch in file.iter_batches(batch_size=_BATCH):
                yield from zip(numbers, batch.to_pylist(), strict=False)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"the file is not Parquet, or is cut off or damaged ({error})", where=path.name, fix="write the file again"
        ) from error
