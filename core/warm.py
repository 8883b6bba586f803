"""What a worker should have at hand before a reader asks, loaded in the zygote once the first answer is out.

torch loads its reference operators (and with them sympy: a second) at the first meta operation that has no C++ kernel,
and scikit-learn takes almost as long; a worker forked later has both already.
"""

from __future__ import annotations

import sklearn.datasets  # noqa: F401

from core import answers, tensors

tensors.read("diag([1.0, 2.0]) @ rotation(degrees=30)")
answers.operation({"key": "matrix-vector"})
