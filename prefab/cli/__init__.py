"""The command `prefab`: only this folder prints, picks paths, catches errors and reads the clock."""

import importlib
import json
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches

import click

from prefab import __version__
from prefab.errors import InputError, PrefabError

# Imported when first used, so that --help and completion stay fast.
_COMMANDS = ("init", "design", "check", "documents", "explain", "catalog")


class _LateGroup(click.Group):
    """A group whose commands' files are imported only when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(_COMMANDS)}"
            raise click.UsageError(f"{args[0]}: no such command; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        found = importlib.import_module(f"prefab.cli.{cmd_name}").command
        assert isinstance(found, click.Command)
        return found


@click.group(cls=_LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="prefab-dc")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def prefab(ctx: click.Context, debug: bool) -> None:
    """Configure prefabricated AI datacenters: modules, layout, schedule, energy per token.

    \b
    Example:
      prefab init --from training-20mw site.toml
      prefab design site.toml --out out
    """
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its exit code; see the README for what the codes mean."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    try:
        code = prefab.main(args=arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("prefab: interrupted; nothing was written", err=True)
        code = 130
    except PrefabError as error:
        if debug:
            raise
        mistakes = error.mistakes if isinstance(error, InputError) else str(error).splitlines()
        if "--json" in given:
            # A script that asked for JSON gets it whatever happens.
            click.echo(json.dumps({"error": type(error).__name__, "messages": list(mistakes)}, ensure_ascii=False))
        for line in mistakes:
            click.echo(f"prefab: {line}", err=True)
        code = error.exit_code
    except OSError as error:
        if debug:
            raise
        click.echo(f"prefab: {error.filename or 'file'}: {error.strerror}", err=True)
        code = 2
    except Exception as error:
        if debug:
            raise
        click.echo(f"prefab: a bug of prefab: {type(error).__name__}: {error}; --debug shows where", err=True)
        code = 70
    sys.exit(code if isinstance(code, int) else 0)
