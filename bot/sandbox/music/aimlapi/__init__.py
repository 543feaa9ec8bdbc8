"""The stand-in for AI/ML API: uploads, calls, answers and faults."""
