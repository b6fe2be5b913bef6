"""What every PrestaShop document of the shared samples says, read by hand. None is an order that is complete."""

# Per problem: reason, position, external id.
PROBLEMS: dict[str, list[tuple[str, str, str]]] = {
    "oca_test_export_tracking_number_01_order_carriers_filter_5Bid_order_5D_2.xml": [
        ("NOT_AN_ORDER", "/prestashop/order_carriers/order_carrier", "")
    ],
    "oca_test_export_tracking_number_02_order_carriers_2.xml": [("NOT_AN_ORDER", "/prestashop/order_carrier", "")],
    "oca_test_export_tracking_number_03_order_carriers.xml": [("NOT_AN_ORDER", "/prestashop/order_carrier", "")],
    "oca_test_import_partner_address_record_1_01_addresses_1.xml": [("NOT_AN_ORDER", "/prestashop/address", "")],
    # Five orders by their ids alone.
    "oca_test_import_sale_batch_01_orders_limit_0_2C1000_filter_5Bdate_upd_.xml": [
        ("MISSING_RESOURCE", f"/prestashop/orders/order[{number}]", str(number)) for number in range(1, 6)
    ],
    "oca_test_import_sale_batch_02_customer_messages_limit_0_2C1000_filter_.xml": [
        ("NOT_AN_ORDER", "/prestashop/customer_messages", "")
    ],
    # An order without its currency, its addresses and its country.
    "oca_test_import_sale_record_5_01_orders_5.xml": [("MISSING_RESOURCE", "/prestashop/order/id_currency", "5")],
    "oca_test_import_sale_record_5_02_order_payments_filter_5Border_reference_.xml": [
        ("NOT_AN_ORDER", "/prestashop/order_payments", "")
    ],
    "oca_test_import_sale_record_5_03_addresses_4.xml": [("NOT_AN_ORDER", "/prestashop/address", "")],
    "oca_test_import_sale_record_5_04_order_details_13.xml": [("NOT_AN_ORDER", "/prestashop/order_detail", "")],
    "oca_test_import_sale_record_5_05_order_details_14.xml": [("NOT_AN_ORDER", "/prestashop/order_detail", "")],
    "oca_test_import_sale_record_5_06_order_details_15.xml": [("NOT_AN_ORDER", "/prestashop/order_detail", "")],
    "oca_test_import_sale_record_5_07_order_discounts_filter_5Bid_order_5D_5.xml": [
        ("NOT_AN_ORDER", "/prestashop/order_cart_rules", "")
    ],
}

# The seven answers about order 5, sent as one document with the currency, the country and the state that they name.
WHOLE = "oca_test_import_sale_record_5_"
BESIDE = (
    "<currency><id>1</id><iso_code>EUR</iso_code></currency>"
    "<country><id>21</id><iso_code>US</iso_code></country>"
    "<state><id>9</id><iso_code>FL</iso_code></state>"
)
# External id, SKU, units, unit price, discount, tax.
LINES = [("13", "demo_1", 1, 1651, 0, 0), ("14", "demo_2", 1, 2700, 0, 0), ("15", "demo_3", 1, 2600, 0, 0)]
SHIP_TO = ("John DOE", "My Company", ("16, Main street", "2nd floor"), "Miami", "FL", "33133", "US", "0102030405")
