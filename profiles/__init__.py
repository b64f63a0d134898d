"""Who the customer is: identity, facts with evidence, value, tiers, needs. Knows nothing of chat."""
