"""The whole product as people use it: the app, the engine and the models, nothing replaced."""
