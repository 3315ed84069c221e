"""Other people's models: one folder a format, and nothing outside knows a format."""
