"""Three appliances for the demo, each the same on every run and every machine."""

from __future__ import annotations

import math
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from .loads import DailyLoad, Step, seeded

_PARIS = ZoneInfo("Europe/Paris")
_MINUTE = 60
_HOUR = 3600
_DAYS_PER_YEAR = 365.25
_WARMEST_DAY = 201  # about 20 July


def _warmth(day: date) -> float:
    """From -1 in the coldest days of the year to 1 in the warmest."""
    day_of_year = day.timetuple().tm_yday
    return math.cos(2 * math.pi * (day_of_year - _WARMEST_DAY) / _DAYS_PER_YEAR)


class Fridge(DailyLoad):
    """A fridge-freezer: compressor cycles, busier in summer and around dinner, a defrost at night.

    About 0.65 kWh on a winter day and 0.95 kWh on a summer day.
    """

    def __init__(self, timezone: ZoneInfo = _PARIS, *, seed: str = "fridge") -> None:
        super().__init__(timezone)
        self._seed = seed

    def steps(self, day: date, length: float) -> list[Step]:
        """Return the compressor cycles of `day`."""
        random = seeded(self._seed, day)
        warmth = _warmth(day)
        idle = 1.8
        steps = [Step(0, idle)]
        second = random.uniform(2, 20) * _MINUTE
        defrosted = day.toordinal() % 2 == 1
        while second < length:
            if not defrosted and second > 3 * _HOUR:
                steps += [Step(second, 195.0), Step(second + 14 * _MINUTE, idle)]
                second += 20 * _MINUTE
                defrosted = True
            dinner = 1.3 if 18 * _HOUR < second < 21 * _HOUR else 1.0
            duty = (0.37 + 0.07 * warmth + random.uniform(-0.03, 0.03)) * dinner
            running = random.uniform(15, 21) * _MINUTE
            watts = 80 + 7 * warmth + random.uniform(-4, 4)
            steps += [
                Step(second, watts * 1.7),  # the motor starts
                Step(second + 20, watts),
                Step(second + running, idle),
            ]
            second += running / duty
        return steps


class WashingMachine(DailyLoad):
    """A washing machine: four runs a week, heating longer in winter when the water comes in cold.

    0.5 to 1.4 kWh per run, about 1 W otherwise.
    """

    _STANDBY = 0.9
    # How willingly somebody washes, Monday to Sunday, and from which hour.
    _WILLINGNESS = (0.5, 0.25, 0.7, 0.3, 0.35, 1.0, 0.75)
    _START_HOUR = (18.5, 19.0, 18.0, 19.0, 18.5, 9.5, 10.5)
    # Degrees Celsius, by how often they are chosen.
    _PROGRAMMES = ((0.25, 30), (0.8, 40), (1.0, 60))

    def __init__(self, timezone: ZoneInfo = _PARIS, *, seed: str = "washing machine") -> None:
        super().__init__(timezone)
        self._seed = seed

    def steps(self, day: date, length: float) -> list[Step]:
        """Return standby and, on a washing day, the phases of one run."""
        steps = [Step(0, self._STANDBY)]
        if day in self._washing_days(day):
            steps += self._run(day)
        return steps

    def _washing_days(self, day: date) -> list[date]:
        monday = day - timedelta(days=day.weekday())
        random = seeded(self._seed, monday)
        wishes = sorted(
            ((random.random() * self._WILLINGNESS[weekday], weekday) for weekday in range(7)),
            reverse=True,
        )
        return [monday + timedelta(days=weekday) for _, weekday in wishes[:4]]

    def _run(self, day: date) -> list[Step]:
        random = seeded(self._seed, day, "run")
        choice = random.random()
        degrees = next(degrees for share, degrees in self._PROGRAMMES if choice < share)
        inlet = 13 + 5 * _warmth(day)
        heating_wh = 14 * (degrees - inlet) * 1.163 * 1.25  # 14 litres, a quarter lost to the drum
        second = (self._START_HOUR[day.weekday()] + random.uniform(0, 1.5)) * _HOUR
        phases = [
            (3 * _MINUTE, 9.0),  # water in
            (heating_wh / 2050 * _HOUR, 2050 + random.uniform(-40, 60)),
        ]
        phases += [(_MINUTE, 195.0 if turn % 3 else 22.0) for turn in range(36)]
        for _ in range(3):
            phases += [(2 * _MINUTE, 34.0), (2 * _MINUTE, 9.0), (4 * _MINUTE, 130.0)]
        phases += [(_MINUTE, 240.0 + 35 * turn) for turn in range(8)]  # the spin gathers speed
        phases += [(10 * _MINUTE, 5.0)]  # door locked, lamp on
        steps = []
        for seconds, watts in phases:
            steps.append(Step(second, watts))
            second += seconds
        return [*steps, Step(second, self._STANDBY)]


class SolarInverter(DailyLoad):
    """Panels facing south behind an inverter; the plug reads their production as power.

    The sun's path over a tilted plane, times how clear the day is, which is drawn from the
    date. With the default `peak_w` about 1 to 3 kWh on a winter day, 5 to 10 on a summer day.
    """

    _STEP = 10 * _MINUTE
    _OBLIQUITY = math.radians(23.44)

    def __init__(
        self,
        timezone: ZoneInfo = _PARIS,
        *,
        peak_w: float = 1600.0,
        latitude: float = 48.86,
        longitude: float = 2.35,
        tilt: float = 30.0,
        seed: str = "sky",
    ) -> None:
        super().__init__(timezone)
        self._peak_w = peak_w
        self._latitude = math.radians(latitude)
        self._longitude = longitude
        self._tilt = math.radians(tilt)
        self._seed = seed

    def clearness(self, day: date) -> float:
        """Return how clear the sky of `day` is, 0.08 (overcast) to 1."""
        usual = 0.6 + 0.17 * _warmth(day)
        draw = seeded(self._seed, day, "clearness").uniform(-0.5, 0.5)
        return min(1.0, max(0.08, usual + 0.95 * draw))

    def steps(self, day: date, length: float) -> list[Step]:
        """Return the production of `day` in steps of ten minutes, 0 W at night."""
        random = seeded(self._seed, day)
        clear = self.clearness(day)
        midnight, _ = self._bounds(day)
        since_equinox = day.timetuple().tm_yday - 81
        declination = self._OBLIQUITY * math.sin(2 * math.pi * since_equinox / _DAYS_PER_YEAR)
        # Constants of the two cosines that depend on the hour angle alone.
        height_base = math.sin(declination) * math.sin(self._latitude)
        height_swing = math.cos(declination) * math.cos(self._latitude)
        plane_base = math.sin(declination) * math.sin(self._latitude - self._tilt)
        plane_swing = math.cos(declination) * math.cos(self._latitude - self._tilt)
        solar_midnight = midnight + self._longitude * _HOUR / 15
        half_day = _seconds_from_noon(-height_base / height_swing)
        steps = [Step(0, 0.0)]
        for second in range(0, int(length), self._STEP):
            from_noon = (solar_midnight + second + self._STEP / 2) % 86400 - 43200
            if abs(from_noon) >= half_day:
                if steps[-1].watts:
                    steps.append(Step(second, 0.0))
                continue
            cosine = math.cos(from_noon / 43200 * math.pi)
            height = max(0.0, height_base + height_swing * cosine)
            plane = max(0.0, plane_base + plane_swing * cosine)
            cloud = 1 - (1 - clear) * random.random() * 0.6
            steps.append(Step(second, self._peak_w * 0.9 * plane * height**0.25 * clear * cloud))
        return steps


def _seconds_from_noon(cosine: float) -> float:
    return math.acos(min(1.0, max(-1.0, cosine))) / math.pi * 43200
