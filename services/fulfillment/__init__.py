"""What nodes and carriers are doing now: fulfillment orders, shipments, and what is said of them."""
