"""What the codes of errors in acknowledgements mean, in words: TA1, 997, 999 and 824 of X12, CONTRL of EDIFACT."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SECURITY = "security of the message cannot be checked"
_IN_SET = {
    "1": "type of message is not taken", "2": "trailer of the message is missing",
    "3": "header and trailer have different numbers", "4": "trailer counts other segments than came",
    "5": "segments have errors", "6": "type of message is missing or invalid",
    "7": "number of the message is missing, invalid or used before", "8": _SECURITY, "9": _SECURITY, "10": _SECURITY,
    "11": _SECURITY, "12": _SECURITY, "13": _SECURITY, "15": _SECURITY, "16": _SECURITY, "17": _SECURITY,
    "18": "message stands in a group of another type", "19": "group is of another type than the message",
    "23": "number of the message is used twice in its group", "24": _SECURITY, "25": _SECURITY, "26": _SECURITY,
    "27": _SECURITY, "I5": "segments break the guideline of the partner", "I6": "guideline of the partner is not named",
}  # fmt: skip
_IN_GROUP = {
    "1": "type of group is not taken", "2": "release of the group is not taken", "3": "trailer of the group is missing",
    "4": "header and trailer of the group have different numbers", "5": "trailer counts other messages than came",
    "6": "number of the group is invalid or used before", "10": _SECURITY, "11": _SECURITY, "12": _SECURITY,
    "13": _SECURITY, "14": _SECURITY, "15": _SECURITY, "16": _SECURITY, "17": _SECURITY, "18": _SECURITY,
    "19": "number of the group is used twice",
}  # fmt: skip
_AT_SEGMENT = {
    "1": "tag of the segment is not known", "2": "segment is not expected", "3": "required segment is missing",
    "4": "loop is repeated too often", "5": "segment is repeated too often", "6": "type of message does not have it",
    "7": "segment stands in the wrong order", "8": "elements have errors", "I4": "partner does not use the segment",
    "I6": "segment that the partner requires here is missing", "I7": "loop is repeated too seldom",
    "I8": "segment is repeated too seldom", "I9": "segment that the partner does not use here",
}  # fmt: skip
_AT_ELEMENT = {
    "1": "required element is missing", "2": "element that another one requires is missing", "3": "too many elements",
    "4": "too short", "5": "too long", "6": "character that is not allowed", "7": "code that is not in the list",
    "8": "no valid date", "9": "no valid time", "10": "must not stand beside another element",
    "12": "repeated too often", "13": "too many components", "I6": "code that the partner does not use",
    "I9": "element that the partner requires here is missing", "I10": "partner does not use the element",
    "I11": "repeated too seldom", "I12": "not of the form that the partner asks for",
    "I13": "element that the partner does not use here",
}  # fmt: skip
_OF_INTERCHANGE = {
    "001": "header and trailer of the interchange have different numbers", "002": "standard is not supported",
    "003": "release of the envelope is not supported", "004": "segment terminator is invalid",
    "005": "qualifier of the sender is invalid", "006": "sender is invalid",
    "007": "qualifier of the receiver is invalid", "008": "receiver is invalid",
    "009": "receiver is not known", "010": "qualifier of the authorization is invalid",
    "011": "authorization is invalid", "012": "qualifier of the security information is invalid",
    "013": "security information is invalid", "014": "date is invalid", "015": "time is invalid",
    "016": "standard or repetition separator is invalid", "017": "release is invalid",
    "018": "number of the interchange is invalid", "019": "request for acknowledgement is invalid",
    "020": "mark of tests is invalid", "021": "number of groups is invalid", "022": "structure of envelopes is invalid",
    "023": "file ends too early", "024": "content of the interchange is invalid",
    "025": "number of the interchange is used before", "026": "element separator is invalid",
    "027": "component separator is invalid", "028": _SECURITY, "029": _SECURITY,
    "030": _SECURITY, "031": _SECURITY,
}  # fmt: skip
_EDIFACT = {
    "2": "version or level of the syntax is not supported", "7": "receiver is somebody else", "12": "value is invalid",
    "13": "missing", "14": "value is not supported here", "15": "not supported here", "16": "too many parts",
    "17": "not agreed with the partner", "18": "error that is not specified", "19": "decimal mark is invalid",
    "20": "character cannot be a service character", "21": "characters that are not allowed",
    "22": "service characters are invalid", "23": "sender is not known", "24": "too old",
    "25": "tests are not supported",
    "26": "came before", "27": "security function is not supported", "28": "header and trailer have different numbers",
    "29": "trailer counts otherwise", "30": "groups and messages are mixed",
    "31": "several types of message in one group",
    "32": "nothing in it", "33": "stands outside a message, package or group", "34": "nesting is not allowed",
    "35": "segment or element is repeated too often", "36": "segment group is repeated too often",
    "37": "letters for digits or digits for letters", "38": "digit in front of the decimal mark is missing",
    "39": "too long", "40": "too short", "41": "network failed for good", "42": "network failed for a time",
    "43": "receiver is not known", "45": "separator at the end", "46": "character set is not supported",
    "47": "part of the envelope is not supported", "48": "depends on something that is not so",
}  # fmt: skip
_ADVICE = {
    "006": "came before", "007": "data are missing", "008": "out of range", "009": "no valid date",
    "010": "total does not add up", "011": "does not match", "012": "combination is invalid",
    "024": "reason that has no code", "848": "data are wrong",
}  # fmt: skip
WORDS: Mapping[str, Mapping[str, str]] = {
    "message": _IN_SET,
    "group": _IN_GROUP,
    "segment": _AT_SEGMENT,
    "element": _AT_ELEMENT,
    "interchange": _OF_INTERCHANGE,
    "advice": _ADVICE,
    "edifact": _EDIFACT,
}
"""Part of X12 that is judged, advice of its 824, or edifact (one list for all parts: data element 0085) → code → words
of our own."""


def told(place: str, codes: Iterable[str], of: str) -> list[str]:
    """An error with its place, codes and words, as `0002 N1 at 7 element 4: 5 too long`; empty without a code."""
    words = WORDS[of]
    found = ", ".join(f"{code} {words.get(code, 'error of a code that is not known')}" for code in codes if code)
    return [f"{place}: {found}"] if found else []
