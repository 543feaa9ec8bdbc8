"""One file a revision; its name is the revision's."""
