"""Documents in, mentions out: reading, abbreviations, dictionary linking, assertion status, evidence."""
