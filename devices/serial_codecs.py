"""What lamps, towers and relays on a serial port are told, byte by byte: pure.

Each codec makes of the lamps that are to be lit the writes that make them so, one a device's answer is waited
for after, and judges the answers.

Source: what each product's maker documents, in ``docs/how-to/connect-a-serial-lamp.md``.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, Protocol

__all__ = [
    "ACKNOWLEDGED",
    "AdafruitTower",
    "KmtronicRelays",
    "LcusRelays",
    "ModbusRelays",
    "NumatoRelays",
    "PatlitePhe",
    "SerialCodec",
    "TemplateLamps",
    "crc16",
]

ACKNOWLEDGED: Final = b"\x06"
"""ACK: what a Patlite answers to a command that it has taken."""

_REFUSED: Final = b"\x15"


class SerialCodec(Protocol):
    """How one product is spoken to."""

    answer_length: int
    """How many bytes answer each write, 0: none does."""

    def writes(self, lit: Collection[str]) -> Sequence[bytes]:
        """Return what makes exactly these lamps lit, all others dark."""

    def why_refused(self, write: bytes, answer: bytes, /) -> str:
        """Return what is wrong with an answer; "": nothing.

        Args:
            write: What was written.
            answer: At most ``answer_length`` bytes; fewer where it stopped.
        """


class _Unanswered:
    answer_length = 0

    def why_refused(self, _write: bytes, _answer: bytes, /) -> str:
        """Return "": nothing answers."""
        return ""


class AdafruitTower(_Unanswered):
    """Adafruit 5125, a tower with its own USB port: one byte a lamp.

    Args:
        parts: Lamps by name, to the part of the tower each is: ``red``, ``yellow``, ``green`` or ``buzzer``.
    """

    _BITS: Final = {"red": 1, "yellow": 2, "green": 4, "buzzer": 8}

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._bits = {lamp: self._BITS[part] for lamp, part in parts.items()}

    def writes(self, lit: Collection[str]) -> Sequence[bytes]:
        """Return one write: every lamp's byte."""
        return [bytes((0x10 if lamp in lit else 0x20) + bit for lamp, bit in self._bits.items())]


class LcusRelays(_Unanswered):
    """LCUS-1 to LCUS-8 relay boards, and the tower SL60USB2: ``A0``, channel, state, sum.

    Args:
        channels: Lamps by name, to the channel (1 to 255) each hangs on.
    """

    def __init__(self, channels: Mapping[str, int]) -> None:
        self._channels = dict(channels)

    def writes(self, lit: Collection[str]) -> Sequence[bytes]:
        """Return one write a channel: the boards lose what comes too fast."""
        return [self._frame(channel, is_on=lamp in lit) for lamp, channel in self._channels.items()]

    @staticmethod
    def _frame(channel: int, *, is_on: bool) -> bytes:
        return bytes((0xA0, channel, is_on, (0xA0 + channel + is_on) & 0xFF))


class KmtronicRelays(_Unanswered):
    """KMTronic USB relay boards: ``FF``, channel, state.

    Args:
        channels: Lamps by name, to the channel (1 to 255) each hangs on.
    """

    def __init__(self, channels: Mapping[str, int]) -> None:
        self._channels = dict(channels)

    def writes(self, lit: Collection[str]) -> Sequence[bytes]:
        """Return one write a channel."""
        return [bytes((0xFF, channel, lamp in lit)) for lamp, channel in self._channels.items()]


class NumatoRelays(_Unanswered):
    """Numato USB relay modules: words, ended by a carriage return; what they echo is passed over.

    Args:
        channels: Lamps by name, to the channel (0 to 31, spoken as ``0`` to ``9`` and ``A`` to ``V``).
    """

    _DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUV"

    def __init__(self, channels: Mapping[str, int]) -> None:
        self._channels = dict(channels)

    def writes(self, lit: Collection[str]) -> Sequence[bytes]:
        """Return one write a channel."""
        return [
            f"relay {'on' if lamp in lit else 'off'} {self._DIGITS[channel]}\r".encode()
            for lamp, channel in self._channels.items()
        ]


class PatlitePhe:
    """Patlite PHE-3FB3: ``@??S``, red, amber, green, two for nothing, buzzer, ``!``; answers ACK or NAK.

    What there is no lamp for stays as it is: it may be another output's.

    Args:
        parts: Lamps by name, to the part of the tower each is: ``red``, ``yellow``, ``green`` or ``buzzer``.
    """

    answer_length = 1
    _ORDER: Final = ("red", "yellow", "green", "", "", "buzzer")
    _KEEP: Final = "9"

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._lamps = {part: lamp for lamp, part in parts.items()}

    def writes(self, lit: Collection[str]) -> Sequence[bytes]:
        """Return one write: the state of all."""
        return [f"@??S{''.join(self._digit(part, lit) for part in self._ORDER)}!".encode()]

    def _digit(self, part: str, lit: Collection[str]) -> str:
        if not part:
            return "0"
        lamp = self._lamps.get(part)
        return self._KEEP if lamp is None else str(int(lamp in lit))

    def why_refused(self, write: bytes, answer: bytes, /) -> str:
        """Return what is wrong with the answer to ``write``."""
        if answer == ACKNOWLEDGED:
            return ""
        if answer == _REFUSED:
            return f"it refused {write.decode()} (NAK); is it a PHE-3FB3, and set to ID ??"
        if not answer:
            return "it does not answer; is it the right port, and a PHE-3FB3?"
        return f"it answered {answer.hex(' ')} and not 06; is it the right port, and a PHE-3FB3?"


class ModbusRelays:
    """Relay boards that speak Modbus RTU: function 05 for each coil, which answers with the same bytes.

    Args:
        unit: The board's address, 1 to 247.
        channels: Lamps by name, to the coil each hangs on, from 1 as on the board (on the wire from 0).

    Source: Modbus application protocol V1.1b3, 6.5; Modbus over serial line V1.02, 2.5.1.2 (CRC).
    """

    answer_length = 8

    def __init__(self, unit: int, channels: Mapping[str, int]) -> None:
        self._unit = unit
        self._channels = dict(channels)

    def writes(self, lit: Collection[str]) -> Sequence[bytes]:
        """Return one write a coil."""
        return [self._frame(channel - 1, is_on=lamp in lit) for lamp, channel in self._channels.items()]

    def why_refused(self, write: bytes, answer: bytes, /) -> str:
        """Return what is wrong with the answer to ``write``."""
        if answer == write:
            return ""
        if not answer:
            return f"unit {self._unit} does not answer; look at its address, its speed, and A and B of RS-485"
        if answer[:2] == bytes((self._unit, 0x85)) and answer[3:5] == crc16(answer[:3]):
            return f"unit {self._unit} refused coil {write[3] + 1} (exception {answer[2]}); has it so many?"
        return f"unit {self._unit} answered {answer.hex(' ')} and not {write.hex(' ')}; is it a relay board?"

    def _frame(self, coil: int, *, is_on: bool) -> bytes:
        body = bytes((self._unit, 0x05, coil >> 8, coil & 0xFF, 0xFF if is_on else 0x00, 0x00))
        return body + crc16(body)


class TemplateLamps:
    """A device nobody has heard of: bytes for on and off, by lamp.

    Args:
        on: What lights each lamp.
        off: What makes it dark.
        answer: What it must answer to each write, ``b""``: nothing is waited for.
    """

    def __init__(self, on: Mapping[str, bytes], off: Mapping[str, bytes], answer: bytes = b"") -> None:
        self._on = dict(on)
        self._off = dict(off)
        self._answer = answer
        self.answer_length = len(answer)

    def writes(self, lit: Collection[str]) -> Sequence[bytes]:
        """Return one write a lamp."""
        return [(self._on if lamp in lit else self._off)[lamp] for lamp in self._on]

    def why_refused(self, write: bytes, answer: bytes, /) -> str:
        """Return what is wrong with the answer to ``write``."""
        if answer == self._answer:
            return ""
        heard = answer.hex(" ") or "nothing"
        return f"it answered {heard} to {write.hex(' ')} and not {self._answer.hex(' ')}"


def crc16(data: bytes) -> bytes:
    """Return the two bytes, low one first, that end a Modbus RTU frame."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc.to_bytes(2, "little")
