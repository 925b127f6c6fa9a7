"""FEBRL's files and how good found links are, for every contender alike; needs pandas and numpy only."""

from pathlib import Path

import numpy as np
import pandas as pd


def read(path):
    """A file of FEBRL, nothing for empty cells, and who each record is (`rec-7-org` and `rec-7-dup-0` are one); of a
    folder all its files together."""
    files = sorted(Path(path).glob("*.csv")) if Path(path).is_dir() else [path]
    frame = pd.concat([_read(file) for file in files], ignore_index=True)
    frame = frame.apply(lambda column: column.str.strip().replace("", None))
    return frame, pd.factorize(frame["rec_id"].str.split("-").str[1])[0]


def _read(file):
    frame = pd.read_csv(file, dtype=str, skipinitialspace=True, keep_default_na=False)
    frame.columns = [name.strip() for name in frame.columns]
    return frame


def clusters(size, left, right):
    """The number of a cluster per record: linked directly or by way of others."""
    top = np.arange(size)
    for one, two in zip(left, right, strict=True):
        a, b = _top(top, one), _top(top, two)
        top[max(a, b)] = min(a, b)
    return np.array([_top(top, at) for at in range(size)])


def _top(top, at):
    while top[at] != at:
        top[at] = top[top[at]]
        at = top[at]
    return at


def figures(truth, left, right):
    """Precision, recall and F1 of the pairs found, and of the clusters they make (whole or not at all)."""
    left, right = np.asarray(left, np.int64), np.asarray(right, np.int64)
    hits = int((truth[left] == truth[right]).sum())
    counts = np.bincount(truth)
    told = _shares("pairs", hits, len(left), int((counts * (counts - 1) // 2).sum()))
    found, true = (_groups(labels) for labels in (clusters(len(truth), left, right), truth))
    return {"found": len(truth), **told, **_shares("clusters", len(found & true), len(found), len(true))}


def _groups(labels):
    """Clusters of more than one record."""
    groups = pd.Series(range(len(labels))).groupby(np.asarray(labels)).apply(tuple)
    return {one for one in groups if len(one) > 1}


def _shares(what, hits, found, true):
    precision, recall = hits / max(found, 1), hits / max(true, 1)
    return {
        f"{what} precision": precision,
        f"{what} recall": recall,
        f"{what} F1": 2 * precision * recall / max(precision + recall, 1e-9),
    }
