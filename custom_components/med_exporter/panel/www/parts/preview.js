// The first rows of a file that is not made yet.

import { css, html, nothing } from "../vendor/lit.js";
import { MedElement } from "../element.js";
import { previewOf } from "../requests.js";

const PAUSE = 400;

class Preview extends MedElement {
  static properties = {
    ...MedElement.properties,
    request: { attribute: false },
    shown: { state: true },
    failure: { state: true },
  };

  willUpdate(changed) {
    if (!changed.has("request") || !this.request) return;
    const asked = JSON.stringify(previewOf(this.request));
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
      const shown = await this.house.ask("files/preview", { request: JSON.parse(asked) });
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
    return /^\d{4}-\d\d-\d\dT/.test(value) ? this.house.formats.time(value) : value;
  }

  render() {
    if (this.failure) return this.problem();
    if (!this.shown) return html`<p class="quiet" role="status">${this.t("loading")}</p>`;
    const { preview, total_records: count, estimated_file_size: size } = this.shown;
    if (!preview.length) return html`<p class="quiet">${this.t("preview.empty")}</p>`;
    const names = Object.keys(preview[0]);
    const { words } = this.house;
    const isNumber = (name) => typeof preview.find((row) => row[name] !== null)?.[name] === "number";
    const key = this.shown.total_records_estimated ? "preview.about" : "preview.count";
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
            ${preview.map(
              (row) => html`<tr>
                ${names.map(
                  (name) => html`<td class=${isNumber(name) ? "number" : ""}>${this.cell(name, row[name])}</td>`,
                )}
              </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="small quiet">${this.t(key, { count: this.house.formats.number(count), size })}</p>
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
