"""Parts of the running system die, freeze, or stay away; no order is lost and nothing happens twice."""
