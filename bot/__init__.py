"""Putting it on the air: channels, HTTP, the engine's process, settings, assembly, command line."""
