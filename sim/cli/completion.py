"""``sim completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")
_EPILOG = """\b
Examples:
  sim completion bash >> ~/.bashrc
  sim completion zsh >> ~/.zshrc
  sim completion fish > ~/.config/fish/completions/sim.fish"""


@click.command(epilog=_EPILOG)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what SHELL needs to complete commands, options and files of sim.

    Begin a new shell for it to take effect.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click knows all three
    click.echo(kind(ctx.find_root().command, {}, "sim", "_SIM_COMPLETE").source())
