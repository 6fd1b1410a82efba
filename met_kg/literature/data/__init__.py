"""Small tables that steer reading; each states its columns in its first line."""
