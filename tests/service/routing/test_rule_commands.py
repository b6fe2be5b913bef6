"""`oms route rules`, against the real service."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
from typer.testing import CliRunner

from services import cli_output
from services.routing.cli import app
from services.routing.domain.vocabulary import WORDS
from services.routing.files import rule_sets

Run = Callable[..., Awaitable[tuple[int, str, str]]]

BROKEN = """
rule_set_id: broken
profiles:
  - name: all
    when: order.unitz > 5
    strategies:
      - name: cheapest
        criteria: [{name: far, score: 5}]
    fallback: {action: PARK}
"""
GOOD = """
rule_set_id: good
description: The nearest first.
profiles:
  - name: all
    strategies:
      - {name: nearest, method: NEAREST, split_cost: 4.50 USD}
"""


@pytest.fixture
def logs_apart() -> Iterator[None]:
    """Keep the service's logs out of what the commands print: here they share a process."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def database_url(migrated_database: Callable[..., str]) -> str:
    return await asyncio.to_thread(migrated_database, "routing")


@pytest.fixture
async def rules(
    logs_apart: None,
    service: Callable[..., Awaitable[Any]],
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    routing = await service("routing", database_url=database_url, inventory_address="127.0.0.1:9")
    monkeypatch.setattr(cli_output.out, "width", 240)
    runner = CliRunner(env={"OMS_ROUTING_ADDRESS": routing.address})

    async def run(*arguments: str) -> tuple[int, str, str]:
        # In a thread: a command has an event loop of its own.
        result = await asyncio.to_thread(runner.invoke, app, ["rules", *arguments])
        return result.exit_code, result.stdout, result.stderr

    return run


def written(folder: Path, text: str) -> str:
    file = folder / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    return str(file)


async def test_problems_are_a_table_with_what_to_write_and_end_with_one(rules: Run, tmp_path: Path):
    file = written(tmp_path, BROKEN.replace("score: 5", 'score: "5"'))
    for command in ("check", "save"):
        code, out, _ = await rules(command, file)
        assert code == 1
        assert "3 problems; nothing was changed" in out
        for words in ("profiles[0].when, column 6", "did you mean order.units?", "write 5.0 for 5", "customer-care"):
            assert words in out
    assert json.loads((await rules("list", "--json"))[1]) == {}


async def test_what_is_written_wrongly_is_told_before_anybody_is_asked(rules: Run, tmp_path: Path):
    code, out, _ = await rules("check", written(tmp_path, GOOD.replace("method", "methud")), "--json")
    assert code == 1
    assert json.loads(out)[0]["place"] == "profiles[0].strategies[0].methud"
    assert json.loads(out)[0]["suggestion"] == "method"
    code, out, _ = await rules("check", written(tmp_path, GOOD.replace("rule_set_id: good", "rule_set_id: Not An Id")))
    assert code == 1
    assert "rule_set_id" in out
    assert (await rules("check", written(tmp_path, "{")))[0] == 2


async def test_a_file_is_saved_shown_and_written_back_the_same(rules: Run, tmp_path: Path):
    file = written(tmp_path, GOOD)
    assert (await rules("check", file))[:2] == (0, "good: no problems\n")
    code, out, _ = await rules("save", file, "--note", "a start")
    assert (code, out) == (0, "good@1: draft, for all\n")
    code, out, _ = await rules("show", "good")
    assert code == 0
    for words in ("good@1", "The nearest first.", "a start", "uncovered-orders", "not yet"):
        assert words in out
    _, shown, _ = await rules("show", "good@1", "--yaml")
    assert "split_cost: 4.50 USD" in shown
    code, out, _ = await rules("save", written(tmp_path, shown))
    assert out == "good@1: draft, for all\n"


async def test_a_version_is_taken_to_its_first_order_and_off_again(rules: Run, tmp_path: Path, database_url: str):
    await rules("save", written(tmp_path, GOOD))
    assert (await rules("validate", "good@1"))[1] == "good@1: validated, for all\n"
    code, _, said = await rules("activate", "good@1")
    assert code == 1
    assert "REVIEW_MISSING" in said
    assert "SPLITS, EXCEPTIONS, UNCOVERED_ORDERS" in said.replace("\n", " ")
    await simulated(database_url)
    for item in ("splits", "exceptions", "uncovered-orders"):
        code, out, _ = await rules("review", "good@1", item, "--simulation", "sim_1", "--note", f"{item} look right")
        assert code == 0
        assert f"{item} look right" in out
    assert (await rules("shadow", "good@1"))[1] == "good@1: shadow, for all\n"
    assert (await rules("activate", "good@1", "--note", "agreed"))[1] == "good@1: active, for all\n"
    assert "agreed" in (await rules("list", "--state", "ACTIVE"))[1]
    assert (await rules("retire", "good@1"))[1] == "good@1: retired, for all\n"
    assert (await rules("list", "--state", "ACTIVE"))[1] == "Rule sets: nothing\n"


async def simulated(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(
            "INSERT INTO routing.simulations (simulation_id, rule_set_id, version, document, actor, create_time) "
            "VALUES ('sim_1', 'good', 1, '{}', 'test', now())"
        )
    finally:
        await connection.close()


async def test_what_the_service_refuses_ends_with_one_and_its_reason(rules: Run):
    code, _, said = await rules("show", "nowhere")
    assert code == 1
    assert "RULE_SET_NOT_FOUND" in said


@pytest.mark.parametrize("version", ["good", "good@", "@1", "good@0", "good@x", "good@99999999999"])
async def test_what_is_no_version_ends_with_two(rules: Run, version: str):
    assert (await rules("activate", version))[0] == 2


async def test_words_are_all_that_rules_can_speak_of(rules: Run):
    _, out, _ = await rules("words")
    assert all(word.path in out and word.meaning in out for word in WORDS.values())
    _, out, _ = await rules("words", "plan")
    assert "plan.shipments" in out
    assert "node.load" not in out


async def test_samples_are_printed_checked_and_saved(rules: Run, tmp_path: Path):
    for name in rule_sets.SAMPLES:
        _, text, _ = await rules("sample", name)
        assert text == rule_sets.sample(name)
        code, out, _ = await rules("save", written(tmp_path, text))
        assert (code, out.partition(":")[0]) == (0, f"{name}-parcel@1")
    assert (await rules("sample", "mars"))[0] == 2
