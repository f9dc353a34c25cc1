"""libespeak-ng through ctypes: text to 16-bit samples. One engine per process and one call at a time.

Constants and signatures: espeak-ng's src/include/espeak-ng/speak_lib.h.
"""

import ctypes
import functools
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

from errors import JobErrorCode, JobFailure

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_RATE, _PITCH, _RANGE = 1, 3, 4
_POSITION_CHARACTER = 1
_CHARS_UTF8 = 1
_SLOWEST, _FASTEST = 80, 450

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _Engine:
    def __init__(self) -> None:
        self.library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
        self.library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        data = str(espeakng_loader.get_data_path()).encode()
        self.rate: int = self.library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, _INITIALIZE_DONT_EXIT)
        if self.rate <= 0:
            raise JobFailure(JobErrorCode.INTERNAL, "The speech engine cannot be started.", is_retryable=False)
        self.pieces: list[NDArray[np.int16]] = []
        self.callback = _Callback(self._take)  # kept, for the library only has its address
        self.library.espeak_SetSynthCallback(self.callback)

    def _take(self, samples: Any, count: int, _events: object) -> int:
        if samples and count > 0:
            self.pieces.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0


@functools.cache
def _engine() -> _Engine:
    return _Engine()


def sample_rate() -> int:
    """Samples per second of what synthesise returns."""
    return _engine().rate


def synthesise(text: str, voice: str, *, words_per_minute: int, pitch: int, pitch_range: int) -> NDArray[np.int16]:
    """Mono samples of the spoken text. voice: "language+variant"; pitch and pitch_range: 0 to 99.

    Raises JobFailure INTERNAL where the engine knows no such voice or fails.
    """
    engine = _engine()
    if engine.library.espeak_SetVoiceByName(voice.encode()) != 0:
        raise JobFailure(JobErrorCode.INTERNAL, f"The speech engine has no voice {voice}.", is_retryable=False)
    engine.library.espeak_SetParameter(_RATE, min(max(words_per_minute, _SLOWEST), _FASTEST), 0)
    engine.library.espeak_SetParameter(_PITCH, pitch, 0)
    engine.library.espeak_SetParameter(_RANGE, pitch_range, 0)
    engine.pieces = []
    encoded = text.encode()
    status = engine.library.espeak_Synth(
        encoded, len(encoded) + 1, 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None
    )  # fmt: skip
    if status != 0:
        raise JobFailure(JobErrorCode.INTERNAL, f"The speech engine failed (status {status}).", is_retryable=True)
    return np.concatenate(engine.pieces) if engine.pieces else np.zeros(0, np.int16)
