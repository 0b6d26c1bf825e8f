"""Which field of the registry's aggregates whom is shown (P15)."""
