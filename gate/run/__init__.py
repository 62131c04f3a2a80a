"""One run of the gate: joins the rooms in the order the data flows."""
