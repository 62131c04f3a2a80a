"""VEX: what somebody who knows a product says of a flaw in it."""
