"""How the minimum is reached: rates, stopping rules, the loop and the closed form."""
