import json
from typing import Any

import pytest

from services.intake.channels import FORMATS
from services.intake.domain.edits import CancelOrder, ChangeDraft, SetQuantity
from services.intake.domain.reading import Reading
from tests.unit.intake.channels.reading_documents import loaded

ORDER = "9007199254740993001"
TIME = "2026-01-06T10:00:00-05:00"


def sent(topic: str, order: Any) -> Reading:
    return FORMATS["shopify"](json.dumps(order).encode(), "a-channel", {"x-shopify-topic": topic})


def changed(**fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = loaded("shopify/01-us-paid.json")
    return order | fields


CANCELLED = ChangeDraft(
    channel="a-channel",
    external_id=ORDER,
    change_id=f"cancelled/{TIME}",
    edits=(CancelOrder(),),
    reason="customer",
)


@pytest.mark.parametrize("topic", ["orders/cancelled", "orders/updated", "orders/edited", "ORDERS/CANCELLED"])
def test_a_cancelled_order_is_one_change_and_no_draft_whichever_webhook_tells_it(topic):
    order = changed(cancelled_at=TIME, cancel_reason="customer")
    assert sent(topic, order) == Reading(changes=(CANCELLED,))


def test_a_deleted_order_is_cancelled_by_its_id_alone():
    reading = sent("orders/delete", {"id": 5})
    assert [(c.external_id, c.change_id, c.edits) for c in reading.changes] == [("5", "deleted", (CancelOrder(),))]
    assert sent("orders/delete", {}).problems[0].reason == "MISSING_FIELD"


def test_an_edit_tells_the_quantities_that_are_still_wanted():
    order = changed(updated_at=TIME)
    order["line_items"][0]["current_quantity"] = 1
    order["line_items"][1]["current_quantity"] = 0
    (change,) = sent("orders/edited", order).changes
    assert change.change_id == f"edited/{TIME}"
    assert change.edits == (
        SetQuantity(line_id="9007199254740993101", quantity=1),
        SetQuantity(line_id="9007199254740993102", quantity=0),
    )


def test_an_update_of_an_open_order_is_the_order():
    for topic in ("orders/updated", "orders/create", "orders/edited"):
        reading = sent(topic, changed())
        assert ([draft.external_id for draft in reading.drafts], reading.changes) == ([ORDER], ())


def test_an_order_that_was_cancelled_before_it_was_ever_open_stays_a_problem():
    assert [p.reason for p in sent("orders/create", changed(cancelled_at=TIME)).problems] == ["NOT_OPEN"]


def test_a_change_of_an_order_without_an_id_is_a_problem():
    problem = sent("orders/cancelled", changed(id=None, cancelled_at=TIME)).problems[0]
    assert (problem.reason, problem.position) == ("MISSING_FIELD", "$.id")
