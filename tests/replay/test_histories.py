"""What processes went through under every release, gone through again by the processes of today."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from oms.workflow.v1 import order_workflow_pb2 as pb
from tests.replay.record import HISTORIES, RELEASE, SCENARIOS, read
from tests.workflow.life import ADDRESS
from workflows import contract
from workflows.fulfillment import FulfillmentWorkflow
from workflows.order import OrderWorkflow
from workflows.returns import ReturnWorkflow
from workflows.state.order_steps import Settle

FILES = sorted(HISTORIES.glob("*/*.json"))
PROCESSES = [OrderWorkflow, FulfillmentWorkflow, ReturnWorkflow]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
async def test_a_stored_history_is_gone_through_again_by_todays_processes(file: Path):
    await Replayer(workflows=PROCESSES).replay_workflow(read(file))


def test_there_is_a_history_of_every_scenario_under_this_release():
    played = {file.stem.partition("-")[0] for file in FILES if file.parent.name == RELEASE}
    assert played == {scenario.__name__ for scenario in SCENARIOS}
    kinds = {file.stem.split("-")[1] for file in FILES}
    assert kinds == {"order", "fulfillment", "return"}


@workflow.defn(name=contract.ORDER)
class HastyOrder:
    """What somebody might make of the order process tomorrow: it looks before it does what it did before."""

    @workflow.run
    async def run(self, order: pb.OrderInput) -> pb.OrderResult:
        await workflow.sleep(1)
        return pb.OrderResult(summary=order.order_id)


@pytest.mark.parametrize("scenario", ["happy", "hold_and_cancel", "backorder"])
async def test_a_process_that_does_other_things_than_before_is_found_out(scenario: str):
    history = read(HISTORIES / RELEASE / f"{scenario}-order.json")
    replayer = Replayer(workflows=[HastyOrder], workflow_runner=UnsandboxedWorkflowRunner())
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history)


async def test_a_process_that_leaves_one_thing_out_is_found_out(monkeypatch: pytest.MonkeyPatch):
    async def settle(process: OrderWorkflow, step: Settle) -> None:
        """Pay nothing back, and say that it was."""
        process._state.settled(step)

    monkeypatch.setattr(OrderWorkflow, "_settle", settle)
    history = read(HISTORIES / RELEASE / "hold_and_cancel-order.json")
    replayer = Replayer(workflows=PROCESSES, workflow_runner=UnsandboxedWorkflowRunner())
    with pytest.raises(NondeterminismError):
        await replayer.replay_workflow(history)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_stored_history_says_nothing_about_the_person(file: Path):
    text = "\n".join(_texts(json.loads(file.read_text()))).lower()
    person = [*ADDRESS.name.split(), *ADDRESS.lines[0].split()[1:], ADDRESS.postal_code, ADDRESS.phone, ADDRESS.email]
    assert [word for word in person if word.lower() in text] == []
    assert re.findall(r"[\w.+-]+@[\w-]+\.\w+", text) == []


def _texts(part: Any) -> Iterator[str]:
    """Return every text in a history, those in its payloads too."""
    if isinstance(part, dict):
        if isinstance(part.get("data"), str) and "metadata" in part:
            yield base64.b64decode(part["data"]).decode(errors="replace")
        for value in part.values():
            yield from _texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value)
    else:
        yield str(part)
