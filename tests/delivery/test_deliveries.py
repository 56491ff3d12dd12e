"""A file reaches its readers once, however long their servers are away, or the user is told."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.json import json_bytes
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import async_capture_events, async_mock_service
from yarl import URL

from custom_components.med_exporter.clocks.certain import certain_time
from custom_components.med_exporter.const import DOMAIN, EntryType
from custom_components.med_exporter.delivery.request import async_read_delivery
from custom_components.med_exporter.entries.finding import entries_of_type
from custom_components.med_exporter.history.reasons import remarks_of
from custom_components.med_exporter.history.records import EVENT_EXPORT, ExportStatus
from tests.file_exports import path_of
from tests.mail_server import PASSWORD, SENDER

TO = ["admin@example.com", "me@example.com"]


@pytest.fixture
async def mailed(post, account):
    """Return a function that hands a file over for mail."""

    async def mailed(**changes):
        return await post.hand_over(**{"method": "email", "recipients": TO, **changes})

    return mailed


class TestMail:
    async def test_carries_the_file_and_the_main_figures(self, post, mailed, server):
        export_id = await mailed()
        (mail,) = server.inbox
        assert server.recipients == [TO]
        assert (mail["From"], mail["To"]) == (SENDER, ", ".join(TO))
        assert mail["Subject"] == "My report: January 2026"
        text = mail.get_body().get_content()
        assert text.splitlines() == ["My report: January 2026.", "", "Energy: 2.500\xa0kWh"]
        record = await post.history.async_get(export_id)
        (attached,) = mail.iter_attachments()
        assert attached.get_filename() == path_of(record).name
        assert attached.get_content().encode() == path_of(record).read_bytes()
        assert await post.warnings(export_id) == []

    async def test_speaks_french_in_a_french_house(self, post, mailed, server, hass):
        hass.config.language = "fr"
        await mailed()
        (mail,) = server.inbox
        assert mail["Subject"] == "My report : janvier 2026"
        assert "Énergie : 2,500\xa0kWh" in mail.get_body().get_content()

    async def test_is_written_by_templates(self, post, mailed, server):
        body = "{{ schedule }} {{start}}/{{end}}: {{ (total_kwh * 2) | round(1) }} {{ total_cost }}"
        await mailed(subject="Of {{ date }}\nÀ toi", body=f"{body} {{{{ rows }}}}")
        assert server.inbox[0]["Subject"] == "Of 2026-01-20 À toi"
        text = server.inbox[0].get_body().get_content().strip()
        assert text == "My report 2026-01-01/2026-01-31: 5.0 None 3"

    async def test_has_a_link_where_the_file_is_too_large(
        self, post, mailed, server, hass_client_no_auth
    ):
        export_id = await mailed(max_attachment_mb=0, body="Here it is.")
        (mail,) = server.inbox
        assert list(mail.iter_attachments()) == []
        text = mail.get_body().get_content()
        assert text.startswith("Here it is.")
        link = URL(next(word for word in text.split() if word.startswith("http")))
        assert link.host == "house.test"
        response = await (await hass_client_no_auth()).get(link.relative())
        record = await post.history.async_get(export_id)
        assert await response.read() == path_of(record).read_bytes()

    async def test_fails_at_once_where_a_link_would_lead_nowhere(self, post, mailed, server, hass):
        hass.config.internal_url = hass.config.external_url = None
        hass.config.api = None
        export_id = await mailed(max_attachment_mb=0)
        assert server.inbox == []
        assert (await post.warnings(export_id))[0]["code"] == "DELIVERY_FAILED"
        assert "address" in post.issues()["delivery_failed_report"]["error"]


class TestServerAway:
    async def test_for_six_hours_brings_one_mail(self, post, mailed, server, caplog):
        server.stop()
        export_id = await mailed()
        (warning,) = await post.warnings(export_id)
        assert (warning["code"], warning["count"]) == ("DELIVERY_DELAYED", 1)
        await post.wait(minutes=30, times=12)
        assert server.inbox == []
        server.start()
        await post.wait(minutes=30, times=4)
        assert len(server.inbox) == 1
        assert await post.warnings(export_id) == []
        assert post.issues() == {}
        assert PASSWORD not in caplog.text

    async def test_is_asked_less_and_less_often(self, post, mailed, server):
        server.stop()
        export_id = await mailed()
        for tries, pause in enumerate([1, 2, 4, 8, 16, 32, 60, 60], 1):
            await post.wait(minutes=pause - 0.5)
            assert [one["count"] for one in await post.warnings(export_id)] == [tries]
            await post.wait(minutes=0.5)
            assert [one["count"] for one in await post.warnings(export_id)] == [tries + 1]

    async def test_for_two_days_is_told(self, post, mailed, server, hass):
        events = async_capture_events(hass, EVENT_EXPORT)
        server.stop()
        export_id = await mailed()
        await post.wait(hours=2, times=24)
        server.start()
        await post.wait(hours=12, times=2)
        assert server.inbox == []
        (warning,) = await post.warnings(export_id)
        assert warning["code"] == "DELIVERY_FAILED"
        assert f"127.0.0.1:{server.port} refuses the connection" in warning["message"]
        assert (warning["start"], warning["end"][:10]) == ("2026-01-20T11:03:00Z", "2026-01-21")
        told = [event.data for event in events if event.data["kind"] == "delivery"]
        assert [(one["export_id"], one["error_code"]) for one in told] == [(export_id, "REFUSED")]
        (entry,) = entries_of_type(hass, EntryType.INSTALLATION)
        event = er.async_get(hass).async_get_entity_id(
            "event", "med_exporter", f"{entry.entry_id}_export"
        )
        assert hass.states.get(event).attributes["event_type"] == "error"
        assert hass.states.get(event).attributes["kind"] == "delivery"
        assert post.issues()["delivery_failed_report"]["name"] == "My report"
        # The next one that arrives takes it back.
        await mailed()
        assert len(server.inbox) == 1
        assert post.issues() == {}

    async def test_over_a_restart_brings_one_mail(self, post, mailed, server):
        server.stop()
        await mailed()
        await post.restart()
        server.start()
        await post.wait(hours=1)
        assert len(server.inbox) == 1
        await post.restart()
        await post.wait(hours=1)
        assert len(server.inbox) == 1

    @pytest.mark.parametrize("days", [365, -35])
    async def test_while_the_clock_leaps_brings_one_mail_in_time(
        self, post, mailed, server, time_server, days
    ):
        time_server.append(False)
        await certain_time(post.hass).async_setup()
        wrong = timedelta(days=days)
        server.stop()
        await mailed()
        post.clock.jump(wrong)
        await post.wait(minutes=1, times=20)
        post.clock.jump(-wrong)
        await post.wait(minutes=1)
        server.start()
        await post.wait(minutes=10, times=7)
        assert len(server.inbox) == 1
        assert post.issues() == {}

    async def test_in_the_middle_of_a_message_brings_the_same_message_again(
        self, post, mailed, server
    ):
        server.hangs_up = True
        export_id = await mailed()
        assert "connection" in (await post.warnings(export_id))[0]["message"]
        server.hangs_up = False
        await post.wait(minutes=1)
        assert len(server.inbox) == 1
        assert server.inbox[0]["Message-ID"].endswith("@example.org>")


class TestRefusal:
    async def test_of_one_recipient_leaves_the_mail_of_the_others(self, post, mailed, server):
        server.refused = {TO[0]}
        export_id = await mailed()
        assert server.recipients == [[TO[1]]]
        (warning,) = await post.warnings(export_id)
        assert warning["code"] == "DELIVERY_FAILED"
        assert TO[0] in warning["message"]
        assert "no such mailbox" in warning["message"]
        assert TO[0] in post.issues()["delivery_failed_report"]["error"]

    async def test_of_one_recipient_for_now_is_tried_again_for_that_one_only(
        self, post, mailed, server
    ):
        server.deferred = {TO[0]}
        await mailed()
        server.deferred = set()
        await post.wait(minutes=1)
        await post.wait(hours=2)
        assert server.recipients == [[TO[1]], [TO[0]]]
        assert post.issues() == {}

    async def test_in_an_encoding_of_its_own_is_told_and_harms_nothing(
        self, post, mailed, server, hass
    ):
        server.sender_refused = "550 5.7.1 adresse refus\xe9e\r\n".encode("latin-1")
        (warning,) = await post.warnings(await mailed())
        assert "adresse refus\ufffde" in warning["message"]
        for state in hass.states.async_all():
            json_bytes(state.as_dict())

    async def test_without_a_word_has_its_number(self, post, mailed, server):
        server.sender_refused = b"550\r\n"
        (warning,) = await post.warnings(await mailed())
        assert warning["message"].endswith("550")

    async def test_of_the_sender_or_the_size_is_not_tried_again(self, post, mailed, server):
        server.sender_refused = True
        export_id = await mailed()
        assert "refuses the sender" in (await post.warnings(export_id))[0]["message"]
        server.sender_refused = False
        server.stop()
        server.largest = 500
        server.start()
        export_id = await mailed()
        assert "too large" in (await post.warnings(export_id))[0]["message"]
        await post.wait(hours=2)
        assert server.inbox == []

    async def test_of_the_password_asks_for_it_and_goes_on_with_a_new_one(
        self, post, mailed, server, account, hass
    ):
        server.password = "changed"
        export_id = await mailed()
        assert "username and password" in (await post.warnings(export_id))[0]["message"]
        (flow,) = hass.config_entries.flow.async_progress()
        assert (flow["context"]["source"], flow["step_id"]) == (SOURCE_REAUTH, "email_reauth")
        await hass.config_entries.flow.async_configure(
            flow["flow_id"], {"username": "house", "password": "changed"}
        )
        await post.wait(minutes=0)
        assert len(server.inbox) == 1

    async def test_of_a_file_that_is_gone_is_told(self, post, mailed, server):
        server.stop()
        export_id = await mailed()
        path_of(await post.history.async_get(export_id)).unlink()
        server.start()
        await post.wait(minutes=1)
        assert server.inbox == []
        assert "deleted" in post.issues()["delivery_failed_report"]["error"]
        assert (await post.history.async_get(export_id)).status is ExportStatus.EXPIRED

    async def test_without_the_account_is_told(self, post, mailed, server, account, hass):
        server.stop()
        await mailed()
        await hass.config_entries.async_remove(account.entry_id)
        await post.wait(minutes=1)
        assert "removed" in post.issues()["delivery_failed_report"]["error"]

    async def test_is_told_in_the_language_of_the_house(self, post, mailed, server, account, hass):
        hass.config.language = "fr"
        await async_get_translations(hass, "fr", "exceptions", [DOMAIN])
        server.stop()
        export_id = await mailed()
        *_, remark = remarks_of(hass, await post.history.async_get(export_id))
        assert "refuse la connexion" in remark["message"]
        await hass.config_entries.async_remove(account.entry_id)
        await post.wait(minutes=1)
        assert "supprimé" in post.issues()["delivery_failed_report"]["error"]


class TestNotification:
    async def test_calls_an_action_with_a_link(self, post, hass):
        calls = async_mock_service(hass, "notify", "phone")
        await post.hand_over(method="notify", target="notify.phone", body="{{ rows }} rows")
        (call,) = calls
        assert call.data["title"] == "My report: January 2026"
        assert call.data["message"].startswith("3 rows\n")
        assert "http://house.test:8123/api/exports/download/" in call.data["message"]

    async def test_reaches_an_entity(self, post, hass):
        calls = async_mock_service(hass, "notify", "send_message")
        hass.states.async_set("notify.tablet", "unknown")
        await post.hand_over(method="notify", target="notify.tablet")
        assert calls[0].data["entity_id"] == "notify.tablet"

    async def test_waits_for_an_entity_that_is_away(self, post, hass):
        calls = async_mock_service(hass, "notify", "send_message")
        hass.states.async_set("notify.tablet", "unavailable")
        export_id = await post.hand_over(method="notify", target="notify.tablet")
        assert "notify.tablet" in (await post.warnings(export_id))[0]["message"]
        hass.states.async_set("notify.tablet", "unknown")
        await post.wait(minutes=1)
        assert len(calls) == 1


class TestFolder:
    @pytest.fixture
    def folder(self, hass, tmp_path):
        folder = tmp_path / "reports"
        folder.mkdir()
        hass.config.allowlist_external_dirs.add(str(folder))
        return folder

    def names(self, folder):
        return sorted(path.name for path in folder.iterdir())

    async def test_gets_a_copy_that_the_user_may_read(self, post, folder):
        export_id = await post.hand_over(method="folder", path=str(folder / "energy"))
        source = path_of(await post.history.async_get(export_id))
        assert self.names(folder / "energy") == [source.name]
        copy = folder / "energy" / source.name
        assert copy.read_bytes() == source.read_bytes()
        mask = os.umask(0)
        os.umask(mask)
        assert copy.stat().st_mode & 0o777 == 0o666 & ~mask

    async def test_keeps_as_many_files_as_wanted_and_all_that_are_not_its_own(self, post, folder):
        (folder / "mine.csv").write_text("mine")
        delivery = {"method": "folder", "path": str(folder), "keep_files": 2}
        other = await post.hand_over(schedule_id="other", **delivery)
        exports = [await post.hand_over(**delivery) for _ in range(3)]
        kept = {path_of(await post.history.async_get(one)).name for one in [other, *exports[1:]]}
        assert set(self.names(folder)) == {"mine.csv", *kept}

    async def test_keeps_files_for_as_many_days_as_wanted(self, post, folder, january):
        delivery = {"method": "folder", "path": str(folder), "keep_days": 3}
        first = path_of(await post.history.async_get(await post.hand_over(**delivery))).name
        an_hour_ago = january._frozen().timestamp() - 4 * 86_400
        os.utime(folder / first, (an_hour_ago, an_hour_ago))
        await post.hand_over(**delivery)
        assert first not in self.names(folder)
        assert len(self.names(folder)) == 1

    async def test_never_loses_a_file_of_the_same_name(self, post, folder):
        export = await post.file()
        name = path_of(export[0]).name
        (folder / name).write_text("mine")
        await post.hand_over(export, method="folder", path=str(folder))
        assert (folder / name).read_text() == "mine"
        assert self.names(folder) == sorted([name, name.replace(".csv", "-2.csv")])

    async def test_that_leads_elsewhere_by_now_is_told(self, post, folder, hass):
        path = folder / "energy"
        delivery = await async_read_delivery(hass, {"method": "folder", "path": str(path)})
        path.rmdir()
        path.symlink_to("/usr")
        record, figures = await post.file()
        await post.deliveries.async_deliver(
            record,
            delivery,
            schedule_id="report",
            schedule_name="My report",
            due=record.created_at,
            figures=figures,
        )
        await post.wait(minutes=0)
        assert str(path) in post.issues()["delivery_failed_report"]["error"]


async def test_no_method_delivers_nothing(post, hass):
    export_id = await post.hand_over(method="none")
    assert await post.warnings(export_id) == []
    assert post.deliveries._waiting == {}
