"""What corpora write in metadata columns, as names that the tree knows."""
