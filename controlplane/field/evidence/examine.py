"""Has photographs looked at: a process for each, a few at once, each with a time in which it must answer."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from controlplane.field.evidence.facts import Facts, Told
from controlplane.problems import UnprocessableError

LOOK = ("-m", "controlplane.field.evidence.look")
LARGEST_ANSWER = 2_000_000
REFUSALS: Mapping[str, str] = {
    "evidence_damaged": "the photograph can't be read: it is damaged or cut off; take it again, or send it again",
    "evidence_moves": "this is a moving picture; send a still photograph",
    "evidence_pixels": "the photograph has more than 64 million pixels; have the camera save smaller ones",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What a photograph says of itself, and a small picture of it."""

    facts: Facts
    thumbnail: bytes


class Examiner:
    """Looks at photographs off the loop, and outside this process."""

    def __init__(self, at_once: int = 2, within_s: float = 30.0) -> None:
        self._turns, self._within_s = asyncio.Semaphore(at_once), within_s

    async def look(self, photograph: Path) -> Examined:
        """Look at one; UnprocessableError with what is wrong with it."""
        async with self._turns:
            answer = await _answer(photograph, self._within_s)
        line, _, thumbnail = answer.partition(b"\n")
        try:
            told = msgspec.json.decode(line, type=Told)
        except msgspec.DecodeError:
            told = Told(refusal="evidence_damaged")
        if told.facts is None or not thumbnail:
            raise _refusal(told.refusal or "")
        return Examined(told.facts, thumbnail)


def _refusal(said: str) -> UnprocessableError:
    if said == "evidence_moves":
        return UnprocessableError(REFUSALS[said], code="evidence_moves")
    if said == "evidence_pixels":
        return UnprocessableError(REFUSALS[said], code="evidence_pixels")
    return UnprocessableError(REFUSALS["evidence_damaged"], code="evidence_damaged")


async def _answer(photograph: Path, within_s: float) -> bytes:
    """What the process says; nothing where it fell, was ended for taking too long, or said too much."""
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    with photograph.open("rb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *LOOK,
            stdin=file,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
    try:
        async with asyncio.timeout(within_s):
            answer = await _all(process)
    except TimeoutError:
        answer = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return answer if process.returncode == 0 else b""


async def _all(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    said = bytearray()
    while piece := await process.stdout.read(64 * 1024):
        said += piece
        if len(said) > LARGEST_ANSWER:
            return b""
    await process.wait()
    return bytes(said)
