// The first rows of a file that is not made yet, as a table and as a picture.

import { css, html, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";
import "./bars.js";

const PAUSE = 400;
/** Refusals that pass by themselves, and until one may have, in ms. */
const PASSING = new Set(["TOO_MANY_EXPORTS", "HISTORY_UNAVAILABLE", 3]);
const AGAIN = 5_000;
const ROWS = 100;
const SHOWN = 8;
/** What a picture is of, the first that there is; and whether devices may be added up in it. */
const PICTURED = [
  ["energy_kwh", true],
  ["power_w", false],
  ["cost", true],
];

/** A person looks for when, what and how much; what only programs need stands last. */
const LAST = ["device_id", "device_ip", "filled", "from_statistics"];
const placeOf = (name) => ["timestamp", "device_name"].indexOf(name) + 1 || (LAST.includes(name) ? 4 : 3);

class Preview extends MedElement {
  static properties = {
    ...MedElement.properties,
    request: { attribute: false },
    devices: { attribute: false },
    shown: { state: true },
    failure: { state: true },
  };

  willUpdate(changed) {
    if (!changed.has("request") || !this.request) return;
    const asked = JSON.stringify(this.request);
    if (asked === this.asked) return;
    this.asked = asked;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), PAUSE);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  /** One look at a time: what was asked meanwhile is looked at next. */
  async look() {
    if (this.looking) return;
    const { asked } = this;
    this.looking = true;
    try {
      const shown = await this.house.ask("files/preview", { request: JSON.parse(asked), limit: ROWS });
      if (asked === this.asked) [this.shown, this.failure] = [shown, null];
    } catch (error) {
      if (asked === this.asked) this.failure = error;
    }
    this.looking = false;
    if (!this.isConnected) return;
    clearTimeout(this.timer);
    if (asked !== this.asked) this.look();
    else if (PASSING.has(this.failure?.code)) this.timer = setTimeout(() => this.look(), AGAIN);
  }

  cell(value, digits) {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return this.house.formats.number(value, digits);
    if (typeof value === "boolean") return this.t(value ? "yes" : "no");
    return /^\d{4}-\d\d-\d\dT/.test(value) ? this.moment(value) : value;
  }

  /** A row of a day, week or month is about no time of day. */
  moment(text) {
    const isDay = ["daily", "weekly", "monthly"].includes(this.request.aggregation);
    return this.house.formats.written(text, isDay ? undefined : "short");
  }

  /** Of what counts as consumed, so that nothing is there twice; the last moment may not be whole. */
  picture() {
    const { preview } = this.shown;
    const counted = new Set(this.devices.flatMap((one) => (one.role === "consumption" ? [one.device_id, one.device_name] : [])));
    const idOf = (row) => row.device_id ?? row.device_name;
    const isOne = new Set(preview.map(idOf)).size === 1;
    const rows = preview.filter((row) => isOne || counted.has(idOf(row)));
    if (!rows.length) return nothing;
    const devices = new Set(rows.map(idOf)).size;
    const found = PICTURED.find(([name, adds]) => name in rows[0] && (adds || devices === 1));
    if (!found || !("timestamp" in rows[0])) return nothing;
    const sums = new Map();
    for (const row of rows) {
      const value = row[found[0]];
      if (value !== null) sums.set(row.timestamp, (sums.get(row.timestamp) ?? 0) + value);
    }
    if (this.shown.total_records > preview.length) sums.delete(preview.at(-1).timestamp);
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
    const isMark = ({ code }) => code.startsWith("PREVIEW_");
    const marks = this.warnings(this.shown.warnings.filter(isMark));
    const warnings = this.warnings(this.shown.warnings.filter((one) => !isMark(one)));
    if (!preview.length) return html`${marks}<p class="quiet">${this.t(this.request.filters ? "preview.none_left" : "preview.empty")}</p>${warnings}`;
    const names = Object.keys(preview[0]).sort((one, other) => placeOf(one) - placeOf(other));
    const { words } = this.house;
    const digits = (name) => (preview.every((row) => Number.isInteger(row[name] ?? 0)) ? 0 : 3);
    const isNumber = (name) => typeof preview.find((row) => row[name] !== null)?.[name] === "number";
    return html`
      ${marks}
      <div class="scroll" tabindex="0" role="region" aria-label=${this.t("preview.title")}>
        <table class=${marks.length ? "provisional" : ""}>
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
                  (name) => html`<td class=${isNumber(name) ? "number" : ""}>${this.cell(row[name], digits(name))}</td>`,
                )}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="small quiet">${this.count()}</p>
      ${warnings}
      ${this.picture()}
    `;
  }

  static styles = [
    super.styles,
    css`
      td {
        white-space: nowrap;
      }
      .provisional td {
        font-style: italic;
      }
    `,
  ];
}

define("med-preview", Preview);
