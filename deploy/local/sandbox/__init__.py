"""Partners to practise with: a warehouse, a carrier, a payment service, a risk service; most keep books."""
