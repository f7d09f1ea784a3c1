"""Forward the functions' calls to the emulator, and make a share of them fail."""

import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from threading import Event, Thread
from typing import Literal, Self

Fault = Literal["throttled", "broken", "refused", "lost", "slow"]

FAULTS: tuple[Fault, ...] = ("throttled", "broken", "refused", "lost", "slow")
"""throttled: AWS throttles the call. broken: AWS answers 500. refused: the connection closes before the call arrives.
lost: the call is done and its answer is lost. slow: the answer comes after the caller's timeout."""

SLOW_S = 4.0
"""Longer than the timeouts of the functions behind the API."""

_HEAD = re.compile(rb"(?im)^(content-length|x-amz-target): *(.*?)\r?$")
_THROTTLED = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode()
_BROKEN = json.dumps({"__type": "InternalServerError", "message": "Broken"}).encode()


@dataclass(slots=True)
class Seen:
    """The calls to AWS and the faults. It has names of parameters and no values."""

    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    over_quota: Counter[str] = field(default_factory=Counter)
    """Calls that the emulator throttled because of AWS's quotas."""
    written_again: Counter[str] = field(default_factory=Counter)
    """The number of lost answers to PutParameter, by name. After each the SDK writes the parameter again."""


class TroubledAws:
    """Forward calls to the port `target`, and make a share of them fail. As a context manager it listens at `url`."""

    def __init__(self, *, target: int, share: float, seed: int) -> None:
        self.share = share
        self.seen = Seen()
        self._target = target
        self._random = Random(seed)
        self._serving: set[asyncio.Task[None] | None] = set()
        self._listening = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._listen()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    async def _listen(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=256)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._listening.set()
        await self._stopping.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the calls of one connection, one after the other."""
        # asyncio holds only weak references to tasks, and after the client has gone nothing else refers to this one.
        self._serving.add(asyncio.current_task())
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            while await self._pass_on(reader, writer, there, back):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            back.close()
            writer.close()
            self._serving.discard(asyncio.current_task())

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> bool:
        """Forward one call or make it fail, and return whether the connection can still be used."""
        head, fields, body = await _message(reader)
        operation = fields.get(b"x-amz-target", b"other").decode().rpartition(".")[2]
        self.seen.calls[operation] += 1
        fault = self._fault(operation)
        match fault:
            case "throttled":
                writer.write(_answer(400, _THROTTLED))
                return True
            case "broken":
                writer.write(_answer(500, _BROKEN))
                return True
            case "refused":
                return False
        back.write(head + body)
        answer_head, _, answer = await _message(there)
        if b"ThrottlingException" in answer:
            self.seen.over_quota[operation] += 1
        unheard = fault or reader.at_eof()  # the function's timeout has passed
        if unheard and operation == "PutParameter" and answer_head.split(b" ", 2)[1] == b"200":
            self.seen.written_again[json.loads(body)["Name"]] += 1
        if fault == "slow":
            await asyncio.sleep(SLOW_S)
        if fault == "lost":
            return False
        writer.write(answer_head + answer)
        return True

    def _fault(self, operation: str) -> Fault | None:
        if not self.share or self._random.random() >= self.share:
            return None
        fault = self._random.choice(FAULTS)
        self.seen.faults[f"{operation} {fault}"] += 1
        return fault


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, dict[bytes, bytes], bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = {name.lower(): value for name, value in _HEAD.findall(head)}
    return head, fields, await reader.readexactly(int(fields.get(b"content-length", 0)))


def _answer(status: int, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} Trouble\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
