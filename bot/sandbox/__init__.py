"""The outside world, imitated: a Bot API and a music API of our own, for trying and testing."""
