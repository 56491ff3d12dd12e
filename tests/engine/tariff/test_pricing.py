"""What energy costs, at the edges where it is easy to be wrong, and against a plain sum."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.med_exporter.engine.ledger import UNKNOWN
from custom_components.med_exporter.engine.tariff import (
    KINDS,
    Energy,
    Known,
    first_needed,
    parse_contracts,
    price,
)
from custom_components.med_exporter.engine.tariff.kind import ContractKind, FormField, Holds, Page
from custom_components.med_exporter.engine.tariff.rates import PriceLine, Rate

from .contracts import (
    AUTUMN_PARIS,
    FLAT,
    NIGHT_AND_DAY,
    PARIS,
    SPRING_PARIS,
    TEMPO,
    TIERS,
    day_bounds,
    local,
    tariff,
)
from .strategies import colours, contract_lists, instants, zones

SPOT = {"valid_from": "2020-01-01", "kind": "sensor_price", "entity_id": "sensor.spot"}
KWH = 1_000_000
TUESDAY = date(2026, 1, 13)


def used(start: datetime, *kwh: float, device="plug", seconds=900, role="consumption") -> Energy:
    """Return slots of energy, None where it is not known."""
    return Energy(
        device,
        role,
        int(start.timestamp()),
        seconds,
        [UNKNOWN if one is None else round(one * KWH) for one in kwh],
    )


def sums(energies, edges, *contracts, zone=PARIS, **known):
    """Return kWh and cost by place, device, role, period and tier."""
    priced = price(tariff(*contracts), zone, Known(**known), energies, edges)
    return {
        tuple(part): (
            round(amount.mwh / KWH, 9),
            None if amount.cost is None else round(amount.cost, 9),
        )
        for part, amount in priced.sums.items()
    }


def whole(energies, *contracts, **more):
    """Return kWh and cost by period and tier of all that was consumed by one device."""
    starts = [energy.start for energy in energies]
    ends = [energy.start + energy.seconds * len(energy.mwh) for energy in energies]
    found = sums(energies, [min(starts), max(ends)], *contracts, **more)
    return {(period, tier): amounts for (_, _, _, period, tier), amounts in found.items()}


class TestTimeOfUse:
    def test_an_edge_inside_a_slot_shares_it_by_time(self):
        contract = {
            **NIGHT_AND_DAY,
            "periods": [
                {"name": "a", "price": 0.1, "start": "22:56", "end": "06:56"},
                {"name": "b", "price": 0.3, "start": "06:56", "end": "22:56"},
            ],
        }
        start = local("2026-01-13 06:45")
        assert whole([used(start, 1.5)], contract) == {
            ("a", 0): (1.1, 0.11),
            ("b", 0): (0.4, 0.12),
        }

    @pytest.mark.parametrize(("day", "night"), [(SPRING_PARIS, 7), (AUTUMN_PARIS, 9)])
    def test_a_steady_load_through_a_day_of_any_length(self, day, night):
        start, end = day_bounds(day)
        quarters = (end - start) // timedelta(minutes=15)
        found = whole([used(start, *[0.25] * quarters)], NIGHT_AND_DAY)
        assert {period: kwh for (period, _), (kwh, _) in found.items()} == {
            "night": night,
            "day": 16,
        }

    def test_what_runs_back_is_taken_off_and_what_is_not_known_is_nothing(self):
        start = local("2026-01-13 08:00")
        assert whole([used(start, 2.0, -0.5, None, -0.000001)], FLAT) == {
            ("", 0): (1.499999, pytest.approx(1.499999 * FLAT["price"])),
        }


class TestTempo:
    def test_a_missing_colour_leaves_its_hours_without_a_price_and_no_others(self):
        start, end = day_bounds(TUESDAY)
        energies = [used(start, *[0.25] * 96)]
        known = Known({TUESDAY - timedelta(days=1): "red"})
        edges = [start.timestamp(), end.timestamp()]
        priced = price(tariff(TEMPO), PARIS, known, energies, edges)
        assert {part.period: amount.cost for part, amount in priced.sums.items()} == {
            "red_off_peak": pytest.approx(0.96),
            "unknown_peak": None,
            "unknown_off_peak": None,
        }
        assert priced.unpriced == [(local("2026-01-13 06:00").timestamp(), edges[1])]
        assert priced.missing_colours == [TUESDAY]


class TestTiers:
    def test_all_devices_reach_the_edge_at_the_same_moment(self):
        start = local("2026-01-01 00:00")
        energies = [used(start, 80.0, 80.0), used(start, 20.0, 20.0, device="other")]
        edges = [start.timestamp(), start.timestamp() + 1800]
        found = sums(energies, edges, TIERS)
        assert found == {
            (0, "plug", "consumption", "", 1): (80, 8),
            (0, "other", "consumption", "", 1): (20, 2),
            (0, "plug", "consumption", "", 2): (80, 16),
            (0, "other", "consumption", "", 2): (20, 4),
        }

    def test_a_month_begins_anew_at_local_midnight(self):
        start = local("2026-01-31 23:45")
        found = whole([used(start, 300.0, 50.0)], TIERS)
        assert found == {
            ("", 1): (150, 15),
            ("", 2): (150, 30),
            ("", 3): (50, 20),
        }

    def test_what_was_used_before_the_range_fills_them(self):
        start = local("2026-01-01 00:00")
        begin = local("2026-01-20 00:00").timestamp()
        energies = [used(start, 90.0), used(local("2026-01-20 00:00"), 20.0)]
        assert first_needed(tariff(TIERS), PARIS, begin, begin + 900) == start.timestamp()
        assert sums(energies, [begin, begin + 900], TIERS) == {
            (0, "plug", "consumption", "", 1): (10, 1),
            (0, "plug", "consumption", "", 2): (10, 2),
        }

    def test_other_contracts_need_nothing_from_before(self):
        begin = local("2026-01-20 00:00").timestamp()
        assert first_needed(tariff(FLAT), PARIS, begin, begin + 900) == begin


class TestSensorPrice:
    START = local("2026-01-13 10:00")

    def known(self, *prices: float | None) -> dict[str, dict[int, float]]:
        start = int(self.START.timestamp())
        return {
            "sensor.spot": {start + 900 * n: one for n, one in enumerate(prices) if one is not None}
        }

    def test_each_quarter_hour_has_its_own(self):
        contract = {**SPOT, "factor": 1.5, "fixed": 0.1, "tax": 20}
        found = whole([used(self.START, 1, 1)], contract, prices=self.known(0.2, -0.4))
        assert found == {("", 0): (2, pytest.approx((0.3 + 0.1 - 0.6 + 0.1) * 1.2))}

    def test_hours_without_a_price_are_named(self):
        energies = [used(self.START, 1, 1, 1)]
        start = self.START.timestamp()
        priced = price(
            tariff(SPOT), PARIS, Known({}, self.known(0.2, None, 0.3)), energies,
            [start, start + 2700],
        )  # fmt: skip
        (amount,) = priced.sums.values()
        assert amount.cost == pytest.approx(0.5)
        assert amount.unpriced_mwh == KWH
        assert priced.unpriced == [(start + 900, start + 1800)]

    def test_a_slot_of_an_hour_has_all_four(self):
        found = whole([used(self.START, 4, seconds=3600)], SPOT, prices=self.known(1, 2, 3, 4))
        assert found == {("", 0): (4, 10)}

    @pytest.mark.parametrize("day", [SPRING_PARIS, AUTUMN_PARIS])
    def test_days_of_the_clock_change_have_a_price_for_each_quarter_hour(self, day):
        start, end = day_bounds(day)
        count = (end - start) // timedelta(minutes=15)
        first = int(start.timestamp())
        shown = {"sensor.spot": {first + 900 * n: n / 100 for n in range(count)}}
        found = whole([used(start, *[1] * count)], SPOT, prices=shown)
        assert found == {("", 0): (count, pytest.approx(sum(range(count)) / 100))}


class TestWhatIsKnown:
    def test_production_is_paid_by_the_feed_in_of_its_day(self):
        start = local("2026-01-13 23:45")
        two = ({**FLAT, "feed_in": 0.1}, {**FLAT, "valid_from": "2026-01-14", "feed_in": 0.2})
        edges = [start.timestamp(), start.timestamp() + 1800]
        assert sums([used(start, 1, 1, role="production")], edges, *two) == {
            (0, "plug", "production", "", 0): (2, pytest.approx(0.3))
        }

    def test_slots_that_are_not_known_are_no_empty_ones(self):
        start = local("2026-01-13 10:00")
        edges = [start.timestamp() + 900 * n for n in range(4)]
        assert sums([used(start, 0, None, 1)], edges, FLAT) == {
            (0, "plug", "consumption", "", 0): (0, 0),
            (2, "plug", "consumption", "", 0): (1, 0.25),
        }

    def test_energy_before_the_first_contract_has_no_price(self):
        start = local("2019-12-31 23:45")
        edges = [start.timestamp(), start.timestamp() + 1800]
        priced = price(tariff(FLAT), PARIS, Known(), [used(start, 1, 1)], edges)
        (amount,) = priced.sums.values()
        assert (amount.cost, amount.unpriced_mwh) == (0.25, KWH)
        assert priced.unpriced == [(edges[0], edges[0] + 900)]


def plainly(contracts, zone, known, energies, start, end):
    """Return the cost of consumption from start to end, minute after minute, with no cleverness."""
    ordered = sorted(contracts, key=lambda one: one["valid_from"])
    month_use: dict[tuple[int, int], float] = {}
    total = 0.0
    minutes: dict[int, float] = {}
    for energy in energies:
        for n, mwh in enumerate(energy.mwh):
            each = mwh / KWH / (energy.seconds // 60)
            for minute in range(energy.seconds // 60):
                moment = energy.start + n * energy.seconds + minute * 60
                minutes[moment] = minutes.get(moment, 0.0) + each
    for moment in sorted(minutes):
        kwh = minutes[moment]
        wall = datetime.fromtimestamp(moment, UTC).astimezone(zone)
        month = (wall.year, wall.month)
        before = month_use.get(month, 0.0)
        month_use[month] = before + kwh
        if not start <= moment < end:
            continue
        held = [one for one in ordered if one["valid_from"] <= wall.date().isoformat()]
        if held:
            total += _cost(held[-1], wall, moment, before, kwh, known)
    return total


def _cost(contract, wall, moment, before, kwh, known):  # noqa: PLR0911
    match contract["kind"]:
        case "flat":
            return kwh * contract["price"]
        case "sensor_price":
            shown = known.prices["sensor.spot"].get(moment // 900 * 900)
            if shown is None:
                return 0.0
            plain = shown * contract["factor"] + contract["fixed"]
            return kwh * plain * (1 + contract["tax"] / 100)
        case "tempo":
            day = wall.date() - timedelta(days=wall.hour < 6)
            colour = known.colours.get(day)
            hours = "peak" if 6 <= wall.hour < 22 else "off_peak"
            return kwh * contract["prices"][colour][hours] if colour else 0.0
        case "time_of_use":
            now = wall.hour * 60 + wall.minute
            week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
            for period in contract["periods"]:
                first, last = (
                    int(period[edge][:2]) * 60 + int(period[edge][3:]) for edge in ("start", "end")
                )
                today, yesterday = (week[(wall.weekday() - n) % 7] for n in (0, 1))
                days = period.get("days", week)
                over = last <= first
                if today in days and first <= now and (over or now < last):
                    return kwh * period["price"]
                if over and yesterday in days and now < last:
                    return kwh * period["price"]
            raise AssertionError("no period holds this minute")
        case _:
            cost, left = 0.0, kwh
            for tier in contract["tiers"]:
                room = left if "up_to" not in tier else max(tier["up_to"] - before, 0.0)
                part = min(left, room)
                cost += part * tier["price"]
                left, before = left - part, before + part
            return cost


@settings(deadline=None, max_examples=60)
@given(
    contract_lists(),
    zones(),
    colours(),
    instants(),
    st.integers(0, 2**32),
    st.sampled_from([900, 1800, 3600]),
)
def test_it_is_what_a_plain_sum_over_minutes_gives(contracts, zone, known, near, seed, seconds):
    """Months are cut at local midnight, also where it does not lie at the edge of a slot."""
    rng = random.Random(seed)
    begin = int(near.timestamp()) // 3600 * 3600
    count = rng.randrange(1, 3 * 86400 // seconds)
    energies = [
        Energy(
            device,
            "consumption",
            begin,
            seconds,
            [rng.choice([0, rng.randrange(0, 20 * KWH)]) for _ in range(count)],
        )
        for device in ("one", "two")
    ]
    shown = {
        begin + 900 * n: rng.uniform(-0.5, 1.0)
        for n in range(count * seconds // 900)
        if rng.random() < 0.9
    }
    everything = Known(known, {"sensor.spot": shown})
    end = begin + count * seconds
    start = begin + rng.randrange(count) * seconds
    cuts = sorted({rng.randrange(start, end + 1, 60) for _ in range(4)} | {start, end})
    the_tariff = parse_contracts(contracts)
    expected = plainly(contracts, zone, everything, energies, start, end)
    for edges in ([start, end], cuts):
        priced = price(the_tariff, zone, everything, energies, edges)
        cost = sum(amount.cost or 0.0 for amount in priced.sums.values())
        assert cost == pytest.approx(expected, abs=1e-6)
        energy = sum(amount.mwh for amount in priced.sums.values())
        assert energy == pytest.approx(
            sum(sum(one.mwh[(start - begin) // seconds :]) for one in energies), abs=1
        )


class TestAnotherKind:
    """A kind from outside: one record, which prices energy as the others do."""

    class Moon:
        """Free at night."""

        def __init__(self, full: float) -> None:
            self.full = full

        def rates(self, day, known):
            middle = (day.start + day.end) // 2
            yield day.start, middle, Rate("moon", 0.0)
            yield middle, day.end, Rate("sun", self.full)

        def to_dict(self):
            return {"kind": "moon", "full": self.full}

        def lines(self):
            yield PriceLine(self.full, "sun")

    KIND = ContractKind(
        name="moon",
        title=("Moon", "Lune"),
        parse=lambda reader: TestAnotherKind.Moon(reader.amount("full")),
        forms=(Page(name="moon", fields=(FormField(name="full", holds=Holds.PRICE),)),),
    )

    def test_it_prices_energy(self, monkeypatch):
        monkeypatch.setitem(KINDS, "moon", self.KIND)
        start, _ = day_bounds(TUESDAY)
        contract = {"valid_from": "2020-01-01", "kind": "moon", "full": 0.5}
        assert whole([used(start, *[0.25] * 96)], contract) == {
            ("moon", 0): (12, 0),
            ("sun", 0): (12, 6),
        }


def test_a_zone_half_an_hour_off_is_cut_inside_the_slot():
    kolkata = ZoneInfo("Asia/Kolkata")
    start = datetime(2026, 1, 31, 18, tzinfo=UTC)
    first = {**FLAT, "price": 1.0}
    second = {**FLAT, "valid_from": "2026-02-01", "price": 2.0}
    assert whole([used(start, 2, seconds=3600)], first, second, zone=kolkata) == {("", 0): (2, 3)}
