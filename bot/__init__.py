"""Refrain: a recording and lyrics go into a chat, a track comes back."""
