"""The small grammar of OBO tag values: quoted strings, escapes, scopes, trailing modifiers and comments.

After the OBO 1.4 file format specification (owlcollab.github.io/oboformat), read tolerantly: every function says in its
second result what it had to overlook, "" when nothing.
"""

from __future__ import annotations

import re
from typing import Final

from met_kg.records import Synonym
from met_kg.vocabulary import Scope

__all__ = ["after_identifier", "identifier", "name", "quoted", "synonym", "unescape"]

_ESCAPES: Final = {"n": "\n", "t": "\t", "W": " "}
#: Escapes of the specification, and "\/" and "\-", which tools write; anything else is kept without its backslash.
_KNOWN_ESCAPE: Final = frozenset("ntW:,\"'\\()[]{}!/-.@#=&; ")
_ESCAPE: Final = re.compile(r"\\(.)|\\$")
#: ``{source="FMA", ...}`` at the end of a line, then perhaps a comment.
_MODIFIERS: Final = re.compile(r"\s*\{[^{}]*=[^{}]*\}\s*(!.*)?$")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*')
_AFTER_SYNONYM: Final = re.compile(r"(?:(EXACT|NARROW|BROAD|RELATED)\b)?\s*([^\s\[{]+)?\s*(\[|\{|!|$)")

#: Synonym types as files write them -> kind of the record. OMO:0003012 is "acronym".
_KIND: Final = {
    "ABBREVIATION": "abbreviation",
    "ABBREV": "abbreviation",
    "ACRONYM": "abbreviation",
    "BRAIN_NAME_ABV": "abbreviation",
    "OMO:0003000": "abbreviation",
    "OMO:0003012": "abbreviation",
    "LAYPERSON": "layperson",
    "OMO:0003003": "layperson",
    "PLURAL": "plural",
    "PLURAL_FORM": "plural",
    "OMO:0003004": "plural",
    "LATIN": "latin",
    "OMO:0003010": "latin",
}
#: Types that say the name does not fit well: the synonym is kept, but never as an exact one.
_DOUBTFUL: Final = frozenset(
    ["DUBIOUS", "INCONSISTENT", "HOMOLOGY", "DEPRECATED", "MISSPELLING", "NON_MAMMAL", "NON_AMNIOTE", "PENDING_REVIEW"]
)


def unescape(text: str) -> tuple[str, str]:
    r"""Resolve backslash escapes.

    >>> unescape(r"http\://x \q")
    ('http://x q', "escape '\\q' is not in the specification")
    """
    if "\\" not in text:
        return text, ""
    problem = ""

    def replace(match: re.Match[str]) -> str:
        nonlocal problem
        letter = match[1]
        if letter is None or letter not in _KNOWN_ESCAPE:
            problem = f"escape '\\{letter or ''}' is not in the specification"
        return _ESCAPES.get(letter, letter) if letter else ""

    return _ESCAPE.sub(replace, text), problem


def identifier(value: str) -> str:
    """The identifier at the start of a value, without modifiers, comment and escapes.

    >>> identifier('UMLS:C0024109 {source="ncithesaurus:Lung"} ! lung')
    'UMLS:C0024109'
    """
    return unescape(value.split(None, 1)[0] if value.strip() else "")[0]


def after_identifier(value: str) -> str:
    """What is wrong with the rest of a value after its identifier: only a quoted text, modifiers or a comment may come.

    >>> after_identifier("Wikipedia:Lymph node")
    'text after the identifier is left out'
    """
    rest = value.split(None, 1)[1:]
    return "text after the identifier is left out" if rest and rest[0][0] not in '"{!' else ""


def name(value: str) -> tuple[str, str]:
    """An unquoted name."""
    return unescape(_MODIFIERS.sub("", value).strip())


def quoted(value: str) -> tuple[str, str]:
    """The text between quotation marks that a value starts with.

    >>> quoted('"Lower part." [Wikipedia:Cervix]')
    ('Lower part.', '')
    """
    match = _QUOTED.match(value)
    if match:
        return unescape(match[1])
    text = value.removeprefix('"')
    bracket = text.rfind(" [")
    text, _ = unescape((text[:bracket] if bracket > 0 else text).strip().removesuffix('"'))
    return text, "quotation marks are missing or not closed"


def synonym(value: str, default: Scope = "RELATED") -> tuple[Synonym, str]:
    """A synonym with scope and type; without a scope it is a related one, as the specification says.

    >>> synonym('"pulmo" EXACT LATIN []')[0]
    Synonym(text='pulmo', scope='EXACT', kind='latin')
    """
    text, problem = quoted(value)
    match = _QUOTED.match(value)
    rest = _AFTER_SYNONYM.match(value, match.end()) if match else None
    if match and rest is None:
        problem = problem or "scope or type of the synonym is not understood"
    scope: Scope = default
    kind = ""
    if rest:
        scope = rest[1] or default  # type: ignore[assignment]  # the pattern admits the four scopes only
        label = (rest[2] or "").upper()
        kind = _KIND.get(label.rpartition("#")[2] if "#" in label else label, "")
        if label in _DOUBTFUL and scope == "EXACT":
            scope = "RELATED"
    return Synonym(" ".join(text.split()), scope, kind), problem
