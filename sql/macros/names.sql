{# A name as bare words, for comparing spellings: small letters, no accents, no punctuation, & = and.
   "Société Générale, S.A." → 'societe generale sa'. Letters of other scripts stay as they are. #}
{% macro plain_words(text) -%}
    trim(regexp_replace(
        regexp_replace(
            replace(replace(lower(translate(
                regexp_replace(normalize({{ text }}, nfkd), '[\u0300-\u036f]', '', 'g'),
                'ØøŁłĐđ', 'OoLlDd')), 'ß', 'ss'), '&', ' and '),
            '[.''’`´]', '', 'g'),
        '[[:space:][:punct:]–—‐“”„«»]+', ' ', 'g'))
{%- endmacro %}

{# Legal forms at the end of a name, one way to write each. Only forms that are not also ordinary last words. #}
{% macro legal_forms() %}
    {{ return({
        'ltd': ['ltd', 'limited', 'pty ltd', 'pty limited', 'pvt ltd', 'private limited'],
        'plc': ['plc', 'public limited company'],
        'llp': ['llp', 'limited liability partnership'],
        'llc': ['llc'],
        'inc': ['inc', 'incorporated'],
        'corp': ['corp', 'corporation'],
        'gmbh': ['gmbh', 'mbh'],
        'gmbh and co kg': ['gmbh and co kg', 'gmbh co kg'],
        'ag': ['ag'],
        'kg': ['kg'],
        'ug': ['ug'],
        'sa': ['sa'],
        'sas': ['sas'],
        'sarl': ['sarl'],
        'srl': ['srl'],
        'spa': ['spa'],
        'bv': ['bv'],
        'nv': ['nv'],
        'ab': ['ab'],
        'aps': ['aps'],
        'oy': ['oy', 'oyj'],
        'sp z oo': ['sp z oo'],
    }) }}
{% endmacro %}

{# Pattern of a name that ends in a legal form; the form is its group. Takes the longest form that fits. #}
{% macro _form_pattern() -%}
    '^.+? ({{ legal_forms().values() | sum(start=[]) | join("|") }})$'
{%- endmacro %}

{# Legal form of a name in plain words, null without one: 'acme public limited company' → 'plc'. #}
{% macro legal_form(words) -%}
    case substring({{ words }} from {{ _form_pattern() }})
        {% for form, written in legal_forms().items() -%}
        {%- for text in written %}
        when '{{ text }}' then '{{ form }}'
        {%- endfor %}
        {%- endfor %}
    end
{%- endmacro %}

{# A name in plain words without its legal form: 'acme limited' → 'acme'. #}
{% macro without_legal_form(words) -%}
    regexp_replace({{ words }}, ' ({{ legal_forms().values() | sum(start=[]) | join("|") }})$', '')
{%- endmacro %}
