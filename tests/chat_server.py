"""A server on loopback that speaks the OpenAI protocol, answering what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Say:
    """One answer of the server."""

    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    delay: float = 0.0


def entities(*found: tuple[int, str, str, str]) -> Say:
    """An answer that lists entities: sentence, text, kind, is_a."""
    keys = ("sentence", "text", "kind", "is_a")
    return Say(json.dumps({"entities": [dict(zip(keys, f, strict=True)) for f in found]}))


class ChatServer:
    """Answers in the order given, then the last one again, or as ``answer`` says; remembers what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[dict[str, Any]], Say] | None = None
        self.says: list[Say] = []
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.times.append(time.monotonic())
                server.headers.append(dict(self.headers))
                server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if server.answer is not None:
                    say = server.answer(server.asked[-1])
                else:
                    say = server.says.pop(0) if len(server.says) > 1 else server.says[0]
                time.sleep(say.delay)
                body = say.body
                if body is None:
                    answer = {
                        "choices": [{"message": {"role": "assistant", "content": say.content}}],
                        "usage": {"prompt_tokens": 11, "completion_tokens": 7},
                    }
                    body = json.dumps(answer if self.path == "/v1/chat/completions" else {}).encode()
                try:
                    self.send_response(say.status)
                    for name, value in say.headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass  # the client has given up

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
