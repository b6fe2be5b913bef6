"""Buyers who do not exist, in towns that do: made-up names and streets, 555 telephones, example.com mail."""

from dataclasses import dataclass
from random import Random

_FIRST = (
    "Ada",
    "Bruno",
    "Clara",
    "Davi",
    "Edda",
    "Femi",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaia",
    "Liam",
    "Mira",
    "Noor",
)
_LAST = ("Testwell", "Samplesby", "Mockridge", "Fauxman", "Democourt", "Placeholt", "Specimen", "Ficta", "Nowhereson")


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A place that parcels go to, with the currency and the tax of its shop."""

    country: str
    state: str
    city: str
    postal_code: str
    street: str
    currency: str
    tax_percent: str
    tax_inside: bool


def _town(country: str, state: str, city: str, postal_code: str, street: str) -> Town:
    money = {"US": ("USD", "7.25", False), "GB": ("GBP", "20", True)}
    currency, tax_percent, tax_inside = money.get(country, ("EUR", _VAT.get(country, "20"), True))
    return Town(
        country=country,
        state=state,
        city=city,
        postal_code=postal_code,
        street=street,
        currency=currency,
        tax_percent=tax_percent,
        tax_inside=tax_inside,
    )


_VAT = {"DE": "19", "FR": "20", "NL": "21", "ES": "21", "IT": "22", "IE": "23", "PL": "23", "AT": "20"}
_US = (
    _town("US", "NY", "New York", "10001", "Example Avenue"),
    _town("US", "CA", "Los Angeles", "90012", "Sample Street"),
    _town("US", "TX", "Austin", "78701", "Demo Drive"),
    _town("US", "IL", "Chicago", "60601", "Specimen Street"),
    _town("US", "GA", "Atlanta", "30303", "Placeholder Place"),
    _town("US", "WA", "Seattle", "98101", "Mock Lane"),
    _town("US", "CO", "Denver", "80202", "Fixture Road"),
    _town("US", "FL", "Miami", "33130", "Trial Terrace"),
)
_UK = (
    _town("GB", "", "London", "EC1A 1BB", "Example Row"),
    _town("GB", "", "Manchester", "M1 1AE", "Sample Street"),
    _town("GB", "", "Edinburgh", "EH1 1YZ", "Demo Wynd"),
    _town("GB", "", "Cardiff", "CF10 1EP", "Specimen Close"),
)
_EU = (
    _town("DE", "BE", "Berlin", "10115", "Beispielstraße"),
    _town("DE", "BY", "München", "80331", "Musterweg"),
    _town("FR", "", "Paris", "75001", "rue de l'Exemple"),
    _town("NL", "", "Amsterdam", "1012 JS", "Voorbeeldkade"),
    _town("ES", "M", "Madrid", "28001", "Calle del Ejemplo"),
    _town("IT", "MI", "Milano", "20121", "Via dell'Esempio"),
    _town("IE", "", "Dublin", "D01 F5P2", "Sample Quay"),
    _town("PL", "", "Warszawa", "00-001", "ulica Przykładowa"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """Somebody who orders."""

    number: int
    first_name: str
    last_name: str
    street: str
    town: Town

    @property
    def email(self) -> str:
        """An address that never receives anything."""
        return f"{self.first_name}.{self.last_name}.{self.number}@example.com".lower()

    @property
    def phone(self) -> str:
        """A number that never rings."""
        return f"555-01{self.number % 100:02d}"


def buyer(random: Random) -> Buyer:
    """Return a buyer: 60 % in the United States, 20 % in the United Kingdom, 20 % in the European Union."""
    towns = random.choices((_US, _UK, _EU), weights=(60, 20, 20))[0]
    town = random.choice(towns)
    return Buyer(
        number=random.randrange(1000, 10000),
        first_name=random.choice(_FIRST),
        last_name=random.choice(_LAST),
        street=f"{random.randrange(1, 400)} {town.street}",
        town=town,
    )
