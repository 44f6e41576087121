"""Pictures as plain data, made of what a run knows: a maker for each kind, imported only where one is asked for."""
