"""MET-KG: a knowledge-graph-first data engine for medical multimodal language models."""

__version__ = "0.1.0"
