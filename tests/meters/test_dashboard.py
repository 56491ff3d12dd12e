"""What the Energy dashboard counts is proposed with the roles that count nothing twice."""

from __future__ import annotations

from custom_components.med_exporter.meters.dashboard import propose

SOLAR = {"type": "solar", "stat_energy_from": "sensor.pv"}
BATTERY = {"type": "battery", "stat_energy_from": "sensor.out", "stat_energy_to": "sensor.into"}
GRID = {"type": "grid", "stat_energy_from": "sensor.grid", "stat_energy_to": "sensor.return"}
OLDER_GRID = {
    "type": "grid",
    "flow_from": [{"stat_energy_from": "sensor.peak"}, {"stat_energy_from": "sensor.off_peak"}],
    "flow_to": [{"stat_energy_to": "sensor.return"}],
}
WASHER = {"stat_consumption": "sensor.washer", "name": "Washing machine"}
SOCKET = {"stat_consumption": "sensor.socket", "included_in_stat": "sensor.washer"}


def roles(*sources: dict, devices: tuple = ()) -> dict[str, str]:
    found = propose({"energy_sources": list(sources), "device_consumption": list(devices)})
    return {one.statistic_id: one.role.value for one in found.meters}


def test_with_a_meter_of_the_grid_all_that_it_counts_is_ignored() -> None:
    assert roles(GRID, SOLAR, BATTERY, devices=(WASHER,)) == {
        "sensor.grid": "consumption",
        "sensor.return": "production",
        "sensor.pv": "ignored",
        "sensor.out": "ignored",
        "sensor.into": "ignored",
        "sensor.washer": "ignored",
    }


def test_a_grid_as_older_versions_store_it() -> None:
    assert roles(OLDER_GRID, SOLAR) == {
        "sensor.peak": "consumption",
        "sensor.off_peak": "consumption",
        "sensor.return": "production",
        "sensor.pv": "ignored",
    }


def test_without_return_the_sun_produces() -> None:
    assert roles({**GRID, "stat_energy_to": None}, SOLAR) == {
        "sensor.grid": "consumption",
        "sensor.pv": "production",
    }


def test_what_a_battery_gives_back_of_the_sun_is_not_produced_again() -> None:
    stored = {"sensor.out": "ignored", "sensor.into": "ignored"}
    assert roles(SOLAR, BATTERY, devices=(WASHER,)) == {
        "sensor.pv": "production",
        **stored,
        "sensor.washer": "consumption",
    }
    returned = {**GRID, "stat_energy_from": None}
    assert roles(returned, BATTERY) == {"sensor.return": "production", **stored}
    assert roles(BATTERY) == {"sensor.out": "production", "sensor.into": "consumption"}


def test_without_a_grid_devices_count_but_not_those_behind_others() -> None:
    assert roles(devices=(WASHER, SOCKET)) == {
        "sensor.washer": "consumption",
        "sensor.socket": "ignored",
    }


def test_what_is_chosen_counts_by_what_is_chosen_beside_it() -> None:
    everything = {"energy_sources": [GRID, SOLAR], "device_consumption": [WASHER, SOCKET]}

    def chosen(*statistic_ids: str) -> dict[str, str]:
        found = propose(everything, statistic_ids).meters
        return {one.statistic_id: one.role.value for one in found}

    assert chosen("sensor.socket") == {"sensor.socket": "consumption"}
    assert chosen("sensor.pv") == {"sensor.pv": "production"}
    assert chosen("sensor.grid", "sensor.socket") == {
        "sensor.grid": "consumption",
        "sensor.socket": "ignored",
    }
    assert chosen("sensor.return", "sensor.pv")["sensor.pv"] == "ignored"


def test_gas_and_water_are_named_as_not_taken() -> None:
    found = propose(
        {
            "energy_sources": [
                {"type": "gas", "stat_energy_from": "sensor.gas", "name": "Boiler"},
                {"type": "water", "stat_energy_from": "sensor.water"},
            ],
            "device_consumption": [],
            "device_consumption_water": [
                {"stat_consumption": "sensor.garden"},
                {"stat_consumption": "sensor.water"},
            ],
        }
    )
    assert found.meters == []
    assert found.not_taken == ["Boiler", "sensor.water", "sensor.garden"]


def test_names_and_powers_come_along() -> None:
    grid = {**GRID, "stat_rate": "sensor.power"}
    (first, *_, washer) = propose({"energy_sources": [grid], "device_consumption": [WASHER]}).meters
    assert (first.power, washer.name) == ("sensor.power", "Washing machine")
