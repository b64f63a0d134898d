"""The Rasa side: understanding, dialogue and the channel to the app. Imports nothing of ours."""
