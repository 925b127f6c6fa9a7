"""Elements of UBL that have to have another below them exactly once, as Peppol asks since November 2026.

Their order and number is no term of EN 16931, so they are counted in the XML itself while it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.extract.messages.invoice import Miscounted
from pipelines.extract.messages.xml_stream import local

_CHILDREN = """
140 209 .                                                     AccountingCustomerParty
205 275 .                                                     *TypeCode
206 273 .                                                     CustomizationID
207 274 .                                                     DocumentCurrencyCode
208 276 .                                                     ProfileID
141 210 AccountingCustomerParty                               Party
142 211 AccountingCustomerParty/Party                         PartyLegalEntity
146 215 AccountingCustomerParty/Party                         PostalAddress
150 219 AccountingCustomerParty/Party                         EndpointID
143 212 AccountingCustomerParty/Party/PartyLegalEntity        RegistrationName
145 214 AccountingCustomerParty/Party/PartyTaxScheme          CompanyID
144 213 AccountingCustomerParty/Party/PartyTaxScheme/TaxScheme   ID
148 217 AccountingCustomerParty/Party/PostalAddress           Country
147 216 AccountingCustomerParty/Party/PostalAddress/AddressLine  Line
149 218 AccountingCustomerParty/Party/PostalAddress/Country   IdentificationCode
151 220 AccountingSupplierParty                               Party
152 221 AccountingSupplierParty/Party                         PartyLegalEntity
156 225 AccountingSupplierParty/Party                         PostalAddress
160 229 AccountingSupplierParty/Party                         EndpointID
153 222 AccountingSupplierParty/Party/PartyLegalEntity        RegistrationName
155 224 AccountingSupplierParty/Party/PartyTaxScheme          CompanyID
154 223 AccountingSupplierParty/Party/PartyTaxScheme/TaxScheme   ID
158 227 AccountingSupplierParty/Party/PostalAddress           Country
157 226 AccountingSupplierParty/Party/PostalAddress/AddressLine  Line
159 228 AccountingSupplierParty/Party/PostalAddress/Country   IdentificationCode
161 230 AdditionalDocumentReference/Attachment/ExternalReference  URI
162 231 AllowanceCharge                                       TaxCategory
163 232 AllowanceCharge/TaxCategory                           TaxScheme
165 234 AllowanceCharge/TaxCategory                           ID
164 233 AllowanceCharge/TaxCategory/TaxScheme                 ID
166 235 BillingReference                                      InvoiceDocumentReference
168 -   *Line                                                 Item
177 249 *Line                                                 Price
178 250 *Line                                                 *Quantity
179 251 *Line                                                 LineExtensionAmount
167 240 *Line/DocumentReference                               DocumentTypeCode
170 242 *Line/Item                                            ClassifiedTaxCategory
176 248 *Line/Item                                            Name
169 241 *Line/Item/AdditionalItemProperty                     Value
171 243 *Line/Item/ClassifiedTaxCategory                      TaxScheme
173 245 *Line/Item/ClassifiedTaxCategory                      ID
172 244 *Line/Item/ClassifiedTaxCategory/TaxScheme            ID
174 246 *Line/Item/CommodityClassification                    ItemClassificationCode
175 247 *Line/Item/OriginCountry                              IdentificationCode
181 237 Delivery/DeliveryLocation/Address                     Country
180 236 Delivery/DeliveryLocation/Address/AddressLine         Line
182 238 Delivery/DeliveryLocation/Address/Country             IdentificationCode
183 239 Delivery/DeliveryParty                                PartyName
184 252 LegalMonetaryTotal                                    LineExtensionAmount
185 253 LegalMonetaryTotal                                    TaxExclusiveAmount
186 254 LegalMonetaryTotal                                    TaxInclusiveAmount
188 256 PayeeParty                                            PartyName
187 255 PayeeParty/PartyLegalEntity                           CompanyID
190 258 PaymentMeans/PayeeFinancialAccount                    ID
189 257 PaymentMeans/PayeeFinancialAccount/FinancialInstitutionBranch  ID
191 259 PaymentMeans/PaymentMandate/PayerFinancialAccount     ID
192 260 PaymentTerms                                          Note
193 261 TaxRepresentativeParty                                PartyName
194 262 TaxRepresentativeParty                                PartyTaxScheme
197 265 TaxRepresentativeParty                                PostalAddress
196 264 TaxRepresentativeParty/PartyTaxScheme                 CompanyID
195 263 TaxRepresentativeParty/PartyTaxScheme/TaxScheme       ID
199 267 TaxRepresentativeParty/PostalAddress                  Country
198 266 TaxRepresentativeParty/PostalAddress/AddressLine      Line
200 268 TaxRepresentativeParty/PostalAddress/Country          IdentificationCode
204 272 TaxTotal/TaxSubtotal                                  TaxableAmount
201 269 TaxTotal/TaxSubtotal/TaxCategory                      TaxScheme
203 271 TaxTotal/TaxSubtotal/TaxCategory                      ID
202 270 TaxTotal/TaxSubtotal/TaxCategory/TaxScheme            ID
"""
"""Number for credit notes and for invoices, the element, and what has to be below it exactly once. `*` stands for what
the two messages call otherwise."""
_OWN_NAMES = {"CreditNote": ("CreditNote", "Credited"), "Invoice": ("Invoice", "Invoiced")}


def _children() -> Iterator[tuple[str, str, str]]:
    for line in filter(None, _CHILDREN.splitlines()):
        credit, invoice, path, child = line.split()
        for number, (root, (own, done)) in zip((credit, invoice), _OWN_NAMES.items(), strict=True):
            below = path.replace("*Line", f"{own}Line")
            whole = root if path == "." else f"{root}/{below}"
            if number != "-":
                yield number, whole, child.replace("*Quantity", f"{done}Quantity").replace("*", own)


CHILDREN = tuple(_children())
"""Number of Peppol's rule, path from the outermost element, and the child that it has once."""


@dataclass
class Counted:
    """The children that an element has to have once, and the elements below it that have to have some."""

    wanted: list[str] = field(default_factory=list)
    below: dict[str, Counted] = field(default_factory=dict)


def _counted() -> Mapping[str, Counted]:
    roots: dict[str, Counted] = {}
    for _, path, child in CHILDREN:
        root, *way = path.split("/")
        node = roots.setdefault(root, Counted())
        for name in way:
            node = node.below.setdefault(name, Counted())
        node.wanted.append(child)
    return roots


COUNTED = _counted()


def miscounted(element: Any, node: Counted, path: str) -> Iterator[Miscounted]:
    """Where an element, or one below it, has a child not exactly once."""
    times = Counter(local(child) for child in element)
    for child in node.wanted:
        if times[child] != 1:
            yield Miscounted(path, child, times[child], element.sourceline or 0)
    for child in element:
        if (below := node.below.get(name := local(child))) is not None:
            yield from miscounted(child, below, f"{path}/{name}")
