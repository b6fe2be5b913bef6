"""Every import rule of the house finds the fault that it is there for."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# Where a fault is planted, what it is, and the rule that must find it.
FAULTS = {
    "services-apart": ("services/routing/stock.py", "import services.inventory.store"),
    "floors": ("services/kernel/money.py", "import services.chassis.paging"),
    "pure-domain": ("services/inventory/domain/position.py", "import sqlalchemy"),
    "sql-in-its-place": ("services/routing/servicer.py", "import sqlalchemy"),
    "workflows-over-grpc": ("workflows/activities/returns.py", "import services.returns.store"),
    "contract-only": ("services/returns/servicer.py", "import workflows.state.returns"),
    "pure-state": ("workflows/state/order.py", "import temporalio"),
    "light-workflows": ("workflows/order.py", "import pydantic"),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What the linter says of a copy of the code with every fault planted."""
    copy = tmp_path_factory.mktemp("house")
    for package in ("services", "workflows", "deploy", "gen"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for path, line in FAULTS.values():
        with (copy / path).open("a") as file:
            file.write(f"\n{line}\n")
    linter = Path(sys.executable).parent / "lint-imports"
    environment = {**os.environ, "PYTHONPATH": f"{copy}:{copy / 'gen'}"}
    done = subprocess.run([linter, "--no-cache"], cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    return done.stdout


def rules():
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["id"])
def test_a_planted_fault_breaks_its_rule(rule, report):
    path, line = FAULTS[rule["id"]]
    assert f"{rule['name']} BROKEN" in report
    importer = path.removesuffix(".py").replace("/", ".")
    assert any(importer in row and line.split()[1] in row for row in report.splitlines()), (importer, line)
