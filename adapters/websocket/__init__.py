"""The neutral feed over a WebSocket."""
