"""What the atlas gives out as files that others open: notebooks now, pictures and decks later."""
