"""Talking to the forge that a pipeline runs for."""
