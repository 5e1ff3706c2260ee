"""A small NWB file as a laboratory would share it: units, position, fluorescence, licks, trials. pynwb writes it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pynwb

START, STOP, RATE = 10.0, 30.0, 20.0  # seconds of the session, samples of position per second
STAMPS = START + np.arange(int((STOP - START) * RATE) + 1) / RATE
PLACE = np.round(50 + 50 * np.sin(STAMPS)).astype(np.int16)  # cm; `conversion` makes metres
FLUORESCENCE = np.random.default_rng(1).gamma(2.0, 1.0, (160, 3)).astype(np.float32)
FRAMES = 8.0  # per second, from START
OBSERVED = np.array([[10.0, 22.0], [24.0, 30.0]])
AREAS, QUALITIES = ("CA1", "CA1", "CA3", "CA1"), ("good", "mua", "good", "good")
IDS, FIRING = (3, 5, 8, 9), (9.0, 6.0, 7.0, 0.0)  # spikes per second; the last unit has none
TRIALS = [(10.0, 14.0, "left"), (15.0, 21.0, "right"), (24.0, 30.0, "left")]


def trains() -> list[np.ndarray]:
    """(spike,) rising times of each unit, inside the intervals in which they were observed."""
    stream = np.random.default_rng(7)
    made = [np.sort(stream.uniform(START, STOP, int(rate * (STOP - START)))) for rate in FIRING]
    return [times[(times < 22) | (times > 24)] for times in made]


def write_nwb(
    path: Path,
    change: Callable[[pynwb.NWBFile], None] | None = None,
    cached: bool = False,
    calcium: bool = True,
    observed: bool = True,
) -> Path:
    """Writes the file, after `change` has added to it: the same bytes each time.

    cached: with the schema in it, as pynwb does by default. calcium: with fluorescence. observed: with obs_intervals.
    """
    numbers = map(lambda number: UUID(int=number), count())
    with warnings.catch_warnings(), patch("hdmf.container.uuid4", lambda: next(numbers)):
        warnings.simplefilter("ignore")
        began = datetime(2026, 1, 1, tzinfo=UTC)
        file = pynwb.NWBFile("a session", "rat-1", began, file_create_date=[began])
        _units(file, observed)
        _behavior(file)
        if calcium:
            _fluorescence(file)
        file.add_trial_column("side", "where it turned")
        for start, stop, side in TRIALS:
            file.add_trial(start_time=start, stop_time=stop, side=side)
        if change is not None:
            change(file)
        with pynwb.NWBHDF5IO(str(path), "w") as io:
            io.write(file, cache_spec=cached)
    return path


def _units(file: pynwb.NWBFile, observed: bool) -> None:
    file.add_unit_column("brain_area", "where")
    file.add_unit_column("quality", "of the sorting")
    for number, times, area, quality in zip(IDS, trains(), AREAS, QUALITIES, strict=True):
        about = {"obs_intervals": OBSERVED} if observed else {}
        file.add_unit(id=number, spike_times=times, brain_area=area, quality=quality, **about)


def _behavior(file: pynwb.NWBFile) -> None:
    module = file.create_processing_module("behavior", "where the rat was")
    place = pynwb.behavior.SpatialSeries(
        name="SpatialSeries",
        data=np.stack([PLACE, 0 * PLACE], axis=1),
        timestamps=STAMPS,
        conversion=0.01,
        unit="meters",
    )
    module.add(pynwb.behavior.Position(spatial_series=place))
    speed = pynwb.TimeSeries(
        name="speed", data=np.abs(np.gradient(PLACE / 100.0, STAMPS)), unit="m/s", timestamps=place
    )
    module.add(speed)
    file.add_acquisition(pynwb.TimeSeries(name="speed", data=np.arange(50.0), unit="V", rate=1000.0, offset=2.0))


def _fluorescence(file: pynwb.NWBFile) -> None:
    device = file.create_device("microscope")
    channel = pynwb.ophys.OpticalChannel(name="green", description="GCaMP", emission_lambda=510.0)
    plane = file.create_imaging_plane(
        name="plane",
        optical_channel=channel,
        description="-",
        device=device,
        excitation_lambda=920.0,
        indicator="GCaMP",
        location="CA1",
    )
    module, images = file.create_processing_module("ophys", "calcium"), pynwb.ophys.ImageSegmentation()
    module.add(images)
    masks = images.create_plane_segmentation(name="cells", description="-", imaging_plane=plane)
    for i in range(FLUORESCENCE.shape[1]):
        masks.add_roi(pixel_mask=[(i, i, 1.0)])
    rois = masks.create_roi_table_region(region=[0, 1, 2], description="all")
    series = pynwb.ophys.RoiResponseSeries(
        name="RoiResponseSeries", data=FLUORESCENCE, rois=rois, unit="n.a.", rate=FRAMES, starting_time=START
    )
    module.add(pynwb.ophys.DfOverF(roi_response_series=series))
