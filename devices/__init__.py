"""Things on wires: lamps, towers, sounders, and the engine that plays patterns on them."""
