"""Zip archives in memory: every size is asked before a byte is unpacked, and nothing is written to a disk."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from core.files.errors import FileError, shown
from core.limits import Limits
from core.words import _

ENTRY = b"PK\x01\x02"  # begins each entry of a zip's directory
# bzip2 and LZMA are left out: Python unpacks those without a bound on what one step may give
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
    OverflowError, IndexError, KeyError,
)  # fmt: skip


class Archive:
    """A zip whose directory was checked: `names` of its members, and `read` for one of them."""

    def __init__(self, data: bytes, limits: Limits, members: int) -> None:
        # each entry becomes an object: a directory of ten MB would take seconds and 100 MB before it could be counted
        if data.count(ENTRY) > 2 * members + 16:
            raise _too_many(data.count(ENTRY), members)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            files = [info for info in self._zip.infolist() if not info.is_dir()]
        except BROKEN:
            raise FileError(
                _("The archive is cut off or damaged."), _("Save it again, or transfer it again.")
            ) from None
        self._files = {info.filename: info for info in files}
        self.at_most(members)
        if len(self._files) < len(files):
            raise FileError(_("The archive has two members of the same name."), _("Save it again."))
        self._check(files, limits)

    def _check(self, files: list[zipfile.ZipInfo], limits: Limits) -> None:
        if any(info.flag_bits & 0x1 for info in files):
            raise FileError(_("The archive is encrypted."), _("Save it without a password."))
        if any(info.compress_type not in METHODS for info in files):
            raise FileError(
                _("The archive is packed in a way that is not read here."),
                _("Use numpy.savez or torch.save."),
            )
        unpacked = sum(info.file_size for info in files)
        packed = sum(info.compress_size for info in files)
        if unpacked > limits.archive_bytes:
            sentence = _("Unpacked, the archive has {size} MB, and {limit} MB are allowed.")
            raise FileError(
                sentence.format(size=f"{unpacked / 1e6:.0f}", limit=f"{limits.archive_bytes / 1e6:g}"),
                _("Save fewer or smaller arrays in it."),
            )
        if unpacked > limits.archive_small_bytes and unpacked > limits.archive_ratio * packed:
            sentence = _("The archive grows to more than {limit} times its size when it is unpacked.")
            raise FileError(
                sentence.format(limit=limits.archive_ratio),
                _("Save it without compression: numpy.savez, or safetensors."),
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, in their order."""
        return tuple(self._files)

    def at_most(self, members: int) -> None:
        """Refuses an archive of more members."""
        if len(self._files) > members:
            raise _too_many(len(self._files), members)

    def size(self, name: str) -> int:
        """Bytes of a member, unpacked, as its directory says; `read` holds it to that."""
        return self._files[name].file_size

    def read(self, name: str) -> bytes:
        """The content of a member; its checksum is verified."""
        info = self._files[name]
        try:
            with self._zip.open(info) as member:
                content = member.read(info.file_size + 1)
            if len(content) == info.file_size:
                return content
        except BROKEN:
            pass
        raise FileError(
            _("The member {name} of the archive is cut off or damaged.").format(name=shown(name)),
            _("Save it again, or transfer it again."),
        )


def _too_many(count: int, limit: int) -> FileError:
    sentence = _("The archive has {count} members, and {limit} are allowed.")
    return FileError(sentence.format(count=count, limit=limit), _("Save fewer tensors in one file."))
