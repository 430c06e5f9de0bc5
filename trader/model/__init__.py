"""The frozen nouns everything else speaks in; nothing here does anything."""
