"""Files of networks and products, of either kind."""

from pathlib import Path
from typing import Any

from oms.routing.v1.network_pb2 import Network, Problem, Product
from oms.routing.v1.node_pb2 import Node
from services.routing.files import csv_table, documents, plain_yaml
from services.routing.files.plain_yaml import Unreadable
from services.routing.problem import problem


def read_network(file: Path) -> tuple[Network, list[Problem]]:
    """Return the network of a YAML file, or the nodes of a CSV; and what is wrong with how it is written.

    Raises:
        Unreadable: it is no text, or no YAML.
    """
    text = _text(file)
    if file.suffix.lower() == ".csv":
        rows, problems = csv_table.read(text, Node.DESCRIPTOR)
        network, more = documents.read({"nodes": rows}, Network())
        return network, problems + more
    return documents.read(plain_yaml.load(text), Network())


def read_products(file: Path) -> tuple[list[Product], list[Problem]]:
    """Return the products of a CSV or a YAML file ("products:" and a list), and what is wrong with how it is written.

    Raises:
        Unreadable: it is no text, or no YAML.
    """
    entries: list[Any]
    text, problems = _text(file), list[Problem]()
    if file.suffix.lower() == ".csv":
        entries, problems = csv_table.read(text, Product.DESCRIPTOR)
    else:
        document = plain_yaml.load(text)
        if not isinstance(document, dict) or not isinstance(document.get("products"), list) or len(document) > 1:
            return [], [problem("", 'must be a mapping with the one field "products", a list')]
        entries = document["products"]
    products = []
    for number, entry in enumerate(entries):
        product, more = documents.read(entry, Product(), f"products[{number}]")
        products.append(product)
        problems += more
    return products, problems


def network_yaml(network: Network) -> str:
    """Return the network as YAML; to import it changes nothing."""
    document = documents.write(network)
    return plain_yaml.dump({name: document.get(name, []) for name in ("calendars", "nodes", "carrier_services")})


def nodes_csv(network: Network) -> str:
    """Return the nodes as CSV; calendars and carrier services have no place in it."""
    return csv_table.write([documents.write(node) for node in network.nodes], Node.DESCRIPTOR)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8: {error}") from error
