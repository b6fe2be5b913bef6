"""The check of the Helm chart finds what would not start, what would run open, and what nobody would reach."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.helm import check, rules

DEFAULTS: dict[str, dict[str, object]] = {"defaults": {}}


@pytest.fixture
def chart(tmp_path):
    """A copy of the chart that a test may spoil."""
    return shutil.copytree(check.CHART, tmp_path / "oms")


def spoil(chart: Path, file: str, words: str, others: str = "") -> None:
    """Put other words where these are."""
    text = (chart / file).read_text()
    assert words in text
    (chart / file).write_text(text.replace(words, others))


def test_the_check_of_a_spoilt_chart_fails_and_says_what_is_wrong(chart):
    spoil(chart, "templates/_pod.tpl", "  runAsNonRoot: true\n")
    done = subprocess.run([sys.executable, check.__file__, chart], capture_output=True, text=True)
    assert done.returncode == 1
    assert "values 'paused': Deployment demo-oms-worker lacks runAsNonRoot\n" in done.stdout


@pytest.mark.parametrize(
    ("file", "words", "others", "finding"),
    [
        ("templates/services.yaml", "          readinessProbe:", "          #", "intake lacks a readinessProbe"),
        (
            "templates/worker.yaml",
            "port: health}, periodSeconds: 10",
            "port: helth}, periodSeconds: 10",
            "asks port helth",
        ),
        ("templates/settings.yaml", "OMS_LOG_LEVEL", "OMS_LOGLEVEL", "is told OMS_LOGLEVEL, which is no setting"),
        ("templates/settings.yaml", "OMS_TLS_KEY: /etc/oms/tls/tls.key\n", "", "OMS_TLS_CERTIFICATE and OMS_TLS_KEY"),
        (
            "templates/settings.yaml",
            "OMS_TLS_CLIENT_CA: /etc/oms/tls/ca.crt\n",
            "",
            "refusing to listen on 0.0.0.0:7701",
        ),
        ("templates/services.yaml", "drainSeconds 15", "drainSeconds 0", "intake may be killed at work"),
        ("templates/services.yaml", "  clusterIP: None", "  clusterIp: None", "Service demo-oms-intake"),
        ("templates/_names.tpl", '"%s-%s.%s.svc:%d"', '"%s-%ss.%s.svc:%d"', "nothing listens at OMS_INTAKE_ADDRESS"),
        (
            "templates/networkpolicies.yaml",
            "  egress:\n    - ports: [{port: 53",
            "  ingress: [{}]\n  egress:\n    - ports: [{port: 53",
            "no policy denies",
        ),
        (
            "templates/networkpolicies.yaml",
            '"routing" (list "inventory") ',
            "",
            "routing calls inventory, and the egress",
        ),
        (
            "templates/jobs.yaml",
            "      restartPolicy",
            "      serviceAccountName: oms\n      restartPolicy",
            "runs before",
        ),
        ("templates/worker.yaml", '"oms.container" .', '"oms.container" . | replace "0.1" "0.2"', "different images"),
        ("templates/refusals.yaml", ".tls.enabled", "true", "clear text that nobody asked for should be refused"),
        ("values.yaml", "limits: {memory: 1Gi}", "limits: {cpu: 1}", "worker lacks resources"),
        (
            "values.schema.json",
            '"additionalProperties": false',
            '"additionalProperties": true',
            "a misspelt value should",
        ),
        ("README.md", "--name OmsHold", "--name OmsHolds", "README.md names the search attributes"),
    ],
)
def test_a_fault_is_found(chart, file, words, others, finding):
    spoil(chart, file, words, others)
    assert finding in "\n".join(check.check(chart, DEFAULTS))


def test_the_notes_name_every_search_attribute(chart):
    spoil(chart, "templates/_searchattributes.tpl", '"OmsHold" "Keyword"')
    found = list(check.check(chart, {"by hand": {"temporal": {"setup": {"enabled": False}}}}))
    assert any("NOTES.txt names the search attributes" in line for line in found)


def test_the_calls_that_policies_must_let_through_are_read_from_the_code():
    assert {("worker", "intake"), ("routing", "inventory"), ("returns", "intake")} <= set(rules._calls())
