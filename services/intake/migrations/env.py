"""Alembic's entry: the chassis does the work."""

from services.chassis.migration import run_env
from services.intake.schema import metadata

run_env(metadata)
