"""`prefab catalog`: what is in the catalog, whether it is in order, what differs, and prices from a list."""

import click

from prefab.cli.catalog import check, diff, listing, prices, schema, showing


@click.group("catalog")
def command() -> None:
    """List, show, check and compare the catalog; write its JSON Schemas; import prices.

    \b
    Example:
      prefab catalog list --family power --sort price
      prefab catalog show PWM-1500
      prefab catalog diff HEAD~1 HEAD --layouts
    """


for part in (listing, showing, check, diff, schema, prices):
    command.add_command(part.command)
