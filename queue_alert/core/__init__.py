"""What is known and what should happen: pure, with time as a parameter."""
