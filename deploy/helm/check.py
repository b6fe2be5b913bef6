"""Render the chart as its users might, and check everything that comes out of it, offline.

`make helm`, or `python deploy/helm/check.py <folder of a chart>`. Helm's own engine renders and lints, Kubernetes' own
schemas judge the manifests, and rules.py says what else is promised of them.
"""

import functools
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate  # type: ignore[import-untyped]  # it publishes no types
import yaml

from deploy.helm import rules
from deploy.helm.rules import Manifest

CHART = Path(__file__).resolve().parent / "oms"
# The oldest and the newest that the manifests are checked for. Chart.yaml says what the chart itself needs.
KUBERNETES = ("1.34", "1.37")

_SCALED = {"autoscaling": {"enabled": True}}
_SERVICES = ("intake", "inventory", "routing", "fulfillment", "returns")
_PEERS = [{"podSelector": {"matchLabels": {"app": "channel-gateway"}}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]
_JWT = {"enabled": True, "callerToken": {"secretName": "oms-token"}}
_JWKS = {**_JWT, "jwks": {"configMapName": "oms-jwks"}, "issuer": "https://issuer.example"}

VALUES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "in the clear, behind a mesh": {"allowInsecure": True, "tls": {"enabled": False}},
    "certificates and tokens": {"jwt": _JWKS},
    "tokens only": {"tls": {"clientAuth": False}, "jwt": {**_JWT, "secret": {"secretName": "oms-jwt"}}},
    "scaled by load": {"services": dict.fromkeys(_SERVICES, _SCALED), "worker": _SCALED},
    "paused": {"worker": {"replicas": 0}},
    "telling": {"tells": {"enabled": True, "secretName": "oms-tells", "mailPort": 587}},
    "bare": {
        "telemetry": {"metrics": {"enabled": False}},
        **{name: {"enabled": False} for name in ("networkPolicy", "podDisruptionBudget", "migration")},
        "temporal": {"setup": {"enabled": False}},
        "serviceAccount": {"create": False},
    },
    "everything": {
        "fullnameOverride": "shop",
        "image": {"digest": f"sha256:{'0' * 64}"},
        "imagePullSecrets": [{"name": "pull"}],
        "jwt": _JWKS,
        "migration": {"databaseSecretName": "oms-owner"},
        "partners": {
            "paymentUrl": "https://payment.example",
            "wmsUrl": "http://wms.shop.svc:8080/v1",
            "carrierUrl": "http://carrier.shop.svc",
            "riskUrl": "https://risk.example",
        },
        "doors": {
            "http": {"enabled": True},
            "secretName": "oms-channels",
            "folder": {"claimName": "oms-channels"},
            "pull": True,
        },
        "webhook": {"url": "https://events.example:8443/oms", "secretName": "oms-webhook"},
        "telemetry": {"otlpEndpoint": "http://otel-collector.monitoring.svc:4317", "logLevel": "DEBUG"},
        "shutdown": {"drainSeconds": 60},
        "services": {"intake": {"tlsSecretName": "intake-tls", **_SCALED}},
        "worker": {"tlsSecretName": "worker-tls", "replicas": 9},
        "networkPolicy": {"clients": _PEERS, "database": {"port": 6432, "to": _PEERS}, "partners": {"to": _PEERS}},
        "serviceAccount": {"annotations": {"team": "orders"}},
        "pod": {
            "annotations": {"team": "orders"},
            "labels": {"cost": "orders"},
            "nodeSelector": {"disk": "ssd"},
            "tolerations": [{"key": "orders", "operator": "Exists"}],
            "affinity": {"nodeAffinity": {}},
            "priorityClassName": "high",
        },
    },
}
# What must be refused, and a word of the reason.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "clear text that nobody asked for": ({"tls": {"enabled": False}}, "allowInsecure"),
    "callers whom nobody knows": ({"tls": {"clientAuth": False}}, "who calls"),
    "tokens that nothing verifies": ({"jwt": _JWT}, "jwks"),
    "tokens that our own parts lack": ({"jwt": {**_JWKS, "callerToken": {"secretName": ""}}}, "callerToken"),
    "events that are not signed": ({"webhook": {"url": "https://events.example"}}, "unsigned"),
    "a misspelt value": ({"databse": {}}, "databse"),
    "a misspelt value of a service": ({"services": {"intake": {"replica": 3}}}, "replica"),
    "a number as words": ({"worker": {"replicas": "two"}}, "replicas"),
    "an address that is a URL": ({"temporal": {"address": "http://temporal:7233"}}, "address"),
    "a worker that is killed at work": ({"worker": {"terminationGracePeriodSeconds": 5}}, "termination"),
}


def check(folder: Path, sets: Mapping[str, dict[str, Any]] = VALUES) -> Iterator[str]:
    """Tell what is wrong with a chart, with any of these sets of values; a sentence each."""
    for message in helm_python.lint(str(folder), strict=True)["messages"]:
        if message["severity"] > 1 and "icon" not in message["error"]:
            yield f"helm lint: {message['path']}: {message['error']}"
    with helm_python.Chart.load(str(folder)) as chart:
        for name, values in sets.items():
            try:
                chart.validate_schema(chart.merge_values(values))
                rendered = chart.render(values, name="demo", namespace="prod")
            except helm_python.HelmError as error:
                yield f"values {name!r}: {error}"
                continue
            yield from (f"values {name!r}: {found}" for found in _judge(rendered))
        for name, (values, reason) in REFUSED.items():
            yield from _accepted(chart, name, values, reason)
    yield from rules.search_attributes((folder / "README.md").read_text(), "README.md")


def _judge(rendered: dict[str, str]) -> Iterator[str]:
    manifests: list[Manifest] = []
    for path, text in rendered.items():
        if path.endswith("NOTES.txt"):
            if "search-attribute" in text:
                yield from rules.search_attributes(text, "NOTES.txt")
            continue
        try:
            manifests += [manifest for manifest in yaml.load_all(text, Loader=yaml.CSafeLoader) if manifest]
        except yaml.YAMLError as error:
            yield f"{path} is not YAML: {error}"
            return
    for manifest in manifests:
        yield from _taken(json.dumps(manifest, sort_keys=True))
    for rule in rules.RULES:
        yield from rule(manifests)


@functools.cache
def _taken(manifest: str) -> tuple[str, ...]:
    """Tell why Kubernetes would not take a manifest. Most are the same whatever the values: each is asked for once."""
    one = json.loads(manifest)
    problems = []
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(one, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(str(step) for step in error.path)
            name = f"{one['kind']} {one['metadata']['name']}"
            problems.append(f"Kubernetes {version}: {name}: {where}: {error.message}")
    return tuple(problems)


def _accepted(chart: Any, name: str, values: dict[str, Any], reason: str) -> Iterator[str]:
    try:
        chart.validate_schema(chart.merge_values(values))
        chart.render(values, name="demo", namespace="prod")
    except helm_python.HelmError as error:
        if reason not in str(error):
            yield f"{name} should be refused for {reason!r}, and was for: {error}"
    else:
        yield f"{name} should be refused, and is not: {values}"


def main(arguments: list[str]) -> int:
    """Print what is wrong; 0 where nothing is."""
    found = list(dict.fromkeys(check(Path(arguments[0]) if arguments else CHART)))
    sys.stdout.write("".join(f"{line}\n" for line in found) or "chart: ok\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
