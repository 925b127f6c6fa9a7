"""The Airflow DAG a user would write for small files: four tasks per file, each importing what it needs.

After the documentation: heavy imports stand in the tasks (Airflow's best practices), frames go from task to task as
files, Great Expectations is asked with a data frame asset and a suite in an ephemeral context (its quick start), and
`to_sql` appends to a table, many rows per statement.
"""

import os
from pathlib import Path

from airflow.sdk import dag, task, task_group

DAG_ID = "plain"


def files():
    """The first files of every list of one client."""
    folders = sorted(path for path in Path(os.environ["PLAIN_LANDING"]).iterdir() if path.is_dir())
    return [str(path) for folder in folders for path in sorted(folder.iterdir())[: int(os.environ["PLAIN_FILES"])]]


def extract(path):
    """CSV to a data frame of text."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=str)
    out = Path(os.environ["PLAIN_WORK"]) / f"{Path(path).parent.name}-{Path(path).stem}.parquet"
    frame.to_parquet(out)
    return str(out)


def clean(path):
    """Trim texts, type numbers and dates; what cannot be read becomes null."""
    import pandas as pd

    frame = pd.read_parquet(path)
    for name in frame.columns:
        frame[name] = frame[name].str.strip()
        number = pd.to_numeric(frame[name], errors="coerce")
        day = pd.to_datetime(frame[name], format="%d/%m/%Y", errors="coerce")
        best = max((number, day), key=lambda typed: typed.notna().sum())
        if best.notna().mean() > 0.3:
            frame[name] = best
    frame.to_parquet(path)
    return path


def validate(path):
    """A few rules, and the rows that fail one taken out."""
    import great_expectations as gx
    import great_expectations.expectations as gxe
    import pandas as pd

    frame = pd.read_parquet(path)
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("file")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    first, numbers = frame.columns[0], frame.select_dtypes("number").columns
    rules = [gxe.ExpectColumnValuesToMatchRegex(column=first, regex=r"^\w+$", mostly=0.95)]
    rules += [gxe.ExpectColumnValuesToNotBeNull(column=name, mostly=0.95) for name in frame.columns[:3]]
    rules += [gxe.ExpectColumnValuesToBeBetween(column=name, min_value=0, mostly=0.95) for name in numbers]
    suite = gx.ExpectationSuite(name="rules", expectations=rules)
    if not batch.validate(suite, result_format="SUMMARY").success:
        raise ValueError(f"{path}: too many rows fail")
    frame.dropna(subset=[first]).to_parquet(path)
    return path


def load(path):
    """Append to the table of the list."""
    import pandas as pd
    import sqlalchemy as sa

    frame = pd.read_parquet(path)
    engine = sa.create_engine(os.environ["PLAIN_URL"])
    table = Path(path).stem.partition("-")[0]
    with engine.begin() as conn:
        frame.to_sql(f"plain_{table}", conn, if_exists="append", index=False, method="multi", chunksize=1000)
    return len(frame)


def in_one_process(path):
    """The same four, one after the other."""
    return load(validate(clean(extract(path))))


@dag(dag_id=DAG_ID, schedule=None, catchup=False)
def plain():
    @task_group
    def one_file(path):
        task(load)(task(validate)(task(clean)(task(extract)(path))))

    one_file.expand(path=task(files)())


plain()
