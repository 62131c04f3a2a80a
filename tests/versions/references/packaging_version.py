"""Order pairs of Python versions with the packaging library.

Reads lines "a<TAB>b", writes one of < = > ? a line.
"""

import sys

from packaging.version import InvalidVersion, Version

for line in sys.stdin:
    left, _, right = line.rstrip("\n").partition("\t")
    try:
        a, b = Version(left), Version(right)
    except InvalidVersion:
        sys.stdout.write("?\n")
    else:
        sys.stdout.write(("<" if a < b else ">" if a > b else "=") + "\n")
