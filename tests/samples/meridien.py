"""Méridien Santé: French exports. UTF-16 with tabs, decimal commas, narrow no-break spaces between thousands.

Texts stand in number and date columns the way logistics people write them; the ledger says credit by a letter.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from tests.samples.common import CENT, Folder, day, grouped, money, share

NARROW = "\u202f"
MONTHS = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip
COUNTRIES = ("Sénégal", "Côte d'Ivoire", "Cameroun", "Mali", "Madagascar", "Tunisie")
ITEMS = (
    ("PHARM", "Antibiotiques", "Amoxicilline 500 mg, gélules", "Amoxicilline", "500mg", "gélule", 24),
    ("PHARM", "Antipaludéens", "Artéméther 80 mg, solution", "Artéméther", "80mg/ml", "solution", 6),
    ("TEST", "Tests rapides", "Test rapide paludisme", "", "", "kit", 25),
    ("MAT", "Consommables", "Gants d'examen, taille M", "", "", "boîte", 100),
)
SUPPLIERS = {
    "F-0101": "Laboratoires Valombre SA", "F-0102": "Pharmalys Distribution SARL", "F-0103": "Transports Belrive SAS",
    "F-0104": "Imprimerie du Marais", "F-0105": "Cartonnages Hautbois SA", "F-0106": "Énergie du Lac SA",
}  # fmt: skip
SHIPMENTS = (
    "N° ligne", "Projet", "Devis", "Commande", "BL", "Pays", "Bureau", "Mode de livraison", "Incoterm", "Transport",
    "Devis envoyé", "Commande envoyée", "Livraison prévue", "Livré le", "Saisi le", "Groupe", "Classe", "Fournisseur",
    "Désignation", "Molécule", "Dosage", "Forme", "Unités par boîte", "Boîtes", "Montant", "Prix boîte",
    "Prix unité", "Site", "Première ligne", "Poids (kg)", "Fret", "Assurance",
)  # fmt: skip


def write(folder: Folder) -> None:
    """All files of the client."""
    _shipments(folder)
    _spend(folder)
    for currency in ("EUR", "MAD"):
        _payables(folder, currency)


def _fr(value: Decimal) -> str:
    return grouped(value, NARROW, ",")


def _named(when: date) -> str:
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def _shipments(folder: Folder) -> None:
    name = "expeditions/expeditions_2026.txt"
    rng = folder.rng(name)
    lines: list[list[str]] = []
    note = 500
    while len(lines) < 220:
        note += 1
        lines += _one_note(rng, note, len(lines) + 1)
    _spoil_shipments(lines)
    # UTF-16 with a byte order mark is what a spreadsheet calls "Unicode text".
    folder.write_table(name, [SHIPMENTS, *lines], delimiter="\t", encoding="utf-16")
    later = [list(line) for line in lines]
    for line in later[-3:]:  # weighed since
        line[SHIPMENTS.index("Poids (kg)")] = "42,5"
    later += _one_note(rng, note + 1, len(lines) + 1)
    folder.write_table(name, [SHIPMENTS, *later], delimiter="\t", encoding="utf-16", night=2)


def _one_note(rng: random.Random, note: int, first: int) -> list[list[str]]:
    """The lines of one delivery note; weight and freight stand on the first."""
    stock = rng.random() < 0.4
    country, ordered = rng.choice(COUNTRIES), day(rng, date(2026, 1, 10), date(2026, 8, 31))
    promised = ordered + timedelta(days=rng.randrange(20, 60))
    delivered = promised + timedelta(days=rng.choice((-4, -2, 0, 0, 0, 1, 3, 9, 20)))
    quoted_on = ordered - timedelta(days=rng.randrange(5, 40))
    out: list[list[str]] = []
    for position in range(rng.randrange(1, 4)):
        group, kind, item, molecule, dosage, form, units = rng.choice(ITEMS)
        boxes, price = rng.randrange(10, 4000), money(rng, 1, 90)
        amount = boxes * price
        unit = (price / units).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        weight, freight = str(rng.randrange(8, 900)), _fr(money(rng, 60, 4000))
        if position:
            weight = freight = f"voir BL-{note} (ligne {first})"
        elif rng.random() < 0.15:
            weight, freight = "pesé à part", "franco"
        quote = "" if rng.random() < 0.05 else f"DV-{note}"
        out.append([
            f"L{first + position:05}", f"PRJ-{country[:2].upper()}", quote or "sans devis", f"CD-{note}",
            f"BL-{note}", country, "Siège", "Stock" if stock else "Direct",
            "départ stock" if stock else rng.choice(("EXW", "FCA", "CIP", "DAP")),
            rng.choice(("Aérien", "Affrété", "Route", "Mer")),
            f"{quoted_on:%d/%m/%Y}" if quote else "sans devis",
            "départ stock" if stock else f"{ordered:%d/%m/%Y}" if rng.random() > 0.05 else "non saisie",
            _named(promised), f"{delivered:%d/%m/%Y}", f"{delivered + timedelta(days=2):%d/%m/%Y}", group, kind,
            "Stock régional" if stock else rng.choice(tuple(SUPPLIERS.values())[:2]), item, molecule, dosage, form,
            str(units), grouped(Decimal(boxes), NARROW, ","), _fr(amount), _fr(price), grouped(unit, NARROW, ","),
            "Tunis" if stock else "Lyon", "non" if position else "oui", weight, freight, _fr(share(amount, "0.2")),
        ])  # fmt: skip
    return out


def _spoil_shipments(lines: list[list[str]]) -> None:
    column = {name: i for i, name in enumerate(SHIPMENTS)}
    lines[5][column["Livré le"]] = "31/06/2026"
    lines[9][column["Montant"]] = "à confirmer"
    lines[14][column["Transport"]] = "Vélo"
    lines[19][column["Pays"]] = "Sénégal du Nord"
    lines[25][column["Montant"]] = _fr(Decimal("1.00"))  # quantity × price says otherwise
    direct = next(line for line in lines[30:] if line[column["Mode de livraison"]] == "Direct")
    direct[column["Commande envoyée"]] = "01/12/2026"  # ordered after it was delivered
    heavy = next(
        line for line in lines if line[column["Transport"]] == "Aérien" and line[column["Poids (kg)"]].isdigit()
    )
    heavy[column["Poids (kg)"]] = grouped(Decimal(181500), NARROW, ",")  # grams


def _spend(folder: Folder) -> None:
    rows = [["Code", "Raison sociale", "Ville"], *([c, n, "Lyon"] for c, n in SUPPLIERS.items())]
    folder.write_table("depenses/fournisseurs.tsv", rows, delimiter="\t", encoding="utf-8-sig")
    for month in (9, 10):
        name = f"depenses/depenses_{month:02}-2026.tsv"
        rng = folder.rng(name)
        lines: list[list[str]] = [["Pièce", "Ligne", "Date", "Fournisseur", "Compte", "Libellé", "Montant"]]
        for number in range(1, 131):
            code = rng.choice(tuple(SUPPLIERS))
            when = day(rng, date(2026, month, 1), date(2026, month, 28))
            account = rng.choice((("6061", "Énergie"), ("6132", "Locations"), ("6241", "Transports"), ("6064", "")))
            amount = money(rng, 15, 9000) * (-1 if rng.random() < 0.04 else 1)
            # This one list comes from another system, with decimal points.
            lines.append([f"AC{month:02}{number:04}", "1", f"{when:%d/%m/%Y}", code, *account, f"{amount}"])
        if month == 10:
            lines[12][3] = "F-0999"  # not in the list of suppliers
            lines[13][6] = "0.00"
            lines[14][6] = "n.c."
            lines[15][2] = "2026-10-15"
        folder.write_table(name, lines, delimiter="\t", encoding="utf-8-sig")


def _payables(folder: Folder, currency: str) -> None:
    name = f"echeances/echeancier_{currency}.csv"
    rng = folder.rng(name)
    lines: list[list[str]] = [
        ["Fournisseur", "Nom", "Facture", "Date", "Échéance", "Réglé le", "Montant TTC", "Solde", "Sens", "Commande"]
    ]
    for number in range(1, 71):
        code = rng.choice(tuple(SUPPLIERS))
        dated = day(rng, date(2026, 6, 1), date(2026, 10, 31))
        due = dated + timedelta(days=rng.choice((30, 45, 60)))
        settled = due <= date(2026, 11, 1) and rng.random() < 0.7
        amount = money(rng, 30, 15_000)
        left = Decimal("0.00") if settled else amount if rng.random() < 0.8 else (amount / 2).quantize(CENT)
        sense = "A" if rng.random() < 0.06 else "F"
        paid = f"{due:%d/%m/%Y}" if settled else ""
        cells = [code, SUPPLIERS[code], f"FA-{currency}-{number:04}", f"{dated:%d/%m/%Y}", f"{due:%d/%m/%Y}", paid]
        lines.append([*cells, _fr(amount), _fr(left), sense, f"CD-{500 + number}" if number % 3 else ""])
    if currency == "EUR":
        lines[8][8] = "?"
        lines[9][4] = lines[9][3][:6] + "1999"
    folder.write_table(name, lines, delimiter=";", encoding="utf-8-sig")
