"""`python -m scripts.demo_home`: what scripts/demo runs in the demo's environment."""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import signal
import sys
from pathlib import Path

from .installation import PASSWORD, USERNAME
from .output import Report
from .story import Demo

_FOLDER = Path(__file__).resolve().parents[2] / ".demo"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    """Run the demo and return its exit status."""
    arguments = _arguments()
    _FOLDER.mkdir(exist_ok=True)
    with (_FOLDER / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("error: a demo of this checkout is running", file=sys.stderr)
            return 1
        return asyncio.run(_demo(arguments))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Emulated plugs, an MQTT broker and a real Home Assistant: exports to a file "
        "and to the broker, then leaves Home Assistant open until Ctrl-C.",
    )
    parser.add_argument("--once", action="store_true", help="end when everything was shown")
    parser.add_argument("--language", choices=("en", "fr"), default="en", help="of Home Assistant")
    parser.add_argument("--days", type=int, default=90, help="of history, at least 2")
    arguments = parser.parse_args()
    if not 2 <= arguments.days <= 365:
        parser.error("--days must be between 2 and 365")
    return arguments


async def _demo(arguments: argparse.Namespace) -> int:
    report = Report()
    demo = Demo(_FOLDER, report, days=arguments.days, language=arguments.language)
    ended = asyncio.Event()
    received: list[int] = []

    def end(number: int) -> None:
        received.append(number)
        ended.set()

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, end, number)
    interruption = asyncio.create_task(ended.wait())
    show = asyncio.create_task(demo.run())
    try:
        await asyncio.wait([show, interruption], return_when=asyncio.FIRST_COMPLETED)
        if not show.done():
            show.cancel()
            await asyncio.wait([show])
            report.step("Interrupted: ending everything")
            return 128 + received[0]
        show.result()
        report.conclude()
        if not arguments.once and demo.is_open:
            report.step(f"Home Assistant stays open at {demo.home.url}")
            report.line(f"login: {USERNAME}, password: {PASSWORD}; token for the HTTP API:")
            report.line(str(demo.home.token))
            report.line("Ctrl-C ends everything.")
            end_of_home = asyncio.create_task(demo.home.wait_for_end())
            await asyncio.wait([end_of_home, interruption], return_when=asyncio.FIRST_COMPLETED)
            if end_of_home.done():
                report.fail(f"Home Assistant ended by itself, with {end_of_home.result()}")
            end_of_home.cancel()
            report.step("Ending everything")
        return 1 if report.failures else 0
    finally:
        interruption.cancel()
        await demo.close()


if __name__ == "__main__":
    sys.exit(main())
