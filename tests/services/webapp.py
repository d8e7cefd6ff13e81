# SPDX-License-Identifier: GPL-2.0-or-later
"""The application of tests/services/gunicorn.sh. /exec executes the Python that it is sent: the hole that somebody gets in by."""
import ctypes
import errno
import os
import socket
import sqlite3
import subprocess

DATABASE = "/var/lib/webapp/db.sqlite3"


def error(number):
    raise OSError(number, os.strerror(number))


def count(reset):
    with sqlite3.connect(DATABASE) as db:
        db.execute("create table if not exists hits (n integer)")
        if reset:
            db.execute("delete from hits")
        else:
            db.execute("insert into hits values (1)")
        return db.execute("select count(*) from hits").fetchone()[0]


def answer(environ):
    path = environ["PATH_INFO"]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if path == "/":
        return "hello from %s" % socket.gethostname()
    if path == "/count":
        return "%d hits" % count(False)
    if path == "/count/reset":
        return "%d hits" % count(True)
    if path == "/upload":
        data = environ["wsgi.input"].read()
        with open("/var/lib/webapp/upload.tmp", "wb") as f:
            f.write(data)
        os.rename("/var/lib/webapp/upload.tmp", "/var/lib/webapp/upload")
        return "%d bytes" % os.path.getsize("/var/lib/webapp/upload")
    if path == "/exec":
        try:
            exec(environ["wsgi.input"].read(length).decode(), globals())
        except OSError as e:
            return errno.errorcode.get(e.errno, str(e))
        return "ok"
    raise KeyError(path)


def application(environ, start_response):
    text = answer(environ).encode() + b"\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]
