from __future__ import annotations

from unittest.mock import patch

import pytest
from homeassistant.components import persistent_notification
from homeassistant.components.persistent_notification import _async_get_or_create_notifications
from homeassistant.core import Context
from yarl import URL

from custom_components.med_exporter.const import DOMAIN
from custom_components.med_exporter.engine.errors import ErrorCode, ExportError
from custom_components.med_exporter.exports import runner as runner_module
from tests.file_exports import add_user, path_of, request, set_up

pytestmark = [pytest.mark.usefixtures("fridge"), pytest.mark.engine_in_thread]


@pytest.fixture
async def jobs(hass_with_recorder, tmp_path):
    hass_with_recorder.config.internal_url = "http://home.local:8123"
    jobs = await set_up(hass_with_recorder, tmp_path)
    yield jobs
    await jobs.async_close()


@pytest.fixture
def notices(hass):
    """Return the texts of the notifications there are."""
    return lambda: [one["message"] for one in _async_get_or_create_notifications(hass).values()]


@pytest.fixture
def made(jobs, hass):
    """Return a function that makes a file and waits for its notice."""

    async def made(user, trigger="action", **changes):
        record = await jobs.async_create(request(**changes), user=user, trigger=trigger)
        record = await jobs.async_wait(record.id)
        await hass.async_block_till_done()
        return record

    return made


def link_in(notice):
    return URL(notice.split("](")[1].rstrip(")"))


async def test_a_file_that_a_person_asked_for_is_announced_with_its_link(
    hass, made, notices, hass_client_no_auth
):
    record = await made(add_user(hass, is_admin=True))
    (notice,) = notices()
    link = link_in(notice)
    assert str(link).startswith("http://home.local:8123/api/exports/download/")
    response = await (await hass_client_no_auth()).get(link.relative())
    assert await response.read() == path_of(record).read_bytes()


async def test_no_link_to_a_file_is_shown_to_those_who_may_not_have_it(hass, made, notices):
    add_user(hass)
    await made(add_user(hass, is_admin=True))
    (notice,) = notices()
    assert str(link_in(notice)) == "http://home.local:8123/export/files"


async def test_says_why_there_is_no_file_and_what_to_do(hass, made, notices):
    failure = ExportError(ErrorCode.DISK_FULL, "No space left")
    with patch.object(runner_module, "async_run_job", side_effect=failure):
        await made(add_user(hass, is_admin=True), trigger="panel")
    (notice,) = notices()
    assert "No space left" in notice
    assert "Make room" in notice


@pytest.mark.parametrize("trigger", ["http", "schedule"])
async def test_programs_and_schedules_look_themselves(hass, made, notices, trigger):
    await made(add_user(hass, is_admin=True), trigger=trigger)
    assert notices() == []


async def test_an_automation_is_no_person(made, notices):
    await made(None)
    assert notices() == []


async def test_every_way_to_fail_has_words_with_a_remedy(hass, made, notices):
    user = add_user(hass, is_admin=True)
    for code in set(ErrorCode) - {ErrorCode.CANCELLED, ErrorCode.INVALID_JOB}:
        failure = ExportError(code, "the engine's words")
        with patch.object(runner_module, "async_run_job", side_effect=failure):
            await made(user)
        (notice,) = notices()
        assert not notice.endswith("the engine's words"), code
        persistent_notification.async_dismiss_all(hass)


async def test_links_in_answers_are_absolute(hass, made):
    record = await made(None)
    answer = await hass.services.async_call(
        DOMAIN, "get_export", {"export_id": record.id}, blocking=True, return_response=True,
        context=Context(),
    )  # fmt: skip
    for name in ("download_url", "download_link"):
        assert answer[name].startswith("http://home.local:8123/api/exports/download/")
