"""How commands show what is wrong with a document."""

from collections.abc import Sequence

import typer

from oms.routing.v1.network_pb2 import Problem
from services.cli_output import print_json, table
from services.routing.files import documents


def refuse(problems: Sequence[Problem], *, as_json: bool) -> None:
    """Show what is wrong, and exit with 1."""
    if as_json:
        print_json([documents.write(one) for one in problems])
    else:
        rows = [(one.place, one.message, one.suggestion) for one in problems]
        table(f"{len(rows)} problems; nothing was changed", ("place", "problem", "suggestion"), rows)
    raise typer.Exit(1)
