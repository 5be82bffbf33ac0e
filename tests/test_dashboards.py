"""Alerts and the dashboard ask for figures that there are."""

import json
import re
import shutil
import subprocess

import pytest
from ruamel.yaml import YAML

from tests.paths import ROOT
from voiceapp.runtime.metrics import REGISTRY

PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "voiceapp.json").read_text())
ALERTS = [rule for group in YAML(typ="safe").load(PROMETHEUS / "alerts.yml")["groups"] for rule in group["rules"]]
EXPRESSIONS = [
    *[rule["expr"] for rule in ALERTS],
    *[target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]],
]
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def figures():
    """Each name that /metrics can give out, and its labels."""
    labels = {
        name: collector._labelnames for collector, names in REGISTRY._collector_to_names.items() for name in names
    }
    return {
        family.name + suffix: {*labels[family.name], "instance", "job", *(["le"] if suffix == "_bucket" else [])}
        for family in REGISTRY.collect()
        for suffix in SUFFIXES[family.type]
    }


def test_every_figure_that_is_asked_for_is_given_out():
    known = figures()
    asked = {name for expression in EXPRESSIONS for name in re.findall(r"voiceapp_\w+", expression)}
    assert len(asked) > 20
    assert asked - known.keys() == set()


def test_they_are_asked_for_by_labels_that_they_have():
    known = figures()
    for expression in EXPRESSIONS:
        names = re.findall(r"voiceapp_\w+", expression)
        for name, selector in re.findall(r"(voiceapp_\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)\s*=", selector)) <= known[name], expression
        for grouped in re.findall(r"by \(([^)]*)\)", expression):
            assert all(set(re.split(r",\s*", grouped)) <= known[name] for name in names), expression


def test_what_an_alert_says_of_itself_are_labels_that_it_keeps():
    known = figures()
    for rule in ALERTS:
        names = re.findall(r"voiceapp_\w+", rule["expr"])
        kept = set.intersection(*(known[name] for name in names)) if names else {"instance", "job"}
        for text in rule["annotations"].values():
            assert set(re.findall(r"\$labels\.(\w+)", text)) <= kept, rule["alert"]
        assert rule["annotations"]["action"] and rule["labels"]["severity"] in ("critical", "warning")


def test_panels_stand_beside_each_other_and_ask_the_chosen_prometheus():
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    (variable,) = DASHBOARD["templating"]["list"]
    assert (variable["name"], variable["type"]) == ("datasource", "datasource")
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {"${datasource}"}


def test_prometheus_asks_where_nginx_gives_them_out():
    (job,) = YAML(typ="safe").load(PROMETHEUS / "prometheus.yml")["scrape_configs"]
    rules = (ROOT / "deploy/nginx/voiceapp-local.conf").read_text()
    (address,) = [rule["replacement"] for rule in job["relabel_configs"] if rule.get("target_label") == "__address__"]
    assert f"listen {address};" in rules
    (place,) = re.findall(r"location ~ (\S+) \{", rules)
    for name in job["static_configs"][0]["targets"]:
        assert re.fullmatch(place.strip("^$"), f"/metrics/{name}")


@pytest.fixture(scope="module")
def promtool():
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("needs promtool: apt install prometheus")
    return found


def test_prometheus_takes_the_files(promtool):
    for what, name in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        done = subprocess.run([promtool, "check", what, PROMETHEUS / name], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_is_raised_and_over(promtool, tmp_path):
    # promtool's own form: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
    (tmp_path / "test.yml").write_text(f"""
rule_files: [{PROMETHEUS / "alerts.yml"}]
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - {{ series: 'voiceapp_calls_hearing{{instance="media-1", state="down"}}', values: '0x4 2x8 0x8' }}
    alert_rule_test:
      - {{ eval_time: 1m, alertname: VoiceappHeardByNobody }}
      - eval_time: 2m
        alertname: VoiceappHeardByNobody
        exp_alerts:
          - exp_labels: {{ severity: critical, instance: media-1 }}
            exp_annotations:
              summary: "2 calls of media-1 are heard by nobody"
              action: "manage.py doctor --only engines; manage.py explain SID"
      - {{ eval_time: 4m, alertname: VoiceappHeardByNobody }}
""")
    done = subprocess.run(
        [promtool, "test", "rules", tmp_path / "test.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
