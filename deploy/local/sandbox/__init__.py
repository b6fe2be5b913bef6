"""Partners to practise with: a warehouse, a carrier and a payment service that keep books and remember, as real ones do."""
