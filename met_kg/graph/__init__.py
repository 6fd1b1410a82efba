"""The graph plane: the only room that talks to a triple store."""
