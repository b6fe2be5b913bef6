"""What becomes of every shared eBay sample: each expectation was read off the sample by hand."""

from tests.unit.intake.channels.reading_marketplaces import Order, Wrong

_LATE = {
    "ship_by_time": "2020-07-01T06:59:59+00:00",
    "due_time": "2020-07-07T07:00:00+00:00",
    "email": "m*****@***.com",
}
_BUYER = ("C********s", "2********e", "R********t")

EXPECTED: dict[str, list[Order | Wrong]] = {
    "metasfresh_order_cancelled.json": [
        Wrong(reason="NOT_OPEN", position="$.orders[0].cancelStatus.cancelState", external_id="07-07160-44920343")
    ],
    "metasfresh_orders_full_masked.json": [
        Order(
            external_id="2*********9",
            number="2*********9",
            currency="USD",
            total=1200,
            shipping=(600, 0),
            lines=(
                ("1********1", "T*****R", 1, 100, 0, 0),
                ("1********2", "T*****R", 2, 100, 0, 0),
                ("1********3", "T*****R", 3, 100, 0, 0),
            ),
            ship_to=(*_BUYER, "S*****e", "**", "9****5", "US"),
            service="EXPEDITED",
            details=_LATE | {"collected": [], "order_time": "2020-06-28T04:34:08+00:00"},
        ),
        Order(
            external_id="2********",
            number="2********",
            currency="USD",
            # 4.47 with the tax that eBay collects.
            total=420,
            shipping=(200, 0),
            lines=(("1********4", "item:2********", 2, 110, 0, 0),),
            ship_to=(*_BUYER, "S********e", "**", "9****5", "US"),
            service="EXPEDITED",
            details=_LATE | {"collected": [27]},
        ),
        Order(
            external_id="0********",
            number="0********",
            currency="USD",
            total=420,
            shipping=(200, 0),
            lines=(("1********5", "item:2********0", 2, 110, 0, 0),),
            ship_to=(*_BUYER, "S********e", "**", "9****5", "US"),
            service="EXPEDITED",
            details=_LATE | {"collected": [25]},
        ),
        Order(
            external_id="1********5",
            number="1********5",
            currency="USD",
            total=1200,
            shipping=(600, 0),
            lines=(
                ("1********6", "item:2********4", 3, 100, 0, 0),
                ("1********7", "item:2********1", 1, 100, 0, 0),
                ("1********8", "item:2*******3", 2, 100, 0, 0),
            ),
            ship_to=(*_BUYER, "S********e", "**", "9****5", "US"),
            service="EXPEDITED",
            details=_LATE,
        ),
        Order(
            external_id="2********5",
            number="2********5",
            currency="USD",
            total=35419,
            # 14.99 + 42.57 + 28.38, and import charges of 5.30 + 19.77 + 13.18.
            shipping=(12419, 0),
            lines=(
                ("1********9", "item:2********0", 1, 3000, 0, 0),
                ("1*******10", "item:2********2", 3, 4000, 0, 0),
                ("1******11", "item:2********1", 2, 4000, 0, 0),
            ),
            # The hub in the United States, not the buyer in Australia.
            ship_to=("P********e", "c********R", "1********0", "E********r", "**", "4****5", "US"),
            service="EXPEDITED",
            details={
                "program": "global-shipping",
                "ship_by_time": None,
                "note": "Write the reference O********U on the label",
                "order_time": "2020-05-14T23:41:46+00:00",
            },
        ),
    ],
}
