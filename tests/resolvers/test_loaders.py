from resolvers.loaders import READS
from schema.context import Loaders


def test_every_loader_has_what_it_reads() -> None:
    assert set(Loaders.__annotations__) == set(READS)
