"""``sim schema``."""

from __future__ import annotations

import json

import click

from sim.scenario.schema import json_schema

_EPILOG = """\b
Examples:
  sim schema > schema.json"""


@click.command(epilog=_EPILOG)
def command() -> None:
    r"""Print the JSON Schema of the scenario language.

    An editor that knows YAML completes and checks a scenario with it: save the output as
    schema.json and begin the scenario with

    \b
      # yaml-language-server: $schema=schema.json
    """
    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
