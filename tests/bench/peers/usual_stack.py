"""The usual stack: pandas cleans, Great Expectations checks twenty rules and names the rows, dlt merges the good ones.

Written as somebody would who knows the three well: columns at once, never row by row; Arrow strings; the rules that
stock Great Expectations has no expectation for on helper columns; the costly query string left out of its result. It
keeps no history, no reasons, no copy of the rows set aside and no counts, and forgets where a row stood in the file.
"""

import os

import dlt_load

DATES = ("period_start_date", "period_end_date", "pay_date", "hire_date", "exit_date")
AMOUNTS = ("base_amount", "bonus_amount", "gross_amount", "tax_amount", "social_amount", "net_amount")
STATUSES = ("active", "on_leave", "left")
NUMBERS = ("contract_hours", *AMOUNTS)
NUMBER = r"-?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?"
os.environ["GX_ANALYTICS_ENABLED"] = "false"


def usual_stack(path):
    """The file as it was sent, to the merged table."""
    import dlt
    import pyarrow as pa

    _, columns = dlt_load.given(path)
    definition = checks()
    pipeline = dlt_load.pipeline_of()

    def go():
        rows, bad = cleaned(path, columns)
        good = rows[~(bad | failing(definition, rows))]
        types = dlt_load.arrow_types(columns)
        table = pa.Table.from_pandas(good[list(types)], preserve_index=False).cast(pa.schema(types.items()), safe=False)
        resource = dlt.resource(table, name="payslips", write_disposition="merge", primary_key="payslip_id")
        return dlt_load.ran(pipeline, columns, resource)

    return go


def cleaned(path, columns):
    """Typed rows, and which of them have a cell that cannot be read, miss one, or come twice."""
    import pandas as pd

    rows = pd.read_csv(path, engine="pyarrow", dtype="str", keep_default_na=False)
    rows.columns = [name.lower().replace(" ", "_") for name in rows.columns]
    for name in rows.columns:
        rows[name] = rows[name].str.strip()
    rows["employee_name"] = rows["employee_name"].str.replace("  ", " ")
    capitals = rows["employee_name"].str.isupper()
    rows.loc[capitals, "employee_name"] = rows.loc[capitals, "employee_name"].str.title()
    for name in ("country_code", "currency_code"):
        rows[name] = rows[name].str.upper()
    bad = pd.Series(False, index=rows.index)
    for name in DATES:
        text = rows[name]
        value = pd.to_datetime(text, format="%d/%m/%Y", errors="coerce")
        rows[name] = value.fillna(pd.to_datetime(text.where(value.isna()), format="%d %b %Y", errors="coerce"))
        bad |= rows[name].isna() & (text != "")
    for name in NUMBERS:
        text = rows[name]
        value = text.where(text.str.fullmatch(NUMBER)).str.replace(",", "", regex=False)
        rows[name] = pd.to_numeric(value, errors="coerce")
        bad |= rows[name].isna() & (text != "")
    for c in columns:
        if c["type"] == "text":
            rows[c["name"]] = rows[c["name"]].mask(rows[c["name"]] == "")
        if c["required"]:
            bad |= rows[c["name"]].isna()
    bad |= ~rows["status_code"].isin(STATUSES)
    bad |= rows.duplicated()
    doubled = rows.loc[~rows.duplicated(), "payslip_id"].duplicated(keep=False)
    bad |= doubled.reindex(rows.index, fill_value=False)
    cents = {name: (rows[name].fillna(0) * 100).round().astype("int64") for name in AMOUNTS}
    rows["gross_of_parts"] = cents["base_amount"] + cents["bonus_amount"]
    rows["gross_of_uses"] = cents["net_amount"] + cents["tax_amount"] + cents["social_amount"]
    rows["gross_cents"] = cents["gross_amount"]
    rows["payslip_row"] = rows.index
    return rows, bad


def checks():
    """The twenty rules, as a validation definition."""
    import great_expectations as gx

    e = gx.expectations
    pair = {"ignore_row_if": "either_value_is_missing"}
    leavers = {"condition_parser": "pandas", "row_condition": 'status_code=="left"'}
    rules = [
        e.ExpectColumnValuesToMatchRegex(column="employee_id", regex=r"^E\d{6}$"),
        e.ExpectColumnValueLengthsToBeBetween(column="employee_name", min_value=2, max_value=60),
        e.ExpectColumnValuesToMatchRegex(column="iban", regex=r"^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$"),
        e.ExpectColumnValuesToBeInSet(column="country_code", value_set=["DE", "GB", "FR", "NL", "PL"]),
        e.ExpectColumnValuesToBeInSet(column="currency_code", value_set=["EUR", "GBP", "PLN"]),
        e.ExpectColumnValuesToMatchRegex(column="cost_center_id", regex=r"^CC-\d{4}$"),
        _after("period_end_date", "period_start_date", **pair),
        _after("pay_date", "period_start_date", or_equal=True, **pair),
        _between("pay_date", "2026-01-01", "2026-12-31"),
        _between("hire_date", "1970-01-01", "2026-12-31"),
        _after("exit_date", "hire_date", or_equal=True, **pair),
        e.ExpectColumnValuesToNotBeNull(column="exit_date", **leavers),
        e.ExpectColumnValuesToBeBetween(column="contract_hours", min_value=0, max_value=60),
        e.ExpectColumnValuesToBeBetween(column="base_amount", min_value=0, max_value=100_000),
        e.ExpectColumnValuesToBeBetween(column="bonus_amount", min_value=0, max_value=50_000),
        e.ExpectColumnPairValuesToBeEqual(column_A="gross_of_parts", column_B="gross_cents"),
        e.ExpectColumnPairValuesToBeEqual(column_A="gross_of_uses", column_B="gross_cents"),
        e.ExpectColumnValuesToBeBetween(column="tax_amount", min_value=0),
        e.ExpectColumnValuesToBeBetween(column="social_amount", min_value=0),
        e.ExpectColumnValuesToBeBetween(column="net_amount", min_value=0, strict_min=True),
    ]
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("memory").add_dataframe_asset("payslips")
    suite = context.suites.add(gx.ExpectationSuite(name="payslips"))
    for rule in rules:
        suite.add_expectation(rule)
    whole = asset.add_batch_definition_whole_dataframe("all")
    return context.validation_definitions.add(gx.ValidationDefinition(name="payslips", data=whole, suite=suite))


def _after(later, earlier, **more):
    import great_expectations as gx

    return gx.expectations.ExpectColumnPairValuesAToBeGreaterThanB(column_A=later, column_B=earlier, **more)


def _between(name, first, last):
    import great_expectations as gx
    import pandas as pd

    days = {"min_value": pd.Timestamp(first), "max_value": pd.Timestamp(last)}
    return gx.expectations.ExpectColumnValuesToBeBetween(column=name, **days)


def failing(definition, rows):
    """Which rows fail a rule."""
    import pandas as pd

    wanted = {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": ["payslip_row"],
        "return_unexpected_index_query": False,
    }
    result = definition.run(batch_parameters={"dataframe": rows}, result_format=wanted)
    bad = pd.Series(False, index=rows.index)
    for one in result.results:
        if one.exception_info.get("raised_exception"):
            raise RuntimeError(one.exception_info)
        found = one.result["unexpected_index_list"] or []
        if len(found) != one.result["unexpected_count"]:
            raise RuntimeError(f"{len(found)} of {one.result['unexpected_count']} rows named")
        bad.loc[[line["payslip_row"] for line in found]] = True
    return bad
