"""What the rules of single countries ask of a seller: where he is, and the checks that several of them share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from pipelines.extract.messages.en16931.presence import tells
from pipelines.extract.messages.en16931.rule import BusinessRule, Found, Severity, View, place
from pipelines.extract.messages.invoice import Group

Check = Callable[[View], Iterable[Found]]
Condition = Callable[[View], bool]


def seller_country(view: View, *, represented: bool = True) -> str:
    """Where the seller is, by the VAT number of his or his representative, else by the address."""
    numbers = ("BT-31", "BT-63") if represented else ("BT-31",)
    return next((view.text(name)[:2].upper() for name in numbers if view.text(name)), view.text("BT-40").upper())


def is_seller_of(countries: str, view: View) -> bool:
    """Whether the seller is of one of these countries."""
    return seller_country(view) in countries.split()


def is_in(country: str, view: View) -> bool:
    """Whether the address of the seller is in a country."""
    return view.text("BT-40").upper() == country


def are_in(country: str, view: View) -> bool:
    """Whether the addresses of seller and buyer are."""
    return is_in(country, view) and view.text("BT-55").upper() == country


def is_credit(view: View, *types: str) -> bool:
    """Whether it is a credit note: UBL has a document of its own for it, CII only types."""
    return view.text("BT-3") in types if view.is_cii else view.invoice.syntax == "ubl credit note"


def only(condition: Condition, check: Check, view: View) -> Iterable[Found]:
    """What a check finds, where a condition holds."""
    return check(view) if condition(view) else ()


def filled(group: str, *names: str) -> Check:
    """Each group of that name has all these terms."""

    def check(view: View) -> Iterator[Found]:
        for one in view.groups(group):
            missing = [name for name in names if not one.text(name)]
            if missing:
                yield Found(place(one), "", " and ".join(missing))

    return check


def schemed(name: str, *schemes: str, wanted: bool = False) -> Check:
    """The terms of a name are of these schemes; `wanted`: there is one."""

    def check(view: View) -> Iterator[Found]:
        if wanted and not view.text(name):
            yield Found(place(view.invoice), "", name)
        for placed in view.terms(name):
            got = placed.term.attributes.get("scheme", "").strip()
            if got not in schemes or not placed.text:
                yield Found(place(placed.group, name), got or "no scheme", " or ".join(schemes))

    return check


def valid(name: str, is_valid: Callable[[str], bool], expected: str, *, warns_of_none: bool = False) -> Check:
    """The terms of a name are valid; what they are is not shown, since it may be personal."""

    def check(view: View) -> Iterator[Found]:
        if warns_of_none and not view.has(name):
            yield Found(place(view.invoice), "", name)
        for placed in view.terms(name):
            if not is_valid(placed.text):
                yield Found(place(placed.group, name), f"{len(placed.text)} characters", expected)

    return check


def payments(is_right: Callable[[Group], bool], expected: str, *codes: str) -> Check:
    """Payments by these means (none: by any) are right."""

    def check(view: View) -> Iterator[Found]:
        for means in view.groups("BG-16"):
            if (not codes or means.text("BT-81") in codes) and not is_right(means):
                yield Found(place(means), f"means {means.text('BT-81')}", expected)

    return check


def account(means: Group) -> str:
    """The account that is paid to."""
    return next((account.text("BT-84") or "" for account in means.all("BG-17")), "")


def bank(means: Group) -> str:
    """The bank or kind of account that is paid to."""
    return next((account.text("BT-86") or "" for account in means.all("BG-17")), "")


def reference(means: Group) -> str:
    """The reference of a payment."""
    return means.text("BT-83") or ""


def described(view: View, description: str) -> list[Group]:
    """The supporting documents with a description."""
    return [document for document in view.groups("BG-24") if document.text("BT-123") == description]


def national(
    condition: Condition, rule: str, en: str, de: str, check: Check, severity: Severity = "fatal"
) -> BusinessRule:
    """A rule for sellers that a condition holds for."""
    return tells(rule, en, de, partial(only, condition, check), severity)
