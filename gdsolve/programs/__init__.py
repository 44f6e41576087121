"""A run as a program: a dozen lines of PyTorch, without gdsolve, that take the same steps."""
