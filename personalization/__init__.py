"""What differs for this customer: replies, recommendations, questions, and the log of treatments."""
