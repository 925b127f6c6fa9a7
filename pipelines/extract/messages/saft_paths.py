"""Where everything stands in an audit file: paths of the records, and of the values in them by column.

The national versions name the same things in different places; a column lists all of them. What stands at no path
that is listed is kept in the column `other` of its record.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ROOT = "AuditFile"
PARTS = frozenset({"Header", "MasterFiles", "GeneralLedgerEntries", "SourceDocuments"})
"""What an audit file consists of; one with others is of a country whose files are built another way."""
HEADER = f"{ROOT}/Header"
LEDGER = f"{ROOT}/GeneralLedgerEntries"
JOURNAL = f"{LEDGER}/Journal"
MASTERS = f"{ROOT}/MasterFiles"
SOURCES = f"{ROOT}/SourceDocuments"


class Section(NamedTuple):
    """A part of the file that promises totals: its path, the one from it to its records, and how they are called."""

    code: str
    path: str
    below: str
    called: str

    @property
    def record(self) -> str:
        """The path of its records."""
        return f"{self.path}/{self.below}"


SECTIONS = {
    s.code: s
    for s in (
        Section("general_ledger", LEDGER, "Journal/Transaction", "transaction"),
        Section("sales_invoices", f"{SOURCES}/SalesInvoices", "Invoice", "invoice"),
        Section("purchase_invoices", f"{SOURCES}/PurchaseInvoices", "Invoice", "invoice"),
        Section("payments", f"{SOURCES}/Payments", "Payment", "payment"),
        Section("movement_of_goods", f"{SOURCES}/MovementOfGoods", "StockMovement", "movement"),
        Section("working_documents", f"{SOURCES}/WorkingDocuments", "WorkDocument", "document"),
        Section("asset_transactions", f"{SOURCES}/AssetTransactions", "AssetTransaction", "asset transaction"),
    )
}
DOCUMENT_SECTIONS = tuple(code for code in SECTIONS if code != "general_ledger")

MASTER_RECORDS: Mapping[str, str] = {
    f"{MASTERS}/{path}": kind
    for kind, paths in {
        "accounts": ("GeneralLedgerAccounts/Account", "GeneralLedger", "GeneralLedger/Account"),
        "customers": ("Customer", "Customers/Customer"),
        "suppliers": ("Supplier", "Suppliers/Supplier"),
        "products": ("Product", "Products/Product"),
        "tax_codes": ("TaxTable/TaxTableEntry",),
        "physical_stock": ("PhysicalStock/PhysicalStockEntry",),
        "assets": ("Assets/Asset",),
        "owners": ("Owners/Owner",),
        "analysis_types": ("AnalysisTypeTable/AnalysisTypeTableEntry",),
        "units": ("UOMTable/UOMTableEntry",),
        "movement_types": ("MovementTypeTable/MovementTypeTableEntry",),
        "taxonomies": ("Taxonomies/Taxonomy",),
    }.items()
    for path in paths
}
"""Records of the master files by the table that holds them. A record inside a record of the same kind wins."""

CONTAINERS = frozenset(
    {MASTERS, SOURCES, JOURNAL}
    | {s.path for s in SECTIONS.values()}
    | {path.rpartition("/")[0] for path in MASTER_RECORDS}
) - {f"{MASTERS}/GeneralLedger"}  # fmt: skip
RECORDS: Mapping[str, str] = {
    HEADER: "header",
    **{s.record: s.code for s in SECTIONS.values()},
    **MASTER_RECORDS,
}
LINE_NAMES = frozenset({"Line", "TransactionLine", "InvoiceLine", "PaymentLine", "StockMovementLine"})
LINES_IN = LINE_NAMES | {"Lines"}
"""Children of a document that are records of their own; those of older and newer ledgers alike."""


def _by_path(columns: Mapping[str, str]) -> dict[str, str]:
    return {path: column for column, paths in columns.items() for path in paths.split()}


HEADER_COLUMNS = _by_path(
    {
        "format_version": "AuditFileVersion",
        "country_code": "AuditFileCountry CompanyAddress/Country Company/Address/Country",
        "company_id": "CompanyID Company/RegistrationNumber",
        "company_tax_id": "TaxRegistrationNumber Company/TaxRegistration/TaxRegistrationNumber",
        "company_name": "CompanyName Company/Name",
        "company_city": "CompanyAddress/City Company/Address/City",
        "currency_code": "CurrencyCode DefaultCurrencyCode",
        "fiscal_year": "FiscalYear SelectionCriteria/PeriodStartYear",
        "period_start": "StartDate SelectionCriteria/SelectionStartDate",
        "period_end": "EndDate SelectionCriteria/SelectionEndDate",
        "period_first": "SelectionCriteria/PeriodStart",
        "period_last": "SelectionCriteria/PeriodEnd",
        "period_end_year": "SelectionCriteria/PeriodEndYear",
        "created_date": "DateCreated AuditFileDateCreated",
        "software_company": "ProductCompanyTaxID SoftwareCompanyName",
        "software_name": "ProductID SoftwareID",
        "software_version": "ProductVersion SoftwareVersion",
        "software_certificate": "SoftwareCertificateNumber",
        "accounting_basis": "TaxAccountingBasis",
        "tax_entity": "TaxEntity",
        "comment": "HeaderComment",
    }
)
ACCOUNT_COLUMNS = _by_path(
    {
        "account_id": "AccountID",
        "account_name": "AccountDescription",
        "standard_account_id": "StandardAccountID",
        "account_type": "AccountType",
        "grouping_category": "GroupingCategory",
        "grouping_code": "GroupingCode",
        "taxonomy_code": "TaxonomyCode",
        "account_created_date": "AccountCreationDate",
        "opening_debit": "OpeningDebitBalance",
        "opening_credit": "OpeningCreditBalance",
        "closing_debit": "ClosingDebitBalance",
        "closing_credit": "ClosingCreditBalance",
    }
)
_ADDRESS = {
    "address_detail": "AddressDetail AdditionalAddressDetail",
    "building": "BuildingNumber Building",
    "street": "StreetName",
    "house_number": "Number",
    "city": "City",
    "postal_code": "PostalCode",
    "region": "Region",
    "country_code": "Country",
}


def _inside(columns: Mapping[str, str], *above: str) -> dict[str, str]:
    return {c: " ".join(f"{up}/{path}" for up in above for path in paths.split()) for c, paths in columns.items()}


_PARTY = _by_path(
    {
        "partner_id": "CustomerID SupplierID OwnerID",
        "account_id": "AccountID BalanceAccount/AccountID",
        "registration_id": "RegistrationNumber",
        "tax_id": "CustomerTaxID SupplierTaxID TaxRegistration/TaxRegistrationNumber",
        "tax_authority": "TaxRegistration/TaxAuthority",
        "partner_name": "CompanyName Name",
        "contact_name": "Contact",
        **_inside(_ADDRESS, "BillingAddress", "Address"),
        "telephone": "Telephone Contact/Telephone",
        "fax": "Fax Contact/Fax",
        "email": "Email Contact/Email",
        "website": "Website Contact/Website",
        "iban": "BankAccount/IBANNumber",
        "bank_account_id": "BankAccount/BankAccountNumber",
        "bic": "BankAccount/BIC",
        "payment_term_days": "PartyInfo/PaymentTerms/Days",
        "currency_code": "PartyInfo/CurrencyCode",
        "status": "PartyInfo/Status",
        "self_billing": "SelfBillingIndicator",
        "opening_debit": "OpeningDebitBalance BalanceAccount/OpeningDebitBalance",
        "opening_credit": "OpeningCreditBalance BalanceAccount/OpeningCreditBalance",
        "closing_debit": "ClosingDebitBalance BalanceAccount/ClosingDebitBalance",
        "closing_credit": "ClosingCreditBalance BalanceAccount/ClosingCreditBalance",
    }
)
PARTY_COLUMNS = _PARTY | {f"CompanyStructure/{path}": column for path, column in _PARTY.items()}
"""Romania and others put what every company has into an element of its own."""
PRODUCT_COLUMNS = _by_path(
    {
        "product_type": "ProductType GoodsServicesID",
        "product_id": "ProductCode",
        "product_group": "ProductGroup",
        "product_name": "ProductDescription Description",
        "product_number": "ProductNumberCode",
        "commodity_code": "ProductCommodityCode CustomsDetails/CNCode",
        "un_number": "CustomsDetails/UNNumber",
        "valuation_method": "ValuationMethod",
        "unit": "UOMBase",
    }
)
TAX_COLUMNS = _by_path(
    {
        "tax_type": "TaxType",
        "tax_region": "TaxCountryRegion Country",
        "tax_code": "TaxCode",
        "tax_name": "Description",
        "valid_from_date": "EffectiveDate",
        "valid_to_date": "TaxExpirationDate ExpirationDate",
        "tax_percentage": "TaxPercentage",
        "tax_amount": "TaxAmount FlatTaxRate/Amount",
        "standard_tax_code": "StandardTaxCode",
        "base_rate": "BaseRate",
    }
)
STOCK_COLUMNS = _by_path(
    {
        "warehouse_id": "WarehouseID",
        "location_id": "LocationID",
        "product_id": "ProductCode",
        "lot_id": "StockAccountNo",
        "product_type": "ProductType",
        "product_status": "ProductStatus",
        "owner_id": "OwnerID",
        "unit": "UOMPhysicalStock",
        "unit_price": "UnitPrice",
        "opening_quantity": "OpeningStockQuantity",
        "opening_value": "OpeningStockValue",
        "closing_quantity": "ClosingStockQuantity",
        "closing_value": "ClosingStockValue",
    }
)
ASSET_COLUMNS = _by_path(
    {
        "asset_id": "AssetID",
        "account_id": "AccountID",
        "asset_name": "Description",
        "acquired_date": "DateOfAcquisition",
        "in_use_date": "StartUpDate",
        "valuation_type": "Valuations/Valuation/AssetValuationType",
        "opening_cost": "Valuations/Valuation/AcquisitionAndProductionCostsBegin",
        "closing_cost": "Valuations/Valuation/AcquisitionAndProductionCostsEnd",
        "life_years": "Valuations/Valuation/AssetLifeYear",
        "life_months": "Valuations/Valuation/AssetLifeMonth",
        "opening_book_value": "Valuations/Valuation/BookValueBegin",
        "depreciation_method": "Valuations/Valuation/DepreciationMethod",
        "depreciation_pct": "Valuations/Valuation/DepreciationPercentage",
        "depreciation": "Valuations/Valuation/DepreciationForPeriod",
        "closing_book_value": "Valuations/Valuation/BookValueEnd",
    }
)
TRANSACTION_COLUMNS = _by_path(
    {
        "transaction_id": "TransactionID",
        "period": "Period",
        "period_year": "PeriodYear",
        "transaction_date": "TransactionDate",
        "source_id": "SourceID",
        "transaction_type": "TransactionType",
        "voucher_type": "VoucherType",
        "transaction_description": "Description",
        "archive_number": "DocArchivalNumber",
        "batch_id": "BatchID",
        "entered_at": "SystemEntryDate",
        "posting_date": "GLPostingDate",
        "customer_id": "CustomerID",
        "supplier_id": "SupplierID",
        "system_id": "SystemID",
    }
)
ENTRY_COLUMNS = _by_path(
    {
        "record_id": "RecordID",
        "account_id": "AccountID",
        "document_id": "SourceDocumentID",
        "line_entered_at": "SystemEntryDate SystemEntryTime",
        "description": "Description",
        "debit_amount": "DebitAmount DebitAmount/Amount",
        "credit_amount": "CreditAmount CreditAmount/Amount",
        "foreign_currency_code": "DebitAmount/CurrencyCode CreditAmount/CurrencyCode",
        "foreign_amount": "DebitAmount/CurrencyAmount CreditAmount/CurrencyAmount",
        "exchange_rate": "DebitAmount/ExchangeRate CreditAmount/ExchangeRate",
        "value_date": "ValueDate",
        "due_date": "DueDate",
        "line_customer_id": "CustomerID",
        "line_supplier_id": "SupplierID",
        "reference_number": "ReferenceNumber",
        "payment_reference": "CID",
        "cross_reference": "CrossReference",
        "quantity": "Quantity",
        "tax_type": "TaxInformation/TaxType Tax/TaxType",
        "tax_code": "TaxInformation/TaxCode Tax/TaxCode",
        "tax_percentage": "TaxInformation/TaxPercentage Tax/TaxPercentage",
        "tax_base": "TaxInformation/TaxBase",
        "tax_amount": "TaxInformation/TaxAmount/Amount TaxInformation/DebitTaxAmount/Amount "
        "TaxInformation/CreditTaxAmount/Amount",
        "analysis_type": "Analysis/AnalysisType",
        "analysis_id": "Analysis/AnalysisID",
    }
)
_STATUS = ("Invoice", "Movement", "Work", "Payment")
DOCUMENT_COLUMNS = _by_path(
    {
        "document_id": "InvoiceNo DocumentNumber PaymentRefNo MovementReference AssetTransactionID",
        "atcud": "ATCUD",
        "status": " ".join(f"DocumentStatus/{kind}Status" for kind in _STATUS),
        "status_at": " ".join(f"DocumentStatus/{kind}StatusDate" for kind in _STATUS),
        "status_reason": "DocumentStatus/Reason",
        "status_source_id": "DocumentStatus/SourceID",
        "source_billing": "DocumentStatus/SourceBilling DocumentStatus/SourcePayment",
        "signature": "Hash",
        "signature_control": "HashControl",
        "period": "Period",
        "period_year": "PeriodYear",
        "document_date": "InvoiceDate MovementDate WorkDate TransactionDate AssetTransactionDate",
        "document_type": "InvoiceType MovementType WorkType PaymentType AssetTransactionType",
        "self_billing": "SpecialRegimes/SelfBillingIndicator SelfBillingIndicator",
        "cash_vat": "SpecialRegimes/CashVATSchemeIndicator",
        "third_party_billing": "SpecialRegimes/ThirdPartiesBillingIndicator",
        "source_id": "SourceID",
        "activity_code": "EACCode",
        "entered_at": "SystemEntryDate",
        "posting_date": "GLPostingDate MovementPostingDate",
        "transaction_id": "TransactionID",
        "system_id": "SystemID",
        "batch_id": "BatchID",
        "customer_id": "CustomerID CustomerInfo/CustomerID",
        "customer_name": "CustomerInfo/Name",
        "supplier_id": "SupplierID SupplierInfo/SupplierID Supplier/SupplierID",
        "supplier_name": "SupplierInfo/Name Supplier/SupplierName",
        "account_id": "AccountID",
        "branch_id": "BranchStoreNumber",
        "asset_id": "AssetID",
        "description": "Description MovementComments",
        "transport_code": "ATDocCodeID",
        "ship_from_warehouse": "ShipFrom/WarehouseID",
        "ship_to_warehouse": "ShipTo/WarehouseID",
        "ship_from_city": "ShipFrom/Address/City",
        "ship_to_city": "ShipTo/Address/City",
        "movement_start_at": "MovementStartTime",
        "movement_end_at": "MovementEndTime",
        "due_date": "DocumentTotals/Settlement/SettlementDate Settlement/SettlementDate",
        "payment_terms": "PaymentTerms DocumentTotals/Settlement/PaymentTerms Settlement/PaymentTerms",
        "payment_mechanism": "PaymentMethod PaymentMethod/PaymentMechanism DocumentTotals/Payment/PaymentMechanism",
        "paid_date": "PaymentMethod/PaymentDate DocumentTotals/Payment/PaymentDate",
        "net_total": "DocumentTotals/NetTotal InvoiceDocumentTotals/NetTotal PaymentDocumentTotals/NetTotal",
        "gross_total": "DocumentTotals/GrossTotal InvoiceDocumentTotals/GrossTotal PaymentDocumentTotals/GrossTotal",
        "foreign_currency_code": "DocumentTotals/Currency/CurrencyCode",
        "foreign_amount": "DocumentTotals/Currency/CurrencyAmount",
        "exchange_rate": "DocumentTotals/Currency/ExchangeRate",
    }
)
OF_DOCUMENT = (
    "section_code", "document_id", "series_id", "series_number", "document_type", "document_kind", "status",
    "document_date", "posting_date", "entered_at", "transaction_id", "source_billing", "customer_id", "supplier_id",
    "partner_id", "ship_from_warehouse", "ship_from_city", "ship_to_warehouse", "ship_to_city",
    "movement_start_at", "foreign_currency_code", "exchange_rate", "message_faults",
)  # fmt: skip
"""What every line repeats of its document."""
SUMS = {
    "tax_payable": (
        "DocumentTotals/TaxPayable",
        "DocumentTotals/TaxInformationTotals/TaxAmount/Amount",
        "DocumentTotals/TaxInformationTotals/TaxAmount",
        "InvoiceDocumentTotals/TaxInformationTotals/TaxAmount/Amount",
    ),
    "paid_amount": ("PaymentMethod/PaymentAmount", "DocumentTotals/Payment/PaymentAmount"),
    "withheld_amount": ("WithholdingTax/WithholdingTaxAmount",),
}
"""Columns of documents that add up all values at their paths."""
LINE_COLUMNS = _by_path(
    {
        "line_number": "LineNumber",
        "line_account_id": "AccountID",
        "product_id": "ProductCode",
        "product_name": "ProductDescription",
        "goods_services": "GoodsServicesID",
        "quantity": "Quantity",
        "unit": "UnitOfMeasure InvoiceUOM",
        "unit_price": "UnitPrice",
        "book_value": "BookValue",
        "tax_point_date": "TaxPointDate",
        "line_description": "Description MovementComments",
        "debit_amount": "DebitAmount DebitAmount/Amount",
        "credit_amount": "CreditAmount CreditAmount/Amount",
        "line_amount": "InvoiceLineAmount/Amount PaymentLineAmount/Amount",
        "debit_credit": "DebitCreditIndicator",
        "tax_type": "Tax/TaxType TaxInformation/TaxType",
        "tax_region": "Tax/TaxCountryRegion TaxInformation/Country",
        "tax_code": "Tax/TaxCode TaxInformation/TaxCode",
        "tax_percentage": "Tax/TaxPercentage TaxInformation/TaxPercentage",
        "tax_base": "TaxBase TaxInformation/TaxBase",
        "tax_amount": "Tax/TaxAmount TaxInformation/TaxAmount/Amount",
        "exemption_reason": "TaxExemptionReason TaxInformation/TaxExemptionReason",
        "exemption_code": "TaxExemptionCode",
        "discount_amount": "SettlementAmount",
        "order_id": "OrderReferences/OriginatingON",
        "order_date": "OrderReferences/OrderDate",
        "corrects_id": "References/Reference References/CreditNote/Reference",
        "corrects_reason": "References/Reason References/CreditNote/Reason",
        "settles_id": "SourceDocumentID SourceDocumentID/OriginatingON",
        "settles_date": "SourceDocumentID/InvoiceDate",
        "serial_number": "ProductSerialNumber/SerialNumber",
        "line_customer_id": "CustomerID",
        "line_supplier_id": "SupplierID",
        "lot_id": "StockAccountNo",
        "movement_subtype": "MovementSubType",
        "ship_from_warehouse": "ShipFrom/WarehouseID",
        "ship_to_warehouse": "ShipTo/WarehouseID",
        "ship_from_city": "ShipFrom/Address/City",
        "ship_to_city": "ShipTo/Address/City",
    }
)
