"""Events that are posted over HTTP: CloudEvents, Twilio's Event Streams, Amazon Connect by EventBridge."""
