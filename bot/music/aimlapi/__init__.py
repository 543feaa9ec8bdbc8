"""The backends for AI/ML API: music-01 and the covers, their wire format, faults and checks."""
