"""The atlas's own matrices: rotation, scaling, shear, reflection, projection; float32, exact at right angles."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from core.expression.errors import ExpressionError
from core.words import _

AXES = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}
MOST = 64  # the largest of these matrices


def _matrix(rows: torch.Tensor, device: str) -> torch.Tensor:
    rows = torch.where(rows.abs() < 1e-12, 0.0, rows)  # cos(90 degrees) is 6e-17 in floats
    return rows.to(torch.float32).to(device)


def _float64(values: Sequence) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def _direction(vector: Sequence[float], name: str) -> torch.Tensor:
    """A unit vector; refuses the zero vector, which points nowhere."""
    found = _float64(vector)
    length = float(found.norm())
    if not math.isfinite(length) or length == 0 or not 2 <= len(vector) <= MOST:
        sentence = _("`{argument}` must be a vector of 2 numbers or more that is not zero.")
        raise ExpressionError(sentence.format(argument=name), rule="value")
    return found / length


def _angle(degrees: float | None, radians: float | None) -> float:
    if (degrees is None) == (radians is None):
        sentence = _("An angle is needed: `degrees=` or `radians=`, one of them.")
        raise ExpressionError(
            sentence, _("Write `{text}`.").format(text="rotation(degrees=30)"), rule="value"
        )
    angle = math.radians(degrees) if radians is None else float(radians)
    if not math.isfinite(angle):
        raise ExpressionError(_("An angle must be a finite number."), rule="value")
    return angle


def rotation(degrees=None, axis=None, radians=None, *, device):
    """2x2, counter-clockwise; 3x3 about `axis` ("x", "y", "z" or a vector), by the right hand."""
    angle = _angle(degrees, radians)
    c, s = math.cos(angle), math.sin(angle)
    if axis is None:
        return _matrix(_float64([[c, -s], [s, c]]), device)
    if isinstance(axis, str) and axis not in AXES:
        raise ExpressionError(_('The axis must be "x", "y", "z" or a vector of 3 numbers.'), rule="value")
    unit = _direction(AXES[axis] if isinstance(axis, str) else axis, "axis")
    if len(unit) != 3:
        raise ExpressionError(_('The axis must be "x", "y", "z" or a vector of 3 numbers.'), rule="value")
    x, y, z = unit.tolist()
    cross = _float64([[0, -z, y], [z, 0, -x], [-y, x, 0]])  # Rodrigues: cos I + sin K + (1 - cos) n n'
    rows = c * torch.eye(3, dtype=torch.float64) + s * cross + (1 - c) * torch.outer(unit, unit)
    return _matrix(rows, device)


def scaling(factors, *, device):
    """The diagonal matrix of the factors."""
    if not 1 <= len(factors) <= MOST:
        raise ExpressionError(_("scaling needs one factor for each axis."), rule="value")
    return _matrix(torch.diag(_float64(factors)), device)


def shear(x=0.0, y=0.0, *, device):
    """2x2: x slides along the first axis, y along the second."""
    return _matrix(_float64([[1, x], [y, 1]]), device)


def _line(degrees, radians, vector, name):
    if vector is not None:
        return _direction(vector, name)
    angle = _angle(degrees, radians)
    return _float64([math.cos(angle), math.sin(angle)])


def reflection(degrees=None, normal=None, radians=None, *, device):
    """In the line at that angle (2x2), or in the line or plane with that normal."""
    if normal is None:
        unit = _line(degrees, radians, None, "degrees")
        return _matrix(2 * torch.outer(unit, unit) - torch.eye(2, dtype=torch.float64), device)
    unit = _direction(normal, "normal")
    return _matrix(torch.eye(len(unit), dtype=torch.float64) - 2 * torch.outer(unit, unit), device)


def projection(degrees=None, onto=None, normal=None, radians=None, *, device):
    """Onto the line at that angle or along `onto`, or onto the line or plane with that normal."""
    if normal is not None:
        unit = _direction(normal, "normal")
        return _matrix(torch.eye(len(unit), dtype=torch.float64) - torch.outer(unit, unit), device)
    unit = _line(degrees, radians, onto, "onto")
    return _matrix(torch.outer(unit, unit), device)
