"""patchgate: a gate for container images and Linux hosts."""

__version__ = "0.1.0"
