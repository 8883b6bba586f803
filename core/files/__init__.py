"""Files of a visitor's own -> tensors, and back. Known by content, bounded before they are decoded.

Runs in the calculator's workers only. Every refusal is a FileError, whose sentence says what was wrong and what works.
"""

from core.files.errors import FileError
from core.files.known import read
from core.files.pictures import read_clip, read_image
from core.files.records import Loaded, Read, tensor_name
from core.files.tables import read_csv

__all__ = ["FileError", "Loaded", "Read", "read", "read_clip", "read_csv", "read_image", "tensor_name"]
