"""Order pairs of RPM versions with librpm (Debian package python3-rpm).

Reads lines "a<TAB>b", writes one of < = > ? a line.
"""

import sys

import rpm

for line in sys.stdin:
    left, _, right = line.rstrip("\n").partition("\t")
    try:
        a, b = rpm.ver(left), rpm.ver(right)
    except ValueError:
        sys.stdout.write("?\n")
    else:
        sys.stdout.write(("<" if a < b else ">" if a > b else "=") + "\n")
