"""What `refrain COMMAND` does, a module each."""
