"""The business rules of EN 16931, of XRechnung and of Peppol, over the tree of an invoice.

Each rule stands under its official id with what it says in our words, and a small function that finds where an invoice
breaks it: `presence` (what has to be there), `totals` (sums), `decimals`, `codes` (code lists, `codes/*.txt`), `vat`
(the families of VAT categories), `facturx`, `xrechnung`, `peppol`; `profiles` knows which of them an invoice claims to
follow. Where the standard's text leaves room, a rule does what the published validation artefacts of CEN/TC 434 do, per
syntax: they are what senders check against.

Left out: BR-CO-05 to BR-CO-08 (a reason's code and text mean the same), which no machine can judge, what the schemas
and syntax rules say of the XML itself (UBL-SR, UBL-CR, CII-SR), and the rules of single countries in Peppol.
"""

from pipelines.extract.messages.en16931.judging import RULES, SOUND, Verdict, broken, verdict
from pipelines.extract.messages.en16931.rule import BusinessRule

__all__ = ["RULES", "SOUND", "BusinessRule", "Verdict", "broken", "verdict"]
