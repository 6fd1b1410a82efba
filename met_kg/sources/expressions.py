"""What follows for certain from a class expression in Manchester syntax, as ontology reports print them.

``disease and ('disease has location' some lung) and ('has symptom' some (cough or fever))`` says that the disease is
located in the lung; of cough or fever it says only that there is one of them, which no single relation can hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["certain_relations"]

#: An apostrophe inside a bare name (N,N'-diethylthiourea) opens no quotation.
_PIECE: Final = re.compile(r"\s*('(?:[^'\\]|\\.)*'(?=[\s()]|$)|[()]|[^\s()'][^\s()]*)")

#: Brackets that an expression may have; real ones have a dozen. Without a limit a hostile line exhausts the stack.
_DEEPEST: Final = 200


def certain_relations(text: str) -> Iterator[tuple[str, str]]:
    """(property label, filler label) of every existential restriction that holds whatever the alternatives.

    >>> list(certain_relations("cancer and ('disease has location' some lung)"))
    [('disease has location', 'lung')]
    >>> list(certain_relations("'has symptom' some (cough or fever)"))
    []

    Raises
    ------
    ValueError
        when brackets or quotation marks do not match, or there are far too many.
    """
    if text.count("(") > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} brackets")
    pieces = _pieces(text)
    if _split(pieces, "or"):
        return
    for part in _split(pieces, "and") or [pieces]:
        inner = _unwrap(part)
        if inner is not part:
            yield from certain_relations(" ".join(inner))
        elif len(part) == 3 and part[1] == "some":
            yield _label(part[0]), _label(part[2])


def _pieces(text: str) -> list[str]:
    pieces, end = [], 0
    while end < len(text.rstrip()):
        match = _PIECE.match(text, end)
        if match is None:
            raise ValueError(f"quotation mark is not closed in: {text}")
        pieces.append(match[1])
        end = match.end()
    depth = 0
    for piece in pieces:
        depth += (piece == "(") - (piece == ")")
        if depth < 0:
            break
    if depth:
        raise ValueError(f"brackets do not match in: {text}")
    return pieces


def _split(pieces: list[str], word: str) -> list[list[str]]:
    """The parts between a word outside brackets; [] when the word is not there."""
    parts: list[list[str]] = [[]]
    depth = 0
    for piece in pieces:
        depth += (piece == "(") - (piece == ")")
        if piece == word and depth == 0:
            parts.append([])
        else:
            parts[-1].append(piece)
    return parts if len(parts) > 1 else []


def _unwrap(pieces: list[str]) -> list[str]:
    """The inside of brackets that enclose everything; else the same list."""
    if len(pieces) < 2 or pieces[0] != "(" or pieces[-1] != ")":
        return pieces
    depth = 0
    for i, piece in enumerate(pieces):
        depth += (piece == "(") - (piece == ")")
        if depth == 0 and i < len(pieces) - 1:
            return pieces
    return pieces[1:-1]


def _label(piece: str) -> str:
    return piece[1:-1].replace("\\'", "'") if piece.startswith("'") else piece
