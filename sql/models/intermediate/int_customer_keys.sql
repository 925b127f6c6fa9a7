-- The keys under which a customer may be found twice; one row per customer and key that is complete.
-- national_id and email are compared without blanks, signs and capitals; a person's given and family name in either
-- order; a company's name without its legal form.
with customers as (
    select
        *,
        coalesce(country_code, '') || ' ' || nullif(upper(regexp_replace(postal_code, '[^[:alnum:]]', '', 'g')), '')
            as place,
        {{ plain_words('given_name') }} as given_words,
        {{ plain_words('family_name') }} as family_words,
        {{ plain_words('company_name') }} as company_words
    from {{ ref('stg_clients__customers') }}
),

named as (
    select
        *,
        case
            when customer_type_code = 'company' then nullif({{ without_legal_form('company_words') }}, '')
            when given_words <> '' and family_words <> ''
                then least(given_words, family_words) || ' ' || greatest(given_words, family_words)
        end as name_words
    from customers
)

select named.client_id, named.source, named.customer_id, key.rule_code, key.match_key
from named
cross join lateral (
    values
        ('national_id', nullif(lower(regexp_replace(national_id, '[^[:alnum:]]', '', 'g')), '')),
        ('email', nullif(lower(trim(email)), '')),
        ('name_birth_date', case when customer_type_code = 'person' then name_words || ' ' || birth_date::text end),
        ('name_postal_code', name_words || ' ' || place)
) as key (rule_code, match_key)
where key.match_key is not null
