"""Plain scripts of what a user would use instead; they run in environments of their own and know nothing of Kontor."""
