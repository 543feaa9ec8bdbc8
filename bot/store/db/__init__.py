"""The database itself: engines, drivers, locks, migrations and backups."""
