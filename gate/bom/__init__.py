"""The bill of materials: its types, and the formats it is read from and written to."""
