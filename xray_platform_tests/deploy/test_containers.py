"""Containers: their files hold against linters and schemas, hold no secret, and their commands run as processes.

No container is built or run here.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from xray_platform.ports import HOST, free_port
from xray_platform_tests.cli.processes import ROOT, environment
from xray_platform_tests.conftest import KEY
from xray_platform_tests.deploy.deployment import START_SECONDS, graphql, until
from xray_platform_tests.deploy.postgres import binaries, postgres

DEPLOY = ROOT / "deploy"
CONTAINERFILE = DEPLOY / "Containerfile"
COMPOSE = DEPLOY / "team" / "compose.yaml"
CLUSTER = DEPLOY / "cluster"
PROGRAMS = Path(sys.executable).parent
KUBERNETES = "1.34"
SECRETS = {"XRAY_DAGSTER_DATABASE", "MLFLOW_BACKEND_STORE_URI", "XRAY_KEY", "RAY_AUTH_TOKEN"}


def linted(program: str, *words: object) -> str:
    """Return what a linter finds; empty: nothing."""
    ran = subprocess.run(
        [PROGRAMS / program, *map(str, words)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    return ran.stdout + ran.stderr if ran.returncode else ""


def manifests() -> list[Path]:
    """Return the files that the kustomization names."""
    named = yaml.safe_load((CLUSTER / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    return [CLUSTER / name for name in named]


def objects() -> list[dict[str, Any]]:
    return [one for file in manifests() for one in yaml.safe_load_all(file.read_text(encoding="utf-8"))]


def pods() -> list[dict[str, Any]]:
    return [one["spec"]["template"]["spec"] for one in objects() if one["kind"] == "Deployment"]


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return found


def test_the_linters_have_nothing_to_say() -> None:
    assert linted("hadolint", "--failure-threshold", "style", CONTAINERFILE) == ""
    assert linted("check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE) == ""
    assert linted("yamllint", "--strict", "--config-file", DEPLOY / ".yamllint", DEPLOY) == ""
    for file in manifests():
        assert linted("kubernetes-validate", "--strict", "--kubernetes-version", KUBERNETES, file) == ""


@pytest.mark.parametrize(
    ("program", "words", "good", "bad"),
    [
        ("hadolint", ["--failure-threshold", "style"], "USER 10001:10001\nWORKDIR /store", "WORKDIR store"),
        (
            "check-jsonschema",
            ["--builtin-schema", "vendor.compose-spec"],
            "restart: unless-stopped",
            "restarts: always",
        ),
        ("kubernetes-validate", ["--strict", "--kubernetes-version", KUBERNETES], "replicas: 1", "replicas: one"),
    ],
)
def test_the_linters_see_what_is_wrong(tmp_path: Path, program: str, words: list[str], good: str, bad: str) -> None:
    """The attack on the test above: a linter that finds nothing because it reads nothing."""
    files = {"hadolint": CONTAINERFILE, "check-jsonschema": COMPOSE, "kubernetes-validate": CLUSTER / "code.yaml"}
    text = files[program].read_text(encoding="utf-8")
    assert good in text
    spoilt = tmp_path / files[program].name
    spoilt.write_text(text.replace(good, bad), encoding="utf-8")
    assert linted(program, *words, spoilt) != ""


def test_the_image_runs_as_a_user_without_rights_and_its_base_is_pinned() -> None:
    lines = CONTAINERFILE.read_text(encoding="utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert all(re.fullmatch(r"[a-z]+:\d+\.\d+\.\d+-[a-z-]+", base) for base in bases), bases
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert any("--constraint constraints.txt" in line for line in lines)


def test_only_what_the_image_is_made_of_is_sent_to_its_builder() -> None:
    """No data, history or environment, whatever lies in the checkout: all is left out that is not named."""
    first, *named = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert first == "*"
    let_in = {line[1:] for line in named if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert let_in == {word for line in copied for word in line.split()}
    assert all((ROOT / name).exists() for name in let_in)


def test_no_pod_and_no_service_has_rights_that_it_does_not_need() -> None:
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
    for name, service in services().items():
        assert all(port.startswith(f"{HOST}:") for port in service.get("ports", [])), name
        assert name == "database" or (service["read_only"] and service["cap_drop"] == ["ALL"])


def test_secrets_are_named_and_not_written_and_each_gets_only_its_own() -> None:
    of_pod = {pod["containers"][0]["name"]: secrets_of(pod["containers"][0]) for pod in pods()}
    assert set().union(*of_pod.values()) == SECRETS
    assert of_pod["ray-head"] == {"RAY_AUTH_TOKEN"}
    assert {name for name, told in of_pod.items() if "XRAY_KEY" in told} == {"ray-worker", "code"}
    with_key = [name for name, service in services().items() if "XRAY_KEY" in service["environment"]]
    assert with_key == ["code"], "runs are processes of the code server"
    written = [value for service in services().values() for value in service["environment"].values()]
    assert not [value for value in written if "PASSWORD" in value and "${POSTGRES_PASSWORD:?}" not in value]


def secrets_of(container: dict[str, Any]) -> set[str]:
    """Return the names of the secrets that a container is told; its other variables hold no secret's name."""
    told = {one["name"] for one in container["env"] if "secretKeyRef" in one.get("valueFrom", {})}
    assert not SECRETS & {one["name"] for one in container["env"] if "value" in one}
    return told


def test_both_deployments_read_the_configuration_that_is_tried_without_containers() -> None:
    """What the clusters' stories try is what the containers mount: the same dagster.yaml, at the root of the store."""
    assert "./dagster.yaml:/store/dagster.yaml:ro" in services()["code"]["volumes"]
    made = yaml.safe_load((CLUSTER / "kustomization.yaml").read_text(encoding="utf-8"))["configMapGenerator"]
    assert made == [{"name": "dagster", "files": ["dagster.yaml", "workspace.yaml"]}]
    for container in (pod["containers"][0] for pod in pods()):
        mounts = {one["mountPath"]: one.get("subPath") for one in container["volumeMounts"]}
        assert container["name"] in {"ray-head", "mlflow"} or mounts["/store/dagster.yaml"] == "dagster.yaml"


def test_the_cluster_starts_dagster_and_ray_by_the_commands_that_are_tried() -> None:
    """Dagster's three as Compose does, which are run below; Ray's two as the page says, which the story runs."""
    commands = {pod["containers"][0]["name"]: pod["containers"][0]["command"] for pod in pods()}
    for name in ("code", "daemon", "webserver"):
        assert commands[name] == services()[name]["command"]
    page = (ROOT / "docs" / "guides" / "deployments.md").read_text(encoding="utf-8")
    for name, begins in (("ray-head", "ray start --head"), ("ray-worker", "ray start --block")):
        shown = next(line for line in page.splitlines() if line.startswith(begins)).split()
        assert {word for word in shown if word.startswith("--")} <= set(commands[name])


@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed (apt-get install postgresql)")
@pytest.mark.timeout(900)
def test_the_commands_of_compose_serve_the_graph(tmp_path: Path) -> None:
    """The code server, daemon and webserver of Compose as processes, on other ports, with the files that it mounts."""
    code, web, store = free_port(), free_port(), tmp_path / "store"
    store.mkdir()
    shutil.copy(DEPLOY / "team" / "dagster.yaml", store)
    workspace = tmp_path / "workspace.yaml"
    text = (DEPLOY / "team" / "workspace.yaml").read_text(encoding="utf-8")
    workspace.write_text(text.replace("host: code", f"host: {HOST}").replace("4000", str(code)), encoding="utf-8")
    words = {"0.0.0.0": HOST, "4000": str(code), "3000": str(web), "/etc/xray/workspace.yaml": str(workspace)}  # noqa: S104
    with postgres(["dagster"]) as address, ExitStack() as stack:
        variables = {"XRAY_DAGSTER_DATABASE": f"{address}dagster", "XRAY_ROOT": str(store), "DAGSTER_HOME": str(store)}
        running = {}
        for name in ("code", "daemon", "webserver"):
            command = [words.get(word, word) for word in services()[name]["command"]]
            running[name] = stack.enter_context(started(command, {**variables, "XRAY_KEY": KEY}))
            if name == "code":
                until(lambda: serves_code(code), START_SECONDS, "the code server answers as its health check asks")
        until(lambda: loaded(web), START_SECONDS, "the webserver shows the code location")
        until(lambda: beats(web), START_SECONDS, "the daemon's heart beats")
        assert all(process.poll() is None for process in running.values())


@contextmanager
def started(command: list[str], variables: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    path = PROGRAMS / command[0]
    with subprocess.Popen(
        [path if path.exists() else command[0], *command[1:]],
        env=environment(**variables), cwd=variables["XRAY_ROOT"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def serves_code(port: int) -> bool:
    """Ask as the health check of Compose does."""
    check = services()["code"]["healthcheck"]["test"]
    words = [word.replace("4000", str(port)) for word in check[1:]]
    return subprocess.run([PROGRAMS / words[0], *words[1:]], capture_output=True, check=False).returncode == 0


def loaded(port: int) -> bool:
    with suppress(OSError), urlopen(f"http://{HOST}:{port}/server_info", timeout=5):
        query = "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus } } } }"
        entries = graphql(f"http://{HOST}:{port}", query)["workspaceOrError"]["locationEntries"]
        return bool(entries == [{"name": "xray_platform", "loadStatus": "LOADED"}])
    return False


def beats(port: int) -> bool:
    query = '{ instance { daemonHealth { daemonStatus(daemonType: "SENSOR") { healthy } } } }'
    return bool(graphql(f"http://{HOST}:{port}", query)["instance"]["daemonHealth"]["daemonStatus"]["healthy"])
