"""recordlinkage on FEBRL: as the example of its documentation compares, judged by count and by its unsupervised ECM.

The example blocks by given name and takes pairs that agree in more than three of six comparisons. The second one is
given what helps it: blocks by four columns, and its expectation maximisation instead of a count.
"""

import recordlinkage
from links import figures, read


def _compared(frame, blocks):
    index = recordlinkage.Index()
    for block in blocks:
        index.block(block)
    pairs = index.index(frame)
    compare = recordlinkage.Compare()
    compare.exact("given_name", "given_name", label="given_name")
    compare.string("surname", "surname", method="jarowinkler", threshold=0.85, label="surname")
    compare.exact("date_of_birth", "date_of_birth", label="date_of_birth")
    compare.exact("suburb", "suburb", label="suburb")
    compare.exact("state", "state", label="state")
    compare.string("address_1", "address_1", threshold=0.85, label="address_1")
    return compare.compute(pairs, frame)


def _told(truth, pairs):
    return figures(truth, pairs.get_level_values(0), pairs.get_level_values(1))


def recordlinkage_example(path):
    """More than three of six."""

    def go():
        frame, truth = read(path)
        vectors = _compared(frame, ["given_name"])
        return _told(truth, vectors[vectors.sum(axis=1) > 3].index)

    return go


def recordlinkage_ecm(path):
    """Weights learnt from the pairs."""

    def go():
        frame, truth = read(path)
        vectors = _compared(frame, ["given_name", "surname", "date_of_birth", "postcode"])
        return _told(truth, recordlinkage.ECMClassifier().fit_predict(vectors))

    return go
