"""One file per document format: each turns a stream of lines into documents."""
