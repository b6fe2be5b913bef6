"""What every Mirakl document of the shared samples says, read by hand: two orders, both received, and no orders."""

# Per problem: reason, position, external id.
PROBLEMS: dict[str, list[tuple[str, str, str]]] = {
    "official_OR11.json": [("NOT_OPEN", "$.orders[0].order_state", "Order_00010-A")],
    "official_OR12.json": [("NOT_OPEN", "$.order_state", "MIR-VOE5RDAE-A")],
    "official_OR28.json": [("NOT_AN_ORDER", "$.refunds", "")],
    "official_OR30.json": [("NOT_AN_ORDER", "$.cancelations", "")],
    "official_OR31.json": [("NOT_AN_ORDER", "$.order_update_result", "")],
    "official_OR32.json": [("NOT_AN_ORDER", "$.order_lines_adjusted", "")],
    "official_OR75.json": [("NOT_AN_ORDER", "$.taxes", "")],
    "official_RT01.json": [("NOT_AN_ORDER", "$.return_errors", "")],
    "official_RT11.json": [
        ("NOT_AN_ORDER", "$.data[0].return_lines", "ORDER-1-A"),
        ("NOT_AN_ORDER", "$.data[1].return_lines", "ORDER-2-A"),
    ],
    "official_SOR11.json": [("NOT_AN_ORDER", f"$.data[{number}].service", "") for number in range(3)],
    "official_ST11.json": [
        ("NOT_AN_ORDER", f"$.data[{number}].shipment_lines", f"ORDER_0{number + 1}-A") for number in range(4)
    ],
    "official_ST24.json": [("NOT_AN_ORDER", "$.shipment_errors", "")],
}
