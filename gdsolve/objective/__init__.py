"""What is minimised: value and gradient at w."""
