"""Advisories: OSV records, ecosystems, severity, and the store they are looked up in."""
