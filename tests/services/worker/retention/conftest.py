"""Links for documents."""

from tests.resolvers.conftest import links as links
