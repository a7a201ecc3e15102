#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An OCSP responder that gives the same answer to whoever asks: replay.py PORT FILE [ADDRESS]"""

import http.server
import pathlib
import sys

ANSWER = pathlib.Path(sys.argv[2]).read_bytes()


class Responder(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/ocsp-response")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_):
        pass


ADDRESS = sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1"
http.server.HTTPServer((ADDRESS, int(sys.argv[1])), Responder).serve_forever()
