"""Reports: one file per output format, one line in the registry."""
