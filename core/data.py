"""Real data that needs no download, each loader cached: photographs, digits, tables, Python's own help texts."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from core import lazy

np = lazy.load("numpy")
torch = lazy.load("torch")

PHOTOGRAPHS = "datasets/images"
TABLES = "datasets/data"  # in scikit-learn's folder
SIZES = {"china": (427, 640), "flower": (427, 640)}  # rows and columns of the photographs
IRIS_FEATURES = ("sepal length", "sepal width", "petal length", "petal width")  # cm
IRIS_KINDS = ("setosa", "versicolor", "virginica")
DIABETES_FEATURES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")


@cache
def help_texts() -> dict[str, str]:
    """Python's own help texts: topic -> article. Source: the standard library's pydoc_data.topics."""
    from pydoc_data.topics import topics  # half a megabyte of text: only where it is used

    return dict(topics)


@cache
def diabetes() -> tuple[torch.Tensor, torch.Tensor]:
    """442 patients: ten features (442, 10) and the disease's progress after a year (442,), float64.

    The features are centred and have length 1 each, as in scikit-learn's `load_diabetes`. Read from its own files
    without importing it. Source: Efron, Hastie, Johnstone and Tibshirani, "Least angle regression", 2004.
    """
    folder = Path(find_spec("sklearn").origin).parent / TABLES
    features = torch.from_numpy(np.loadtxt(folder / "diabetes_data_raw.csv.gz"))
    centred = features - features.mean(0)
    progress = torch.from_numpy(np.loadtxt(folder / "diabetes_target.csv.gz"))
    return centred / torch.linalg.vector_norm(centred, dim=0), progress


def height_of(name: str, width: int) -> int:
    """How many rows a photograph has when it is made `width` pixels wide."""
    rows, columns = SIZES[name]
    return round(width * rows / columns)


def _opened(name: str) -> object:
    from PIL import Image

    with Image.open(Path(find_spec("sklearn").origin).parent / PHOTOGRAPHS / f"{name}.jpg") as opened:
        return opened.convert("RGB")


@cache
def photograph(name: str, width: int) -> torch.Tensor:
    """A photograph made `width` pixels wide: (3, row, column), float32 in [0, 1]; "china" or "flower".

    Source: scikit-learn's `load_sample_images` (china.jpg by Jialiang Gao, flower.jpg by dany13; CC BY), read from
    its folder without importing it.
    """
    small = _opened(name).resize((width, height_of(name, width)))
    return torch.from_numpy(np.asarray(small, dtype=np.float32) / 255).permute(2, 0, 1).contiguous()


@lru_cache(maxsize=8)
def photograph_bytes(name: str, width: int | None = None) -> torch.Tensor:
    """A photograph as it is stored, uint8 (3, row, column), or made `width` pixels wide. Source: as `photograph`."""
    opened = _opened(name)
    image = opened.resize((width, height_of(name, width))) if width else opened
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


@cache
def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """1797 handwritten digits (1797, 8, 8), uint8 from 0 to 16, and what they are (1797,), int64.

    Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI, 1998, as scikit-learn has it.
    """
    table = np.loadtxt(Path(find_spec("sklearn").origin).parent / TABLES / "digits.csv.gz", delimiter=",")
    images = torch.from_numpy(table[:, :-1].astype(np.uint8)).reshape(-1, 8, 8)
    return images, torch.from_numpy(table[:, -1].astype(np.int64))


@cache
def iris() -> tuple[torch.Tensor, torch.Tensor]:
    """150 flowers: four lengths in cm (150, 4), float32, and their kind (150,), int64. Source: Fisher, 1936."""
    file = Path(find_spec("sklearn").origin).parent / "datasets/data/iris.csv"
    table = np.loadtxt(file, delimiter=",", skiprows=1)
    return torch.from_numpy(table[:, :4].astype(np.float32)), torch.from_numpy(table[:, 4].astype(np.int64))
