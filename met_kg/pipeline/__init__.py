"""A recipe becomes a run: steps, a content-addressed cache, a manifest, resumption after a kill."""
