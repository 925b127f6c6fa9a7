"""Yes or no."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.clean.column import CellError

_COMMON = (("true", "1", "x"), ("false", "0"))
_WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (("yes", "y", "t"), ("no", "n", "f")),
    "de": (("ja", "j", "wahr", "w"), ("nein", "n", "falsch", "f")),
    "fr": (("oui", "o", "vrai", "v"), ("non", "n", "faux", "f")),
    "nl": (("ja", "j", "waar"), ("nee", "n", "onwaar")),
    "es": (("sí", "si", "s", "verdadero"), ("no", "n", "falso")),
    "it": (("sì", "si", "s", "vero"), ("no", "n", "falso")),
    "pt": (("sim", "s", "verdadeiro"), ("não", "nao", "n", "falso")),
}


def boolean_reader(locale: str) -> Callable[[str], bool]:
    """Read a yes or no.

    The source writes TRUE, 1, Y, J, X (SAP), or the words of its language: 'Ja' → true in de_DE, 'faux' → false in
    fr_FR. English words are read in every locale, unless a letter means something else there. An empty cell is
    empty, not false. Not accepted: other numbers than 0 and 1, words of other languages.

    >>> boolean_reader("de_DE")("Nein")
    False
    """
    language = locale.replace("-", "_").split("_")[0]
    words: dict[str, bool] = {}
    for yes, no in (_WORDS["en"], _COMMON, _WORDS.get(language, ((), ()))):
        words |= dict.fromkeys(yes, True) | dict.fromkeys(no, False)

    def read(text: str) -> bool:
        found = words.get(text.casefold())
        if found is None:
            raise CellError("expected yes or no")
        return found

    return read
