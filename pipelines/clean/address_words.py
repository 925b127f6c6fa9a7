"""Words of postal addresses by country: what a flat, a post box and a street are called, and where the number stands.

Sources: Universal Postal Union, postal addressing systems; USPS Publication 28, appendices B and C2 (suffixes, units);
AS/NZS 4819 (road types); usage of the national posts. A word that means two things in a country is left out.
"""

from __future__ import annotations

NUMBER_FIRST = frozenset(
    {"AU", "BD", "CA", "FR", "GB", "GG", "HK", "IE", "IL", "IM", "IN", "JE", "KE", "LK", "LU", "MC", "MT", "MY", "NG"}
    | {"NZ", "PH", "PK", "PR", "SG", "TH", "TN", "US", "ZA", "MA", "DZ", "JM", "TT", "BB", "BM", "BS", "GI", "RE"}
)
"""Countries that write the house number before the street."""

_GERMAN = ("AT", "CH", "DE", "LI")
_ENGLISH = ("AU", "CA", "GB", "IE", "IN", "MY", "NZ", "SG", "US", "ZA")
_FRENCH = ("BE", "CA", "CH", "FR", "LU", "MC")
_SPANISH = ("AR", "BO", "CL", "CO", "CR", "EC", "ES", "MX", "PE", "PY", "UY", "VE")
_PORTUGUESE = ("BR", "PT")

# What follows a word for a flat: something with a digit, or one letter that is none of the word.
_NAME = r"\.? ?(?:(?:no|nr)\.? ?|[#nN][º°]? ?)?(?:[A-Za-z]?\d[\w/.-]*\w|[A-Za-z]?\d|(?<![^\W\d_])[A-Za-z](?![\w.]))"
_SIDE = r"(?: (?:links|rechts|mitte|li|re)\b\.?)?"

UNITS: dict[tuple[str, ...], tuple[str, ...]] = {
    (): (  # everywhere
        r"(?:apartment|appartement|apmnt|apmt|apt|flat|unit|suite|room|level|floor|office)" + _NAME,
        r"(?:\d{1,3}(?:st|nd|rd|th)|ground|first|second|third|top|lower ground) (?:floor|flr|fl)\b\.?",
    ),
    _ENGLISH: (r"(?:ste|rm|lvl|fl|shop|lot|bldg|building|trlr|spc)" + _NAME, r"# ?\w+(?:-\w+)?"),
    _GERMAN: (
        r"(?:wohnung|whg|app|top|tür|tuer|stiege|stg|zimmer|aufgang|eingang|gebäude|geb)" + _NAME,
        r"\d{1,2}\. ?(?:og|ug|stock|etage|obergeschoss|untergeschoss|stockwerk)\b\.?" + _SIDE,
        r"(?:eg|dg|erdgeschoss|dachgeschoss|hinterhaus|vorderhaus|seitenflügel|gartenhaus|hinterhof)\b" + _SIDE,
    ),
    _FRENCH: (
        r"(?:appt|app|bâtiment|batiment|bât|bat|escalier|esc|porte|étage|etage|bureau)" + _NAME,
        r"(?:\d{1,2}(?:er|e|ème|eme|è)|rez-de-chaussée)(?: étage| etage)\b",
    ),
    ("BE", "NL"): (r"(?:bus|boîte|boite|bte)" + _NAME,),
    (*_SPANISH, *_PORTUGUESE): (
        r"(?:piso|puerta|pta|planta|local|oficina|of|depto|departamento|dpto|dto|interior|int|sala|apto|bloque|bloco"
        r"|andar)" + _NAME,
        r"(?<!^)\d{1,2}[º°ª](?: ?[A-Za-z](?!\w))?(?: ?(?:izqda|izq|dcha|dch|esq|dto|frente)\b\.?)?",
    ),
    ("IT",): (r"(?:interno|int|scala|piano|palazzina|edificio)" + _NAME,),
    ("SE",): (r"lgh\.? ?\d{4}",),
    ("NO",): (r"[HKUL]\d{4}\b",),
    ("DK", "NO"): (r"(?:\d{1,2}|st|kl)\.?,? ?(?:tv|th|mf)\b\.?", r"\d{1,2}\. ?sal\b"),
    ("PL",): (r"(?:m|lok|lokal|mieszkanie)\.? ?\d+[a-zA-Z]?\b",),
    ("HU",): (r"(?:\d{1,2}\. ?(?:emelet|em|ajtó|lépcsőház|lh)|fszt|földszint)\b\.?(?: ?\d{1,3}\.?(?!\w))?",),
    ("MD", "RO"): (r"(?:bloc|bl|scara|sc|etaj|et|apartament|ap|camera|cam)" + _NAME,),
    ("TR",): (r"(?:daire|kat|blok|d|k)[.:]+ ?\d[\w/-]*", r"\d{1,2}\. ?kat\b"),
    ("BG", "BY", "KZ", "RU", "UA"): (
        r"(?:квартира|кв|корпус|корп|строение|стр|офис|оф|подъезд|под|этаж|эт|поверх|вход|вх|ет|ап)\.? ?\d[\w/-]*",
    ),
}  # fmt: skip
"""Countries → patterns of a flat, floor, stair, suite or building with its name."""

_BOX_NUMBER = r"\.? ?(?:no\.? ?|nr\.? ?|# ?)?[A-Za-z]?\d[\w-]*(?: \d+)*"

POST_BOXES: dict[tuple[str, ...], tuple[str, ...]] = {
    (): (
        r"(?:g\.?)?p\.? ?o\.? ?box" + _BOX_NUMBER,
        r"(?:post office box|pobox|postbus|antwoordnummer|postboks|postbox|case postale|casella postale)" + _BOX_NUMBER,
        r"(?:caixa postal|boîte postale|boite postale|apartado de correos|apartado postal)" + _BOX_NUMBER,
        r"postfach(?:" + _BOX_NUMBER + r")?\b",
        r"skr(?:ytka)?\.? ?poczt(?:owa)?" + _BOX_NUMBER,
    ),
    ("AU", "CA", "NZ", "ZA"): (r"(?:locked|private) bag" + _BOX_NUMBER,),
    ("FR", "MC", "RE"): (r"(?:b\.? ?p|c\.? ?s)" + _BOX_NUMBER,),
    ("BE", "LU"): (r"b\.? ?p" + _BOX_NUMBER,),
    ("CA", "CH", "IT"): (r"c\.? ?p" + _BOX_NUMBER,),
    (*_SPANISH, *_PORTUGUESE): (r"(?:apartado|apdo|casilla(?: de correo)?)" + _BOX_NUMBER,),
    ("SE",): (r"^box" + _BOX_NUMBER,),
    ("FI",): (r"^pl" + _BOX_NUMBER,),
}
"""Countries → patterns of a post box with its number; () are words that mean nothing else anywhere."""

ROAD_NUMBERS = frozenset(
    {"highway", "hwy", "route", "rte", "provinciale", "statale", "comunale", "road", "rd", "km", "exit", "carretera"}
    | {"autovia", "autopista", "interstate", "state", "county", "cr", "sr", "us", "sp", "ss", "nacional", "box"}
)
"""After these a number names the road itself."""

_EN = {
    "alley": "aly", "approach": "app", "arcade": "arc", "avenue": "ave av aven avenu", "boulevard": "blvd bvd blv",
    "branch": "br", "bridge": "brg", "broadway": "bway bdwy", "bypass": "byp", "causeway": "cswy",
    "center": "ctr centre",
    "circle": "cir circ", "circuit": "cct crct", "close": "cl", "corner": "cor cnr", "court": "ct crt", "cove": "cv",
    "creek": "crk", "crescent": "cres cr cresc", "crossing": "xing", "drive": "dr drv", "esplanade": "esp",
    "estate": "est", "expressway": "expy", "freeway": "fwy", "garden": "gdn", "gardens": "gdns", "gate": "gte",
    "glen": "gln", "grange": "gra", "green": "grn", "grove": "grv gr", "heights": "hts", "highway": "hwy hiway",
    "hill": "hl", "hills": "hls", "island": "is", "junction": "jct", "knoll": "knl", "lake": "lk", "lane": "ln la",
    "loop": "lp", "manor": "mnr", "meadow": "mdw", "meadows": "mdws", "mews": "mws", "mount": "mt",
    "mountain": "mtn", "orchard": "orch", "parade": "pde", "park": "pk prk", "parkway": "pkwy pky pwy", "pass": "psge",
    "place": "pl plc", "plaza": "plz plza", "point": "pt", "quay": "qy", "ranch": "rnch", "retreat": "rtt",
    "ridge": "rdg", "rise": "ri", "river": "riv", "road": "rd", "route": "rte", "row": "", "run": "",
    "square": "sq sqr",
    "station": "sta stn", "street": "st str strt", "terrace": "ter terr tce", "track": "trk", "trail": "trl",
    "turnpike": "tpke", "valley": "vly", "view": "vw", "village": "vlg vlge vill", "vista": "vis", "walk": "wlk",
    "way": "wy", "circus": "",
}  # fmt: skip
_DE = {
    "strasse": "str", "platz": "pl", "weg": "wg", "allee": "al", "gasse": "g", "ring": "", "ufer": "", "damm": "",
    "chaussee": "ch", "promenade": "prom", "sankt": "st", "bahnhof": "bhf",
}  # fmt: skip
_FR = {
    "rue": "r", "avenue": "av ave", "boulevard": "bd blvd boul bld", "place": "pl", "impasse": "imp", "allee": "all",
    "allees": "", "chemin": "ch che chem", "route": "rte", "quai": "q", "square": "sq", "cours": "crs",
    "faubourg": "fg fbg", "passage": "pass psg", "residence": "res", "chaussee": "chee chs", "saint": "st",
    "sainte": "ste", "lotissement": "lot", "zone": "", "general": "gal", "docteur": "dr", "marechal": "mal",
}  # fmt: skip
_ES = {
    "calle": "c cl", "avenida": "av avda ave avd", "plaza": "pl pza plza", "paseo": "p po pso",
    "carretera": "ctra crta",
    "carrera": "cra kra", "camino": "cno", "ronda": "rda", "travesia": "trv", "urbanizacion": "urb", "poligono": "pol",
    "santa": "sta", "santo": "sto", "doctor": "dr", "general": "gral", "rambla": "rbla", "glorieta": "gta",
}  # fmt: skip
_PT = {
    "rua": "r", "avenida": "av", "praca": "pc pca", "largo": "lg lgo", "travessa": "tv trv", "estrada": "est estr",
    "alameda": "al", "rodovia": "rod", "santa": "sta", "santo": "sto", "doutor": "dr", "quinta": "qta",
}  # fmt: skip
_IT = {
    "via": "v", "viale": "vle v.le", "piazza": "p pza pzza", "piazzale": "ple pzle", "corso": "c cso", "largo": "lgo",
    "strada": "str", "vicolo": "vic", "contrada": "cda", "localita": "loc", "lungomare": "", "santa": "sta",
    "provinciale": "prov",
}  # fmt: skip
_NL = {
    "straat": "str", "laan": "ln", "plein": "pln", "weg": "wg", "gracht": "gr", "kade": "kd", "singel": "sngl",
    "steenweg": "stwg", "sint": "st", "burgemeester": "burg", "dokter": "dr", "professor": "prof",
}  # fmt: skip
_NORDIC = {
    "gata": "g gt", "gatan": "g gt", "gate": "gt", "gade": "gd", "vagen": "v vg", "vag": "", "vei": "", "veien": "",
    "vej": "", "katu": "k", "tie": "t", "plass": "pl", "plads": "pl", "alle": "",
}  # fmt: skip
_PL = {"ulica": "ul", "aleja": "al", "aleje": "", "plac": "pl", "osiedle": "os", "swietego": "sw", "generala": "gen"}
_CZ = {"ulice": "ul", "namesti": "nam", "trida": "tr", "nabrezi": "nabr", "sidliste": "sidl"}

STREETS: dict[tuple[str, ...], dict[str, str]] = {
    _ENGLISH: _EN, _GERMAN: _DE, ("FR", "BE", "LU", "MC"): _FR, _SPANISH: _ES, _PORTUGUESE: _PT, ("IT",): _IT,
    ("NL",): _NL, ("DK", "FI", "NO", "SE"): _NORDIC, ("PL",): _PL, ("CZ", "SK"): _CZ,
}  # fmt: skip
"""Countries → word for a kind of street in plain letters → its abbreviations, apart by blanks."""

GLUED = {
    "AT": ("strasse", "platz"), "CH": ("strasse", "platz"), "DE": ("strasse", "platz"), "LI": ("strasse", "platz"),
    "NL": ("straat",), "SE": ("gatan",), "NO": ("gata", "gate"), "DK": ("gade",),
}  # fmt: skip
"""Countries → words that are as often written as one with the name before them."""

DIRECTIONS = {
    "n": "north", "s": "south", "e": "east", "w": "west", "ne": "northeast", "nw": "northwest", "se": "southeast",
    "sw": "southwest",
}  # fmt: skip
"""Points of the compass in addresses of English-speaking countries."""


def of_country(table: dict[tuple[str, ...], tuple[str, ...]], country: str | None) -> list[str]:
    """The patterns of a table that are used in a country; of one that is not known, those used everywhere."""
    return [p for countries, patterns in table.items() if not countries or country in countries for p in patterns]
