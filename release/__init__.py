"""What a release is made of: manual pages, single file, Debian package, checksums."""
