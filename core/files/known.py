"""What a file is, told by its content and never by its name; and the one way in: `read`."""

from __future__ import annotations

import re

from core.files import arrays, checkpoints, tensors_file, videos
from core.files.admit import Admission
from core.files.archives import Archive
from core.files.errors import FileError, within
from core.files.pictures import format_name, read_picture
from core.files.records import Read, stem
from core.files.tables import read_csv
from core.limits import Limits, current
from core.words import N_, _

WORKS = N_(
    "Files that work: .npy, .npz, .pt, .safetensors, CSV and TSV, PNG, JPEG, WebP, GIF, and MP4 or WebM clips."
)
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
OTHERS = (  # what people try, and what to do then
    (b"%PDF", N_("This is a PDF document."), N_("Save the picture in it as PNG, or the table as CSV.")),
    (b"\x89HDF", N_("This is an HDF5 file."), N_("Save the arrays with numpy.savez, or as safetensors.")),
    (b"\x1f\x8b", N_("This file is packed with gzip."), N_("Unpack it first.")),
    (b"BM", N_("This is a BMP picture."), N_("Save it as PNG.")),
    (b"II*\0", N_("This is a TIFF picture."), N_("Save it as PNG.")),
    (b"MM\0*", N_("This is a TIFF picture."), N_("Save it as PNG.")),
    (b"MATLAB 5.0", N_("This is a MATLAB file."), N_("Save the arrays with scipy and numpy.savez.")),
    (b"GGUF", N_("This is a GGUF model."), N_("Save the tensors as safetensors.")),
    (b"PAR1", N_("This is a Parquet table."), N_("Save it as CSV.")),
    (b"\xd0\xcf\x11\xe0", N_("This is an old Office document."), N_("Save the table as CSV.")),
)
STILLS_IN_BOXES = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
# How a pickle written as text names what it calls, and how a drawing or a page of the web begins.
PICKLE = re.compile(rb"c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n[pqtR(]")
MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|svg|html|!--)", re.IGNORECASE)
TEXT_CONTROLS = b"\t\n\r\f\x1b"


def read(data: bytes, filename: str = "", limits: Limits | None = None) -> Read:
    """All tensors of a file, each checked before it is made; raises FileError, and nothing else.

    `filename` gives a name to a tensor that has none of its own; it decides nothing.
    """
    limits = limits or current()
    try:
        within(data, limits.file_bytes)
        return _read(data, stem(filename), Admission(limits))
    except (FileError, MemoryError):
        raise
    except (
        Exception
    ) as error:  # a mistake of ours must not become a stack trace; the tests look for the cause
        if "allocate memory" in str(error):  # torch says it with a RuntimeError
            raise MemoryError from None
        raise FileError(_("This file cannot be read."), _(WORKS)) from error


def _read(data: bytes, wanted: str, admission: Admission) -> Read:
    if data.startswith(arrays.MAGIC):
        admission.tensor(arrays.npy(data, admission), wanted, _("NumPy array"))
        return _all(admission, "npy")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _archive(data, wanted, admission)
    if data.startswith(PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return _picture(data, wanted, admission)
    if videos.looks_like(data):
        return _video(data, wanted, admission)
    if tensors_file.looks_like(data):
        metadata = tensors_file.safetensors(data, admission)
        return _all(admission, "safetensors", metadata)
    _refuse_known(data)
    tensor = read_csv(data, admission.limits)
    admission.shape(tensor.shape)
    note = _("table, {rows} × {columns}").format(rows=tensor.shape[0], columns=tensor.shape[1])
    admission.tensor(tensor, wanted, note)
    return _all(admission, "csv")


def _all(admission: Admission, kind: str, metadata: dict[str, str] | None = None) -> Read:
    return Read(tuple(admission.found), metadata or {}, kind, tuple(admission.notes))


def _archive(data: bytes, wanted: str, admission: Admission) -> Read:
    limits = admission.limits
    archive = Archive(data, limits, limits.archive_members + limits.safetensors_tensors)
    last = {name.rpartition("/")[2] for name in archive.names}
    if checkpoints.CONTENTS in last:
        checkpoints.pt(archive, admission, wanted)
        return _all(admission, "pt")
    if any(name.endswith(".npy") for name in last):
        archive.at_most(limits.archive_members)
        arrays.npz(archive, admission)
        return _all(admission, "npz")
    if "[Content_Types].xml" in last:
        raise FileError(_("This is an Office document."), _("Save the table as CSV."))
    raise FileError(_("The archive holds neither NumPy arrays nor a PyTorch checkpoint."), _(WORKS))


def _picture(data: bytes, wanted: str, admission: Admission) -> Read:
    tensor, form, whole = read_picture(data, admission.limits)
    admission.shape(tensor.shape)
    if whole:
        sentence = _("The picture was made smaller, from {whole} to {size}, so that one tensor can hold it.")
        size = f"{tensor.shape[-1]} × {tensor.shape[-2]}"
        admission.notes.append(sentence.format(whole=f"{whole[0]} × {whole[1]}", size=size))
    admission.tensor(tensor, wanted, _described(format_name(form), tensor.shape))
    return _all(admission, "clip" if tensor.ndim == 4 else "image")


def _video(data: bytes, wanted: str, admission: Admission) -> Read:
    if data[4:8] == b"ftyp" and data[8:12] in STILLS_IN_BOXES:
        raise FileError(_("This is a HEIC or AVIF picture."), _("Save it as JPEG or PNG."))
    tensor, form = videos.read_video(data, admission.limits)
    admission.shape(tensor.shape)
    admission.tensor(tensor, wanted, _described(form, tensor.shape))
    return _all(admission, "clip")


def _described(form: str, shape: tuple[int, ...]) -> str:
    """Width by height, as people say it; a clip's frames."""
    if len(shape) == 4:
        return _("{form}, {width} × {height}, {frames} frames").format(
            form=form, width=shape[3], height=shape[2], frames=shape[0]
        )
    return _("{form}, {width} × {height}").format(form=form, width=shape[2], height=shape[1])


def _refuse_known(data: bytes) -> None:
    """A sentence for what is surely no table."""
    for magic, sentence, fix in OTHERS:
        if data.startswith(magic):
            raise FileError(_(sentence), _(fix))
    if data.startswith(b"\x80") or (data.endswith(b".") and PICKLE.search(data[:10_000])):
        raise FileError(
            _("The file contains program code (a pickle), which is never run."),
            _("Save the weights with safetensors.torch.save_file, or the arrays with numpy.savez."),
        )
    if MARKUP.match(data[:500]):
        raise FileError(
            _("This is a drawing or a page in a markup language (SVG, XML, HTML), not a picture of pixels."),
            _("Save it as PNG."),
        )
    if any(data.count(bytes([byte])) for byte in range(32) if byte not in TEXT_CONTROLS):
        raise FileError(_("This kind of file is not known here."), _(WORKS))
