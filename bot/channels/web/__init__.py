"""The web channel: session, WebSocket, REST webhook, demo shop."""
