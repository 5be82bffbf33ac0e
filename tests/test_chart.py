"""The Helm chart renders by Helm's own library, and each object follows Kubernetes' schemas. No cluster is asked."""

import re

import pytest
from ruamel.yaml import YAML

from tests.paths import ROOT
from voiceapp import settings
from voiceapp.runtime.metrics import REGISTRY

helm = pytest.importorskip("helm_python", reason="needs pip install -r requirements-chart.txt", exc_type=ImportError)
kubernetes_validate = pytest.importorskip("kubernetes_validate", reason="needs pip install -r requirements-chart.txt")
CHART = ROOT / "deploy" / "helm" / "voiceapp"
KUBERNETES = ("1.29", "1.33")


def rendered(**values):
    """The objects, by kind and name."""
    with helm.Chart.load(str(CHART)) as chart:
        chart.validate_schema(values)
        texts = chart.render(values, name="line", namespace="calls").values()
    objects = [one for text in texts for one in YAML(typ="safe").load_all(text) if one]
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}


def pod_of(objects, role):
    return objects["Deployment", f"line-{role}"]["spec"]["template"]["spec"]


def test_helm_has_nothing_to_say():
    found = helm.lint(str(CHART))
    assert found["errors"] == []
    assert [message["error"] for message in found["messages"]] == ["icon is recommended"]


@pytest.mark.parametrize("kubernetes", KUBERNETES)
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"googleSecret": "", "environment": {"LOG_FORMAT": "json"}, "var": {"existingClaim": "mine"}},
        {"var": {"storageClassName": "nfs"}, "image": {"repository": "r/v", "tag": "2"}},
    ],
)
def test_each_object_follows_the_schema(values, kubernetes):
    objects = rendered(**values)
    assert len(objects) >= 8
    for one in objects.values():
        kubernetes_validate.validate(one, kubernetes, strict=True)


def test_an_object_that_does_not_follow_it_is_refused():
    wrong = rendered()["Deployment", "line-web"] | {"spec": {"replicaz": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES[0], strict=True)


@pytest.mark.parametrize("drain_s", [settings.DRAIN_TIMEOUT_S, 1800])
def test_a_pod_is_not_killed_before_its_calls_have_ended(drain_s):
    server = (ROOT / "voiceapp/server/serve.py").read_text()
    (watchdog_s,) = re.findall(r"^WATCHDOG_S = (\d+)", server, re.MULTILINE)
    for role in ("media", "web"):
        pod = pod_of(rendered(drainTimeoutS=drain_s), role)
        (container,) = pod["containers"]
        (before, pause_s) = container["lifecycle"]["preStop"]["exec"]["command"]
        assert before == "sleep"
        assert pod["terminationGracePeriodSeconds"] >= drain_s + int(watchdog_s) + int(pause_s)
        assert {"name": "DRAIN_TIMEOUT_S", "value": str(drain_s)} in container["env"]


def test_pods_come_and_go_one_at_a_time_by_the_calls_that_they_have():
    objects = rendered()
    scaler = objects["HorizontalPodAutoscaler", "line-media"]["spec"]
    (metric,) = scaler["metrics"]
    assert metric["pods"]["metric"]["name"] in REGISTRY._names_to_collectors
    assert scaler["minReplicas"] >= 2
    # Else each upgrade would undo what the autoscaler has done.
    assert "replicas" not in objects["Deployment", "line-media"]["spec"]
    budget = objects["PodDisruptionBudget", "line-media"]["spec"]
    labels = objects["Deployment", "line-media"]["spec"]["template"]["metadata"]["labels"]
    assert budget["maxUnavailable"] == 1 and budget["selector"]["matchLabels"].items() <= labels.items()
    assert scaler["behavior"]["scaleDown"]["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 300}]


def test_what_is_kept_is_on_a_volume_that_outlives_the_release():
    objects = rendered()
    claim = objects["PersistentVolumeClaim", "line-var"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    for role in ("media", "web"):
        pod = pod_of(objects, role)
        assert {"name": "var", "persistentVolumeClaim": {"claimName": "line-var"}} in pod["volumes"]
        (container,) = pod["containers"]
        assert {"name": "var", "mountPath": "/var/lib/voiceapp"} in container["volumeMounts"]
        assert {"name": "VAR_DIR", "value": "/var/lib/voiceapp"} in container["env"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True


def test_media_and_pages_go_to_pods_of_their_own_and_figures_to_nobody():
    objects = rendered()
    (rule,) = objects["Ingress", "line"]["spec"]["rules"]
    to = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert to == {"/ws/twilio/": "line-media", "/twilio/": "line-media", "/metrics": "line-nobody", "/": "line-web"}
    assert "selector" not in objects["Service", "line-nobody"]["spec"]


def test_its_variables_are_those_that_the_server_reads():
    known = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    (container,) = pod_of(rendered(), "media")["containers"]
    assert {one["name"] for one in container["env"]} <= known


@pytest.mark.parametrize("values", [{"drainTimeoutS": "soon"}, {"media": {"replicas": 1}}, {"domain": "not a name"}])
def test_values_that_make_no_sense_are_refused(values):
    with pytest.raises(helm.HelmError):
        rendered(**values)


def test_the_readme_says_what_was_tried():
    assert "No cluster has run this chart yet" in (CHART / "README.md").read_text()
