"""Print the number of rows of each table."""

from __future__ import annotations

from tests.evaluation.rules.tables import TABLES, counts

print("benchmark\trows\tcases under two protocols\tprompts")
for name, (rules, prompts) in counts().items():
    print(name, rules, 2 * rules, prompts, sep="\t")
print(
    "all",
    sum(map(len, TABLES.values())),
    2 * sum(map(len, TABLES.values())),
    sum(p for _, p in counts().values()),
    sep="\t",
)
