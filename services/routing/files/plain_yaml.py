"""YAML of which nobody is surprised: NO is Norway, 22:00 is a time and 02134 a postal code, all of them texts."""

import re
from typing import Any

import yaml


class Unreadable(ValueError):
    """It is no YAML; the message says where."""


def load(text: str) -> Any:
    """Return what the text says: mappings, lists, texts, numbers, true, false, and None.

    Raises:
        Unreadable: it is no YAML.
    """
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def dump(document: object) -> str:
    """Return the document as YAML that other readers understand alike."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)


class _Loader(yaml.SafeLoader):
    """Of YAML's many ways to write a number or a truth only the plain ones are left, and of its dates none."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - the name and the kind are PyYAML's


_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|)$"), ["~", "n", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)$", re.IGNORECASE), list("tTfF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$"),
    list("-0123456789"),
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"<<$"), ["<"])
