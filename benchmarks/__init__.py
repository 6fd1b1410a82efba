"""What the engine's parts cost: ratio to a named peer in one run, and growth with size. See docs/performance.md."""
