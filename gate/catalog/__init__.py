"""Catalogers: a `Tree` becomes a `Bom`.

One file per package database, one line in the registry.
"""
