"""Stand-ins for the music services, with their faults."""
