"""What a worker should have at hand before a reader asks, loaded in the zygote once the first answer is out.

torch loads its reference operators at the first meta operation that has no C++ kernel, and the digits take a tenth of
a second to read; a worker forked later has both already.
"""

from __future__ import annotations

from core import answers, tensors
from core.ops import attention_net, digits_layer
from core.workbench.desks import EXPRESSION, TENSORS


def rehearse() -> None:
    """Answer what the pages ask most, for nobody: a process just forked owns no page of its memory yet.

    Each that an answer writes to is copied at its first use: without this the first answer took 60 to 80 ms, not 5.
    """
    tensors.read("diag([1.0, 2.0]) @ rotation(degrees=30)")
    answers.operation({"key": "matrix-vector"})
    for desk, task in ((TENSORS, "inspect"), (EXPRESSION, "expression")):
        values = {item.name: item.default for item in desk.parameters}
        answers.TASKS[task]({"text": desk.inputs[0].default, "parameters": values})


rehearse()
digits_layer.digits()
attention_net.sentences()  # and the word vectors under them; what trains is left to the workers: autograd does not fork
