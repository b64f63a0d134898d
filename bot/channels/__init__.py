"""Channels that customers write on."""
