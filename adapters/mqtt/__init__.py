"""The neutral feed over MQTT, and our own state for other programs."""
