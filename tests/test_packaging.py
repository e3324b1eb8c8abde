"""packaging/: what this machine cannot run is read by the linter or the schema of its own tool; what it can is run."""

import base64
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import BIN, PIN, SO_PIN, run, stop_keepers

ROOT = Path(__file__).parents[1]
PACKAGING = ROOT / "packaging"
KUBERNETES = sorted((PACKAGING / "kubernetes").glob("*.yaml"))
RECIPE = PACKAGING / "ci" / "sign-artifact.yml"
COMPOSE = PACKAGING / "container" / "compose.yaml"
Need = Callable[..., None]


def documents(path: Path) -> list[dict[str, Any]]:
    yaml = pytest.importorskip("yaml")
    return [each for each in yaml.safe_load_all(path.read_text()) if each]


def test_containers_pass_hadolint(need: Need) -> None:
    need(BIN / "hadolint")
    run(BIN / "hadolint", "--failure-threshold", "info", *sorted((PACKAGING / "container").glob("*Dockerfile")))


def test_the_image_is_not_root_and_says_how_it_is() -> None:
    lines = (PACKAGING / "container" / "Dockerfile").read_text().splitlines()
    words = [line.split() for line in lines if line and not line.startswith(("#", " "))]
    last = max(at for at, line in enumerate(words) if line[0] == "FROM")
    assert sum(line[0] == "FROM" for line in words) == 2
    assert ["USER", "10001:10001"] in words[last:]
    assert any(line[0] == "HEALTHCHECK" for line in words[last:])
    copied = [word for line in words if line[0] == "COPY" for word in line[1:-1] if not word.startswith("-")]
    assert all((ROOT / name).exists() for name in copied if not name.startswith("/"))


def test_yaml_is_well_formed(need: Need) -> None:
    need(BIN / "yamllint")
    run(BIN / "yamllint", "--strict", "-c", PACKAGING / "yamllint.yaml", PACKAGING)


@pytest.mark.parametrize(("schema", "path"), [("compose-spec", COMPOSE), ("github-workflows", RECIPE)])
def test_it_fits_its_schema(schema: str, path: Path, need: Need) -> None:
    need(BIN / "check-jsonschema")
    run(BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", path)


def test_kubernetes_takes_the_manifests(need: Need) -> None:
    need(BIN / "kubernetes-validate")
    run(BIN / "kubernetes-validate", "--strict", "--quiet", *KUBERNETES)


@pytest.mark.parametrize("path", KUBERNETES, ids=lambda path: path.stem)
def test_pods_are_confined(path: Path, need: Need) -> None:
    need(BIN / "yamllint")  # it brings yaml
    pods = [each["spec"]["template"]["spec"] for each in documents(path) if each["kind"] in ("Deployment", "DaemonSet")]
    for pod in pods:
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            context = {**pod["securityContext"], **container["securityContext"]}
            assert context["runAsNonRoot"] and context["runAsUser"] > 0
            assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
            assert context["capabilities"] == {"drop": ["ALL"]}
        volumes = {volume["name"] for volume in pod["volumes"]}
        mounted = {m["name"] for c in (*pod["containers"], *pod["initContainers"]) for m in c["volumeMounts"]}
        assert mounted == volumes


def test_configurations_are_read() -> None:
    from hsmith import config

    texts = [path.read_text() for path in PACKAGING.rglob("config.toml")]
    if "yaml" in sys.modules or (BIN / "yamllint").exists():
        maps = [each for path in KUBERNETES for each in documents(path) if each["kind"] == "ConfigMap"]
        texts += [each["data"]["config.toml"] for each in maps]
    assert len(texts) >= 2
    for text in texts:
        read = config.parse(text.encode(), PACKAGING)
        assert read.keeper_group == "hsmith" and not read.keeper_autostart


@pytest.mark.client
@pytest.mark.slow
def test_the_recipe_signs(home: Path, tmp_path: Path, need: Need) -> None:
    """The steps of the workflow as they are written, but for those that install what is here already."""
    need(BIN / "yamllint", "pkcs11-tool", "openssl", "bash", "tar")
    pins = {"HSMITH_PIN": PIN, "HSMITH_SO_PIN": SO_PIN, "HSMITH_BACKUP_PASSPHRASE": "a long passphrase"}
    run(BIN / "hsmith", "token", "init", "--label", "release", env=pins)
    run(BIN / "hsmith", "key", "generate", "--token", "release", "--type", "ec:p256", "--label", "release", env=pins)
    run(BIN / "hsmith", "backup", "create", "--token", "release", tmp_path / "backup", env=pins)
    stop_keepers(home)

    runner = home / "runner"
    (runner / "src").mkdir(parents=True)
    (runner / "src" / "file").write_text("text")
    secrets = {**pins, "HSMITH_BACKUP": base64.b64encode((tmp_path / "backup").read_bytes()).decode()}
    environment = {
        "RUNNER_TEMP": str(runner),
        "HSMITH_HOME": str(runner / "hsmith"),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    (job,) = documents(RECIPE)[0]["jobs"].values()
    steps = {step["name"]: step["run"] for step in job["steps"] if "run" in step}
    try:
        for name in ("Build", "Sign", "Verify"):
            said = run("bash", "-eo", "pipefail", "-c", steps[name], cwd=runner, env={**environment, **secrets})
        assert "Verified OK" in said
    finally:
        run("bash", "-c", steps["Clean up"], cwd=runner, env=environment)
    assert sorted(path.name for path in runner.iterdir()) == ["artefact.tar", "artefact.tar.sig", "release.der", "src"]
