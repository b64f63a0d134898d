"""Messages on their way: inbox, router with one owner per conversation, handoff, outbox, engine port."""
