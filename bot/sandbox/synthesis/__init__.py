"""Sketches of tracks made without any service: analysis, instruments and mixing."""
