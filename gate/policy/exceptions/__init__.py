"""Exceptions as code: what is accepted for a while, by whom, and why."""
