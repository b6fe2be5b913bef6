"""What is promised of the chart's manifests, beyond that Kubernetes takes them: one function for each promise."""

import importlib
import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from services.chassis.settings import Settings
from workflows.search_attributes import SERVER_TYPES
from workflows.worker import GRACE

Manifest = Mapping[str, Any]
Rule = Callable[[list[Manifest]], Iterator[str]]

ROOT = Path(__file__).parents[2]
# Read by workflows/worker.py itself.
WORKER_ONLY = {"OMS_HEALTH_HOST", "OMS_HEALTH_PORT"}
# What a variable from a Secret might hold.
SECRETS = {
    "OMS_DATABASE_URL": "postgresql://oms:word@postgres:5432/oms",
    "OMS_WEBHOOK_SECRET": f"whsec_{b64encode(bytes(32)).decode()}",
}


def confined(manifests: list[Manifest]) -> Iterator[str]:
    """No container is root, writes to its image, gains rights, or has Kubernetes' token."""
    for where, pod, container in _containers(manifests):
        outer, inner = pod.get("securityContext", {}), container.get("securityContext", {})
        held = {
            "runAsNonRoot": outer.get("runAsNonRoot") is True,
            "runAsUser 10001": outer.get("runAsUser") == 10001,
            "seccompProfile RuntimeDefault": outer.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "allowPrivilegeEscalation false": inner.get("allowPrivilegeEscalation") is False,
            "readOnlyRootFilesystem": inner.get("readOnlyRootFilesystem") is True,
            "capabilities drop ALL": inner.get("capabilities", {}).get("drop") == ["ALL"],
            "automountServiceAccountToken false": pod.get("automountServiceAccountToken") is False,
            "enableServiceLinks false": pod.get("enableServiceLinks") is False,
        }
        yield from (f"{where} lacks {name}" for name, right in held.items() if not right)


def bounded(manifests: list[Manifest]) -> Iterator[str]:
    """Every container asks for what it needs, and is limited in memory."""
    for where, _, container in _containers(manifests):
        asked = container.get("resources", {})
        if not {"cpu", "memory"} <= set(asked.get("requests", {})) or "memory" not in asked.get("limits", {}):
            yield f"{where} lacks resources: requests of cpu and memory, a limit of memory"


def probed(manifests: list[Manifest]) -> Iterator[str]:
    """Whatever stays is asked whether it has started, lives, and is ready, at a port that it has."""
    for where, _, container in _containers(manifests, "Deployment"):
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            probe = container.get(kind)
            if not probe:
                yield f"{where} lacks a {kind}"
                continue
            port = next(iter(probe[how]["port"] for how in ("grpc", "tcpSocket", "httpGet") if how in probe))
            if port not in ports and port not in ports.values():
                yield f"{where}: its {kind} asks port {port}, which it does not have"


def one_image(manifests: list[Manifest]) -> Iterator[str]:
    """Every part runs the same image."""
    images = {container["image"] for _, _, container in _containers(manifests)}
    if len(images) != 1:
        yield f"parts run different images: {sorted(images)}"


def started(manifests: list[Manifest]) -> Iterator[str]:
    """Every part is told only what it knows, and starts with it."""
    for where, _, container in _containers(manifests):
        variables = _environment(container, manifests)
        classes = _settings(container["args"])
        known = {f"OMS_{field.upper()}" for one in classes for field in one.model_fields}
        if container["args"] == ["worker"]:
            known |= WORKER_ONLY
        yield from (f"{where} is told {name}, which is no setting of it" for name in sorted(set(variables) - known))
        with _told(variables):
            for one in classes:
                try:
                    one()
                except ValidationError as error:
                    yield f"{where} would not start: {'; '.join(item['msg'] for item in error.errors())}"


def ended(manifests: list[Manifest]) -> Iterator[str]:
    """Nobody is killed before the time that they have for what is in hand."""
    for where, pod, container in _containers(manifests, "Deployment"):
        needed = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        worker = container["args"] == ["worker"]
        needed += GRACE.total_seconds() if worker else float(_environment(container, manifests)["OMS_DRAIN_SECONDS"])
        if pod.get("terminationGracePeriodSeconds", 30) < needed + 5:
            yield f"{where} may be killed at work: it needs {needed:g} s and a few to close"


def found(manifests: list[Manifest]) -> Iterator[str]:
    """What refers to a part refers to one that there is; jobs that run first refer to nothing that comes later."""
    names = {(manifest["kind"], manifest["metadata"]["name"]) for manifest in manifests}
    labels = [pod["metadata"]["labels"].items() for _, pod in _pods(manifests)]
    for manifest in manifests:
        kind, spec, where = manifest["kind"], manifest.get("spec", {}), _where(manifest)
        selector = spec.get("podSelector", spec.get("selector", {}))
        selector = selector if kind == "Service" else selector.get("matchLabels", {})
        # A policy may wait for a job that is switched off.
        waits = kind == "NetworkPolicy" and where.endswith(("-migrate", "-temporal-setup"))
        if selector and not waits and not any(selector.items() <= one for one in labels):
            yield f"{where} selects no pod"
        if kind == "HorizontalPodAutoscaler" and ("Deployment", spec["scaleTargetRef"]["name"]) not in names:
            yield f"{where} scales nothing"
    for where, pod, container in _containers(manifests, "Job"):
        if "envFrom" in container or "serviceAccountName" in pod:
            yield f"{where} runs before the release, and needs a ConfigMap or ServiceAccount of it"
    for where, _, container in _containers(manifests, "Deployment"):
        for name, value in _environment(container, manifests).items():
            host, _, port = str(value).partition(":")
            if name.endswith("_ADDRESS") and name != "OMS_TEMPORAL_ADDRESS":
                service = _named(manifests, "Service", host.partition(".")[0])
                if not service or str(service["spec"]["ports"][0]["port"]) != port:
                    yield f"{where}: nothing listens at {name}={value}"


def let_through(manifests: list[Manifest]) -> Iterator[str]:
    """Where traffic is denied, those who call a service of ours may, as their code says."""
    policies = [one for one in manifests if one["kind"] == "NetworkPolicy"]
    if not policies:
        return
    ways = {_component(one): one["spec"] for one in policies}
    if "" not in ways or "ingress" in ways[""]:
        yield "no policy denies what no other allows"
    for caller, called in _calls():
        for side, policy, peer in (("egress", caller, called), ("ingress", called, caller)):
            allowed = [rule.get("to", rule.get("from", [])) for rule in ways.get(policy, {}).get(side) or []]
            parts = {
                one.get("podSelector", {}).get("matchLabels", {}).get(_LABEL) for peers in allowed for one in peers
            }
            if peer not in parts:
                yield f"{caller} calls {called}, and the {side} of {policy} does not let it"


def search_attributes(text: str, where: str) -> Iterator[str]:
    """Tell where a text that names the search attributes differs from workflows/search_attributes.py."""
    named = dict(re.findall(r"search-attribute create .*--name (\w+) --type (\w+)", text))
    if named != SERVER_TYPES:
        yield f"{where} names the search attributes {named}; the processes have {SERVER_TYPES}"


RULES: tuple[Rule, ...] = (confined, bounded, probed, one_image, started, ended, found, let_through)

_LABEL = "app.kubernetes.io/component"


def _pods(manifests: list[Manifest]) -> Iterator[tuple[Manifest, Manifest]]:
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "Job"):
            yield manifest, manifest["spec"]["template"]


def _containers(manifests: list[Manifest], *kinds: str) -> Iterator[tuple[str, Manifest, Manifest]]:
    for manifest, template in _pods(manifests):
        if not kinds or manifest["kind"] in kinds:
            for container in template["spec"]["containers"] + template["spec"].get("initContainers", []):
                yield _where(manifest), template["spec"], container


def _where(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def _component(manifest: Manifest) -> str:
    return str(manifest["spec"]["podSelector"]["matchLabels"].get(_LABEL, ""))


def _named(manifests: list[Manifest], kind: str, name: str) -> Manifest | None:
    return next((one for one in manifests if (one["kind"], one["metadata"]["name"]) == (kind, name)), None)


def _environment(container: Manifest, manifests: list[Manifest]) -> dict[str, str]:
    """Return what a container is told, as the kubelet would put it together."""
    told: dict[str, str] = {}
    for source in container.get("envFrom", []):
        if "configMapRef" not in source:
            continue  # a Secret: what is in it is for the platform team to know
        settings = _named(manifests, "ConfigMap", source["configMapRef"]["name"])
        told |= settings["data"] if settings else {}
    for variable in container.get("env") or []:
        secret = SECRETS.get(variable["name"], "thirty-two bytes of a secret or more")
        told[variable["name"]] = str(variable.get("value", secret))
    return told


def _settings(arguments: list[str]) -> list[type[BaseSettings]]:
    """Return the settings that a command reads: everybody's, and those of the service."""
    classes: list[type[BaseSettings]] = [Settings]
    if arguments[0] == "serve" and (ROOT / "services" / arguments[1] / "settings.py").exists():
        module = importlib.import_module(f"services.{arguments[1]}.settings")
        own = (one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__)
        classes += [one for one in own if issubclass(one, BaseSettings)]
    return classes


@contextmanager
def _told(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("OMS_")}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]
        os.environ.update(before)


def _calls() -> Iterator[tuple[str, str]]:
    """Read from the code which part has the address of which service."""
    sources = {path.parent.name: sorted(path.parent.glob("*.py")) for path in (ROOT / "services").glob("*/__main__.py")}
    for caller, paths in {**sources, "worker": [ROOT / "workflows" / "worker.py"]}.items():
        # The commands of a service run where a person is, not in its pod.
        words = "".join(path.read_text() for path in paths if not path.name.startswith("cli"))
        for called in sorted(set(re.findall(r"settings\.(\w+)_address", words)) - {"temporal", caller}):
            yield caller, called
