"""The files of deploy/: read, held against each other and against the repository, and rendered for nginx itself."""

from __future__ import annotations

import ast
import errno
import fnmatch
import importlib.metadata
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy import local, proxy, space
from tests import nginx

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
PORT, PROXY_PORT = 8501, 8080
NEEDED = ("app.py", "requirements.txt", ".streamlit", "core", "pages", "deploy")
PERMISSIVE = re.compile(
    r"\b(MIT|3-Clause BSD|(0)?BSD|Apache|PSF|PSFL|Python Software Foundation|MPL|ISC|HPND|Zlib)\b"
)
LIBRARIES = {"fpdf2": "LGPL"}  # used unchanged


def compose() -> dict[str, Any]:
    """deploy/compose.yaml as Compose reads it, with its variables at their defaults."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
    return yaml.safe_load(re.sub(r"\$\{\w+:\?[^}]*\}", "0123", text))


def cluster() -> dict[tuple[str, str], dict[str, Any]]:
    """deploy/kubernetes.yaml by kind and name."""
    found = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))
    named = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(named) == len(found)
    return named


def container(name: str) -> dict[str, Any]:
    """The one container of a Deployment."""
    (only,) = cluster()["Deployment", name]["spec"]["template"]["spec"]["containers"]
    return only


def instructions(text: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, each on one line."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def dockerfile(name: str) -> list[str]:
    """What deploy/Dockerfile says after `name`."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    return [rest for word, rest in instructions(text) if word == name]


def accepted(
    command: list[str], environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """nginx's verdict on what `python deploy/proxy.py …` would run, with two replicas behind the name."""
    assert command[:2] == ["python", "deploy/proxy.py"]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    given = proxy.arguments().parse_args(command[2:])
    settings = proxy.Settings(
        given.listen, tmp_path, trusted=tuple(given.trusted), address_sockets=given.address_sockets
    )
    path = proxy.Nginx(settings).write(["10.0.0.3:8501", "10.0.0.9:8501"])
    assert "${ATLAS" not in path.read_text(encoding="utf-8")
    line = [proxy.program(), "-t", "-q", "-p", str(tmp_path), "-c", str(path), "-e", "stderr"]
    done = subprocess.run(line, capture_output=True, text=True)
    return f"{done.returncode} {done.stderr}".strip()


# --- the image


def image_tree(tmp_path: Path) -> Path:
    """What the Dockerfile copies, with what its .dockerignore lets through."""
    patterns = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split("\n")
    patterns = [line for line in patterns if line and not line.startswith("#")]
    let_through = {line[1:] for line in patterns if line.startswith("!")}
    shut_out = [
        line.removeprefix("**/") for line in patterns if line[0] not in "!*" or line.startswith("**/")
    ]
    assert patterns[0] == "*"
    for rest in dockerfile("COPY"):
        *sources, target = rest.split()
        for source in sources:
            place = ROOT / source
            assert place.exists() and source in let_through, source
            into = tmp_path / (Path(source).name if target == "./" else target)
            files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
            for file in files:
                inner = file.relative_to(ROOT).as_posix()
                parts = (inner, *Path(inner).parts)
                if any(fnmatch.fnmatch(part, pattern) for part in parts for pattern in shut_out):
                    continue
                copy = into if place.is_file() else into / file.relative_to(place)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
    return tmp_path


def test_the_image_holds_what_the_app_needs_and_nothing_else(tmp_path: Path) -> None:
    tree = image_tree(tmp_path)
    listed = subprocess.run(
        ["git", "ls-files", *NEEDED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    names = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    assert set(listed.stdout.split("\n")) - {""} <= names
    assert not any("__pycache__" in name or name.endswith("secrets.toml") for name in names)
    assert {Path(name).parts[0] for name in names} == {*NEEDED, ".ci", "LICENSE", "README.md"}
    done = subprocess.run(
        [sys.executable, "-B", "-c", "import app; print(app.app)"], cwd=tree, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_the_image_runs_as_nobody_special_and_says_whether_it_is_well() -> None:
    assert dockerfile("USER") == ["1000:1000"]
    assert dockerfile("EXPOSE") == [str(PORT)]
    (health,) = dockerfile("HEALTHCHECK")
    assert f"http://127.0.0.1:{PORT}/healthz" in health
    (command,) = dockerfile("CMD")
    assert f"--server.port={PORT}" in command and "app.py" in command
    assert dockerfile("FROM") == ["python:3.11-slim-bookworm"]
    (installs,) = [rest for rest in dockerfile("RUN") if "pip install" in rest]
    assert "download.pytorch.org/whl/cpu" in installs and installs.index("whl/cpu") < installs.index(
        "-r requirements"
    )


def test_torch_for_the_cpu_is_the_one_that_is_pinned() -> None:
    """The line of the Dockerfile that takes its version from requirements.txt finds it."""
    (installs,) = [rest for rest in dockerfile("RUN") if "pip install" in rest]
    (pattern,) = re.findall(r"grep -o '([^']*)'", installs)
    found = re.findall(pattern, (ROOT / "requirements.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(found) == 1
    community = (DEPLOY / "community" / "requirements.txt").read_text(encoding="utf-8")
    assert f"\n{found[0]}+cpu\n" in community and "\n-r ../../requirements.txt\n" in community


# --- compose


def test_compose_has_nginx_before_replicas_that_are_reached_by_name() -> None:
    services = compose()["services"]
    app, before = services["app"], services["proxy"]
    replicas = before["command"][before["command"].index("--replicas") + 1]
    assert replicas == f"app:{PORT}" and int(app["deploy"]["replicas"]) >= 2
    assert before["command"][before["command"].index("--listen") + 1] == f"0.0.0.0:{PROXY_PORT}"
    (published,) = before["ports"]
    assert published.endswith(f":{PROXY_PORT}") and "ports" not in app
    assert f"127.0.0.1:{PROXY_PORT}/_stcore/health" in before["healthcheck"]["test"][-1]
    assert app["environment"]["STREAMLIT_SERVER_COOKIE_SECRET"] == "0123"
    assert set(app["networks"]) & set(before["networks"])
    assert compose()["networks"][app["networks"][0]]["internal"] is True


@pytest.mark.parametrize("name", ["app", "proxy"])
def test_compose_keeps_each_service_small_and_harmless(name: str) -> None:
    service = compose()["services"][name]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["tmpfs"][0].startswith("/tmp:")
    limits = service["deploy"]["resources"]["limits"]
    assert limits["memory"] and limits["pids"]
    assert (DEPLOY / service["build"]["context"]).resolve() == ROOT
    assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_nginx_accepts_what_compose_renders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nginx.find(), nginx.MISSING
    service = compose()["services"]["proxy"]
    environment = {name: str(value) for name, value in service["environment"].items()}
    assert accepted(service["command"], environment, tmp_path, monkeypatch) == "0"


# --- Kubernetes


def test_the_cluster_s_parts_find_each_other() -> None:
    found = cluster()
    pods = {
        name: one["spec"]["template"]["metadata"]["labels"]
        for (kind, name), one in found.items()
        if kind == "Deployment"
    }
    for (kind, name), one in found.items():
        if kind == "Deployment":
            assert one["spec"]["selector"]["matchLabels"] == pods[name]
        if kind == "Service":
            assert one["spec"]["selector"] in pods.values()
            (port,) = one["spec"]["ports"]
            behind = next(key for key, labels in pods.items() if labels == one["spec"]["selector"])
            assert port["targetPort"] in {each["name"] for each in container(behind)["ports"]}
    for kind, where in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        (one,) = [each for (found_kind, _name), each in found.items() if found_kind == kind]
        assert one["spec"][where]["matchLabels"] == pods["tensor-atlas"]
    (rule,) = found["Ingress", "tensor-atlas"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert ("Service", path["backend"]["service"]["name"]) in found
    assert found["Ingress", "tensor-atlas"]["spec"]["tls"][0]["hosts"] == [rule["host"]]


def test_the_cluster_s_nginx_knows_the_replicas_by_a_headless_name() -> None:
    command = container("tensor-atlas-proxy")["command"]
    name, _colon, port = command[command.index("--replicas") + 1].partition(":")
    service = cluster()["Service", name]["spec"]
    assert service["clusterIP"] == "None" and service["ports"][0]["port"] == int(port) == PORT
    assert service["selector"]["part"] == "replica"
    assert container("tensor-atlas")["ports"][0]["containerPort"] == PORT
    assert command[command.index("--listen") + 1] == f"0.0.0.0:{PROXY_PORT}"
    assert container("tensor-atlas-proxy")["ports"][0]["containerPort"] == PROXY_PORT


def test_the_cluster_asks_replicas_how_they_are_and_lets_them_leave_in_peace() -> None:
    app = container("tensor-atlas")
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert app[probe]["httpGet"] == {"path": "/healthz", "port": "http"}
    spec = cluster()["Deployment", "tensor-atlas"]["spec"]["template"]["spec"]
    slept = int(app["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert slept > 2 * proxy.BETWEEN and spec["terminationGracePeriodSeconds"] > slept + 30


@pytest.mark.parametrize("name", ["tensor-atlas", "tensor-atlas-proxy"])
def test_the_cluster_keeps_each_part_small_and_harmless(name: str) -> None:
    spec = cluster()["Deployment", name]["spec"]["template"]["spec"]
    only = container(name)
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == 1000
    assert only["securityContext"]["readOnlyRootFilesystem"] and only["resources"]["limits"]["memory"]
    assert only["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {mount["name"] for mount in only["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    assert only["image"] == container("tensor-atlas")["image"]


def test_the_ingress_lets_through_what_nginx_lets_through() -> None:
    template = (DEPLOY / "nginx.conf.template").read_text(encoding="utf-8")
    notes = cluster()["Ingress", "tensor-atlas"]["metadata"]["annotations"]
    told = {name.rpartition("/")[2]: value for name, value in notes.items()}
    sizes = {int(size) for size in re.findall(r"client_max_body_size (\d+)m;", template)}
    assert told["proxy-body-size"] == f"{max(sizes)}m"
    assert told["proxy-read-timeout"] == "3600" and "proxy_read_timeout 1h;" in template


def test_nginx_accepts_what_the_cluster_renders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nginx.find(), nginx.MISSING
    only = container("tensor-atlas-proxy")
    environment = {one["name"]: one["value"] for one in only["env"]}
    assert accepted(only["command"], environment, tmp_path, monkeypatch) == "0"


def test_nginx_s_verdict_can_be_no(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The two tests that ask it can fail."""
    assert nginx.find(), nginx.MISSING
    command = ["python", "deploy/proxy.py", "--replicas", "app:1", "--listen", "nowhere:none"]
    assert accepted(command, {}, tmp_path, monkeypatch).startswith("1")


# --- Community Cloud, Spaces


def test_a_space_has_its_files_where_they_are_looked_for(tmp_path: Path) -> None:
    space.lay_out(tmp_path)
    front = (tmp_path / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    told = yaml.safe_load(front)
    assert (
        told["sdk"] == "docker" and told["title"] == "Tensor Atlas" and len(told["short_description"]) <= 60
    )
    found = instructions((tmp_path / "Dockerfile").read_text(encoding="utf-8"))
    last = dict(found)
    assert last["EXPOSE"] == str(told["app_port"])
    command = ast.literal_eval(last["CMD"])
    assert command[:2] == ["python", "deploy/local.py"] and f"0.0.0.0:{told['app_port']}" in command
    assert str(told["app_port"]) in last["HEALTHCHECK"]
    variables = dict(text.split("=", 1) for text in shlex.split(last["ENV"]))
    assert "https://huggingface.co" in variables["ATLAS_FRAME_ANCESTORS"].split()
    assert variables["STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE"] == "none"  # a frame over HTTPS
    for word, rest in found:
        if word == "COPY":
            assert all((tmp_path / source).exists() for source in rest.split()[:-1])
    assert not list(tmp_path.rglob("__pycache__")) and not (tmp_path / "tests").exists()


def test_community_cloud_finds_the_app_beside_its_requirements() -> None:
    """Streamlit looks for the app in the text of the file, then imports it; the frame is found from there, too."""
    question = (
        "import sys, pathlib; sys.path.insert(0, 'deploy/community')\n"
        "from streamlit.web.server.app_discovery import discover_asgi_app\n"
        "found = discover_asgi_app(pathlib.Path('deploy/community/streamlit_app.py'))\n"
        "module, name = found.import_string.split(':')\n"
        "import app; assert getattr(__import__(module), name) is app.app\n"
        "print(app.app.script_path.resolve())"
    )
    done = subprocess.run([sys.executable, "-c", question], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == str(ROOT / "pages" / "shared" / "frame.py"), done.stderr


# --- what it stands on


def requirements(path: Path) -> dict[str, str]:
    """name -> version of a requirements file; AssertionError where a line is not pinned."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        wanted = line.partition("#")[0].strip()
        if wanted and not wanted.startswith("-"):
            match = re.fullmatch(r"([\w.-]+)==([\w.+]+)(;.*)?", wanted.replace(" ", ""))
            assert match, wanted
            found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("name", ["requirements.txt", "tests/requirements.txt"])
def test_every_requirement_is_pinned_and_says_why_it_is_there(name: str) -> None:
    assert requirements(ROOT / name)
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        assert line.startswith(("#", "-r ")) or "  # " in line.replace(" #", "  #"), line


def licence(name: str) -> str:
    """What the metadata of an installed package says of its licence."""
    told = importlib.metadata.metadata(name)
    classified = [one for one in told.get_all("Classifier", []) if one.startswith("License")]
    return " ".join(filter(None, (told.get("License-Expression"), told.get("License"), *classified)))


def installed_for(names: Iterable[str], found: set[str] | None = None) -> set[str]:
    """Those packages and everything they bring along here."""
    found = set() if found is None else found
    for name in names:
        known = canonicalize_name(name)
        if known not in found:
            found.add(known)
            wanted = [Requirement(text) for text in importlib.metadata.requires(known) or []]
            asked = [one.name for one in wanted if not one.marker or one.marker.evaluate({"extra": ""})]
            installed_for(asked, found)
    return found


def test_the_licence_of_every_requirement_is_listed() -> None:
    listed = (DEPLOY / "LICENCES.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([\w.-]+) \| ([^|]+) \|", listed, flags=re.MULTILINE))
    del rows["package"]
    assert set(rows) == set(requirements(ROOT / "requirements.txt"))
    for name, said in rows.items():
        kinds = re.findall(r"[A-Z]{3,4}|Apache|Zlib", said)
        assert kinds and all(kind in licence(name) for kind in kinds), (name, said, licence(name))


def test_everything_that_is_installed_for_them_is_free_to_be_served() -> None:
    names = installed_for(requirements(ROOT / "requirements.txt"))
    names = {name for name in names if not name.startswith(("nvidia-", "cuda-"))}  # torch's, where a GPU is
    assert len(names) > 40
    wrong = {name: licence(name)[:80] for name in names if not PERMISSIVE.search(licence(name))}
    assert set(wrong) == set(LIBRARIES) and all(kind in wrong[name] for name, kind in LIBRARIES.items()), (
        wrong
    )


# --- local.py


def test_an_address_to_listen_at_is_read_or_explained() -> None:
    assert local.place("8600") == ("0.0.0.0", 8600)
    assert local.place("127.0.0.1:8600") == ("127.0.0.1", 8600)
    assert local.place("[::]:8600") == ("[::]", 8600)
    for wrong in ("", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:70000", "x:y"):
        with pytest.raises(ValueError, match=r"is no address to listen at; 0\.0\.0\.0:8500 would be one"):
            local.place(wrong)


def test_a_port_that_is_taken_is_named_before_anything_starts() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        assert f"--listen 127.0.0.1:{port + 1}" in local.refusal("127.0.0.1", port)
        with pytest.raises(SystemExit, match="Another program listens at port"):
            local.main(["--listen", f"127.0.0.1:{port}"])
    assert local.refusal("127.0.0.1", port) == ""
    assert "has no address 198.51.100.7" in local.refusal("198.51.100.7", port)


def test_without_nginx_nothing_starts_and_the_advice_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy.shutil, "which", lambda _name, path: None)
    with pytest.raises(SystemExit, match="nginx is not installed here"):
        local.main(["--listen", f"127.0.0.1:{local.free_port()}"])


def test_nginx_is_found_where_debian_puts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An ordinary user has no /usr/sbin in PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(proxy, "FOLDERS", (str(tmp_path / "sbin"),))
    assert proxy.program() == ""
    (tmp_path / "sbin").mkdir()
    (tmp_path / "sbin" / "nginx").touch(0o755)
    assert proxy.program() == str(tmp_path / "sbin" / "nginx")


class Told(socket.socket):
    """A socket that remembers what it was asked to do."""

    deeds: list[str]

    def connect(self, address: Any) -> None:
        assert self.type & socket.SOCK_DGRAM  # a connected UDP socket sends nothing
        self.deeds.append("connect")
        if self.alone:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        super().connect(address)

    def _never(self, *_: Any) -> None:
        raise AssertionError("sent something")

    send = sendto = sendall = sendmsg = _never
    alone = False


def test_the_class_s_address_is_found_without_sending_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Told, "deeds", [], raising=False)
    monkeypatch.setattr(local.socket, "socket", Told)
    monkeypatch.setattr(local.socket, "getaddrinfo", Told._never)
    with_routes = local.opened_by_others()
    assert "connect" in Told.deeds
    monkeypatch.setattr(Told, "alone", True)
    assert local.opened_by_others() == with_routes  # the interfaces say the same
    shown = local.welcome("0.0.0.0", 8500, 2)
    assert (f"http://{with_routes}:8500" in shown) if with_routes else ("in no network" in shown)


def test_an_address_of_this_machine_alone_is_shown_as_it_is() -> None:
    assert "http://127.0.0.1:8600" in local.welcome("127.0.0.1", 8600, 2)
    assert "class" not in local.welcome("127.0.0.1", 8600, 2)


def test_a_replica_that_hangs_is_killed_and_started_again(capsys: pytest.CaptureFixture[str]) -> None:
    deeds = []

    class Stuck(local.Replica):
        def look(self) -> None:
            deeds.append("looked at")

        def start(self) -> None:
            deeds.append("started")
            self.unanswered = 0
            self.process = subprocess.Popen(["sleep", "60"], start_new_session=True)

    hosted = local.Hosted(1, "127.0.0.1:1", quiet=True)
    hosted.nginx.ended = lambda: False
    hosted.replicas = [Stuck(1, "")]
    try:
        hosted.look_after()
        first = hosted.replicas[0].process
        hosted.look_after()
        assert deeds == ["looked at", "started", "looked at"]
        hosted.replicas[0].unanswered = local.UNANSWERED
        hosted.look_after()
        assert first.poll() is not None and deeds[-1] == "started"
        assert "does not answer any more" in capsys.readouterr().out
    finally:
        hosted.replicas[0].kill()
        hosted.replicas[0].process.wait()
        hosted._folder.cleanup()
