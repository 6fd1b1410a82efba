"""Files of the tree room."""
