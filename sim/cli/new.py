"""``sim new``."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from sim.errors import SimError
from sim.results.files import write_all

_EPILOG = """\b
Examples:
  sim new my.yaml
  sim new studies/coast.yaml && sim run studies/coast.yaml"""


@click.command(epilog=_EPILOG)
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
def command(file: Path) -> None:
    """Write a small, commented scenario to FILE; it runs as it stands."""
    if file.exists():
        raise SimError(f"{file}: exists already; nothing was written")
    if file.suffix not in (".yaml", ".yml"):
        raise SimError(f"{file}: a scenario's name ends in .yaml")
    starter = files("sim.cli").joinpath("starter.yaml").read_bytes()
    write_all(file.parent, {file.name: starter})
    click.echo(f"{file} is written. Next: sim check {file}; sim run {file}")
