"""Evidence: statements, signed envelopes, and how a stranger verifies them offline."""
