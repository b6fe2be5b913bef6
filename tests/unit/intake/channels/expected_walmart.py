"""What becomes of every shared Walmart sample: each expectation was read off the sample by hand."""

from tests.unit.intake.channels.reading_marketplaces import Line, Order, Wrong

_TV = "sku-test12_312"
_CITY = ("Test Buyer", "106 Sample St", "Apt 10", "Apt 15", "Apt 14", "5325675", "565676667", "CIUDAD DE MEXICO")
_TOWN = ("Test Buyer", "122 Sample St", "Apt 15", "Apt 10", "Apt 19", "gdjgjj", "hgjhjhg", "NOCHISTLAN DE MEJIA")
_LAUNDRY_TO = ("Test Buyer", "115 Sample St", "Apt 6", "Warners", "NY", "13164", "US")


def _over(path: str, external_id: str) -> Wrong:
    return Wrong(reason="NOT_OPEN", position=f"$.{path}.orderLines", external_id=external_id)


def _request(field: str) -> Wrong:
    return Wrong(reason="NOT_AN_ORDER", position=f"$.{field}")


def _tv(external_id: str, number: str, shipping: int) -> Order:
    """A television at 732.51 with 101.04 IVA inside; the stated total is of the goods alone."""
    return Order(
        external_id=external_id,
        number=number,
        currency="MXN",
        total=73251,
        shipping=(shipping, 1584),
        lines=(("1", _TV, 1, 73251, 0, 10104),),
        ship_to=(*_CITY, "DISTRITO FEDERAL", "11220", "MX"),
        inside=True,
        details={"group_id": number, "collected": []},
    )


def _seven(external_id: str, number: str, place: tuple[str, ...], shipping: tuple[int, int], *lines: Line) -> Order:
    """Things at 7199, each with 30.17 off."""
    return Order(
        external_id=external_id,
        number=number,
        currency="MXN",
        total=719900 * len(lines),
        shipping=shipping,
        lines=lines,
        ship_to=place,
        inside=True,
        details={"order_time": "2021-04-20T13:43:33+00:00"},
    )


def _seven_line(line_id: str, sku: str) -> Line:
    return (line_id, sku, 1, 719900, 3017, 98814)


def _stress(external_id: str, number: str, line: tuple[str, int, int], *place: str) -> Order:
    """Something at 99 with 60 of shipping; the line is (id, number of the item, tax)."""
    line_id, item, tax = line
    return Order(
        external_id=external_id,
        number=number,
        currency="USD",
        total=15900 + tax,
        shipping=(6000, 0),
        lines=((line_id, f"StressTestHome_{item}", 1, 9900, 0, tax),),
        ship_to=(*place, "US"),
        service="EXPEDITED",
        details={
            "group_id": number,
            "collected": [tax] if tax else [],
            "ship_by_time": "2019-10-26T06:00:00+00:00",
            "due_time": "2019-10-29T19:00:00+00:00",
        },
    )


def _laundry(holds: tuple[tuple[str, str], ...] = ()) -> Order:
    return Order(
        external_id="1796277083022",
        number="5281956426648",
        currency="USD",
        total=1080,
        lines=(("4", "test1", 1, 1000, 0, 80),),
        ship_to=_LAUNDRY_TO,
        holds=holds,
        details={
            "order_time": "2019-09-14T13:09:31+00:00",
            "email": "buyer33@relay.example.com",
            "ship_by_time": "2019-09-17T06:00:00+00:00",
            "due_time": "2019-09-25T19:00:00+00:00",
            "collected": [80],
            "pickup_location": "",
        },
    )


# The sample itself has lost the letter in the city's name.
_MX_CITY = (
    "Test Buyer",
    "122 Sample St",
    "Apt 15",
    "Apt 8",
    "Apt 12",
    "Ciudad de M\ufffdxico",
    "Distrito Federal",
    "66450",
    "MX",
)
_ZACATECAS = (*_TOWN, "ZACATECAS", "66450", "MX")

EXPECTED: dict[str, list[Order | Wrong]] = {
    "mx_get_v3_orders_cursor_res_example.json": [
        _tv("P100654356", "100064597607", 9900),
        _tv("P100653992", "100064527031", 9900),
        # 11.48 off the shipping.
        _tv("P100643349", "100062398749", 8752),
        _tv("P100637202", "100061540222", 8752),
        _over("order[0]", "P100709799"),
        _over("order[1]", "P100694688"),
        _over("order[2]", "P100683257"),
        _over("order[3]", "P100672265"),
        _over("order[5]", "P100654291"),
        _over("order[8]", "P100637206"),
    ],
    "mx_get_v3_orders_res_example.json": [
        # 20 and 10 of tax for shipping, and 30 off.
        _seven(
            "P100263684",
            "20210420154",
            _ZACATECAS,
            (0, 0),
            _seven_line("1", "2188_00009785509713"),
            _seven_line("2", "2064_00454873603331"),
        ),
        _seven(
            "P100263682",
            "20210421154",
            _ZACATECAS,
            (0, 0),
            _seven_line("1", "2188_00009785509713"),
            _seven_line("2", "2064_00454873603331"),
        ),
        _seven(
            "P100263681",
            "20210421153",
            _ZACATECAS,
            (0, 0),
            _seven_line("2", "TLMI98"),
            _seven_line("1", "4039447SSK"),
        ),
        _seven("P100263680", "20210421152", _MX_CITY, (5000, 0), _seven_line("1", "2188_00076662317735")),
        _seven("P100263679", "20210421151", _MX_CITY, (5000, 0), _seven_line("1", "2064_00008508114331")),
    ],
    "mx_get_v3_orders_wfsorders_res_example.json": [
        Wrong(
            reason="FULFILLED_BY_CHANNEL",
            position="$.order[0].orderLines[0].isWFSEnabled",
            external_id="100120991201",
        ),
        Wrong(
            reason="FULFILLED_BY_CHANNEL",
            position="$.order[1].orderLines[0].seller.shipNodeType",
            external_id="103010765026",
        ),
    ],
    "mx_post_v3_orders_purchaseOrderId_acknowledge_req_example.json": [_request("orderAcknowledge")],
    "mx_post_v3_orders_purchaseOrderId_cancel_req_example.json": [_request("orderCancellation")],
    "sdk_cancelOrder.xml": [_request("orderCancellation")],
    "sdk_refundOrder.xml": [_request("orderRefund")],
    "sdk_shippingOrder.xml": [_request("orderShipment")],
    # Created, and refunded all the same.
    "us_get_v3_orders_purchaseOrderId_res_ATTRIBUTES.json": [_laundry((("OTHER", "4"),))],
    "us_get_v3_orders_purchaseOrderId_res_ORDER.json": [_over("order", "1815367951431")],
    "us_get_v3_orders_released_res_example.json": [
        _stress(
            "4792982839409",
            "5681962097195",
            ("3", 29, 792),
            "Test Buyer",
            "120 Sample St",
            "Jacksonville",
            "CA",
            "12901",
        ),
        _stress(
            "2792982839545",
            "5681963507621",
            ("11", 55, 0),
            "Test Buyer",
            "118 Sample St",
            "Philadelphia",
            "CA",
            "28078",
        ),
        _stress(
            "2792982839414",
            "5681962895313",
            ("4", 13, 889),
            "Ana Prueba",
            "113 Sample St",
            "Mountain View",
            "CA",
            "94041",
        ),
        _stress(
            "4792982839305",
            "5681962393943",
            ("4", 31, 890),
            "Łukasz Próbny",
            "113 Sample St",
            "Mountain View",
            "CA",
            "94041",
        ),
        _stress(
            "4792982839157",
            "5681962094947",
            ("3", 55, 0),
            "Test  Double Space",
            "114 Sample St",
            "Baker",
            "CA",
            "70714",
        ),
        _stress(
            "4792982839565",
            "5681963200599",
            ("3", 55, 718),
            "Test  Double Space",
            "114 Sample St",
            "Natchitoches",
            "CA",
            "43311",
        ),
        _stress("4792982839536", "5681963403079", ("4", 32, 0), "Test Buyer", "115 Sample St", "Wayne", "CA", "33323"),
        _stress(
            "3796673088300",
            "5681962299170",
            ("3", 55, 0),
            "Test  Double Space",
            "118 Sample St",
            "Grandville",
            "CA",
            "33155",
        ),
        _stress(
            "1796673088779", "5681963402652", ("3", 13, 0), "Test Buyer", "118 Sample St", "Clermont", "CA", "30529"
        ),
        _stress(
            "4792982839704",
            "5681962096403",
            ("1", 31, 891),
            "Łukasz Próbny",
            "113 Sample St",
            "Mountain View",
            "CA",
            "94041",
        ),
    ],
    "us_get_v3_orders_res_example.json": [
        _laundry(),
        _over("list.elements.order[1]", "3796235970012"),
        _over("list.elements.order[2]", "1796235744850"),
        _over("list.elements.order[3]", "2792525175246"),
        _over("list.elements.order[4]", "4792514745205"),
        _over("list.elements.order[5]", "3796091528503"),
        _over("list.elements.order[6]", "3796050123784"),
        _over("list.elements.order[7]", "2792360062965"),
        _over("list.elements.order[8]", "2792338900105"),
        _over("list.elements.order[9]", "2792163543930"),
    ],
    "us_post_v3_orders_purchaseOrderId_acknowledge_res_example.json": [_laundry()],
    "us_post_v3_orders_purchaseOrderId_cancel_req_example.json": [_request("orderCancellation")],
    "us_post_v3_orders_purchaseOrderId_cancel_res_example.json": [_over("order", "1577914061094")],
    "us_post_v3_orders_purchaseOrderId_refund_req_example.json": [_request("orderRefund")],
    "us_post_v3_orders_purchaseOrderId_refund_res_example.json": [_over("order", "2577573191435")],
    "us_post_v3_orders_purchaseOrderId_shipping_req_example.json": [_request("orderShipment")],
    "us_post_v3_orders_purchaseOrderId_shipping_res_example.json": [_over("order", "1234567891234")],
    "us_returns_get_v3_returns_example.json": [_request("returnOrders")],
}
