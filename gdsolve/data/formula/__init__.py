"""Features and target that a formula makes of the columns of a table, batch by batch, and what it must learn first."""
