"""Code out: every page as a script and as a notebook that compute, check and play the same with torch and plotly."""

from __future__ import annotations

import ast
import base64
import functools
import itertools
import json
import re
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import answers, listing
from core.export import code as exported
from core.figures import alone, filling, film, motion, theme
from core.operation import Operation, Preset
from core.ops import CHAPTERS, find
from core.workbench import written
from core.workbench.desks import ATTENTION

LINK = "http://localhost:8501/matrix-vector?A=%5B%5B2%2C+1%5D%5D"
SMALL = 100_000  # bytes of a figure in a file
# A trap on the page's own tensors, pictures, and a practice whose data only the atlas has.
EXAMPLES = [("matrix-vector", "star-is-not-at"), ("hadamard", "mask"), ("broadcasting", "bias")]

# Runs files in one process that knows torch, plotly and numpy, and not this project: one line of JSON for each.
EACH = """
import contextlib, io, json, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("core", "pages", "app", "streamlit", "sklearn", "scipy", "safetensors"):
            raise ImportError(name + " is not there")
sys.meta_path.insert(0, Blocked())
def holds(trace, frame):
    return all(
        holds(trace[key], value) if isinstance(value, dict) else list(trace[key]) == list(value)
        if isinstance(value, (list, tuple)) else trace[key] == value
        for key, value in frame.items()
    )
def frames(figure):
    def whole(name):
        frame = next(frame for frame in figure.frames if frame.name == name)
        return [one.to_plotly_json() for one in frame.data]
    steps = figure.layout.sliders[0].steps
    first, last = whole("0"), whole(str(len(steps) - 1))
    standing = [trace.to_plotly_json() for trace in figure.data]
    held = all(holds(standing[k], one) for k, one in enumerate(last))
    return {"frames": len(figure.frames), "steps": len(steps), "differ": first != last, "stands": held}
for path in sys.argv[1:]:
    told = {"path": path}
    try:
        cells = [open(path, encoding="utf-8").read()]
        if path.endswith(".ipynb"):
            cells = ["".join(c["source"]) for c in json.loads(cells[0])["cells"] if c["cell_type"] == "code"]
            cells[-1] = cells[-1].replace("figure.show(**still)", "")
        space, said = {"__name__": "read"}, io.StringIO()
        with contextlib.redirect_stdout(said):
            for cell in cells:
                exec(compile(cell, path, "exec"), space)
        told |= {"said": said.getvalue(), "shown": "shown" in space, **frames(space["figure"])}
    except BaseException as error:
        told["error"] = f"{type(error).__name__}: {error}"
    print(json.dumps(told))
"""


def run(*files: Path, cwd: Path) -> dict[str, dict]:
    """What each file did, by its name."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", EACH, *map(str, files)], cwd=cwd, capture_output=True, text=True, timeout=300
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {Path(one["path"]).name: one for one in told}


@functools.cache
def trained(parameters: str) -> dict:
    """What a concept prepares, done once."""
    needed, done = find("describing-the-world").prepare, None
    for _part in range(needed.parts):
        done = json.loads(json.dumps(needed.part(done, json.loads(parameters))))
    return done


def asked(operation: Operation, preset: Preset | None, language: str, form: str) -> dict:
    """The question of a page for its code."""
    given = dict(preset.values) if preset else {}
    names = {item.name for item in operation.inputs}
    parameters = {p.name: p.read(given[p.name]) for p in operation.parameters if p.name in given}
    question = {
        "key": operation.key, "inputs": {n: t for n, t in given.items() if n in names}, "parameters": parameters,
        "language": language, "format": form, "link": LINK, "theme": "dark" if language == "zh" else "light",
    }  # fmt: skip
    if operation.prepare:
        chosen = {p.name: parameters.get(p.name, p.default) for p in operation.parameters}
        kept = {name: chosen[name] for name in operation.prepare.parameters}
        question["prepared"] = trained(json.dumps(kept))
    return question


def made(**question) -> bytes:
    data, blobs = answers.code(question)
    assert data == {}, data
    return blobs["file"]


@pytest.fixture(scope="module")
def all_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """Every concept, on its defaults and on one preset, in both languages and formats: made, and run elsewhere."""
    folder = tmp_path_factory.mktemp("elsewhere")
    files = []
    for operation in CHAPTERS:
        preset = operation.presets[-1 if operation.prepare else 0]  # one that needs no training of its own
        for name, chosen, language in (
            ("default.py", None, "en"),
            ("preset.py", preset, "zh"),
            ("default.ipynb", None, "zh"),
        ):
            path = folder / f"{operation.key}-{name}"
            path.write_bytes(made(**asked(operation, chosen, language, path.suffix[1:])))
            files.append(path)
    for key, example in EXAMPLES:
        path = folder / f"{key}-{example}.py"
        path.write_bytes(made(key=key, example=example, format="py", language="en"))
        files.append(path)
    return run(*files, cwd=folder)


@pytest.mark.parametrize("name", ["default.py", "preset.py", "default.ipynb"])
@pytest.mark.parametrize("key", [operation.key for operation in CHAPTERS])
def test_a_page_runs_without_the_atlas(all_run, key: str, name: str) -> None:
    told = all_run[f"{key}-{name}"]
    assert "error" not in told, told["error"]
    assert told["said"].strip() and told["shown"]
    assert told["frames"] > told["steps"] > 1
    assert told["differ"] and told["stands"]


def test_what_does_not_hold_or_needs_more_is_seen(tmp_path: Path) -> None:
    """The test above can fail: a wrong result, an import of the project, another last frame."""
    script = made(**asked(find("matrix-vector"), None, "en", "py")).decode()
    changed = {
        "wrong.py": script.replace("torch.mv(A, x)", "torch.mv(A.T, x)"),
        "more.py": f"import core\n{script}",
        "frame.py": f"{script}\nfigure.data[0].x = [7]\n",
    }
    for name, text in changed.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    told = run(*(tmp_path / name for name in changed), cwd=tmp_path)
    assert told["wrong.py"]["error"].startswith("AssertionError")
    assert told["more.py"]["error"].startswith("ImportError")
    assert not told["frame.py"]["stands"]


def test_a_script_says_where_it_comes_from_and_what_it_needs() -> None:
    script = made(**asked(find("matrix-vector"), None, "en", "py")).decode()
    head = script.split("import torch")[0]
    assert LINK in head and f"torch {torch.__version__.split('+')[0]}" in head
    assert 'figure.write_html("matrix-vector.html"' in script
    assert len(script) < SMALL + 5_000


def empty(sentence: str = "s", **more) -> exported.Code:
    """Code of nothing, whose figure says one sentence."""
    figure = {"data": [], "layout": {"meta": {"steps": [{"sentence": sentence}]}}, "frames": [EMPTY]}
    parts = {"link": "", "imports": ["import torch"], "given": [], "source": "", "call": "", "check": []}
    return exported.Code("page", **{"title": "t", "figure": figure} | parts | more)


@pytest.mark.parametrize("form", exported.FORMATS)
@pytest.mark.parametrize(("letters", "stands"), [(exported.LONGEST, True), (exported.LONGEST + 1, False)])
def test_a_link_stands_whole_or_not_at_all(form: str, letters: int, stands: bool) -> None:
    link = "http://localhost:8501/norms?x=".ljust(letters, "1")
    text = exported.file_of(empty(link=link), form).decode()
    assert (link in text, "http" in text, "too long" in text) == (stands, stands, not stands)


@pytest.mark.parametrize(
    ("imports", "needed", "else_"),
    [
        (["import torch", "import base64"], [], True),
        (
            ["import torch.nn.functional as F", "from sklearn.datasets import load_digits"],
            ["scikit-learn"],
            True,
        ),
        (["import torch", "from PIL import Image", "import numpy as np"], ["numpy", "pillow"], True),
        ([written.IMPORT, "import torch"], ["safetensors"], False),
    ],
)
def test_what_a_file_needs_is_what_it_imports(imports: list[str], needed: list[str], else_: bool) -> None:
    head = exported.script(empty(imports=imports)).decode().split("\n")[1]
    packages = re.search(r"It needs (.*), and", head)[1]
    assert re.findall(r"([a-z-]+) [0-9.]+", packages) == ["torch", *needed, "plotly"]
    assert ("nothing else" in head, "workspace file" in head) == (else_, not else_)


def test_a_notebook_is_valid_and_in_order() -> None:
    notebook = nbformat.reads(made(**asked(find("norms"), None, "en", "ipynb")).decode(), as_version=4)
    nbformat.validate(notebook)
    kinds = [cell.cell_type for cell in notebook.cells]
    assert kinds[0] == "markdown" and set(kinds[1:]) == {"code"}
    assert LINK in notebook.cells[0].source
    (folded,) = [cell for cell in notebook.cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    assert "FIGURE" in folded.source


@pytest.mark.parametrize("name", [f"{key}-{example}.py" for key, example in EXAMPLES])
def test_a_practice_and_a_trap_are_files_too(all_run, name: str) -> None:
    told = all_run[name]
    assert "error" not in told, told["error"]
    assert told["frames"] > told["steps"] > 1 and told["differ"] and told["stands"]


# --- the result held against the page's


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.complex64]
)
def test_a_result_holds_as_far_as_its_numbers_go(dtype: torch.dtype) -> None:
    """Another last digit is no other result; a twentieth is, and so is another imaginary part."""
    odd = [1 / 3 + 0.25j] if dtype.is_complex else [torch.nan, -torch.inf]
    result = torch.tensor([1 / 3, 200, *odd]).to(dtype)
    lines = "\n".join(written.check(result))
    exec(lines, {"torch": torch, "result": result})
    exec(lines, {"torch": torch, "result": result * (1 + 2 * torch.finfo(dtype).eps)})
    part = result.conj() if dtype.is_complex else result * 1.05 ** (1 + (dtype is torch.bfloat16))
    with pytest.raises(AssertionError):
        exec(lines, {"torch": torch, "result": part})


def test_whole_numbers_and_sizes_are_held_as_they_are() -> None:
    for result, other in (
        (torch.tensor([1, 2]), torch.tensor([1, 3])),
        (torch.tensor([True]), torch.tensor([False])),
        (torch.zeros(300), torch.zeros(301)),
    ):
        lines = "\n".join(written.check(result))
        exec(lines, {"torch": torch, "result": result})
        with pytest.raises(AssertionError):
            exec(lines, {"torch": torch, "result": other})
    assert written.check((torch.ones(1), torch.ones(1))) == []


def test_an_example_takes_the_pages_defaults_too() -> None:
    """A large tensor of which nothing was typed is written as its default, not as its bytes."""
    found, chosen = find("matrix-vector"), find("matrix-vector").traps[0]
    given = {"A": torch.ones(20, 30), "x": torch.ones(30)}
    inputs = tuple(replace(item, default=f"ones({'20, ' * (item.name == 'A')}30)") for item in found.inputs)
    lines = listing.of_example(replace(found, inputs=inputs), chosen, given, {})
    assert any("torch.ones(20, 30)" in line for line in lines.given)
    assert not any("frombuffer" in line for line in lines.given)


# --- the program of the expression page

PROGRAMS = {
    "attention": ATTENTION,
    "named": "shown = [[1.0, nan], [0, 2]]\n\nfigure = shown.mT\nfigure",
    "half": "(ones(3) / 3).to(torch.float16)",
    "whole": "A = torch.arange(6).reshape(2, 3)\nA % 4 == 1",
    "drawn": "randn(3, seed=4) + rand(3)",
}


@pytest.mark.parametrize("form", exported.FORMATS)
def test_a_program_computes_checks_and_plays(tmp_path: Path, form: str) -> None:
    """As a concept's page does: with the film of the whole program."""
    files = [tmp_path / f"{name}.{form}" for name in PROGRAMS]
    for path, text in zip(files, PROGRAMS.values(), strict=True):
        _data, blobs = answers.TASKS["program"]({"text": text, "format": form, "link": LINK})
        assert LINK.encode() in blobs["file"]
        path.write_bytes(blobs["file"])
    for name, told in run(*files, cwd=tmp_path).items():
        assert "error" not in told, (name, told["error"])
        assert told["said"].strip() and told["shown"] and told["stands"]
        assert told["frames"] > told["steps"] > 1 and told["differ"]


def test_a_program_that_fails_is_no_file() -> None:
    data, blobs = answers.TASKS["program"]({"text": "ones(2) @ ones(3)", "form": "py"})
    assert data["problem"]["sentence"] and not blobs


# --- the figure


def film_of(**parameters) -> dict:
    arguments = {"key": "matrix-vector", "inputs": {"A": "[[0, -1], [1, 0]]"}, "parameters": parameters}
    _data, blobs = answers.operation(arguments)
    return json.loads(blobs["film"])


def arrow(figure: dict, name: str) -> list[tuple[float, float]]:
    """Where the tip of an arrow is, frame by frame."""
    k = [trace["name"] for trace in figure["data"]].index(name)
    tips, x, y = [], None, None
    for frame in figure["frames"]:
        told = dict(zip(frame["traces"], frame["data"], strict=True)).get(k, {})
        x, y = told.get("x", x), told.get("y", y)
        tips.append((x[-1], y[-1]))
    return tips


def test_a_turn_is_a_turn_in_between() -> None:
    """What the stage turns keeps its length in every frame; straight on, it would be shorter half way."""
    meta = film_of(motion="svd")["layout"]["meta"]
    turning = next(
        k for k, step in enumerate(meta["steps"]) if step.get("path", {}).get("M", {}).get("angle")
    )
    figure = alone.alone(film_of(motion="svd"), "light")
    names = [frame["name"] for frame in figure["frames"]]
    tips = arrow(figure, "image")[names.index(f"{turning}.1") : names.index(str(turning)) + 1]
    lengths = [np.hypot(*tip) for tip in tips]
    np.testing.assert_allclose(lengths, lengths[-1], atol=0.02)
    assert len({tuple(tip) for tip in tips}) == len(tips) == alone.BETWEEN + 1


def test_every_step_of_the_figure_is_the_films() -> None:
    """The whole frames stand where the film's own positions do."""
    given = film_of()
    figure, unfolded = alone.alone(given, "light"), film.unfold(given)
    k = [trace["meta"]["name"] for trace in given["data"]].index("image")
    wanted = [dict(zip(frame["traces"], frame["data"], strict=True))[k] for frame in unfolded["frames"]]
    whole = [
        tip for tip, f in zip(arrow(figure, "image"), figure["frames"], strict=True) if f["name"].isdigit()
    ]
    assert [(one["x"][1], one["y"][1]) for one in wanted] == [pytest.approx(tip, abs=1e-3) for tip in whole]


def test_space_is_a_figure_too() -> None:
    _data, blobs = answers.operation(
        {"key": "matrix-vector", "inputs": {"A": "[[1, 0, 1], [0, 2, 0], [0, 1, 1]]", "x": "[1, 1, 1]"}}
    )
    figure = go.Figure(alone.alone(json.loads(blobs["film"]), "dark"))
    assert {trace.type for trace in figure.data} >= {"scatter3d", "cone"}
    assert figure.layout.updatemenus[0].buttons[0].args[1]["frame"]["redraw"]


def test_what_a_space_will_say_stands_in_it_from_the_start() -> None:
    """plotly.js would draw a text that it has not drawn at first half as high."""
    _data, blobs = answers.operation({"key": "norms", "inputs": {"x": "[1, 2, 2]"}})
    figure = go.Figure(alone.alone(json.loads(blobs["film"]), "light"))
    deep = [trace for trace in figure.data if trace.type == "scatter3d" and trace.text]
    first = {text for trace in deep for text in trace.text}
    later = {
        text
        for frame in figure.frames
        for trace in frame.data
        if trace.type == "scatter3d"
        for text in trace.text or ()
    }
    assert len(later) > 10 and later <= first
    assert [trace.name for trace in deep if trace.textfont.color == "rgba(0,0,0,0)"] == ["told-0-to-come"]


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_the_ways_between_are_those_of_the_stage(share: float) -> None:
    first, second = [[1.0, 0.0], [0.0, 1.0]], [[0.0, -1.0], [1.0, 0.0]]
    turned = motion.along({"kind": "turn", "angle": np.pi / 2}, first, second, share)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=0), 1)
    np.testing.assert_allclose(motion.along(None, first, second, share)[0], [1 - share, -share], atol=1e-12)
    assert motion.mixed({"a": [0, None]}, {"a": [10, None]}, share) == {
        "a": [pytest.approx(10 * share), None]
    }
    assert motion.mixed("red", "blue", share) == ("blue" if share >= 0.5 else "red")


def test_a_long_film_has_fewer_frames_and_fills_them_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out of the file is made where it is shown: frames for as long a time, hardly another way."""
    given = film_of(motion="svd")
    whole, once = exported.packed(given, "light")
    monkeypatch.setattr(exported, "MOST", len(whole) // 2)
    less, parts = exported.packed(given, "light")
    assert len(less) <= len(whole) // 2 and (once, parts > 1) == (1, True)
    more, few = unpacked(whole), unpacked(less)
    few["frames"] = filling.filled(few["frames"], parts)
    go.Figure(few)
    assert 0.65 < len(few["frames"]) / len(more["frames"]) < 1.5
    assert len(few["frames"]) * pace(few) == pytest.approx(len(more["frames"]) * pace(more), rel=0.1)
    tips = arrow(few, "image")
    assert max(np.hypot(*np.subtract(a, b)) for a, b in itertools.pairwise(tips)) < 1


@pytest.mark.parametrize(("between", "parts"), [(alone.BETWEEN, 1), (5, 2), (1, 6), (0, 12)])
def test_every_film_moves_and_holds_as_long_however_it_is_filled(between: int, parts: int) -> None:
    """A step takes theme.TWEEN_MS, and then about half of that it stands still, from the first step on."""
    figure = alone.alone(film_of(motion="svd"), "light", between, parts)
    names = [frame["name"] for frame in filling.filled(figure["frames"], parts)]
    for step in range(1, len(figure["layout"]["sliders"][0]["steps"])):
        moves = [name for name in names if re.match(rf"{step}(?!\d|\+)", name)]
        holds = [name for name in names if name.startswith(f"{step - 1}+")]
        assert len(moves) * pace(figure) == pytest.approx(theme.TWEEN_MS, rel=0.08)
        assert len(holds) / len(moves) == pytest.approx(alone.HOLD / (alone.BETWEEN + 1), abs=0.06)


def pace(figure: dict) -> int:
    """How long a frame stands, in ms."""
    return figure["layout"]["updatemenus"][0]["buttons"][0]["args"][1]["frame"]["duration"]


def unpacked(text: str) -> dict:
    return json.loads(zlib.decompress(base64.b64decode(text)))


def test_filling_goes_straight_on_and_leaves_gaps() -> None:
    frames = [
        {"name": "0", "traces": [4, 2], "data": [{"x": [0, None, 8]}, {"type": "cone", "z": [1]}]},
        {
            "name": "1",
            "traces": [2, 4],
            "data": [{"type": "cone", "z": [3], "text": ["a"]}, {"x": [4, None, 0]}],
        },
    ]
    found = filling.filled(frames, 2)
    assert [frame["name"] for frame in found] == ["0", "1/1", "1"]
    assert found[1]["data"] == [{"type": "cone", "z": [2]}, {"x": [2, None, 4]}]
    assert found[::2] == frames


def test_words_under_the_figure_are_words() -> None:
    lines = alone.wrapped("维" * 120)
    assert len(lines) > 1 and "".join(lines) == "维" * 120
    given = film_of()
    given["layout"]["meta"]["steps"][0]["sentence"] = "<a href='https://example.com'>x</a>"
    label = alone.alone(given, "light", 0)["layout"]["sliders"][0]["steps"][0]["label"]
    assert "<a" not in label and "&lt;a" in label


# --- hostile texts


HOSTILE = st.text(max_size=60) | st.sampled_from(
    [
        "'''",
        '"""',
        "\\",
        "\nimport os\n",
        "\r\nraise SystemExit",
        "\u2028x = 1",
        "`" * 5,
        "</script>",
        "\x00",
        "# ",
    ]
)


@settings(max_examples=60, deadline=None)
@given(title=HOSTILE, link=HOSTILE)
def test_no_text_breaks_out_of_its_comment(title: str, link: str) -> None:
    def told(one: str, other: str) -> exported.Code:
        return empty(other, title=one, link=other, source="def run():\n    return 1", call="run()")

    found, usual = exported.script(told(title, link)), exported.script(told("t", "l"))
    assert _without_figure(found) == _without_figure(usual)
    notebook = nbformat.reads(exported.as_notebook(told("t", link)).decode(), as_version=4)
    assert len(notebook.cells) == 6


EMPTY = {"traces": [], "data": []}


def _without_figure(script: bytes) -> str:
    """The program in a script, but for what the figure holds."""
    tree = ast.parse(script)
    kept = [node for node in tree.body if getattr(getattr(node, "targets", [None])[0], "id", "") != "FIGURE"]
    assert len(kept) == len(tree.body) - 1
    return ast.dump(ast.Module(kept, []))


@settings(max_examples=40, deadline=None)
@given(text=HOSTILE)
def test_no_input_breaks_out_of_the_code(text: str) -> None:
    """A text is refused, or it is a tensor and the code is what it always is."""
    data, blobs = answers.code({"key": "matrix-vector", "inputs": {"x": text}, "format": "py", "link": text})
    if data:
        assert data["problem"]["sentence"]
        return
    names = [type(node).__name__ for node in ast.parse(blobs["file"]).body]
    usual = [
        type(node).__name__ for node in ast.parse(made(**asked(find("matrix-vector"), None, "en", "py"))).body
    ]
    assert names == usual


def test_a_large_tensor_needs_no_more_than_torch(tmp_path: Path) -> None:
    """What stands for a data set or lies on the shelf is written as bytes; beyond the limit, as it was typed."""
    question = {"key": "hadamard", "inputs": {"A": "digits()[:40]", "B": "ones(8)"}, "format": "py"}
    script = made(**question)
    assert b"frombuffer" in script and b"sklearn" not in script
    path = tmp_path / "large.py"
    path.write_bytes(script)
    assert "error" not in run(path, cwd=tmp_path)["large.py"]
    larger = made(**question | {"inputs": {"A": "digits()", "B": "ones(8)"}}).decode()
    assert "too large" in larger and ast.parse(larger)
