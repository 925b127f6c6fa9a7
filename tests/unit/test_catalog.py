"""What is wrong with one client's profile concerns this client only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines import yamlfile
from pipelines.catalog import Catalog, load_catalog
from pipelines.errors import DeclarationError, NotDeclared, ProfileBroken
from pipelines.flow.check import check_declarations
from pipelines.settings import Settings

PROFILE = """client: {client}
name: Sample Ltd
locale: en_GB
time_zone: Europe/London
calendar: GB
feeds:
  ledgers.spend:
    files: '.*\\.csv'
    mode: snapshot
    columns:
      spend_line_id: {{from: Id}}
      supplier_name: {{from: Supplier}}
      account_name: {{value: Office}}
      document_date: {{from: Date, formats: ['%Y-%m-%d']}}
      spend_amount: {{from: Amount}}
      currency_code: {{value: GBP}}
"""


class House:
    """Two folders of profiles."""

    def __init__(self, folder: Path) -> None:
        self.here, self.there = folder / "here", folder / "there"
        self.settings = Settings(folder, folder / "landing", (self.here, self.there), None)
        for one in (self.here, self.there):
            one.mkdir()
        for name in ("alder", "birch", "cedar"):
            self.write(name)

    def write(self, name: str, change: Callable[[str], str] = str, *, there: bool = False) -> Path:
        """A profile named by its client, with one thing changed."""
        path = (self.there if there else self.here) / f"{name}.yaml"
        path.write_text(change(PROFILE.format(client=name)), encoding="utf-8")
        return path

    @property
    def catalog(self) -> Catalog:
        return load_catalog(self.settings)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def swap(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert text.count(old) == 1
        return text.replace(old, new)

    return change


FAULTS = {
    "unknown key": (swap("from: Amount", "form: Amount"), ":15, ", "form"),
    "no such feed": (swap("ledgers.spend", "ledgers.spent"), ":7, ", "ledgers.spent"),
    "no such column": (swap("spend_amount", "spent_amount"), ":15, ", "spent_amount"),
    "not what its tag says": (swap("Sample Ltd", "!!int Sample"), ":2;", "is not int"),
    "no date": (swap("Sample Ltd", "!!timestamp Sample"), ":2;", "is not timestamp"),
    "too many digits": (swap("Sample Ltd", "9" * 5000), ":2;", "is not int"),
    "holds itself": (swap("Sample Ltd", "&a [*a]"), ".yaml;", "without end"),
    "half saved": (lambda text: text[: text.index("formats") + 12], ":14;", "expected"),
    "empty": (lambda text: "", ":1, ", "the key 'client'"),
    "a list": (lambda text: "- client\n", ":1, ", "dictionary"),
    "two documents": (lambda text: text + "---\nclient: birch\n", ":17;", "another document"),
}


@pytest.mark.parametrize(("change", "line", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_of_one_profile_stops_its_client_only(
    house: House, change: Callable[[str], str], line: str, said: str
) -> None:
    path = house.write("birch", change)
    catalog = house.catalog
    assert sorted(catalog.profiles) == ["alder", "cedar"]
    assert list(catalog.broken) == ["birch"]
    (sentence,) = catalog.faults()
    assert sentence.startswith("profile birch.yaml is broken: ")
    for word in (f"{path}{line.removeprefix('.yaml')}", "got ", said, "expected ", "us to act: correct birch.yaml"):
        assert word in sentence, word
    assert catalog.faults("birch") == [sentence]
    assert catalog.faults("alder") == []
    assert [ref.client_id for ref in catalog.sources()] == ["alder", "cedar"]
    assert catalog.profile("alder").client_id == "alder"
    for ask in (lambda: catalog.profile("birch"), lambda: catalog.source("birch", "ledgers.spend", "main")):
        with pytest.raises(ProfileBroken) as caught:
            ask()
        assert str(caught.value) == sentence
    house.write("birch")
    assert sorted(house.catalog.profiles) == ["alder", "birch", "cedar"]
    assert house.catalog.broken == {}


def test_who_catches_the_error_writes_in_nobody_elses(house: House) -> None:
    house.write("birch", swap("from: Amount", "form: Amount"))
    catalog = house.catalog
    with pytest.raises(ProfileBroken) as caught:
        catalog.profile("birch")
    caught.value.at(delivery_id=1)
    with pytest.raises(ProfileBroken) as again:
        catalog.profile("birch")
    assert again.value.place.delivery_id is None


@pytest.mark.parametrize("second", [str, lambda text: "client: birch\nfeeds: ["])
def test_of_two_profiles_for_one_client_neither_wins(house: House, second: Callable[[str], str]) -> None:
    here, there = house.here / "birch.yaml", house.write("birch", second, there=True)
    catalog = house.catalog
    assert sorted(catalog.profiles) == ["alder", "cedar"]
    (sentence,) = catalog.faults()
    for word in ("two profiles for one client", f"{here} and {there}", "2 files for birch", "keep one of them"):
        assert word in sentence, word


def test_a_profile_named_by_another_client_stops_both_names(house: House) -> None:
    """Somebody mistyped the client, or renamed the file: its deliveries are not those of a client without a profile."""
    house.write("birch", swap("client: birch", "client: brich"))
    catalog = house.catalog
    assert sorted(catalog.broken) == ["birch", "brich"]
    (sentence,) = catalog.faults()
    assert "got 'brich'; expected 'birch', as the file is named" in sentence
    assert catalog.faults("brich") == catalog.faults("birch") == [sentence]


def test_a_copy_that_still_names_the_client_it_was_copied_from_does_not_stop_that_one(house: House) -> None:
    house.write("dogwood", lambda text: text.replace("dogwood", "alder"))
    catalog = house.catalog
    assert sorted(catalog.profiles) == ["alder", "birch", "cedar"]
    assert list(catalog.broken) == ["dogwood"]


def test_a_file_that_is_no_text_or_gone_stops_its_client_only(house: House) -> None:
    (house.here / "alder.yaml").write_bytes(b"client: alder\nname: M\xfcller\n")
    (house.here / "birch.yaml").unlink()
    (house.here / "birch.yaml").symlink_to(house.here / "nowhere")
    (house.here / "elder.yaml").mkdir()
    catalog = house.catalog
    assert list(catalog.profiles) == ["cedar"]
    assert list(catalog.broken) == ["alder", "birch", "elder"]
    assert all("declaration cannot be read" in sentence for sentence in catalog.faults())


def test_a_client_that_nobody_declares_is_not_broken(house: House) -> None:
    house.write("birch", lambda text: "")
    with pytest.raises(NotDeclared, match="alder, cedar"):
        house.catalog.profile("elder")
    with pytest.raises(NotDeclared, match="no longer declared"):
        house.catalog.source("alder", "ledgers.spend", "second")


def test_a_fault_of_what_is_ours_stops_everything(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    contracts = tmp_path / "contracts"
    (contracts / "ledgers").mkdir(parents=True)
    (contracts / "ledgers" / "spend.odcs.yaml").write_text("kind: [", encoding="utf-8")
    monkeypatch.setattr(Settings, "contracts", contracts)
    with pytest.raises(DeclarationError, match=r"spend\.odcs\.yaml:1"):
        load_catalog(house.settings)


def test_a_broken_profile_is_parsed_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("birch", swap("from: Amount", "form: Amount 1"))
    assert "birch" in house.catalog.broken
    read = []
    monkeypatch.setattr(yamlfile, "_Strict", read.append)
    assert "birch" in house.catalog.broken
    assert read == []


def test_check_names_every_broken_profile_and_looks_at_all_others(house: House) -> None:
    birch = house.write("birch", swap("from: Amount", "form: Amount"))
    cedar = house.write("cedar", swap("ledgers.spend", "ledgers.spent"))
    alder = house.write("alder", swap("{value: Office}", "{sql: 'random()'}"))
    house.write("dogwood")
    second = house.write("dogwood", lambda text: "client: [", there=True)
    faults = check_declarations(house.settings).faults
    told = {name: [fault for fault in faults if str(name) in fault] for name in (birch, cedar, alder, second)}
    assert [len(found) for found in told.values()] == [1, 1, 1, 2]
    assert len(faults) == 5
    assert f"{birch}:15, feeds.ledgers.spend.columns.spend_amount.form; got unknown key 'form'" in told[birch][0]
    assert f"{cedar}:7, feeds.ledgers.spent; got feed 'ledgers.spent'; expected one of " in told[cedar][0]
    assert "random" in told[alder][0]
    assert any("two profiles for one client" in fault for fault in told[second])


def test_the_rules_of_a_client_stay_its_own_while_its_profile_is_broken(house: House) -> None:
    """Else what its suite found before would be told by ids alone, and `check` would call the suite nobody's."""
    suite = house.here / "expectations" / "ledgers" / "spend.birch.json"
    suite.parent.mkdir(parents=True)
    suite.write_text("{}", encoding="utf-8")
    assert house.catalog.client_suite_path("ledgers.spend", "birch") == suite
    house.write("birch", lambda text: "")
    assert house.catalog.client_suite_path("ledgers.spend", "birch") == suite
    assert house.catalog.client_suite_path("ledgers.spend", "alder") is None
