"""Outside ontologies in, :class:`met_kg.records.Concept` records out; the catalogue of open sources."""
