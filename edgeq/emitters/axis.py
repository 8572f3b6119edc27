"""Every constant as one AXI4-Stream packet: a beat a line, ``tdata tkeep tlast`` in hexadecimal.

Source: design page "Artefacts".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgeq.emitters.byte_options import AUTO, byte_fields, byte_stream, stored_stream
from edgeq.emitters.ordered import ordered, restored, stored_count
from edgeq.emitters.registry import EmittedFile, Vectors, emitter
from edgeq.errors import ArtefactError, InputError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array
from edgeq.memory.axis import check_tdata, decode_axis, encode_axis


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of one packet; raises CodecError naming the file, the beat's line and its fault."""
    path = holds["path"]
    try:
        data = decode_axis(files[path], holds["tdata_bits"], path)
        stream = stored_stream(holds)
    except InputError as error:
        raise ArtefactError(f"{path}: manifest: {error}") from None
    return restored(stream.decode(data, stored_count(holds), path), holds, path)


@emitter("axis", "AXI-Stream beats, tdata tkeep tlast: one packet per constant", read=read)
def write(
    graph: Graph, vectors: Vectors, *, layout: str = "ohwi", flatten: str = "chw", tdata_bits: int = 32,
    word_bits: int | str = AUTO, endian: str = "little", pack: str = "none",
) -> Iterator[EmittedFile]:
    """Yield one packet per constant: its bytes, the first in the lowest of tdata's ``tdata_bits`` (a multiple of 8).

    ``layout`` is the order of weights, ``flatten`` of columns that follow a flatten; a value takes ``word_bits`` (auto:
    the fewest of 8, 16, 32, 64 that hold it) in the order of bytes ``endian``, or, with ``pack`` lsb or msb, weights of
    less than 8 bits just their own. Raises InputError for options that do not exist or do not fit.
    """
    del vectors
    check_tdata(tdata_bits)
    for item in ordered(graph, layout, flatten):
        stream = byte_stream(item, word_bits, endian, pack)
        data = encode_axis(stream.encode(item.array, item.parameter.name), tdata_bits)
        fields = {"tdata_bits": tdata_bits, "beats": data.count(b"\n")}
        yield EmittedFile(f"{item.parameter.stem}.axis", data, item.holds | byte_fields(stream) | fields)
