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
    "pl": (("tak", "t", "prawda"), ("nie", "n", "fałsz")),
    "cs": (("ano", "a", "pravda"), ("ne", "n", "nepravda")),
    "sk": (("áno", "ano", "a", "pravda"), ("nie", "n", "nepravda")),
    "hu": (("igen", "i", "igaz"), ("nem", "n", "hamis")),
    "sv": (("ja", "j", "sant"), ("nej", "n", "falskt")),
    "da": (("ja", "j", "sand"), ("nej", "n", "falsk")),
    "nb": (("ja", "j", "sann"), ("nei", "n", "usann")),
    "no": (("ja", "j", "sann"), ("nei", "n", "usann")),
    "fi": (("kyllä", "kylla", "k", "tosi"), ("ei", "e", "epätosi")),
    "ro": (("da", "d", "adevărat"), ("nu", "n", "fals")),
    "tr": (("evet", "e", "doğru"), ("hayır", "hayir", "h", "yanlış")),
}
_CONSENT = {"opt-in": True, "opt in": True, "optin": True, "opt-out": False, "opt out": False, "optout": False}
"""What shops and mailing systems write in every language, of consents."""


def boolean_reader(locale: str) -> Callable[[str], bool]:
    """Read a yes or no.

    The source writes TRUE, 1, Y, J, X (SAP), or the words of its language: 'Ja' → true in de_DE, 'faux' → false in
    fr_FR. English words and the 'opt-in' and 'opt-out' of consents are read in every locale, unless a letter means
    something else there. An empty cell is empty, not false. Not accepted: other numbers than 0 and 1, words of other
    languages; words that a form has for a consent ('granted', 'widerrufen'): give them in `codes`.

    >>> boolean_reader("de_DE")("Nein")
    False
    """
    language = locale.replace("-", "_").split("_")[0]
    words: dict[str, bool] = dict(_CONSENT)
    for yes, no in (_WORDS["en"], _COMMON, _WORDS.get(language, ((), ()))):
        words |= dict.fromkeys(yes, True) | dict.fromkeys(no, False)

    def read(text: str) -> bool:
        found = words.get(text.casefold())
        if found is None:
            raise CellError("expected yes or no")
        return found

    return read
