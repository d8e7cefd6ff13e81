# SPDX-License-Identifier: GPL-2.0-or-later
"""What nginx proxies to in tests/services/nginx.sh: answers GET with a page, PUT with the number of bytes. Usage: upstream.py PORT"""
import http.server
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, text):
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        self.answer(b"x" * 3000)

    def do_PUT(self):
        self.answer(b"%d bytes\n" % len(self.rfile.read(int(self.headers["Content-Length"]))))

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
