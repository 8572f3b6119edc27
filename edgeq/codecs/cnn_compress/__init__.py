"""Read and write the YAML of CNN_Compress: integers and real numbers; dense, in coordinate form, by rows, by columns.

The integer document (``head: int_values``) is `Document`, the float one (``head: float_value``) `RealDocument`. A
tensor has one of these forms, whichever file it is in; ``size`` is its shape:

========  =====================================================================================================
dense     ``data`` (nested lists), ``size``
coo       ``indices`` (one list per dimension), ``nnz, size, values``, sorted row-major
csr       ``form: csr, indices, indptr, nnz, size, values``; a row is an output channel, columns the rest, flattened
csc       ``form: csc`` and the same, by columns: ``indices`` are rows
========  =====================================================================================================

Sparse forms leave out the entries equal to the zero point; of real numbers, the zeros. CNN_Compress names csr and csc
and never wrote them: their fields here are scipy's, and ``form`` tells them apart.

Source: design page "Artefacts", row YAML; CNN_Compress, storage.py.
"""

from edgeq.codecs.cnn_compress.integers import Document, LayerValues, dump, parse
from edgeq.codecs.cnn_compress.reals import RealDocument, RealLayer, dump_reals, parse_reals
from edgeq.codecs.cnn_compress.tensors import FORMS

__all__ = ["FORMS", "Document", "LayerValues", "RealDocument", "RealLayer", "dump", "dump_reals", "parse",
           "parse_reals"]
