"""Small audit files of other countries, written by hand after their published descriptions."""

NORWAY = """<?xml version="1.0" encoding="UTF-8"?>
<AuditFile xmlns="urn:StandardAuditFile-Taxation-Financial:NO">
 <Header>
  <AuditFileVersion>1.30</AuditFileVersion><AuditFileCountry>NO</AuditFileCountry>
  <AuditFileDateCreated>2026-02-03</AuditFileDateCreated><SoftwareCompanyName>Sample Soft</SoftwareCompanyName>
  <SoftwareID>Books</SoftwareID><SoftwareVersion>3</SoftwareVersion>
  <Company><RegistrationNumber>999999999</RegistrationNumber><Name>Sample AS</Name><Contact><ContactPerson>
   <FirstName>NotUsed</FirstName><LastName>Kari Prøve</LastName></ContactPerson></Contact></Company>
  <DefaultCurrencyCode>NOK</DefaultCurrencyCode>
  <SelectionCriteria><PeriodStart>1</PeriodStart><PeriodStartYear>2025</PeriodStartYear><PeriodEnd>13</PeriodEnd>
   <PeriodEndYear>2025</PeriodEndYear></SelectionCriteria>
  <TaxAccountingBasis>A</TaxAccountingBasis>
 </Header>
 <MasterFiles>
  <GeneralLedgerAccounts>
   <Account><AccountID>1500</AccountID><AccountDescription>Kundefordringer</AccountDescription>
    <GroupingCategory>balanseverdiForOmloepsmiddel</GroupingCategory><GroupingCode>1500</GroupingCode>
    <AccountType>GL</AccountType><OpeningDebitBalance>0.00</OpeningDebitBalance>
    <ClosingDebitBalance>12500.00</ClosingDebitBalance></Account>
   <Account><AccountID>2700</AccountID><AccountDescription>Utgående merverdiavgift</AccountDescription>
    <GroupingCategory>kortsiktigGjeld</GroupingCategory><GroupingCode>2740</GroupingCode>
    <AccountType>GL</AccountType><OpeningDebitBalance>0.00</OpeningDebitBalance>
    <ClosingCreditBalance>2500.00</ClosingCreditBalance></Account>
   <Account><AccountID>3000</AccountID><AccountDescription>Salgsinntekt</AccountDescription>
    <GroupingCategory>salgsinntekt</GroupingCategory><GroupingCode>3000</GroupingCode>
    <AccountType>GL</AccountType><OpeningDebitBalance>0.00</OpeningDebitBalance>
    <ClosingCreditBalance>10000.00</ClosingCreditBalance></Account>
  </GeneralLedgerAccounts>
  <Customers><Customer><RegistrationNumber>922222229</RegistrationNumber><Name>Sample Kunde</Name>
   <Address><StreetName>Gata</StreetName><City>Oslo</City><PostalCode>0150</PostalCode><Country>NO</Country></Address>
   <CustomerID>15000</CustomerID>
   <BalanceAccount><AccountID>1500</AccountID><OpeningDebitBalance>0.00</OpeningDebitBalance>
    <ClosingDebitBalance>12500.00</ClosingDebitBalance></BalanceAccount>
   <PartyInfo><PaymentTerms><Days>14</Days></PaymentTerms><NaceCode>47.120</NaceCode></PartyInfo></Customer></Customers>
  <TaxTable><TaxTableEntry><TaxType>MVA</TaxType><Description>Merverdiavgift</Description>
   <TaxCodeDetails><TaxCode>3</TaxCode><EffectiveDate>2020-01-01</EffectiveDate><Description>Output</Description>
    <TaxPercentage>25</TaxPercentage><Country>NO</Country><StandardTaxCode>3</StandardTaxCode><BaseRate>100</BaseRate>
   </TaxCodeDetails>
   <TaxCodeDetails><TaxCode>31</TaxCode><TaxPercentage>15</TaxPercentage><Country>NO</Country>
    <StandardTaxCode>31</StandardTaxCode><BaseRate>100</BaseRate></TaxCodeDetails>
  </TaxTableEntry></TaxTable>
  <Owners><Owner><Name>Sample Holding</Name><OwnerID>1</OwnerID></Owner></Owners>
 </MasterFiles>
 <GeneralLedgerEntries>
  <NumberOfEntries>1</NumberOfEntries><TotalDebit>12500.00</TotalDebit><TotalCredit>12500.00</TotalCredit>
  <Journal><JournalID>A</JournalID><Description>Salg</Description><Type>A</Type>
   <Transaction><TransactionID>T1</TransactionID><Period>09</Period><PeriodYear>2025</PeriodYear>
    <TransactionDate>2025-09-27</TransactionDate><SourceID>EMP</SourceID><TransactionType>Normal</TransactionType>
    <Description>Sale</Description><SystemEntryDate>2025-09-27</SystemEntryDate><GLPostingDate>2025-09-28</GLPostingDate>
    <ModificationDate>2025-10-01</ModificationDate>
    <Line><RecordID>1</RecordID><AccountID>3000</AccountID><Description>Goods</Description>
     <CreditAmount><Amount>10000.00</Amount><CurrencyCode>EUR</CurrencyCode><CurrencyAmount>869.57</CurrencyAmount>
      <ExchangeRate>11.5</ExchangeRate></CreditAmount>
     <TaxInformation><TaxType>MVA</TaxType><TaxCode>3</TaxCode><TaxPercentage>25</TaxPercentage>
      <TaxBase>10000.00</TaxBase><CreditTaxAmount><Amount>2500.00</Amount></CreditTaxAmount></TaxInformation></Line>
    <Line><RecordID>2</RecordID><AccountID>2700</AccountID><Description>VAT</Description>
     <CreditAmount><Amount>2500.00</Amount></CreditAmount></Line>
    <Line><RecordID>3</RecordID><AccountID>1500</AccountID><CustomerID>15000</CustomerID><Description>Due</Description>
     <DebitAmount><Amount>12500.00</Amount></DebitAmount><DueDate>2025-10-11</DueDate></Line>
   </Transaction></Journal>
 </GeneralLedgerEntries>
 <SourceDocuments/>
</AuditFile>
"""

OECD = """<?xml version="1.0" encoding="UTF-8"?>
<AuditFile xmlns="urn:OECD:StandardAuditFile-Taxation/2.00">
 <Header><AuditFileVersion>2.01</AuditFileVersion><AuditFileCountry>LU</AuditFileCountry>
  <AuditFileDateCreated>2026-01-05</AuditFileDateCreated><SoftwareCompanyName>Sample Soft</SoftwareCompanyName>
  <SoftwareID>Books</SoftwareID><SoftwareVersion>1</SoftwareVersion>
  <Company><RegistrationNumber>B1</RegistrationNumber><Name>Sample SA</Name>
   <TaxRegistration><TaxRegistrationNumber>LU12345613</TaxRegistrationNumber></TaxRegistration></Company>
  <DefaultCurrencyCode>EUR</DefaultCurrencyCode>
  <SelectionCriteria><SelectionStartDate>2025-01-01</SelectionStartDate>
   <SelectionEndDate>2025-12-31</SelectionEndDate></SelectionCriteria>
  <TaxAccountingBasis>Invoice Accounting</TaxAccountingBasis></Header>
 <MasterFiles>
  <Customers><Customer><Name>Sample Client</Name><CustomerID>C1</CustomerID></Customer></Customers>
  <Suppliers><Supplier><Name>Sample Fournisseur</Name><SupplierID>S1</SupplierID></Supplier></Suppliers>
  <Products><Product><ProductCode>PA</ProductCode><Description>Product A</Description>
   <UOMBase>C62</UOMBase></Product></Products>
  <PhysicalStock><PhysicalStockEntry><WarehouseID>W1</WarehouseID><ProductCode>PA</ProductCode>
   <OpeningStockQuantity>2</OpeningStockQuantity><ClosingStockQuantity>10</ClosingStockQuantity>
   <ClosingStockValue>100.00</ClosingStockValue></PhysicalStockEntry></PhysicalStock>
 </MasterFiles>
 <SourceDocuments>
  <SalesInvoices><NumberOfEntries>2</NumberOfEntries><TotalDebit>3000.00</TotalDebit><TotalCredit>5000.00</TotalCredit>
   <Invoice><InvoiceNo>INV/1</InvoiceNo><CustomerInfo><CustomerID>C1</CustomerID></CustomerInfo>
    <InvoiceDate>2025-01-01</InvoiceDate><InvoiceType>out_invoi</InvoiceType>
    <Line><AccountID>70</AccountID><ProductCode>PA</ProductCode><Quantity>5.0</Quantity><UnitPrice>1000.00</UnitPrice>
     <Description>Product A</Description><InvoiceLineAmount><Amount>5000.00</Amount></InvoiceLineAmount>
     <DebitCreditIndicator>C</DebitCreditIndicator></Line>
    <DocumentTotals><TaxInformationTotals><TaxPercentage>17</TaxPercentage><TaxAmount><Amount>510.00</Amount></TaxAmount>
     </TaxInformationTotals><TaxInformationTotals><TaxAmount><Amount>340.00</Amount></TaxAmount></TaxInformationTotals>
     <NetTotal>5000.00</NetTotal><GrossTotal>5850.00</GrossTotal></DocumentTotals></Invoice>
   <Invoice><InvoiceNo>RINV/1</InvoiceNo><CustomerInfo><CustomerID>C1</CustomerID></CustomerInfo>
    <InvoiceDate>2025-03-01</InvoiceDate><InvoiceType>out_refun</InvoiceType>
    <Line><ProductCode>PA</ProductCode><InvoiceLineAmount><Amount>3000.00</Amount></InvoiceLineAmount>
     <DebitCreditIndicator>D</DebitCreditIndicator></Line>
    <DocumentTotals><NetTotal>-3000.00</NetTotal><GrossTotal>-3510.00</GrossTotal></DocumentTotals></Invoice>
  </SalesInvoices>
  <PurchaseInvoices><NumberOfEntries>1</NumberOfEntries><TotalDebit>100.00</TotalDebit><TotalCredit>0.00</TotalCredit>
   <Invoice><InvoiceNo>F9</InvoiceNo><SupplierInfo><SupplierID>S1</SupplierID></SupplierInfo>
    <InvoiceDate>2025-02-01</InvoiceDate><InvoiceType>380</InvoiceType>
    <InvoiceLine><InvoiceLineAmount><Amount>100.00</Amount></InvoiceLineAmount>
     <DebitCreditIndicator>D</DebitCreditIndicator></InvoiceLine>
    <InvoiceDocumentTotals><NetTotal>100.00</NetTotal><GrossTotal>117.00</GrossTotal></InvoiceDocumentTotals></Invoice>
  </PurchaseInvoices>
  <MovementOfGoods><NumberOfMovementLines>2</NumberOfMovementLines><TotalQuantityReceived>8</TotalQuantityReceived>
   <TotalQuantityIssued>3</TotalQuantityIssued>
   <StockMovement><MovementReference>M1</MovementReference><MovementDate>2025-02-02</MovementDate>
    <MovementType>10</MovementType>
    <Line><LineNumber>1</LineNumber><ProductCode>PA</ProductCode><Quantity>8</Quantity></Line>
    <Line><LineNumber>2</LineNumber><ProductCode>PB</ProductCode><Quantity>-3</Quantity></Line></StockMovement>
  </MovementOfGoods>
 </SourceDocuments>
</AuditFile>
"""
