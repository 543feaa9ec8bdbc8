"""The backend for Replicate: its client and its wire format."""
