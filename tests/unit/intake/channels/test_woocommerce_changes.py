import json
from typing import Any

import pytest

from services.intake.channels import FORMATS
from services.intake.domain.edits import CancelOrder, ChangeDraft
from services.intake.domain.reading import Reading
from tests.unit.intake.channels.reading_documents import loaded


def sent(topic: str, order: Any) -> Reading:
    return FORMATS["woocommerce"](json.dumps(order).encode(), "a-channel", {"x-wc-webhook-topic": topic})


def changed(**fields: Any) -> dict[str, Any]:
    order: dict[str, Any] = loaded("woocommerce/01-us-processing.json")
    return order | {"date_modified_gmt": "2026-01-06T09:00:00"} | fields


@pytest.mark.parametrize("status", ["cancelled", "refunded", "trash"])
def test_an_order_that_is_over_before_it_was_shipped_is_cancelled(status):
    assert sent("order.updated", changed(status=status)) == Reading(
        changes=(
            ChangeDraft(
                channel="a-channel",
                external_id="2001",
                change_id=f"{status}/2026-01-06T09:00:00",
                edits=(CancelOrder(),),
                reason=f"{status} in WooCommerce",
            ),
        )
    )


def test_a_deleted_order_is_cancelled_by_its_id_alone():
    (change,) = sent("order.deleted", {"id": 2001}).changes
    assert (change.external_id, change.change_id, change.edits) == ("2001", "deleted", (CancelOrder(),))
    assert sent("order.deleted", {"id": []}).problems[0].position == "$.id"


@pytest.mark.parametrize(("topic", "status"), [("order.updated", "completed"), ("order.created", "cancelled")])
def test_what_is_over_for_another_reason_is_not_open(topic, status):
    assert [p.reason for p in sent(topic, changed(status=status)).problems] == ["NOT_OPEN"]


def test_an_update_of_an_open_order_is_the_order():
    reading = sent("order.updated", changed())
    assert ([draft.external_id for draft in reading.drafts], reading.changes) == (["2001"], ())
