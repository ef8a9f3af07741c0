"""The reference of the command line: what ``--help`` says."""

from __future__ import annotations

import click

from sim.cli import cli

WIDTH = 80


def page() -> str:
    """Every command in the order of ``sim --help``, as Markdown: a heading each, then its help."""
    group = click.Context(cli, info_name="sim")
    told = [f"```text\n{_help(cli, group)}\n```\n"]
    for name in cli.list_commands(group):
        command = cli.get_command(group, name)
        assert command is not None
        told.append(f"## sim {name}\n\n```text\n{_help(command, group, name)}\n```\n")
    return "\n".join(told)


def _help(command: click.Command, parent: click.Context, name: str = "sim") -> str:
    within = None if command is parent.command else parent
    settings = {"terminal_width": WIDTH, "help_option_names": ["-h", "--help"]}
    return command.get_help(click.Context(command, within, name, **settings))  # type: ignore[arg-type]
