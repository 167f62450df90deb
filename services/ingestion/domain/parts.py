"""How a file is cut into the parts that a client sends to the object store.

S3 takes 1 to 10,000 parts, each but the last of 5 MiB to 5 GiB (Amazon S3 User Guide, "Multipart upload limits").
"""

from collections.abc import Mapping
from dataclasses import dataclass

_MIB = 1024 * 1024
SMALLEST_PART_BYTES = 16 * _MIB
MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A file of `size_bytes` (at least 1) in parts of `part_bytes`, numbered from 1; the last takes what is left."""

    size_bytes: int
    part_bytes: int

    @classmethod
    def of(cls, size_bytes: int) -> "PartPlan":
        """Return the plan for a file: parts of 16 MiB, larger ones where there would be more than 10,000."""
        needed = -(-size_bytes // MOST_PARTS)
        whole_mib = -(-needed // _MIB) * _MIB
        return cls(size_bytes, max(SMALLEST_PART_BYTES, whole_mib))

    @property
    def n_parts(self) -> int:
        """How many parts there are."""
        return -(-self.size_bytes // self.part_bytes)

    def size_of(self, number: int) -> int:
        """Return the size of one part, in bytes."""
        if number < self.n_parts:
            return self.part_bytes
        return self.size_bytes - self.part_bytes * (self.n_parts - 1)

    def missing(self, arrived: Mapping[int, int]) -> list[int]:
        """Return the numbers of parts that have not arrived, or with another size; `arrived` is number → bytes."""
        return [n for n in range(1, self.n_parts + 1) if arrived.get(n) != self.size_of(n)]

    def misfits(self, arrived: Mapping[int, int]) -> list[int]:
        """Return the numbers of parts that arrived with another size, or that the file does not have."""
        return [
            n for n, size in sorted(arrived.items()) if n > self.n_parts or n < 1 or size != self.size_of(n)
        ]
