"""The backend for an ACE-Step server: its client and its wire format."""
