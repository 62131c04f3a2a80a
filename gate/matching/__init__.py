"""Matching: a bom and an advisory set become findings.  Pure: values in, values out."""
