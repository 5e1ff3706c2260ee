"""Damaged files of every format, read in a process of their own: how each ended, how long and in how much memory.

`python -m tests.data.damage FOLDER NUMBER SEED FORMAT…` prints one JSON line a format.
"""

from __future__ import annotations

import collections
import json
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from cebra_pipe.data.contents import Contents, telling
from cebra_pipe.data.formats.entries import NUMBERS, Entry
from cebra_pipe.data.load import open_file
from cebra_pipe.errors import UserError

from .conftest import CONTAINERS, LAPS, SINGLES, SPIKES, track, write_mat73

MEMORY = 2 << 30  # bytes beyond those of the libraries
SECONDS = 20  # that a damaged file may take before it counts as a hang


def _container(suffix: str, write: Callable) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write(folder / f"a.{suffix}", spikes=SPIKES, laps=LAPS)
        return folder / f"a.{suffix}"

    return make


def _single(suffix: str, write: Callable) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write(folder / f"single.{suffix}", SPIKES)
        return folder / f"single.{suffix}"

    return make


def _frame(kind: str, form: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import pandas as pd

        frame = track(8) if kind == "track" else pd.DataFrame(SPIKES, columns=["a", "b", "c"])
        frame.to_hdf(folder / f"{kind}_{form}.h5", key="f", format=form)
        return folder / f"{kind}_{form}.h5"

    return make


def _compressed(folder: Path) -> Path:
    import h5py

    with h5py.File(folder / "packed.h5", "w") as file:
        file.create_dataset("spikes", data=SPIKES, chunks=(4, 3), compression="gzip", shuffle=True)
    return folder / "packed.h5"


def _squeezed(folder: Path) -> Path:
    import joblib

    joblib.dump({"spikes": SPIKES, "names": ["a"]}, folder / "squeezed.jl", compress=("zlib", 3))
    return folder / "squeezed.jl"


def _matlab(name: str, **options: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        from scipy.io import savemat
        from scipy.sparse import csc_array

        value = {"spikes": SPIKES, "s": {"laps": LAPS, "name": "rat"}, "few": csc_array(SPIKES > 3)}
        flat = {name: v for name, v in value.items() if name != "s"}
        savemat(folder / f"{name}.mat", flat if options.get("format") == "4" else value, **options)
        return folder / f"{name}.mat"

    return make


def _named_csv(folder: Path) -> Path:
    rows = "".join(f"{i};{i / 7:.3f}\n".replace(".", ",") for i in range(20))
    (folder / "named.csv").write_text(f"time;größe\n{rows}")
    return folder / "named.csv"


def _nwb(folder: Path) -> Path:
    from .nwb_files import write_nwb

    return write_nwb(folder / "a.nwb", calcium=False)


# name -> writes a small whole file into a folder and gives its path; suffixes that share a reader stand once
FILES: dict[str, Callable[[Path], Path]] = {
    **{suffix: _container(suffix, CONTAINERS[suffix]) for suffix in ("npz", "h5", "pt", "jl", "pkl", "xlsx", "xls")},
    **{f"{suffix}, one array": _single(suffix, SINGLES[suffix]) for suffix in ("npy", "csv", "parquet", "jl")},
    "mat 7.3": lambda folder: _container("mat", write_mat73)(folder),
    "mat, packed": _matlab("packed", do_compression=True),
    "mat, structs": _matlab("structs"),
    "mat 4": _matlab("four", format="4"),
    "frame": _frame("frame", "fixed"),
    "frame table": _frame("frame", "table"),
    "track": _frame("track", "fixed"),
    "packed h5": _compressed,
    "squeezed jl": _squeezed,
    "named csv": _named_csv,
    "nwb": _nwb,
}


def damaged(whole: bytes, number: int, seed: int) -> Iterator[bytes]:
    """Bits flipped, ends cut off, bytes swapped, overwritten, put in, taken out."""
    stream = np.random.default_rng(seed)
    for i in range(number):
        data = np.frombuffer(whole, np.uint8).copy()
        at = int(stream.integers(len(data)))
        if i % 6 == 0:
            places = stream.integers(0, len(data), int(stream.integers(1, 9)))
            data[places] ^= (1 << stream.integers(0, 8, len(places))).astype(np.uint8)
        elif i % 6 == 1:
            data = data[:at]
        elif i % 6 == 2:
            other = int(stream.integers(len(data)))
            data[[at, other]] = data[[other, at]]
        elif i % 6 == 3:
            data[at : at + int(stream.integers(1, 9))] = stream.choice([0, 1, 0x7F, 0x80, 0xFF])
        elif i % 6 == 4:
            data = np.insert(data, at, stream.integers(0, 256, int(stream.integers(1, 40)), dtype=np.uint8))
        else:
            data = np.delete(data, slice(at, at + int(stream.integers(1, 40))))
        yield data.tobytes()


def read(contents: Contents, name: str, entry: Entry) -> None:
    """All that an entry can be asked for; of a table with words each column, and its numbers together."""
    with telling(contents.where(name)):
        kinds = [entry.raw(i).dtype.kind for i in range(len(entry.columns))] if entry.raw is not None else []
        for more in (entry.trains, entry.clock and partial(entry.clock.read, entry.shape[0])):
            if more is not None:
                more()
    contents.read(name, [i for i, kind in enumerate(kinds) if kind in NUMBERS] or None)


def outcome(path: Path) -> str:
    """read, or told in one message; anything else is what was raised."""
    try:
        contents = open_file(path)
        for name, entry in contents.entries.items():
            if not entry.refused:
                read(contents, name, entry)
        contents.listing()
    except UserError as error:
        if "MemoryError" in str(error):
            return f"asked for too much memory: {error}"[:300]
        return "told" if len(str(error)) < 3000 and str(path) in str(error) else f"told badly: {error}"[:300]
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:300]
    return "read"


def _hang(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s")


def report(folder: Path, name: str, number: int, seed: int) -> dict:
    """How the damaged files of one format ended; a file that did not end well stays in the folder."""
    path = FILES[name](folder)
    whole, ends, slowest = path.read_bytes(), collections.Counter(), 0.0
    outcome(path)  # imports
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))  # spares the machine
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for i, data in enumerate(damaged(whole, number, seed)):
        path.write_bytes(data)
        started = time.perf_counter()
        signal.alarm(SECONDS)
        end = outcome(path)
        signal.alarm(0)
        slowest = max(slowest, time.perf_counter() - started)
        ends[end] += 1
        if end not in ("read", "told"):
            path.with_name(f"bad_{i}_{path.name}").write_bytes(data)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    return {"format": name, "ends": dict(ends), "slowest_s": round(slowest, 2), "memory_mb": grown}


def main(folder: str, number: str, seed: str, *names: str) -> None:
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, _hang)
    for name in names:
        print(json.dumps(report(Path(folder), name, int(number), int(seed))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
