"""What the atlas gives out as files that others open: pictures, films, pages, decks, code and notebooks."""
