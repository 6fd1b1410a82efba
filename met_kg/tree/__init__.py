"""Concepts and evidence become the Medical Entity Tree: merge, place, write, check, compare, show."""
