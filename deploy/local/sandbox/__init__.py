"""Partners to practise with: a warehouse, a carrier, a payment service. They keep books, as real ones do."""
