from __future__ import annotations

import tracemalloc

from met_kg.corpus.mapping import Keys


def test_keys_of_any_characters_are_counted() -> None:
    keys = Keys()
    assert [keys.unique(key) for key in ("ü", "", "\udc80", "ü", "", "\udc80", "u")] == [
        "ü", "", "\udc80", "ü#2", "#2", "\udc80#2", "u",
    ]  # fmt: skip
    assert Keys().unique("ü") == "ü", "each has names of its own"


def test_memory_does_not_grow_with_the_keys() -> None:
    keys = Keys()
    tracemalloc.start()
    for number in range(20_000):
        assert keys.unique(f"shard-{number:07d}") == f"shard-{number:07d}"
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 50_000
    assert keys.unique("shard-0000007") == "shard-0000007#2"
