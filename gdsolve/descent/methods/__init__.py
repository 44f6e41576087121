"""How the next iterate is found: one method a file, each with its convention and source."""
