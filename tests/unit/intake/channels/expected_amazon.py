"""What becomes of every shared Amazon sample: each expectation was read off the sample by hand."""

from tests.unit.intake.channels.reading_marketplaces import Order, Wrong

_SAN_JOSE = ("ABCD", "123 XYZ Street", "Apt 5", "San Jose", "CA", "94086", "US")
_SEATTLE = ("XYZ", "456 ABC Street", "Seattle", "WA", "98007", "US")
_ADDRESS = (("INCORRECT_ADDRESS", ""),)
_WEST = "902-1845936-5435065"
_MICHIGAN = "902-3159896-1390916"


def _no_items(number: int, external_id: str) -> Wrong:
    return Wrong(reason="ITEMS_MISSING", position=f"$.payload.Orders[{number}].OrderItems", external_id=external_id)


def _pending(path: str) -> Wrong:
    return Wrong(reason="NOT_READY", position=f"$.payload{path}.OrderStatus", external_id=_MICHIGAN)


def _part(field: str, external_id: str) -> Wrong:
    return Wrong(reason="ORDER_MISSING", position=f"$.payload.{field}", external_id=external_id)


def _number_only(number: int, external_id: str) -> Wrong:
    return Wrong(reason="ITEMS_MISSING", position=f"$.payload.orders[{number}].orderDetails", external_id=external_id)


def _shipped(path: str, external_id: str) -> Wrong:
    return Wrong(reason="NOT_OPEN", position=f"$.{path}.fulfillment.fulfillmentStatus", external_id=external_id)


def _direct(washer: str, wipes: str) -> list[Order | Wrong]:
    return [
        Order(
            external_id=washer,
            number="123-ABC",
            currency="USD",
            total=209000,
            lines=(
                ("00001", "8806098286500", 1, 50000, 0, 5000),
                ("00002", "8806098286123", 2, 70000, 0, 14000),
            ),
            ship_to=_SAN_JOSE,
            payment="ON_TERMS",
            service="EXPEDITED",
            details={
                "ship_by_time": "2020-02-21T00:00:00+00:00",
                "due_time": "2020-02-24T00:00:00+00:00",
                "skus": ["B07DFVDRAB", "B07DFYF5AB"],
                "program": "vendor-direct-fulfillment",
                "order_time": "2020-02-20T13:51:00+00:00",
            },
        ),
        Order(
            external_id=wipes,
            number="456-ABC",
            currency="USD",
            total=2200,
            lines=(("00001", "8806098286501", 1, 2000, 0, 200),),
            ship_to=_SEATTLE,
            payment="ON_TERMS",
            service="EXPEDITED",
            details={"ship_by_time": "2020-02-20T00:00:00+00:00", "due_time": "2020-02-22T00:00:00+00:00"},
        ),
    ]


def _test_po1(until: str) -> Order:
    return Order(
        external_id="TestPO1",
        number="TestPO1",
        currency="USD",
        total=15000,
        lines=(("2", "8806098095124", 10, 1500, 0, 0),),
        ship_to=("US",),
        payment="ON_TERMS",
        holds=_ADDRESS,
        details={"location_code": "ABCD", "ship_by_time": until, "earliest_time": "2020-05-27T07:00:00+00:00"},
    )


EXPECTED: dict[str, list[Order | Wrong]] = {
    "frappe_get_order_items_200.json": [_part("OrderItems", _WEST)],
    "frappe_get_orders_200.json": [_no_items(0, _WEST), _no_items(1, "902-8745147-1934268")],
    "frappe_list_financial_events_by_order_id_200.json": [
        Wrong(reason="NOT_AN_ORDER", position="$.payload.FinancialEvents")
    ],
    "sp2026_getOrder_200_1.json": [
        Order(
            external_id="171-9876543-2109876",
            number="171-9876543-2109876",
            currency="BRL",
            total=29990,
            lines=(("17198765432109", "ECHO-DOT-4-BR-PRETO", 1, 29990, 0, 0),),
            ship_to=(
                "Maria Silva Santos",
                "Rua das Flores, 123",
                "Apartamento 45",
                "Vila Madalena",
                "São Paulo",
                "SP",
                "01234-567",
                "BR",
            ),
            inside=True,
            details={
                "program": "prime",
                "ship_by_time": "2024-12-27T23:59:59+00:00",
                "earliest_time": "2024-12-26T00:00:00+00:00",
                "due_time": "2024-12-31T23:59:59+00:00",
                "email": "buyer-email@marketplace.amazon.com.br",
                "gift": ["Feliz Natal! Espero que goste do seu novo alto-falante inteligente!"],
                "skus": ["B08N5WRWNW"],
                "order_time": "2024-12-24T20:30:00+00:00",
            },
        )
    ],
    "sp2026_getOrder_200_2.json": [_shipped("order", "028-1234567-8901234")],
    "sp2026_getOrder_200_3.json": [
        Order(
            external_id="114-9876543-1234567",
            number="114-9876543-1234567",
            currency="USD",
            total=4999,
            lines=(("11498765431234", "ECHO-POP-US-BLK", 1, 3999, 0, 1000),),
            ship_to=(
                "Test Store #1234",
                "Test Store",
                "100 Main Street",
                "Suite 200",
                "Seattle",
                "WA",
                "98101",
                "US",
            ),
            details={"pickup_location": "Test Store #1234", "program": "in-store-pick-up", "ship_by_time": None},
        )
    ],
    "sp2026_getOrder_200_4.json": [_shipped("order", "202-1234567-8901234")],
    "sp2026_getOrder_400_1.json": [Wrong(reason="CHANNEL_ERROR", position="$.errors")],
    "sp2026_searchOrders_200_1.json": [
        Wrong(
            reason="FULFILLED_BY_CHANNEL",
            position="$.orders[0].fulfillment.fulfilledBy",
            external_id="250-1234567-8901234",
        )
    ],
    "sp2026_searchOrders_200_2.json": [_shipped("orders[0]", "202-7654321-1098765")],
    "sp2026_searchOrders_200_3.json": [
        Order(
            external_id="171-2345678-9012345",
            number="171-2345678-9012345",
            currency="BRL",
            total=159990,
            lines=(("17123456789012", "DELL-I15-BR-001", 1, 159990, 0, 0),),
            ship_to=(
                "Carlos Oliveira",
                "Oliveira Tecnologia Ltda",
                "Avenida Paulista, 1000",
                "Sala 301",
                "Bela Vista",
                "São Paulo",
                "SP",
                "01310-100",
                "BR",
            ),
            inside=True,
            details={
                "program": "amazon-business",
                "customer_tier": "business",
                "tags": (
                    "amazon-business",
                    "delivery-by-amazon",
                    "seller-order-id:BR-BIZ-ORDER-2024-001",
                    "buyer-po:PO-BR-2024-5678",
                ),
                "due_time": "2024-12-30T23:59:59+00:00",
            },
        )
    ],
    "sp2026_searchOrders_200_4.json": [_shipped("orders[0]", "123-4567890-1234567")],
    "spv0_getOrderAddress_200_1.json": [_part("ShippingAddress", _WEST)],
    "spv0_getOrderAddress_200_2.json": [_part("ShippingAddress", _MICHIGAN)],
    "spv0_getOrderBuyerInfo_200_1.json": [_part("BuyerEmail", _WEST)],
    "spv0_getOrderBuyerInfo_200_2.json": [_part("BuyerEmail", _MICHIGAN)],
    "spv0_getOrderItemsBuyerInfo_200_1.json": [_part("OrderItems", _WEST)],
    "spv0_getOrderItemsBuyerInfo_200_2.json": [_part("OrderItemId", "")],
    "spv0_getOrderItems_200_1.json": [_part("OrderItems", _WEST)],
    "spv0_getOrderItems_200_2.json": [_part("OrderItems", "903-1671087-0812628")],
    "spv0_getOrder_200_1.json": [Wrong(reason="ITEMS_MISSING", position="$.payload.OrderItems", external_id=_WEST)],
    "spv0_getOrder_200_2.json": [
        Wrong(
            reason="FULFILLED_BY_CHANNEL",
            position="$.payload.FulfillmentChannel",
            external_id="921-3175655-0452641",
        )
    ],
    "spv0_getOrder_200_3.json": [_pending("")],
    "spv0_getOrder_400_1.json": [Wrong(reason="CHANNEL_ERROR", position="$.errors")],
    "spv0_getOrders_200_1.json": [_no_items(0, _WEST), _no_items(1, "902-8745147-1934268")],
    "spv0_getOrders_200_2.json": [_pending(".Orders[0]")],
    "spv0_getOrders_200_3.json": [_pending(".Orders[0]")],
    "spv0_getOrders_200_4.json": [_pending(".Orders[0]")],
    "vdf_getOrders_200_1.json": _direct("2JK3S9VC", "3TRD2IAB"),
    "vdf_getOrders_200_2.json": _direct("2JK3S9VCD", "3TRD2IABC"),
    "vdf_getOrders_200_3.json": [_number_only(0, "2JK3S9VC"), _number_only(1, "3TRD2IAB")],
    "vdf_getOrders_200_4.json": [_number_only(0, "2JK3S9VCD"), _number_only(1, "3TRD2IABC")],
    "vendor_getPurchaseOrders_200_1.json": [
        Order(
            external_id="2JK3S9VC",
            number="2JK3S9VC",
            currency="USD",
            # 346.27 + 2 x 229.47 + 13 x 412.71
            total=617044,
            lines=(
                ("1", "8806098286500", 1, 34627, 0, 0),
                ("2", "8806098286123", 2, 22947, 0, 0),
                ("3", "8806098095123", 13, 41271, 0, 0),
            ),
            ship_to=("US",),
            payment="ON_TERMS",
            holds=_ADDRESS,
            details={
                "location_code": "ABCD",
                "payment_terms": "Invoice",
                "earliest_time": "2019-08-21T07:00:00+00:00",
                "ship_by_time": "2019-08-27T07:00:00+00:00",
            },
        ),
        Order(
            external_id="3TRD2IAB",
            number="3TRD2IAB",
            currency="USD",
            # Five cases of ten units.
            total=474850,
            lines=(("1", "B01LNRIIAB", 50, 9497, 0, 0),),
            ship_to=("US",),
            payment="ON_TERMS",
            # The cost is per pound.
            holds=(*_ADDRESS, ("OTHER", "1")),
            details={
                "location_code": "ABC1",
                "note": "PREFERENCE IS PALLET-LOAD, BUT IF CONTAINERS ARE FLOOR-LOADED",
            },
        ),
    ],
    "vendor_getPurchaseOrders_200_2.json": [_number_only(0, "2JK3S9XY"), _number_only(1, "3TRD2ABC")],
    "vendor_getPurchaseOrders_200_3.json": [
        Order(
            external_id="TestPO2",
            number="TestPO2",
            currency="USD",
            total=140000,
            lines=(("1", "8806093095123", 20, 7000, 0, 0),),
            ship_to=("US",),
            payment="ON_TERMS",
            holds=_ADDRESS,
            details={"location_code": "ABCD"},
        ),
        _test_po1("2020-05-30T07:00:00+00:00"),
    ],
    "vendor_getPurchaseOrders_200_4.json": [_test_po1("2020-05-29T07:00:00+00:00")],
}
