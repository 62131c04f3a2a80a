"""Which images the files of a repository name, and where."""
