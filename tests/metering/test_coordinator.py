"""The plugs of a metering point are polled side by side; no energy is lost or counted twice."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from freezegun import api
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.event import async_track_state_change_event
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.metering import coordinator
from custom_components.med_exporter.metering.changes_file import ChangesFile, follow
from custom_components.med_exporter.sources.connection import KasaError
from custom_components.med_exporter.sources.kasa import KasaHost
from tests.metering_points import (
    PARIS,
    PDL,
    HouseClock,
    add_metering_point,
    entity_of,
    poll,
    settle,
    value_of,
)
from tests.plug_emulator import BROADCAST_ADDRESS, EmulatedPlug, EmulatedStrip, PlugNetwork

if TYPE_CHECKING:
    from custom_components.med_exporter.sources.plug import PlugSample

pytestmark = pytest.mark.usefixtures("brief_waits", "paris")

FRIDGE = "50c7bf000001"
WASHER = "50c7bf000002"
DAILY = f"sensor.med_{PDL}_consumption_daily"
MONTHLY = f"sensor.med_{PDL}_consumption_monthly"


def changes_in(hass: HomeAssistant, entry: ConfigEntry) -> Path:
    """Return where the changes of a metering point's counters are written."""
    return Path(hass.config.path(".storage", f"{DOMAIN}.counters.{entry.entry_id}.changes"))


@pytest.fixture
async def washer(clock: HouseClock, plug_network: PlugNetwork) -> EmulatedPlug:
    plug = EmulatedPlug(mac="50:C7:BF:00:00:02", alias="Washer", load=500.0)
    await plug_network.start(plug)
    return plug


def readings(device: EmulatedPlug | EmulatedStrip) -> int:
    """How often a device was asked for its power, all sockets together counting once."""
    asked = [
        received.request["context"]["child_ids"][0] if "context" in received.request else None
        for received in device.received
        if "get_realtime" in received.request.get("emeter", {})
    ]
    return max((asked.count(child) for child in set(asked)), default=0)


class TestRounds:
    async def test_a_round_reads_every_plug(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        await add_metering_point(hass, fridge.address, washer.address)
        clock.tick(3600)
        await settle(hass)
        assert value_of(hass, entity_of(hass, FRIDGE, "energy")) == 1.0
        assert value_of(hass, entity_of(hass, WASHER, "energy")) == 0.5
        assert value_of(hass, DAILY) == 1.5

    async def test_rounds_follow_the_polling_interval(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        hass.config_entries.async_update_entry(entry, options={"polling_interval": 120})
        await hass.config_entries.async_reload(entry.entry_id)
        before = readings(fridge)
        clock.tick(60)
        await settle(hass)
        assert readings(fridge) == before
        clock.tick(61)
        await settle(hass)
        assert readings(fridge) == before + 1

    async def test_a_plug_is_read_every_30_seconds_unless_told_otherwise(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        await add_metering_point(hass, fridge.address)
        before = readings(fridge)
        for _ in range(4):
            clock.tick(31)
            await settle(hass)
        assert readings(fridge) == before + 4

    async def test_a_strip_is_read_once_a_minute_at_most(
        self, hass: HomeAssistant, clock: HouseClock, plug_network: PlugNetwork
    ) -> None:
        strip = EmulatedStrip(loads=[100.0] * 6)
        await plug_network.start(strip)
        entry = await add_metering_point(hass, strip.address)
        before = readings(strip)
        for _ in range(12):
            clock.tick(10)
            await poll(hass, entry)
        assert readings(strip) == before + 2

    async def test_the_loop_goes_on_with_other_things_between_plugs_of_a_large_house(
        self,
        hass: HomeAssistant,
        fridge: EmulatedPlug,
        washer: EmulatedPlug,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, washer.address)
        monkeypatch.setattr(coordinator, "_ASKED_AT_ONCE", 1)
        others, asked, poll_host = 0, [], KasaHost.poll

        def other() -> None:
            nonlocal others
            others += 1

        async def note(host: KasaHost, today: date) -> list[PlugSample]:
            asked.append(others)
            hass.loop.call_soon(other)
            return await poll_host(host, today)

        monkeypatch.setattr(KasaHost, "poll", note)
        await entry.runtime_data.coordinator.async_refresh()
        assert asked == [0, 1]
        assert readings(fridge) == readings(washer)


class TestSlowPlugs:
    async def test_a_silent_plug_holds_up_neither_the_others_nor_the_next_round(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, washer.address)
        washer.silence()
        for hour in (1, 2, 3):
            clock.tick(3600)
            start = api.real_perf_counter()
            await entry.runtime_data.coordinator.async_refresh()
            assert api.real_perf_counter() - start < 0.5
            assert value_of(hass, entity_of(hass, FRIDGE, "energy")) == hour

    async def test_a_plug_slower_than_a_round_is_shown_when_it_has_answered(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, washer.address)
        washer.slow(0.4)
        clock.tick(3600)
        await poll(hass, entry)
        assert value_of(hass, entity_of(hass, WASHER, "energy")) == 0.5

    async def test_a_silent_plug_holds_up_no_value_of_the_others(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, washer.address)
        shown = hass.loop.create_future()

        @callback
        def note(_: Event) -> None:
            if not shown.done():
                shown.set_result(polling.done())

        async_track_state_change_event(hass, entity_of(hass, FRIDGE, "energy"), note)
        washer.silence()
        clock.tick(3600)
        polling = hass.async_create_task(entry.runtime_data.coordinator.async_refresh())
        assert await shown is False
        assert value_of(hass, entity_of(hass, FRIDGE, "energy")) == 1.0
        await washer.heal()
        await polling
        await settle(hass)

    async def test_an_unforeseen_error_of_one_plug_leaves_the_others_alone(
        self,
        hass: HomeAssistant,
        clock: HouseClock,
        fridge: EmulatedPlug,
        washer: EmulatedPlug,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, washer.address)
        poll_host = KasaHost.poll

        async def failing(host: KasaHost, today: object) -> object:
            if host.connection.host == washer.address:
                raise RuntimeError("never seen before")
            return await poll_host(host, today)

        clock.tick(3600)
        with patch.object(KasaHost, "poll", failing):
            await poll(hass, entry)
        assert value_of(hass, entity_of(hass, FRIDGE, "energy")) == 1.0
        assert hass.states.get(entity_of(hass, WASHER, "energy")).state == STATE_UNAVAILABLE
        assert "never seen before" in caplog.text


class TestOutage:
    async def test_a_plug_cut_off_for_ten_polls_comes_back_with_all_it_counted(
        self,
        hass: HomeAssistant,
        clock: HouseClock,
        fridge: EmulatedPlug,
        washer: EmulatedPlug,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        await add_metering_point(hass, fridge.address, washer.address)
        energy = entity_of(hass, FRIDGE, "energy")
        clock.tick(360)
        await settle(hass)
        assert value_of(hass, energy) == 0.1
        await fridge.cut_off()
        for _ in range(10):
            clock.tick(36)
            await settle(hass)
            assert hass.states.get(energy).state == STATE_UNAVAILABLE
            assert hass.states.get(entity_of(hass, WASHER, "energy")).state != STATE_UNAVAILABLE
        assert caplog.text.count("Fridge does not answer") == 1
        await fridge.restore()
        clock.tick(36)
        await settle(hass)
        assert value_of(hass, energy) == pytest.approx(0.1 + 0.11, abs=0.001)
        assert caplog.text.count("Fridge answers again") == 1
        clock.tick(36)
        await settle(hass)
        assert value_of(hass, energy) == pytest.approx(0.22, abs=0.001)

    async def test_energy_used_before_a_midnight_that_was_missed_is_not_today_s(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        await add_metering_point(hass, fridge.address)
        await fridge.cut_off()
        clock.move_to(datetime(2026, 11, 21, 6, tzinfo=PARIS))
        await settle(hass)
        await fridge.restore()
        clock.tick(31)
        await settle(hass)
        state = hass.states.get(DAILY)
        assert float(state.state) == pytest.approx(6, abs=0.01)
        assert state.attributes["last_period"] == pytest.approx(12, abs=0.01)
        assert value_of(hass, entity_of(hass, FRIDGE, "energy")) == pytest.approx(18, abs=0.01)

    async def test_a_month_end_that_was_missed_is_made_up_for(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        await add_metering_point(hass, fridge.address)
        await fridge.cut_off()
        clock.move_to(datetime(2026, 12, 2, tzinfo=PARIS))
        await settle(hass)
        await fridge.restore()
        fridge.reboot()
        # What the months alone tell is believed when the next reading goes on from it. Until then,
        # what the counter showed before would say that nothing has been used since.
        power, *counters = (entity_of(hass, FRIDGE, k) for k in ("power", "energy", "energy_today"))
        clock.tick(31)
        await settle(hass)
        assert value_of(hass, power) == 1000
        assert {hass.states.get(one).state for one in counters} == {STATE_UNKNOWN}
        clock.tick(31)
        await settle(hass)
        state = hass.states.get(MONTHLY)
        assert float(state.state) == pytest.approx(24, abs=0.02)
        assert state.attributes["last_period"] == pytest.approx(12 + 10 * 24, abs=0.02)
        assert value_of(hass, entity_of(hass, FRIDGE, "energy")) == pytest.approx(276, abs=0.02)

    async def test_garbled_answers_make_a_plug_unavailable_until_they_end(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        energy = entity_of(hass, FRIDGE, "energy")
        for how in ("noise", "truncated", "too_long", "too_short"):
            fridge.garble(how)
            clock.tick(360)
            await poll(hass, entry)
            assert hass.states.get(energy).state == STATE_UNAVAILABLE, how
            await fridge.heal()
            await poll(hass, entry)
            assert hass.states.get(energy).state != STATE_UNAVAILABLE, how
        assert value_of(hass, energy) == 0.4

    async def test_a_reboot_takes_nothing_away(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        clock.tick(3600)
        await poll(hass, entry)
        clock.tick(1800)
        fridge.reboot()
        clock.tick(1800)
        await poll(hass, entry)
        await poll(hass, entry)
        assert value_of(hass, entity_of(hass, FRIDGE, "energy")) == pytest.approx(2, abs=0.01)


class TestNewAddress:
    """Plugs here listen at the real port, where a broadcast finds them."""

    MAC = "50:C7:BF:71:00:01"

    @pytest.fixture
    async def network(self, broadcast_addresses: list[str]):
        broadcast_addresses.append(BROADCAST_ADDRESS)
        async with PlugNetwork(port=9999) as network:
            yield network

    async def test_a_plug_is_found_at_its_new_address(
        self,
        hass: HomeAssistant,
        clock: HouseClock,
        network: PlugNetwork,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        plug = EmulatedPlug(mac=self.MAC, load=1000.0)
        await network.start(plug, host="127.0.71.1")
        entry = await add_metering_point(hass, "127.0.71.1")
        await network.move(plug, host="127.0.71.2")
        clock.tick(3600)
        await poll(hass, entry)
        clock.tick(31)
        await poll(hass, entry)
        energy = entity_of(hass, "50c7bf710001", "energy")
        assert value_of(hass, energy) == pytest.approx(1, abs=0.01)
        assert entry.data["hosts"]["50c7bf710001"]["host"] == "127.0.71.2"
        assert "has moved to 127.0.71.2" in caplog.text
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
        assert hass.states.get(energy).state != STATE_UNAVAILABLE

    async def test_another_plug_at_the_old_address_is_not_taken_for_it(
        self, hass: HomeAssistant, clock: HouseClock, network: PlugNetwork
    ) -> None:
        plug = EmulatedPlug(mac=self.MAC, load=1000.0)
        other = EmulatedPlug(mac="50:C7:BF:71:00:02", load=50.0)
        other.use(500)
        await network.start(plug, host="127.0.71.1")
        entry = await add_metering_point(hass, "127.0.71.1")
        energy = entity_of(hass, "50c7bf710001", "energy")
        await network.stop(plug)
        await network.start(other, host="127.0.71.1")
        clock.tick(3600)
        await poll(hass, entry)
        await poll(hass, entry)
        assert hass.states.get(energy).state == STATE_UNAVAILABLE
        await network.start(plug, host="127.0.71.3")
        clock.tick(61)
        await poll(hass, entry)
        await poll(hass, entry)
        assert value_of(hass, energy) == pytest.approx(1.017, abs=0.001)


class TestRestart:
    async def test_the_counter_goes_on_from_disk(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        fridge.use(40)
        entry = await add_metering_point(hass, fridge.address)
        clock.tick(3600)
        await poll(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)
        fridge.reboot()
        clock.tick(3600)
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        assert value_of(hass, entity_of(hass, FRIDGE, "energy")) == pytest.approx(42, abs=0.01)
        assert value_of(hass, DAILY) == pytest.approx(42, abs=0.01)

    async def test_what_is_shown_is_on_disk_before(
        self, hass: HomeAssistant, hass_storage: dict, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        energy = entity_of(hass, FRIDGE, "energy")
        key = f"{DOMAIN}.counters.{entry.entry_id}"
        changes = ChangesFile(changes_in(hass, entry))
        pairs: list[tuple[float, float]] = []

        @callback
        def compare(event: Event) -> None:
            if event.data["entity_id"] == energy:
                stored = deepcopy(hass_storage[key]["data"])
                for made in changes.read(stored["name"]):
                    follow(stored["counters"], made)
                value = stored["counters"][FRIDGE]["value"]
                pairs.append((float(event.data["new_state"].state), value))

        hass.bus.async_listen("state_changed", compare)
        for _ in range(5):
            clock.tick(360)
            await poll(hass, entry)
        assert [shown for shown, _ in pairs] == [0.1, 0.2, 0.3, 0.4, 0.5]
        assert all(stored == shown for shown, stored in pairs)

    async def test_removing_the_metering_point_removes_the_counters(
        self, hass: HomeAssistant, hass_storage: dict, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        assert f"{DOMAIN}.counters.{entry.entry_id}" in hass_storage
        clock.tick(360)
        await poll(hass, entry)
        changes = ChangesFile(changes_in(hass, entry))
        name = hass_storage[f"{DOMAIN}.counters.{entry.entry_id}"]["data"]["name"]
        assert list(changes.read(name))
        await hass.config_entries.async_remove(entry.entry_id)
        await hass.async_block_till_done()
        assert f"{DOMAIN}.counters.{entry.entry_id}" not in hass_storage
        assert not list(changes.read(name))

    async def test_a_plug_that_is_off_at_the_start_does_not_stop_the_others(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug, washer: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address, washer.address)
        await hass.config_entries.async_unload(entry.entry_id)
        await washer.cut_off()
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert hass.states.get(entity_of(hass, FRIDGE, "power")).state == "1000.0"
        assert hass.states.get(entity_of(hass, WASHER, "power")).state == STATE_UNAVAILABLE
        await washer.restore()
        await poll(hass, entry)
        assert hass.states.get(entity_of(hass, WASHER, "power")).state == "500.0"


class TestMidnight:
    async def test_day_and_month_start_anew_by_themselves(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        await add_metering_point(hass, fridge.address)
        clock.move_to(datetime(2026, 11, 30, 23, 59, 50, tzinfo=PARIS))
        await settle(hass)
        before = value_of(hass, MONTHLY)
        clock.move_to(datetime(2026, 12, 1, 0, 0, 1, tzinfo=PARIS))
        async_fire_time_changed(hass, datetime(2026, 12, 1, 0, 0, 1, tzinfo=PARIS))
        await settle(hass)
        for entity_id in (DAILY, MONTHLY):
            assert value_of(hass, entity_id) == pytest.approx(0, abs=0.002)
        monthly = hass.states.get(MONTHLY)
        assert monthly.attributes["last_period"] == pytest.approx(before, abs=0.01)
        assert monthly.attributes["last_reset"] == "2026-12-01T00:00:00+01:00"

    async def test_the_day_ends_even_while_a_plug_is_away(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        clock.tick(3600)
        await poll(hass, entry)
        await fridge.cut_off()
        clock.move_to(datetime(2026, 11, 21, 0, 0, 1, tzinfo=PARIS))
        await settle(hass)
        assert value_of(hass, DAILY) == 0
        assert hass.states.get(DAILY).attributes["last_period"] == 1


class TestSecrets:
    async def test_wrong_credentials_ask_the_user_for_others(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        refused = KasaError("invalid_auth", fridge.address)
        with patch.object(KasaHost, "poll", side_effect=refused):
            await poll(hass, entry)
            await poll(hass, entry)
        flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]

    async def test_a_lost_key_asks_the_user_for_the_credentials(
        self, hass: HomeAssistant, clock: HouseClock, fridge: EmulatedPlug
    ) -> None:
        entry = await add_metering_point(hass, fridge.address)
        hosts = {FRIDGE: {**entry.data["hosts"][FRIDGE], "credentials_hash": "of another key"}}
        hass.config_entries.async_update_entry(entry, data={**entry.data, "hosts": hosts})
        await hass.config_entries.async_reload(entry.entry_id)
        assert entry.state is ConfigEntryState.SETUP_ERROR
        flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
