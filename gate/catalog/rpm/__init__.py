"""rpm's package databases: SQLite, ndb and Berkeley DB, read from their bytes.

The author of an image controls every byte of them, so no database library and
no other program ever opens one.  `database` recognises the format and gives
the packages together with everything that could not be read; `header` decodes
one package; the other modules each know one file format.
"""
