"""Result files: written whole or not at all, read back as they were."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sim.errors import SimError
from sim.results.tables import TEXTS, Table


@contextmanager
def folder_errors(folder: Path) -> Iterator[None]:
    """Turn what the file system refuses into a message."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SimError(f"{folder}: cannot write results: {reason}") from error


def write_all(folder: Path, contents: Mapping[str, bytes], obsolete: Iterable[str] = ()) -> None:
    """Write files into `folder`: all are written beside their places first, then put there.

    Parameters
    ----------
    folder
        Is made where it does not exist.
    contents
        What to write, by the file's name.
    obsolete
        Files of an earlier run that must not stay beside the new ones.

    Raises
    ------
    SimError
        If anything cannot be written; what was there before is then as it was.
    """
    with folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name in contents:
            if (folder / name).is_dir():
                raise IsADirectoryError(errno.EISDIR, f"{name} is a folder")
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as temporary:
            for name, content in contents.items():
                path = Path(temporary) / name
                with path.open("wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
            for name in contents:
                (Path(temporary) / name).replace(folder / name)
            for name in obsolete:
                (folder / name).unlink(missing_ok=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a results folder for one run; another one is told so. A killed run's lock is gone.

    Raises
    ------
    SimError
        If another run has it, or the folder cannot be made.
    """
    from filelock import FileLock, Timeout

    ours = not folder.exists()
    with folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", blocking=False)
        try:
            lock.acquire()
        except Timeout:
            raise SimError(
                f"{folder}: another run is writing here; wait for it, or choose another folder"
            ) from None
    try:
        yield
    finally:
        with suppress(OSError):  # before the release, while nobody else can hold it
            (folder / ".lock").unlink()
            if ours:
                folder.rmdir()  # which takes empty folders only
        lock.release()


def cell_text(value: Any) -> str:
    """Write a value as it stands in a CSV: ten significant digits, nothing for a missing value.

    The last digits of a double differ between machines and say nothing.
    """
    if value is None:
        return ""
    if isinstance(value, (bool,)) or type(value).__name__ == "bool":
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    with suppress(TypeError, ValueError):
        number = float(value)
        if not isinstance(value, str):
            return "" if math.isnan(number) else f"{number:.10g}"
    return str(value)


def to_csv(table: Table) -> bytes:
    """Write a table as CSV: UTF-8, line feeds, a header row, RFC 4180 quoting."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([cell_text(value) for value in row])
    return buffer.getvalue().encode()


def to_markdown(table: Table) -> str:
    """Write a table as Markdown, for notes and pull requests; cells as in a CSV."""

    def line(cells: Iterable[Any]) -> str:
        texts = (cell_text(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
        return f"| {' | '.join(texts)} |\n"

    rows = zip(*table.values(), strict=True)
    return line(table) + "|---" * len(table) + "|\n" + "".join(map(line, rows))


def to_gzip(content: bytes) -> bytes:
    """Compress, without the time of day in the header."""
    return gzip.compress(content, compresslevel=6, mtime=0)


_NEEDS_PYARROW = "Parquet files need pyarrow: pip install 'peacekeeping-sim[parquet]'"


def to_parquet(table: Table) -> bytes:
    """Write a table as Parquet; needs the extra ``parquet``."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise SimError(_NEEDS_PYARROW) from None
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(dict(table)), buffer)
    return buffer.getvalue()


def from_parquet(content: bytes) -> Table:
    """Read a Parquet file of ours; needs the extra ``parquet``."""
    try:
        import pyarrow.parquet
    except ImportError:
        raise SimError(_NEEDS_PYARROW) from None
    table: Table = pyarrow.parquet.read_table(io.BytesIO(content)).to_pydict()
    return table


def to_json(data: Any) -> bytes:
    """Indented JSON; NaN becomes null."""
    return (json.dumps(nulled(data), indent=2, ensure_ascii=False) + "\n").encode()


def nulled(data: Any) -> Any:
    """Put null for what is not a number."""
    if isinstance(data, float):
        return None if math.isnan(data) else data
    if isinstance(data, Mapping):
        return {key: nulled(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [nulled(value) for value in data]
    return data


def from_csv(text: Iterable[str]) -> Table:
    """Read a CSV of ours: numbers as numbers, empty cells of number columns as NaN.

    Columns of text stay text, whatever they hold: a mandate may be named ``2026`` or ``true``.
    """
    reader = csv.reader(text)
    header = next(reader, [])
    rows = list(reader)
    if any(len(row) != len(header) for row in rows):
        raise ValueError("rows of different lengths")
    return {
        name: [row[index] for row in rows]
        if name in TEXTS
        else _typed([row[index] for row in rows])
        for index, name in enumerate(header)
    }


def _typed(texts: list[str]) -> list[Any]:
    filled = [text for text in texts if text]
    if filled and all(text in ("true", "false") for text in filled):
        return [text == "true" if text else None for text in texts]
    for kind in (int, float):
        try:
            numbers = [kind(text) for text in filled]
        except ValueError:
            continue
        if kind is int and len(numbers) < len(texts):
            continue
        found = iter(numbers)
        return [next(found) if text else math.nan for text in texts]
    return texts if filled else [math.nan] * len(texts)
