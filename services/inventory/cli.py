"""`oms stock`: what there is, who has a right to it, what is to come, and the proof that it all adds up.

Each file beside this one brings some of the commands; `cli_words` and `cli_render` are what they share.
"""

import typer

from services.inventory import (
    cli_atp,
    cli_backorders,
    cli_channels,
    cli_feed,
    cli_history,
    cli_import,
    cli_rebuild,
    cli_reservations,
    cli_sources,
    cli_stock,
    cli_supply,
)
from services.inventory.cli_audit import audit

app = typer.Typer(
    help="Stock: positions, supplies, reservations, backorders, channels, the ledger.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)
GROUPS = {"stock": app}

# Without a name: their commands become this group's own.
for part in (
    cli_stock.app,
    cli_atp.app,
    cli_feed.app,
    cli_reservations.app,
    cli_backorders.app,
    cli_import.app,
    cli_history.app,
    cli_rebuild.app,
):
    app.add_typer(part)
app.command(epilog="Examples: oms stock audit   ·   oms stock audit --full --json")(audit)
app.add_typer(cli_stock.pool, name="pool")
app.add_typer(cli_supply.app, name="supply")
app.add_typer(cli_channels.channels, name="channel")
app.add_typer(cli_channels.bundles, name="bundle")
app.add_typer(cli_sources.app, name="drift")
