"""The servers that are loaded: nginx, the slow one, the echoing one, one that notes when it was first asked."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.request

import paths
import process

BODY = json.dumps(
    {"id": 17, "name": "a workflow of the usual length", "status": "active", "owner": "user-1@example.com",
     "tags": ["nightly", "report"], "created": "2024-01-01T00:00:00Z", "runs": 421, "errors": 0}
)
CONFIG = """
worker_processes 1;
worker_rlimit_nofile 60000;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
{user}
events {{ worker_connections 50000; multi_accept on; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    default_type application/json;
    server_tokens off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_session_cache off;
    server {{ listen 127.0.0.1:{status} backlog=1024; location / {{ stub_status; }} }}
    server {{ listen 127.0.0.1:{plain} backlog=16384; location / {{ return 200 '{body}'; }} }}
    server {{ listen 127.0.0.1:{h2c} http2 backlog=4096; location / {{ return 200 '{body}'; }} }}
    server {{ listen 127.0.0.1:{tls} ssl backlog=4096; location / {{ return 200 '{body}'; }} }}
    server {{ listen 127.0.0.1:{h2} ssl http2 backlog=4096; location / {{ return 200 '{body}'; }} }}
}}
"""


def free_ports(count):
    """Ports that nobody listens on at the moment."""
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Nginx:
    """One worker on a core of its own, with a port each for HTTP/1.1 and 2, with and without TLS."""

    PORTS = ("status", "plain", "h2c", "tls", "h2")

    def __init__(self, core):
        self.folder = paths.WORK / "nginx"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ports = dict(zip(self.PORTS, free_ports(len(self.PORTS))))
        self.core = core
        self.child = None

    def __enter__(self):
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        if nginx is None:
            raise paths.Trouble("nginx is missing; install the Debian package nginx-light")
        self.certify()
        config = self.folder / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(CONFIG.format(folder=self.folder, body=BODY, user=user, **self.ports))
        log = self.folder / "start.log"
        self.child = process.start([nginx, "-p", self.folder, "-c", config], core=self.core, log=log)
        try:
            process.wait_until(self.answers, 10, "nginx does not answer")
        except paths.Trouble as error:
            raise paths.Trouble(f"{error}: {process.tail(log)}") from error
        return self

    def __exit__(self, *_):
        if self.child:
            process.stop(self.child)

    def certify(self):
        """A certificate that nobody signed but itself."""
        if (self.folder / "cert.pem").exists():
            return
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "365", "-subj", "/CN=localhost",
                   "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                   "-keyout", self.folder / "key.pem", "-out", self.folder / "cert.pem"]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise paths.Trouble(f"openssl made no certificate: {error}; install the Debian package openssl") from error

    def answers(self):
        try:
            return self.requests() > 0
        except OSError:
            return False

    def url(self, kind="plain"):
        scheme = "https" if kind in ("tls", "h2") else "http"
        return f"{scheme}://127.0.0.1:{self.ports[kind]}"

    def requests(self):
        """Requests so far, the looks at this counter among them."""
        address = f"http://127.0.0.1:{self.ports['status']}/"
        text = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=5).read().decode()
        return int(re.search(r"\n\s*\d+\s+\d+\s+(\d+)", text)[1])


class Own:
    """The server in bench/peers/server: `slow` or `echo`."""

    def __init__(self, *words, core=None):
        self.words = words
        self.core = core
        self.child = None

    def __enter__(self):
        self.child = process.start(
            [paths.WORK / "server", *self.words], core=self.core, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, precise=True,
        )
        self.port = int(self.child.stdout.readline())
        return self

    def __exit__(self, *_):
        process.stop(self.child)

    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def counted(self):
        """What it has counted so far."""
        self.child.stdin.write(b"\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def requests(self):
        return self.counted()["messages"]


class Doorbell:
    """Answers at once, and keeps when each request came."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}"

    def __enter__(self):
        self.rings = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def url(self):
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self):
        try:
            while True:
                stream, _ = self.listener.accept()
                threading.Thread(target=self.attend, args=(stream,), daemon=True).start()
        except OSError:
            return

    def attend(self, stream):
        with stream:
            try:
                while len(self.rings) < 1000 and (data := stream.recv(65536)):
                    self.rings.append(time.monotonic())
                    stream.sendall(self.ANSWER * max(1, data.count(b"\r\n\r\n")))
            except OSError:
                return
