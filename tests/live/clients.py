"""Two programs of the kind that the export API was documented with; they know nothing of this one.

The Python one has no `import time` although it would sleep: it works only because the server
holds back its answer until the export is done.
"""

from __future__ import annotations

PYTHON = """
from io import StringIO

import pandas as pd
import requests

BASE = "{url}"


def fetch_readings(token, device, first, last):
    login = {{"Authorization": f"Bearer {{token}}"}}
    order = {{
        "export_type": "device_data",
        "format": "csv",
        "date_range": {{"start": first, "end": last}},
        "devices": [device],
        "fields": ["timestamp", "power_w", "energy_kwh", "cost"],
    }}
    answer = requests.post(f"{{BASE}}/api/exports/create", json=order, headers=login)
    export_id = answer.json()["export_id"]
    while True:
        answer = requests.get(f"{{BASE}}/api/exports/{{export_id}}", headers=login)
        state = answer.json()["status"]
        if state == "completed":
            break
        elif state == "failed":
            raise Exception("no export")
        time.sleep(5)
    answer = requests.get(f"{{BASE}}/api/exports/download/{{export_id}}", headers=login)
    return pd.read_csv(StringIO(answer.text))


frame = fetch_readings("{token}", "{device}", "{start}", "{end}")
print(frame.head())
print(len(frame), frame["energy_kwh"].sum())
"""

PAGE = """<!doctype html><meta charset="utf-8"><title>client</title><script>
class Exporter {{
    constructor(base, token) {{
        this.base = base;
        this.token = token;
    }}

    async create(order) {{
        const response = await fetch(`${{this.base}}/api/exports/create`, {{
            method: 'POST',
            headers: {{
                'Authorization': `Bearer ${{this.token}}`,
                'Content-Type': 'application/json'
            }},
            body: JSON.stringify(order)
        }});
        return await response.json();
    }}

    async download(id) {{
        const response = await fetch(`${{this.base}}/api/exports/download/${{id}}`, {{
            headers: {{ 'Authorization': `Bearer ${{this.token}}` }}
        }});
        return await response.blob();
    }}

    async finished(id, limit = 300000) {{
        const begun = Date.now();
        while (Date.now() - begun < limit) {{
            const response = await fetch(`${{this.base}}/api/exports/${{id}}`, {{
                headers: {{ 'Authorization': `Bearer ${{this.token}}` }}
            }});
            const answer = await response.json();
            if (answer.status === 'completed') {{
                return answer;
            }} else if (answer.status === 'failed') {{
                throw new Error('no export');
            }}
            await new Promise(resolve => setTimeout(resolve, 5000));
        }}
        throw new Error('too late');
    }}
}}

async function tell(state, attributes) {{
    await fetch('{url}/api/states/sensor.client_program', {{
        method: 'POST',
        headers: {{ 'Authorization': 'Bearer {token}', 'Content-Type': 'application/json' }},
        body: JSON.stringify({{ state, attributes }})
    }});
}}

async function run() {{
    const exporter = new Exporter('{url}', '{token}');
    try {{
        const order = {{
            export_type: 'device_data',
            format: 'json',
            date_range: {{ start: '{start}', end: '{end}' }},
            devices: ['{device}'],
            fields: ['timestamp', 'device_ip', 'power_w', 'energy_kwh', 'cost']
        }};
        const job = await exporter.create(order);
        await exporter.finished(job.export_id);
        const file = await exporter.download(job.export_id);
        const link = document.createElement('a');
        link.href = URL.createObjectURL(file);
        link.download = `readings_${{job.export_id}}.json`;
        link.click();
        const rows = JSON.parse(await file.text()).data;
        const devices = [...new Set(rows.map(row => row.device_ip))];
        await tell('done', {{ size: file.size, devices }});
    }} catch (error) {{
        await tell('failed', {{ reason: String(error) }});
    }}
}}

run();
</script>
"""
