"""The business rules of EN 16931, of XRechnung and of Peppol, over the tree of an invoice.

Each rule stands under its official id with what it says in our words, and a small function that finds where an invoice
breaks it: `presence` (what has to be there), `totals` (sums), `decimals`, `codes` (code lists, `codes/*.txt`), `vat`
(the families of VAT categories), `syntax`, `syntax_ubl` and `syntax_cii` (what the XML may hold, and how often),
`facturx`, `xrechnung`, `peppol`, `peppol_lines`, `peppol_children` (elements that are there once), `identifiers`
(check digits), `national` and `nordic` (sellers of single countries); `profiles` knows which of them an invoice claims
to follow, and names specifications whose own rules are not built: those invoices are judged by EN 16931 alone. Where
the standard's text leaves room, a rule does what the published validation artefacts of CEN/TC 434 do, per syntax: they
are what senders check against.

Left out: BR-CO-05 to BR-CO-08 (a reason's code and text mean the same), which no machine can judge; the Spanish taxes
IGIC and IPSI stand under BR-AF and BR-AG, as the standard calls them; warnings of elements and attributes that an
invoice should not have (UBL-CR, UBL-DT from 08, most of CII-SR), which the reader tells of itself. The release of the
artefacts is 1.3.17 for UBL and 1.3.16 for CII. Known differences: BR-CO-25 is asked, since the standard has it, though
the artefacts gave it up in 2026; an amount of CII without currency counts as one of the invoice's; KONTOR-01 to 03
are rules of our own, about what is given twice or in the wrong kind of message.

Peppol's rules are those of BIS Billing 3.0.21 (May 2026) with what Self-Billing 3.0.3 (November 2026) adds to them:
R140 to R276, checks of numbers (COMMON-R040, R043, R054 to R059, R062). Known differences: numbers are digits only
where the artefacts take what XPath can count with (SE-R-002) or look at the first nine digits (GR-R-003, GR-R-006,
GR-S-011); PEPPOL-COMMON-R057 has twelve digits in CII too, where the artefact copied twenty; DK-R-003 is a fault and
DK-R-008 takes eight digits in CII too; of two rules about the same place both are told. In CII the artefacts look for
VAT numbers under a scheme that the syntax does not have (VAT for VA) and for the type of the invoice (P0100) where
none stands: the first are read as meant, the second is left out; accounts count whichever element they are in, and the
reference that all payments share is that of the first.
"""

from pipelines.extract.messages.en16931.judging import RULES, SOUND, Verdict, broken, verdict
from pipelines.extract.messages.en16931.profiles import foreign
from pipelines.extract.messages.en16931.rule import BusinessRule, View

__all__ = ["RULES", "SOUND", "BusinessRule", "Verdict", "View", "broken", "foreign", "verdict"]
