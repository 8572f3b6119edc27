"""Deal memory words to banks of equal depth that are read in parallel, and collect them again.

Words go in groups, group g to bank ``g % banks``: groups of one word are interleaved (word i in bank ``i % B``), as
many groups as banks are blocks (word i in bank ``i // ceil(N / B)``), a group per output channel gives processing
element p the channels p, p + B, ... The last groups are filled with the pad word.

Source: design page "Artefacts"; channels in turn as in FINN's matrix-vector unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.errors import CodecError, InputError, shown
from edgeq.memory.words import ByteArray

BANKINGS = ("interleaved", "blocked", "channels")
MAX_BANKS = 4096


@dataclass(frozen=True)
class Banking:
    """A number of banks and the rule that deals words to them.

    >>> Banking(2, "blocked").group(words=7, rows=1), Banking(2, "channels").group(words=6, rows=3)
    (4, 2)
    """

    banks: int
    kind: str = "interleaved"

    def __post_init__(self) -> None:
        if not isinstance(self.banks, int) or isinstance(self.banks, bool) or not 1 <= self.banks <= MAX_BANKS:
            raise InputError(f"banks {shown(self.banks)} is not a number from 1 to {MAX_BANKS}")
        if self.kind not in BANKINGS:
            raise InputError(f"banking {shown(self.kind)} does not exist; use one of {', '.join(BANKINGS)}")

    def group(self, words: int, rows: int) -> int:
        """Return the words of a group, for a tensor of ``words`` words in ``rows`` output channels."""
        if self.kind == "interleaved":
            return 1
        return max(-(-words // self.banks) if self.kind == "blocked" else words // rows, 1)

    def depth(self, words: int, rows: int) -> int:
        """Return the words of a bank."""
        group = self.group(words, rows)
        return -(-words // (group * self.banks)) * group

    def deal(self, words: ByteArray, rows: int, pad: ByteArray) -> list[ByteArray]:
        """Return the words of each bank.

        >>> words = np.arange(5, dtype=np.uint8).reshape(-1, 1)
        >>> [b.tolist() for b in Banking(2).deal(words, 1, np.array([9], np.uint8))]
        [[[0], [2], [4]], [[1], [3], [9]]]
        """
        whole = np.empty((self.depth(len(words), rows) * self.banks, words.shape[1]), np.uint8)
        whole[: len(words)] = words
        whole[len(words) :] = pad
        dealt = whole.reshape(-1, self.banks, self.group(len(words), rows), words.shape[1])
        return [np.ascontiguousarray(dealt[:, k]).reshape(-1, words.shape[1]) for k in range(self.banks)]

    def collect(self, banks: list[ByteArray], words: int, rows: int, pad: ByteArray, where: str) -> ByteArray:
        """Return the ``words`` words of banks of the right depth; raises CodecError for a pad word that is none."""
        group, size = self.group(words, rows), banks[0].shape[1]
        whole = np.stack([bank.reshape(-1, group, size) for bank in banks], axis=1).reshape(-1, size)
        wrong = np.flatnonzero((whole[words:] != pad).any(axis=1))
        if wrong.size:
            place = words + int(wrong[0])
            raise CodecError(f"{where}: bank {place // group % self.banks}: a word after the tensor's last does not "
                             "hold the pad value")
        return np.ascontiguousarray(whole[:words])
