# SPDX-License-Identifier: MIT
"""Facebook's fbtftp, serving the files of a directory: fbtftp_server.py ADDRESS PORT ROOT"""
import os
import sys

from fbtftp.base_handler import BaseHandler, ResponseData
from fbtftp.base_server import BaseServer


class File(ResponseData):
    def __init__(self, path):
        self.file = open(path, "rb")

    def read(self, n):
        return self.file.read(n)

    def size(self):
        return os.fstat(self.file.fileno()).st_size

    def close(self):
        self.file.close()


class Handler(BaseHandler):
    def get_response_data(self):
        return File(os.path.join(sys.argv[3], self._path))


class Server(BaseServer):
    def get_handler(self, server_addr, peer, path, options):
        return Handler(server_addr, peer, path, options, lambda stats: None)


Server(sys.argv[1], int(sys.argv[2]), 3, 2, lambda stats: None).run()
