"""The textbook, walked through with real commands."""
