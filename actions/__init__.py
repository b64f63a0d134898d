"""What the dialogue can do: one module per step of the loop, called by the dialogue engine."""
