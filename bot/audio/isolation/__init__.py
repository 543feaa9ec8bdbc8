"""Child processes that decode foreign audio, so that a hostile file can only end a child."""
