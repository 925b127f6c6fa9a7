"""Splink alone on FEBRL, with the comparisons and training its documentation has for persons, and many blocks."""

import splink.comparison_library as cl
from links import figures, read
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

MERGE_AT = 0.95


def _settings(columns, blocks):
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="at",
        blocking_rules_to_generate_predictions=[block_on(*block) for block in blocks],
        comparisons=columns,
    )


def _linked(frame, settings, learning):
    """The pairs at or above the probability from which ours merges."""
    linker = Linker(DuckDBAPI().register(frame.assign(at=range(len(frame)))), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("given_name", "surname", "date_of_birth"), block_on("soc_sec_id")], recall=0.8
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for block in learning:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
    found = linker.inference.predict(threshold_match_probability=MERGE_AT).as_pandas_dataframe()
    return found["at_l"], found["at_r"]


def splink_febrl(path):
    """Names, date of birth, number and address."""
    columns = [
        cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
        cl.NameComparison("surname").configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("address_1", [0.9, 0.8]).configure(term_frequency_adjustments=True),
        cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("suburb", [0.9, 0.8]),
    ]
    blocks = [
        ["soc_sec_id"], ["date_of_birth"], ["given_name", "surname"], ["surname", "postcode"],
        ["given_name", "postcode"], ["address_1", "street_number"], ["given_name", "suburb"], ["surname", "suburb"],
    ]  # fmt: skip

    def go():
        frame, truth = read(path)
        left, right = _linked(frame, _settings(columns, blocks), [["date_of_birth"], ["given_name", "surname"]])
        return figures(truth, left, right)

    return go
