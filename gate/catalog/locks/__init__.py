"""What a folder of sources would install: the lock files of its package managers.

A lock file states exact versions; a manifest without one is a wish, and what
it would bring tomorrow nobody knows.  A new package manager is one file here
and its line in `LOCKS` of `reading`.
"""
