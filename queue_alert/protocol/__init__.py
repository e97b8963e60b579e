"""How the neutral feed travels: over a WebSocket, over MQTT, by HTTP POST. Pure, shared by both ends."""
