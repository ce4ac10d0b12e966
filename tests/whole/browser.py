"""A headless Chromium, driven by chromedriver over W3C WebDriver, and what stands around it.

`Site` serves a folder of pages; `Relay` stands before a node and keeps what a browser asked of it and
what the node answered. All of it is on loopback: the browser resolves every other name to it.
"""

import contextlib
import functools
import http.client
import http.server
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

import unittest

DRIVER, CHROMIUM = shutil.which("chromedriver"), shutil.which("chromium")
FOREIGN = "evil.example"
WAIT_S = 30
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver, section 12.2

needs_browser = unittest.skipUnless(DRIVER and CHROMIUM, "no chromium: scripts/install-packages test")


class Browser:
    """One window. `name`s of the resolver's rules other than loopback's lead to 127.0.0.1."""

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            profile = stack.enter_context(tempfile.TemporaryDirectory(prefix="cairn-browser-", ignore_cleanup_errors=True))
            self.driver = subprocess.Popen([DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                           env={**os.environ, "HOME": profile})
            stack.callback(self._end_driver)
            started = (re.search(r"successfully on port (\d+)", line) for line in self.driver.stdout)
            self.port = int(next(match for match in started if match)[1])
            arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
                         "--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}/profile",
                         f"--host-resolver-rules=MAP {FOREIGN} 127.0.0.1",
                         # The node has to refuse, not the browser's own newer fences.
                         "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LocalNetworkAccessChecks"]
            if os.geteuid() == 0:
                arguments.append("--no-sandbox")
            options = {"args": arguments, "binary": CHROMIUM}
            capabilities = {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options,
                                            "timeouts": {"script": 600_000, "pageLoad": 60_000}}}
            self.session = None
            self.session = self._call("POST", "/session", {"capabilities": capabilities})["sessionId"]
            stack.callback(self._call, "DELETE", "")
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def _end_driver(self):
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()

    def _call(self, method, path, body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=660)
        with contextlib.closing(link):
            where = f"/session/{self.session}{path}" if self.session else path
            link.request(method, where, json.dumps(body or {}) if method == "POST" else None)
            value = json.loads(link.getresponse().read())["value"]
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(f"{method} {path}: {value['error']}: {value['message']}")
        return value

    def open(self, address):
        self._call("POST", "/url", {"url": address})

    def run(self, script, *arguments):
        return self._call("POST", "/execute/sync", {"script": script, "args": arguments})

    def await_promise(self, expression):
        """What the promise of an expression is kept with."""
        script = f"const done = arguments[0]; {expression}.then(done, (error) => done(String(error)));"
        return self._call("POST", "/execute/async", {"script": script, "args": []})

    def _element(self, ident):
        return self._call("POST", "/element", {"using": "css selector", "value": "#" + ident})[ELEMENT]

    def click(self, ident):
        self._call("POST", f"/element/{self._element(ident)}/click")

    def type(self, ident, text):
        element = self._element(ident)
        self._call("POST", f"/element/{element}/clear")
        self._call("POST", f"/element/{element}/value", {"text": text})

    def text(self, ident):
        return self.run("return document.getElementById(arguments[0]).textContent", ident)

    def wait(self, condition, what):
        deadline = time.monotonic() + WAIT_S
        while not (value := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {WAIT_S} s: {what}")
        return value


class _Server:
    """A server on a thread of its own while its block lasts."""

    def __init__(self, handler):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


class Site(_Server):
    def __init__(self, folder):
        class Pages(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        super().__init__(functools.partial(Pages, directory=str(folder)))


class Relay(_Server):
    """`seen`: (method, target, Origin, Sec-Fetch-Site, status) of every request, in order."""

    def __init__(self, port):
        self.seen = []
        relay = self

        class Forward(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def forward(self):
                size = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(size) if size else None
                link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                with contextlib.closing(link):
                    link.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        link.putheader(name, value)
                    link.endheaders(body)
                    answer = link.getresponse()
                    data = answer.read()
                relay.seen.append((self.command, self.path, self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site"),
                                   answer.status))
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Connection", "close")
                self.end_headers()
                with contextlib.suppress(OSError):
                    if self.command != "HEAD":
                        self.wfile.write(data)
                self.close_connection = True

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = forward

        super().__init__(Forward)
