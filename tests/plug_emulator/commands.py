"""The commands of the firmware: a request in, an answer or an error code out."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .timezones import index_of, zone_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from .device import EmulatedDevice
    from .outlet import Outlet

Answer = dict[str, Any]


@dataclass(frozen=True)
class _Call:
    """One command: on which device, on which of its sockets, with which parameters."""

    device: EmulatedDevice
    outlets: list[Outlet]
    is_for_child: bool
    params: dict[str, Any]

    def number(self, name: str) -> int:
        """Return a whole number of the parameters, or refuse as the firmware does."""
        value = self.params.get(name)
        if not isinstance(value, int):
            raise _Refusal(*_INVALID_ARGUMENT)
        return value

    def text(self, name: str) -> str:
        """Return a text of the parameters that is not empty, or refuse."""
        value = self.params.get(name)
        if not isinstance(value, str) or not value:
            raise _Refusal(*_INVALID_ARGUMENT)
        return value


class _Refusal(Exception):  # noqa: N818
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.answer = {"err_code": code, "err_msg": message}


_MODULE_NOT_SUPPORTED = (-1, "module not support")
_MEMBER_NOT_SUPPORTED = (-2, "member not support")
_INVALID_ARGUMENT = (-3, "invalid argument")
_NO_SUCH_CHILD = (-14, "entry not exist")


def answer(device: EmulatedDevice, request: dict[str, Any]) -> Answer:
    """Answer a request of any number of modules, each with any number of commands.

    A module that the device does not have answers with one error instead of its commands;
    an unknown command, a wrong parameter or an unknown child answers with an error of its own.
    """
    context = request.get("context")
    child_ids = context.get("child_ids") if isinstance(context, dict) else None
    return {
        module: _answer_module(
            device, module, commands if isinstance(commands, dict) else {}, child_ids
        )
        for module, commands in request.items()
        if module != "context"
    }


def _answer_module(
    device: EmulatedDevice, module: str, commands: dict[str, Any], child_ids: list[str] | None
) -> Answer:
    if module not in device.kind.modules:
        return _Refusal(*_MODULE_NOT_SUPPORTED).answer
    answers = {}
    for name, params in commands.items():
        try:
            answers[name] = _run(device, (module, name), params or {}, child_ids)
        except _Refusal as refusal:
            answers[name] = refusal.answer
    return answers


def _run(
    device: EmulatedDevice, command: tuple[str, str], params: object, child_ids: list[str] | None
) -> Answer:
    if (handler := _HANDLERS.get(command)) is None or command in device.refused:
        raise _Refusal(*_MEMBER_NOT_SUPPORTED)
    if not isinstance(params, dict):
        raise _Refusal(*_INVALID_ARGUMENT)
    outlets = _addressed(device, child_ids)
    return {**(handler(_Call(device, outlets, bool(child_ids), params)) or {}), "err_code": 0}


def _addressed(device: EmulatedDevice, child_ids: list[str] | None) -> list[Outlet]:
    if not child_ids or not device.kind.sockets:
        return device.outlets
    by_id = {outlet.child_id: outlet for outlet in device.outlets}
    # Firmwares differ in whether a child goes by its whole id or by its last two digits.
    by_id |= {(outlet.child_id or "")[-2:]: outlet for outlet in device.outlets}
    try:
        return [by_id[child_id] for child_id in child_ids]
    except KeyError:
        raise _Refusal(*_NO_SUCH_CHILD) from None


def _sysinfo(call: _Call) -> Answer:
    device, kind = call.device, call.device.kind
    info: Answer = {
        "sw_ver": kind.sw_ver,
        "hw_ver": kind.hw_ver,
        "model": kind.model,
        "deviceId": device.device_id,
        "oemId": _hex_id("oem", kind.model, 32),
        "hwId": _hex_id("hw", kind.model, 32),
        "rssi": device.rssi,
        "longitude_i": 23522,
        "latitude_i": 488566,
        "alias": device.alias,
        kind.type_key: "IOT.SMARTPLUGSWITCH",
        "feature": kind.feature,
        "mac": device.mac,
        "updating": 0,
        "led_off": int(device.led_off),
    }
    if kind.sockets:
        info["children"] = [
            {
                "id": outlet.child_id,
                "state": int(outlet.is_on),
                "alias": outlet.alias,
                "on_time": outlet.on_time,
                "next_action": {"type": -1},
            }
            for outlet in device.outlets
        ]
        info["child_num"] = kind.sockets
    else:
        (outlet,) = device.outlets
        info |= {
            "dev_name": kind.dev_name,
            "fwId": "0" * 32,
            "icon_hash": "",
            "relay_state": int(outlet.is_on),
            "on_time": outlet.on_time,
            "active_mode": "none",
            "next_action": {"type": -1},
        }
    return info


def _set_relay_state(call: _Call) -> None:
    state = call.number("state")
    if state not in (0, 1):
        raise _Refusal(*_INVALID_ARGUMENT)
    for outlet in call.outlets:
        outlet.switch(bool(state))


def _set_alias(call: _Call) -> None:
    alias = call.text("alias")
    if call.is_for_child:
        for outlet in call.outlets:
            outlet.alias = alias
    else:
        call.device.alias = alias


def _set_led_off(call: _Call) -> None:
    call.device.led_off = bool(call.number("off"))


def _reboot(call: _Call) -> None:
    call.device.reboot_in(call.number("delay"))


def _realtime(call: _Call) -> Answer:
    power = sum(outlet.power for outlet in call.outlets)
    voltage = call.device.voltage
    return {
        "current_ma": round(1000 * power / voltage),
        "voltage_mv": round(1000 * voltage),
        "power_mw": round(1000 * power),
        "total_wh": sum(_whole_wh(outlet.total_wh) for outlet in call.outlets),
    }


def _day_energy(call: _Call) -> Answer:
    year, month = call.number("year"), _month(call)
    return {
        "day_list": [
            {
                "year": year,
                "month": month,
                "day": day.day,
                "energy_wh": sum(_whole_wh(outlet.day_wh(day)) for outlet in call.outlets),
            }
            for day in call.outlets[0].days(_year(call), month)
        ]
    }


def _month_energy(call: _Call) -> Answer:
    wh_by_month: dict[int, float] = {}
    for outlet in call.outlets:
        for day in outlet.days(_year(call)):
            wh_by_month[day.month] = wh_by_month.get(day.month, 0.0) + outlet.day_wh(day)
    return {
        "month_list": [
            {"year": _year(call), "month": month, "energy_wh": _whole_wh(wh)}
            for month, wh in wh_by_month.items()
        ]
    }


def _erase_energy(call: _Call) -> None:
    for outlet in call.outlets:
        outlet.erase()


def _day_runtime(call: _Call) -> Answer:
    year, month, outlet = call.number("year"), _month(call), call.outlets[0]
    return {
        "day_list": [
            {"year": year, "month": month, "day": day.day, "time": outlet.day_on_minutes(day)}
            for day in outlet.days(_year(call), month)
        ]
    }


def _month_runtime(call: _Call) -> Answer:
    outlet = call.outlets[0]
    minutes_by_month: dict[int, int] = {}
    for day in outlet.days(_year(call)):
        minutes = minutes_by_month.get(day.month, 0)
        minutes_by_month[day.month] = minutes + outlet.day_on_minutes(day)
    return {
        "month_list": [
            {"year": _year(call), "month": month, "time": minutes}
            for month, minutes in minutes_by_month.items()
        ]
    }


def _time(call: _Call) -> Answer:
    now = call.device.clock.local()
    return {
        "year": now.year,
        "month": now.month,
        "mday": now.day,
        "hour": now.hour,
        "min": now.minute,
        "sec": now.second,
    }


def _set_time(call: _Call) -> None:
    names = ("year", "month", "mday", "hour", "min", "sec")
    clock = call.device.clock
    try:
        clock.set(datetime(*(call.number(name) for name in names), tzinfo=clock.timezone))  # type: ignore[misc,arg-type]
    except ValueError:
        raise _Refusal(*_INVALID_ARGUMENT) from None


def _timezone(call: _Call) -> Answer:
    return {"index": index_of(call.device.clock.timezone)}


def _set_timezone(call: _Call) -> None:
    try:
        call.device.clock.timezone = zone_at(call.number("index"))
    except ValueError:
        raise _Refusal(*_INVALID_ARGUMENT) from None
    if "year" in call.params:
        _set_time(call)


def _no_rules(call: _Call) -> Answer:
    return {"rule_list": [], "version": 2, "enable": 0}


def _no_action(call: _Call) -> Answer:
    return {"type": -1}


def _cloud(call: _Call) -> Answer:
    return {
        "username": "",
        "server": "",
        "binded": 0,
        "cld_connection": 0,
        "illegalType": -1,
        "stopConnect": -1,
        "tcspStatus": -1,
        "fwDlPage": "",
        "tcspInfo": "",
        "fwNotifyType": 0,
    }


_HANDLERS: dict[tuple[str, str], Callable[[_Call], Answer | None]] = {
    ("system", "get_sysinfo"): _sysinfo,
    ("system", "set_relay_state"): _set_relay_state,
    ("system", "set_dev_alias"): _set_alias,
    ("system", "set_led_off"): _set_led_off,
    ("system", "reboot"): _reboot,
    ("emeter", "get_realtime"): _realtime,
    ("emeter", "get_daystat"): _day_energy,
    ("emeter", "get_monthstat"): _month_energy,
    ("emeter", "erase_emeter_stat"): _erase_energy,
    ("schedule", "get_daystat"): _day_runtime,
    ("schedule", "get_monthstat"): _month_runtime,
    ("schedule", "get_rules"): _no_rules,
    ("schedule", "get_next_action"): _no_action,
    ("anti_theft", "get_rules"): _no_rules,
    ("count_down", "get_rules"): _no_rules,
    ("time", "get_time"): _time,
    ("time", "set_time"): _set_time,
    ("time", "get_timezone"): _timezone,
    ("time", "set_timezone"): _set_timezone,
    ("cnCloud", "get_info"): _cloud,
}


def _year(call: _Call) -> int:
    year = call.number("year")
    if not 1970 <= year <= 2200:
        raise _Refusal(*_INVALID_ARGUMENT)
    return year


def _month(call: _Call) -> int:
    month = call.number("month")
    if not 1 <= month <= 12:
        raise _Refusal(*_INVALID_ARGUMENT)
    return month


def _whole_wh(wh: float) -> int:
    # A meter shows the watt-hours that are full; the margin is for sums of floats.
    return math.floor(wh + 1e-6)


def _hex_id(what: str, name: str, digits: int) -> str:
    return hashlib.sha256(f"{what}:{name}".encode()).hexdigest()[:digits].upper()


def device_id_of(mac: str) -> str:
    """Return the 40 hexadecimal digits by which a device with this MAC is known."""
    return _hex_id("device", mac, 40)
