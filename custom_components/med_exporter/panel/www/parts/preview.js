// The first rows of a file that is not made yet, as a table and as a picture.

import { css, html, nothing } from "../vendor/lit.js";
import { MedElement } from "../element.js";
import "./bars.js";

const PAUSE = 400;
const ROWS = 100;
const SHOWN = 8;
/** What a picture is of, the first that there is; and whether devices may be added up in it. */
const PICTURED = [
  ["energy_kwh", true],
  ["power_w", false],
  ["cost", true],
];

class Preview extends MedElement {
  static properties = {
    ...MedElement.properties,
    request: { attribute: false },
    shown: { state: true },
    failure: { state: true },
  };

  willUpdate(changed) {
    if (!changed.has("request") || !this.request) return;
    const asked = JSON.stringify(this.request);
    if (asked === this.asked) return;
    this.asked = asked;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(asked), PAUSE);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  async look(asked) {
    try {
      const shown = await this.house.ask("files/preview", { request: JSON.parse(asked), limit: ROWS });
      if (asked !== this.asked) return;
      this.shown = shown;
      this.failure = null;
    } catch (error) {
      if (asked === this.asked) this.failure = error;
    }
  }

  cell(name, value) {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return this.house.formats.number(value, Number.isInteger(value) ? 0 : 3);
    if (typeof value === "boolean") return this.t(value ? "yes" : "no");
    return /^\d{4}-\d\d-\d\dT/.test(value) ? this.moment(value) : value;
  }

  /** A row of a day, week or month is about no time of day. */
  moment(text) {
    const isDay = ["daily", "weekly", "monthly"].includes(this.request.aggregation);
    return this.house.formats.written(text, isDay ? undefined : "short");
  }

  picture() {
    const rows = this.shown.preview;
    const devices = new Set(rows.map((row) => row.device_id ?? row.device_name)).size;
    const found = PICTURED.find(([name, adds]) => name in rows[0] && (adds || devices === 1));
    if (!found || !("timestamp" in rows[0])) return nothing;
    const sums = new Map();
    for (const row of rows) {
      const value = row[found[0]];
      if (value !== null) sums.set(row.timestamp, (sums.get(row.timestamp) ?? 0) + value);
    }
    if (sums.size < 2) return nothing;
    const what = this.house.words.option("reading_field", found[0]);
    const points = [...sums].map(([moment, value]) => ({ label: this.moment(moment), value }));
    const say = (value) => this.house.formats.number(value, 2);
    return html`<h3>${what}</h3>
      <med-bars .house=${this.house} .points=${points} .say=${say} .what=${what}></med-bars>`;
  }

  count() {
    const { total_records: count, total_records_estimated: estimated, estimated_bytes: bytes } = this.shown;
    const key = this.request.filters ? "most" : estimated ? "about" : "count";
    const rows = this.house.formats.number(Math.min(this.shown.preview.length, SHOWN));
    return this.t(`preview.${key}`, { rows, count: this.house.formats.number(count), size: this.house.formats.size(bytes) });
  }

  render() {
    if (this.failure) return this.mistake();
    if (!this.shown) return html`<p class="quiet" role="status">${this.t("loading")}</p>`;
    const { preview } = this.shown;
    if (!preview.length) return html`<p class="quiet">${this.t(this.request.filters ? "preview.none_left" : "preview.empty")}</p>`;
    const names = Object.keys(preview[0]);
    const { words } = this.house;
    const isNumber = (name) => typeof preview.find((row) => row[name] !== null)?.[name] === "number";
    return html`
      <div class="scroll" tabindex="0" role="region" aria-label=${this.t("preview.title")}>
        <table>
          <thead>
            <tr>
              ${names.map(
                (name) => html`<th scope="col" class=${isNumber(name) ? "number" : ""}>
                  ${words.option("reading_field", name)}
                </th>`,
              )}
            </tr>
          </thead>
          <tbody>
            ${preview.slice(0, SHOWN).map(
              (row) => html`<tr>
                ${names.map(
                  (name) => html`<td class=${isNumber(name) ? "number" : ""}>${this.cell(name, row[name])}</td>`,
                )}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="small quiet">${this.count()}</p>
      ${this.picture()}
    `;
  }

  static styles = [
    super.styles,
    css`
      td {
        white-space: nowrap;
      }
    `,
  ];
}

customElements.define("med-preview", Preview);
