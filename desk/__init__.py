"""Pages for the people of the company: support desk and managers."""
