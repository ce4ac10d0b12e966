"""Servers that are no nodes: whatever a test wants to answer, and a record of who called."""

import contextlib
import socket
import threading


class Listener:
    """Accepts on a port of loopback and hands each connection to `serve(link)` on a thread of its own.

    `calls` counts what was accepted. Without `serve` nothing is ever said, and nothing is closed.
    """

    def __init__(self, serve=None, host="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.create_server((host, port), family=family, backlog=128)
        self.port = self.socket.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        self.calls, self.links, self.serve = 0, [], serve
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            self.calls += 1
            self.links.append(link)
            if self.serve:
                threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        with contextlib.suppress(OSError):
            self.serve(link)
        with contextlib.suppress(OSError):
            link.close()

    def close(self):
        # A thread inside accept() keeps the port until it is woken.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for link in self.links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)  # closed under a thread that reads it would stay open
            link.close()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def read_head(link):
    data = b""
    while b"\r\n\r\n" not in data:
        more = link.recv(4096)
        if not more:
            break
        data += more
    return data


def answering(status, body, *headers):
    """Reads a request and answers it, whatever it was."""
    if isinstance(body, str):
        body = body.encode()
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]

    def serve(link):
        read_head(link)
        link.sendall("\r\n".join([*head, "", ""]).encode() + body)

    return serve


def unused_port():
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
