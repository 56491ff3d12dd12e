"""What a newer plug answers to each method; an error is a number."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..outlet import Outlet
    from .device import EmulatedSmartPlug

UNKNOWN_METHOD = -1002
_Answer = dict[str, Any] | int


def answer(plug: EmulatedSmartPlug, request: dict[str, Any]) -> dict[str, Any]:
    """Return the whole answer to a request, to several in one envelope too."""
    method, params = request["method"], request.get("params") or {}
    if method == "multipleRequest":
        responses = [
            {"method": one["method"], **_result(plug, None, one)} for one in params["requests"]
        ]
        return {"result": {"responses": responses}, "error_code": 0}
    if method == "control_child":
        return _for_child(plug, params)
    return _result(plug, None, request)


def _for_child(plug: EmulatedSmartPlug, params: dict[str, Any]) -> dict[str, Any]:
    (outlet,) = [one for one in plug.outlets if one.child_id == params["device_id"]]
    request = params["requestData"]
    if request["method"] == "multipleRequest":
        responses = [
            {"method": one["method"], **_result(plug, outlet, one)}
            for one in request["params"]["requests"]
        ]
        data: dict[str, Any] = {"result": {"responses": responses}, "error_code": 0}
    else:
        data = _result(plug, outlet, request)
    return {"result": {"responseData": data}, "error_code": 0}


def _result(
    plug: EmulatedSmartPlug, outlet: Outlet | None, request: dict[str, Any]
) -> dict[str, Any]:
    method, params = request["method"], request.get("params") or {}
    handler = _HANDLERS.get(method)
    socket = outlet or plug.outlets[0]
    refused = method in plug.refused or handler is None
    result = UNKNOWN_METHOD if refused or handler is None else handler(plug, socket, params)
    return (
        {"error_code": result} if isinstance(result, int) else {"result": result, "error_code": 0}
    )


def _components(plug: EmulatedSmartPlug, _: Outlet, __: dict[str, Any]) -> _Answer:
    known = dict(plug.kind.components)
    if plug.kind.sockets:
        known.pop("energy_monitoring", None)
        known["child_device"] = 2
    return {"component_list": _listed(known)}


def _device_info(plug: EmulatedSmartPlug, socket: Outlet, _: dict[str, Any]) -> _Answer:
    info = {
        "device_id": plug.device_id,
        "fw_ver": plug.kind.fw_ver,
        "hw_ver": plug.kind.hw_ver,
        "type": plug.kind.device_type,
        "model": plug.kind.model.partition("(")[0],
        "mac": plug.mac.replace(":", "-"),
        "nickname": _encoded(plug.alias),
        "rssi": plug.rssi,
        "signal_level": 2,
        "region": plug.clock.timezone.key,
        "specs": "EU",
        "ssid": _encoded("home"),
        "lang": "en_US",
    }
    if not plug.kind.sockets:
        info |= {"device_on": socket.is_on, "on_time": socket.on_time}
    return info


def _children(plug: EmulatedSmartPlug, _: Outlet, __: dict[str, Any]) -> _Answer:
    children = [
        {
            "device_id": outlet.child_id,
            "nickname": _encoded(outlet.alias),
            "category": "plug.powerstrip.sub-plug",
            "device_on": outlet.is_on,
            "on_time": outlet.on_time,
            "position": number + 1,
            "model": plug.kind.model.partition("(")[0],
            "type": plug.kind.device_type,
            "fw_ver": plug.kind.fw_ver,
            "hw_ver": plug.kind.hw_ver,
            "mac": plug.mac.replace(":", ""),
        }
        for number, outlet in enumerate(plug.outlets)
    ]
    return {"child_device_list": children, "start_index": 0, "sum": len(children)}


def _child_components(plug: EmulatedSmartPlug, _: Outlet, __: dict[str, Any]) -> _Answer:
    listed = _listed(plug.kind.components)
    children = [{"device_id": outlet.child_id, "component_list": listed} for outlet in plug.outlets]
    return {"child_component_list": children, "start_index": 0, "sum": len(children)}


def _time(plug: EmulatedSmartPlug, _: Outlet, __: dict[str, Any]) -> _Answer:
    local = plug.clock.local()
    offset = local.utcoffset()
    assert offset is not None
    return {
        "region": plug.clock.timezone.key,
        "time_diff": int(offset.total_seconds() // 60),
        "timestamp": int(local.timestamp()),
    }


def _energy_usage(plug: EmulatedSmartPlug, socket: Outlet, _: dict[str, Any]) -> _Answer:
    if not plug.kind.measures:
        return UNKNOWN_METHOD
    today = plug.clock.today()
    month = sum(socket.day_wh(day) for day in socket.days(today.year, today.month))
    return {
        "today_runtime": socket.day_on_minutes(today),
        "month_runtime": 0,
        "today_energy": int(socket.day_wh(today) + 1e-6),
        "month_energy": int(month + 1e-6),
        "local_time": plug.clock.local().strftime("%Y-%m-%d %H:%M:%S"),
        "current_power": round(socket.power * 1000),
    }


def _emeter_data(plug: EmulatedSmartPlug, socket: Outlet, _: dict[str, Any]) -> _Answer:
    if not plug.kind.measures:
        return UNKNOWN_METHOD
    return {
        "current_ma": round(socket.power / plug.voltage * 1000),
        "energy_wh": int(socket.total_wh),
        "power_mw": round(socket.power * 1000),
        "voltage_mv": round(plug.voltage * 1000),
    }


def _power(plug: EmulatedSmartPlug, socket: Outlet, _: dict[str, Any]) -> _Answer:
    return {"current_power": round(socket.power)} if plug.kind.measures else UNKNOWN_METHOD


def _gain(plug: EmulatedSmartPlug, _: Outlet, __: dict[str, Any]) -> _Answer:
    return {"igain": 11000, "vgain": 125000} if plug.kind.measures else UNKNOWN_METHOD


def _energy_data(plug: EmulatedSmartPlug, socket: Outlet, params: dict[str, Any]) -> _Answer:
    if not plug.kind.measures:
        return UNKNOWN_METHOD
    told = plug.history.answer(socket, plug.clock, params)
    return UNKNOWN_METHOD if told is None else told


def _usage(plug: EmulatedSmartPlug, _: Outlet, __: dict[str, Any]) -> _Answer:
    return {"time_usage": {"today": 0, "past7": 0, "past30": 0}}


def _cloud(plug: EmulatedSmartPlug, _: Outlet, __: dict[str, Any]) -> _Answer:
    return {"status": 0}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _listed(components: dict[str, int]) -> list[dict[str, Any]]:
    return [{"id": name, "ver_code": version} for name, version in components.items()]


_HANDLERS: dict[str, Callable[[EmulatedSmartPlug, Outlet, dict[str, Any]], _Answer]] = {
    "component_nego": _components,
    "get_device_info": _device_info,
    "get_device_usage": _usage,
    "get_device_time": _time,
    "get_connect_cloud_state": _cloud,
    "get_child_device_list": _children,
    "get_child_device_component_list": _child_components,
    "get_energy_usage": _energy_usage,
    "get_emeter_data": _emeter_data,
    "get_emeter_vgain_igain": _gain,
    "get_current_power": _power,
    "get_energy_data": _energy_data,
}
