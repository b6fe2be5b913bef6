"""What a document may not have is said with its place, as it is to those who submit orders themselves."""

import pytest

from services.intake.domain.draft import Address, Draft, DraftLine
from services.intake.ingesting import check_limits
from services.kernel.errors import InvalidArgument
from services.kernel.money import Money

NOTHING = Money(0, "USD")


def draft(*skus: str) -> Draft:
    """Return an order of one unit of each."""
    return Draft(
        channel="shop",
        external_id="1",
        currency_code="USD",
        ship_to=Address(lines=("1 Main St",), city="Troy", country_code="US"),
        lines=tuple(
            DraftLine(
                external_line_id=str(number), sku=sku, quantity=1, unit_price=NOTHING, discount=NOTHING, tax=NOTHING
            )
            for number, sku in enumerate(skus)
        ),
        shipping=NOTHING,
        shipping_tax=NOTHING,
        total=NOTHING,
    )


def test_a_draft_within_the_limits_passes():
    assert check_limits(draft("TEE", "S" * 100)) is None


def test_a_line_beyond_the_limits_is_named():
    with pytest.raises(InvalidArgument) as refused:
        check_limits(draft("TEE", "S" * 101))
    assert refused.value.reason == "LIMIT_EXCEEDED"
    assert refused.value.metadata["field"] == "lines[1].sku"
