{# What the marts of customers share: which columns survive together, and the columns that are judged. #}

{# Parts of a golden record that come from one record each: columns, and, of several, what must be given for the part to count as given.
   A name or an address is never mixed from two records: nobody may live there. #}
{% macro golden_parts() %}
    {{ return({
        'customer_type_code': {'columns': ['customer_type_code']},
        'company_name': {'columns': ['company_name']},
        'name': {
            'columns': ['given_name', 'family_name'],
            'given': 'given_name is not null and family_name is not null',
        },
        'address': {
            'columns': ['address_line_1', 'address_line_2', 'street_name', 'house_number', 'unit_name', 'city', 'postal_code',
                'region_code', 'region_name', 'country_code'],
            'given': 'address_line_1 is not null or street_name is not null',
        },
        'annual_sales': {
            'columns': ['annual_sales_amount', 'annual_sales_currency'],
            'given': 'annual_sales_amount is not null',
        },
        'title_name': {'columns': ['title_name']},
        'email': {'columns': ['email']},
        'phone': {'columns': ['phone']},
        'birth_date': {'columns': ['birth_date']},
        'national_id': {'columns': ['national_id']},
        'vat_id': {'columns': ['vat_id']},
        'register_number': {'columns': ['register_number']},
        'lei_code': {'columns': ['lei_code']},
        'iban': {'columns': ['iban', 'bic'], 'given': 'iban is not null'},
        'segment_name': {'columns': ['segment_name']},
        'employee_count': {'columns': ['employee_count']},
        'language_code': {'columns': ['language_code']},
        'is_active': {'columns': ['is_active']},
        'customer_since_date': {'columns': ['customer_since_date']},
    }) }}
{% endmacro %}

{# All columns of a golden record, in the order of its parts. #}
{% macro golden_columns() %}
    {{ return(golden_parts().values() | map(attribute='columns') | sum(start=[])) }}
{% endmacro %}

{# What is masked how. Columns named nowhere here are internal and shown as they are. #}
{% macro confidential_customer_columns() %}
    {{ return(['title_name', 'given_name', 'family_name', 'email', 'phone', 'vat_id', 'address_line_1', 'address_line_2',
        'street_name', 'house_number', 'unit_name', 'postal_code', 'bic']) }}
{% endmacro %}

{# Only whether there is one: restricted columns, and amounts, which have no masked form. #}
{% macro hidden_customer_columns() %}
    {{ return(['birth_date', 'national_id', 'iban', 'annual_sales_amount']) }}
{% endmacro %}

{# A column of a customer as analysts may see it, as text; `written`: where its value stands. #}
{% macro shown_to_analysts(column, written) -%}
    {%- if column in confidential_customer_columns() -%} {{ masked(written) }}
    {%- elif column in hidden_customer_columns() -%} {{ hidden(written) }}
    {%- else -%} {{ written }}::text
    {%- endif -%}
{%- endmacro %}

{# The id that stands for a customer whom matching has not seen yet. #}
{% macro not_matched_yet(source, customer_id) -%}
    'new/' || {{ source }} || '/' || {{ customer_id }}
{%- endmacro %}

{# The columns that are judged, by feed: the staging model, what one row is told by, and of each column to whom it applies
   (empty: everybody). #}
{% macro judged_feeds() %}
    {% set person, company = "customer_type_code = 'person'", "customer_type_code = 'company'" %}
    {{ return({
        'clients.customers': {
            'model': 'stg_clients__customers', 'changed': 'changed_at', 'columns': {
            'customer_id': '', 'customer_type_code': '', 'company_name': company, 'given_name': person,
            'family_name': person, 'title_name': person, 'birth_date': person, 'national_id': person, 'email': '',
            'phone': '', 'address_line_1': '', 'address_line_2': '', 'street_name': '', 'house_number': '',
            'unit_name': '', 'city': '', 'postal_code': '', 'region_code': '', 'region_name': '', 'country_code': '',
            'segment_name': '', 'annual_sales_amount': company, 'annual_sales_currency': company,
            'employee_count': company, 'vat_id': '', 'register_number': company, 'lei_code': company, 'iban': '', 'bic': '',
            'language_code': '', 'is_active': '', 'customer_since_date': '', 'changed_at': ''}},
        'clients.contacts': {
            'model': 'stg_clients__contacts', 'changed': 'changed_at', 'columns': {
            'contact_id': '', 'customer_id': '', 'title_name': '', 'given_name': '', 'family_name': '', 'role_name': '',
            'email': '', 'phone': '', 'mobile_phone': '', 'country_code': '', 'language_code': '', 'is_main': '',
            'changed_at': ''}},
        'clients.addresses': {
            'model': 'stg_clients__addresses', 'changed': 'changed_at', 'columns': {
            'address_id': '', 'customer_id': '', 'kind_code': '', 'recipient_name': '', 'address_line_1': '',
            'address_line_2': '', 'street_name': '', 'house_number': '', 'unit_name': '', 'city': '', 'postal_code': '',
            'region_code': '', 'region_name': '', 'country_code': '', 'valid_from_date': '', 'valid_to_date': '',
            'is_main': '', 'changed_at': ''}},
        'clients.consents': {
            'model': 'stg_clients__consents', 'changed': 'decided_at', 'columns': {
            'customer_id': '', 'purpose_code': '', 'channel_code': '', 'decided_at': '', 'is_granted': '',
            'legal_basis_code': '', 'origin_name': '', 'evidence_id': '', 'valid_to_date': ''}},
        'clients.relations': {
            'model': 'stg_clients__relations', 'changed': 'null::timestamptz', 'columns': {
            'customer_id': '', 'relation_code': '', 'related_customer_id': '', 'share_pct': '', 'valid_from_date': '',
            'valid_to_date': ''}},
    }) }}
{% endmacro %}

{# Columns whose value may be left out where it is wrong: null, and why stands in <column>_absent_code. #}
{% macro left_out_columns() %}
    {{ return({
        'clients.customers': [
            'email', 'phone', 'birth_date', 'national_id', 'postal_code', 'region_code', 'country_code',
            'annual_sales_amount', 'annual_sales_currency', 'employee_count', 'vat_id',
            'register_number', 'lei_code', 'iban', 'language_code', 'is_active', 'customer_since_date',
            'changed_at', 'bic'],
        'clients.contacts': [
            'email', 'phone', 'mobile_phone', 'country_code', 'language_code', 'is_main', 'changed_at'],
        'clients.addresses': [
            'city', 'postal_code', 'region_code', 'country_code', 'valid_from_date', 'is_main', 'changed_at'],
        'clients.consents': [
            'evidence_id'],
        'clients.relations': [
            'share_pct', 'valid_from_date'],
    }) }}
{% endmacro %}

{# Codes of values that were given and are wrong. Others say that none was given. #}
{% macro codes_of_wrong() %}{{ return("('not_valid', 'not_plausible')") }}{% endmacro %}

{# Warnings by which a value that can be read is left out. #}
{% macro rules_that_leave_out() %}
    {{ return([
        'clients.customers.birth_date_plausible', 'clients.customers.employee_count_plausible',
        'clients.addresses.city_has_letters', 'clients.addresses.start_implausible',
        'clients.relations.share_within_whole', 'clients.relations.start_implausible',
    ]) }}
{% endmacro %}

{# Columns of a customer that no other customer should have: what `uniqueness` asks. #}
{% macro identifying_columns() %}
    {{ return(['national_id', 'vat_id', 'register_number', 'lei_code', 'iban', 'email', 'phone']) }}
{% endmacro %}

{# Days after which what a client's system says of a customer counts as old. #}
{% macro timely_days() %}{{ return(365) }}{% endmacro %}

{# Days that rpt_customer_changes looks back: a year, and a month to compare with. #}
{% macro days_of_changes() %}{{ return(400) }}{% endmacro %}

{# Of rows of another feed with client_id, source and a customer's number, which golden record it is: the customer of the
   source of the same name, else the only golden record that has the number in any source. `ids`: a relation with these
   three, customer_id being the last. #}
{% macro golden_ids_of(ids) -%}
(
    select
        asked.client_id,
        asked.source,
        asked.customer_id,
        coalesce(
            min(record.golden_id) filter (where record.source = asked.source),
            case when min(record.golden_id) = max(record.golden_id) then min(record.golden_id) end) as golden_id
    from {{ ids }} as asked
    join {{ ref('int_customer_records') }} as record
        on record.client_id = asked.client_id and record.customer_id = asked.customer_id
    group by asked.client_id, asked.source, asked.customer_id
)
{%- endmacro %}
