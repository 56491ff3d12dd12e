"""The secrets that are entered, and every form in which a program may write them."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

from tests import grid_server

# Each with what is written otherwise in an address, in JSON, in HTML or in a shell.
PLUG_PASSWORD = 'pl&g/p4ss"w<ö>rd+1'
CLIENT_SECRET = 'cl1ent/s3cret+~"&x'
MQTT_PASSWORD = 'mq/tt"p4ss+w&rd<1>'
VM_PASSWORD = 'vm:p4ss/w"ord+é&2'
API_KEY = "jeed/Om+apiKey&Zz09xYq"
TOKEN = "eyJhbGciOi.l0ng-l1ved+acc3ss/t0ken.sig_nature"
WRONG = 'wr0ng/s3cret+"&<9>'
IN_ADDRESS = "p4ssInTheAddre55"
SECRETS = (
    PLUG_PASSWORD,
    CLIENT_SECRET,
    MQTT_PASSWORD,
    VM_PASSWORD,
    API_KEY,
    TOKEN,
    WRONG,
    IN_ADDRESS,
)
LOGINS = (
    f"{grid_server.CLIENT_ID}:{CLIENT_SECRET}",
    f"{grid_server.CLIENT_ID}:{WRONG}",
    f"med:{VM_PASSWORD}",
    f"med:{WRONG}",
)


def forms(secret: str) -> set[str]:
    """Return the ways in which programs write a text."""
    encoded = secret.encode()
    plain = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        html.escape(secret),
        repr(secret)[1:-1],
        repr(encoded)[2:-1],
    }
    escaped = {
        json.dumps(one, ensure_ascii=is_ascii)[1:-1] for one in plain for is_ascii in (True, False)
    }
    coded = {coding(encoded).decode().rstrip("=") for coding in (b64encode, urlsafe_b64encode)}
    return plain | escaped | {one.replace("/", "\\/") for one in escaped} | coded


FORMS = {form for secret in (*SECRETS, *LOGINS) for form in forms(secret)}


def found_in(content: str | bytes) -> set[str]:
    """Return the secrets that a content has, in any form."""
    if isinstance(content, bytes):
        return {form for form in FORMS if form.encode() in content}
    return {form for form in FORMS if form in content}
