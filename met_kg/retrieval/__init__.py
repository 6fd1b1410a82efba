"""Which samples are about which nodes: mentions, metadata, lexical and dense retrieval; one set of anchors out."""
