"""The command `sim`: parse, call, print."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from click.shell_completion import CompletionItem

# Name -> (module, one line). Modules are imported when their command runs: `--help` must not wait.
_COMMANDS = {
    "run": ("sim.cli.run", "How likely is each force feasible, under each mandate?"),
    "check": ("sim.cli.check", "Is a scenario valid, and can it work at all? Runs nothing."),
    "size": ("sim.cli.size", "The largest feasible force, or the least change towards one."),
    "explain": ("sim.cli.explain", "What binds: each constraint relaxed, alone and all but alone."),
    "coalition": ("sim.cli.coalition", "The smallest set that suffices, and what each is worth."),
    "drivers": ("sim.cli.drivers", "Which uncertain inputs does the answer depend on?"),
    "compare": ("sim.cli.compare", "What changed between results, and is it more than chance?"),
    "trace": ("sim.cli.trace", "One future unit by unit: a log of events and a Gantt chart."),
    "report": ("sim.cli.report", "One HTML page about one results folder, or about several."),
    "serve": ("sim.cli.serve", "A local page with levers: move them, and watch the answer."),
    "sources": ("sim.cli.sources", "Every figure with its source and confidence."),
    "history": ("sim.cli.history", "How the engine would have done on missions that happened."),
    "calibrate": ("sim.cli.calibrate", "Learn the speeds of a build-up from those missions."),
    "new": ("sim.cli.new", "Write a commented scenario to begin with."),
    "schema": ("sim.cli.schema", "Print the JSON Schema of the language, for editors."),
    "completion": (
        "sim.cli.completion",
        "Print what a shell needs to complete commands and options.",
    ),
}

DONE, FAILED_CHECK, BAD_INPUT, INTERRUPTED, IMPRECISE, FAULT = 0, 1, 2, 3, 4, 70


class InterruptedRun(Exception):  # noqa: N818 - as KeyboardInterrupt, it is no error
    """Ctrl-C in a command that has something to say about it; click swallows the usual one."""


class _Commands(click.Group):
    """A group that knows its commands' names and imports them one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        import importlib

        command: click.Command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from sim.errors import nearest

            hint = nearest(args[0], _COMMANDS) or f"commands: {', '.join(_COMMANDS)}"
            ctx.fail(f"no command '{args[0]}'; {hint}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        known = (item for item in _COMMANDS.items() if item[0].startswith(incomplete))
        commands = [CompletionItem(name, help=line) for name, (_, line) in known]
        return commands + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


_EPILOG = """\b
Examples:
  sim run scenarios/reassurance_force.yaml
  sim run scenarios/options.yaml --replications 500
  sim size scenarios/reassurance_force.yaml --replications 1000
  sim explain scenarios/reassurance_force.yaml --size 20000 --no-shapley

\b
Exit codes: 0 done, 1 a check failed, 2 bad input, 3 interrupted, 4 less precise than asked."""


def _version(ctx: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        from sim.citation import PACKAGE, citation

        click.echo(f"sim, version {version(PACKAGE)}\nCite as: {citation()}")
        ctx.exit()


@click.group(
    cls=_Commands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    callback=_version,
    expose_value=False,
    is_eager=True,
    help="Show the version and how to cite it, and exit.",
)
def cli() -> None:
    """Can a peacekeeping force of this size be sent, and held?"""  # noqa: D400 - a question


def main(args: list[str] | None = None) -> Any:
    """Run the command line; every way out has its exit code."""
    from sim.errors import MOST_TOLD, ScenarioError, SimError

    try:
        status = cli.main(args, prog_name="sim", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(BAD_INPUT)
    except (KeyboardInterrupt, click.Abort, InterruptedRun) as error:
        told = str(error) or "nothing was written"
        click.echo(f"sim: interrupted; {told}", err=True)
        sys.exit(INTERRUPTED)
    except ScenarioError as error:
        click.echo(str(error), err=True)
        count = len(error.issues)
        told = f"{'the first ' if count >= MOST_TOLD else ''}{count} mistake{'s' * (count != 1)}"
        click.echo(f"sim: {told}; nothing was run", err=True)
        sys.exit(BAD_INPUT)
    except SimError as error:
        click.echo(f"sim: {error}", err=True)
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        # The reader has gone (`sim ... | head`): nothing is left to say, and nobody to hear it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except Exception as error:
        if os.environ.get("SIM_DEBUG"):
            raise
        click.echo(
            f"sim: unexpected fault: {type(error).__name__}: {error}\n"
            "sim: this is a mistake in sim; with SIM_DEBUG=1 it tells where",
            err=True,
        )
        sys.exit(FAULT)
    sys.exit(status if isinstance(status, int) else DONE)
