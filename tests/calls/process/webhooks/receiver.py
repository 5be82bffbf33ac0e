"""Another system that takes webhooks, on this machine: it answers as a test says."""

import contextlib
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """``answers``: a status, or a callable that is given the handler, for the next requests; then 204."""

    def __init__(self):
        self.taken = []
        """Headers (lower case) and body of each request."""
        self.answers = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answer = receiver.answers.pop(0) if receiver.answers else 204
                if callable(answer):
                    answer(self)
                else:
                    self.send_response(answer)
                    self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/calls?key=1"
        self.left = threading.Event()
        """Set at the end: what hangs goes on."""

    def hangs(self, handler):
        """An answer that never comes."""
        self.left.wait()

    def dribbles(self, handler):
        """Headers without an end, a little at a time."""
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        with contextlib.suppress(OSError):
            while not self.left.wait(0.02):
                handler.wfile.write(b"X: y\r\n")


@contextmanager
def receiving():
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.left.set()
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()
