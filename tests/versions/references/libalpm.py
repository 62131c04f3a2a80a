"""Order pairs of pacman versions with libalpm (Debian package libalpm13).

Reads lines "a<TAB>b", writes one of < = > a line.
"""

import ctypes
import ctypes.util
import sys

alpm = ctypes.CDLL(ctypes.util.find_library("alpm"))
compare = alpm.alpm_pkg_vercmp
compare.argtypes = [ctypes.c_char_p, ctypes.c_char_p]

for line in sys.stdin:
    left, _, right = line.rstrip("\n").partition("\t")
    sys.stdout.write("=><"[compare(left.encode(), right.encode())] + "\n")
