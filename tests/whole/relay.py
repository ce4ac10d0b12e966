"""A slow or broken link without a slow link: a TCP relay on loopback with delay, bandwidth and cuts.

Register `relay.address` in place of the node behind it. `stall()` lets nothing through and closes nothing,
as a cable that is pulled; `cut()` resets what there is and whoever comes; `heal()` ends either. What a stall
held passes afterwards. Everything may change while bytes are on their way.
"""

import asyncio
import contextlib
import socket
import struct
import threading

CHUNK = 16 * 1024
IN_FLIGHT_CHUNKS = 64  # a direction of a connection; beyond it the sender is not read


class Relay:
    """`delay_s`: one way. `bytes_per_s`: of each direction, shared by all connections; None: no bound."""

    def __init__(self, port, host="127.0.0.1", *, delay_s=0.0, bytes_per_s=None):
        self.target, self.delay_s, self.bytes_per_s = (host, port), delay_s, bytes_per_s
        self.passed = [0, 0]  # bytes: to the target, and back
        self.calls, self.refusing = 0, False
        self._free_at, self._writers = [0.0, 0.0], set()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._socket.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._loop, started = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

    # From any thread.

    def stall(self):
        self._do(self._open.clear)

    def cut(self):
        def act():
            self.refusing = True
            for writer in list(self._writers):
                self._reset(writer)

        self._do(act)

    def heal(self):
        def act():
            self.refusing = False
            self._open.set()

        self._do(act)

    def close(self):
        self._do(self._end.set)
        self._thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _do(self, act):
        """Runs `act` on the relay's thread and waits for it."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (act(), done.set()))
        done.wait()

    # On the relay's thread.

    def _run(self, started):
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve(started))

    async def _serve(self, started):
        self._open, self._end = asyncio.Event(), asyncio.Event()
        self._open.set()
        server = await asyncio.start_server(self._accepted, sock=self._socket)
        started.set()
        await self._end.wait()
        server.close()
        for writer in list(self._writers):
            self._reset(writer)
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accepted(self, reader, writer):
        self.calls += 1
        self._writers.add(writer)
        far = None
        try:
            if self.refusing:
                raise ConnectionResetError
            await self._open.wait()
            far_reader, far = await asyncio.open_connection(*self.target)
            self._writers.add(far)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(0, reader, far))
                both.create_task(self._pump(1, far_reader, writer))
        except* (OSError, asyncio.CancelledError):
            pass
        finally:
            for one in filter(None, (writer, far)):
                self._writers.discard(one)
                self._reset(one)

    def _reset(self, writer):
        with contextlib.suppress(OSError):
            link = writer.get_extra_info("socket")
            if self.refusing:  # a close that the other end sees as a reset
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort() if self.refusing else writer.close()

    async def _pump(self, direction, reader, writer):
        """One direction: what is read is due after the delay; its end is passed on as an end."""
        flight = asyncio.Queue(IN_FLIGHT_CHUNKS)

        async def take():
            while data := await reader.read(CHUNK):
                await flight.put((self._loop.time(), data))
            await flight.put((self._loop.time(), b""))

        async def give():
            while True:
                came, data = await flight.get()
                await self._until(came + self.delay_s)
                await self._passes(len(data), direction)
                if not data:
                    return writer.write_eof()
                writer.write(data)
                await writer.drain()
                self.passed[direction] += len(data)

        async with asyncio.TaskGroup() as both:
            both.create_task(take())
            both.create_task(give())

    async def _passes(self, size, direction=0):
        """Waits for the link to be whole and for its room."""
        if self.bytes_per_s:
            begin = max(self._loop.time(), self._free_at[direction])
            self._free_at[direction] = begin + size / self.bytes_per_s
            await self._until(self._free_at[direction])
        await self._open.wait()

    async def _until(self, when):
        if (left := when - self._loop.time()) > 0:
            await asyncio.sleep(left)
