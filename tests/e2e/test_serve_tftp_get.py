"""Downloads from `kedge serve`: every size, option and mode."""
import pytest

from e2e.peers.tftp import ERROR, OACK, RRQ, Peer, TftpError, error, get

SIZES = [0, 1, 7, 8, 511, 512, 513, 1024, 5000]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_every_size_without_options(serve, make, host):
    content = {size: make(f"f{size}", size) for size in SIZES}
    server = serve(at=[f"tftp://{host}:0"])

    for size, wanted in content.items():
        transfer = get(server.at, f"f{size}")
        assert transfer.content == wanted
        assert transfer.granted == {}
        assert transfer.block == size // 512 + 1
