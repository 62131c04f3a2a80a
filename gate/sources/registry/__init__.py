"""Images in a registry, read over the OCI distribution API."""
