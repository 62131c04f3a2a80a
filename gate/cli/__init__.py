"""The command line: parse, call, render.

The only room that knows click, terminals and exit codes.
"""
