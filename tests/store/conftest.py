"""Stores to test with."""

from tests.support.store_kit import hasty, store

__all__ = ["hasty", "store"]
