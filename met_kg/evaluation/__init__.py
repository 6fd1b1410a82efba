"""Six medical VQA benchmarks: prompts, reading answers, metrics, baselines, roll-up along the tree."""
