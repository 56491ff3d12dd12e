// Pushes and files in one table, newest first.

import { css, html, nothing, repeat } from "../vendor/lit.js";
import { FollowingElement } from "../element.js";
import "../parts/pages.js";

const PAGE = 25;
const STATUSES = ["queued", "running", "completed", "failed", "cancelled", "interrupted", "expired"];
const KINDS = ["push", "file"];
const TONES = { completed: "good", failed: "problem", interrupted: "problem" };

class History extends FollowingElement {
  static properties = {
    ...FollowingElement.properties,
    filters: { state: true },
    offset: { state: true },
    destinations: { state: true },
  };

  get command() {
    return "history";
  }

  get fields() {
    return { ...this.filters, limit: PAGE, offset: this.offset ?? 0 };
  }

  connectedCallback() {
    super.connectedCallback();
    if (!this.house.isAdmin) return;
    this.house
      .ask("destinations/list")
      .then(({ destinations }) => (this.destinations = destinations))
      .catch((error) => (this.failure = error));
  }

  filter(name, value) {
    const filters = { ...this.filters };
    if (value) filters[name] = value;
    else delete filters[name];
    this.filters = filters;
    this.turn(0);
  }

  turn(offset) {
    this.offset = offset;
    this.again();
  }

  select(name, values, word) {
    return html`<label>
      ${this.t(`history.${name}`)}
      <select @change=${(event) => this.filter(name, event.target.value)}>
        <option value="">${this.t("history.all")}</option>
        ${values.map((one) => html`<option value=${one}>${word(one)}</option>`)}
      </select>
    </label>`;
  }

  what(one) {
    const { words } = this.house;
    if (one.kind === "push") return one.destination_name ?? words.of(`type.${one.destination}`);
    return `${words.option("export_type", one.export_type)} · ${words.option("file_format", one.format)}`;
  }

  row(one) {
    const { formats } = this.house;
    const cell = (name, value, kind = "") => html`<td class=${kind} data-label=${this.t(`history.${name}`)}>${value}</td>`;
    return html`<tr>
      ${cell("when", formats.time(one.created_at))}
      ${cell("what", html`${this.what(one)} <span class="quiet">(${this.t(`kind.${one.kind}`)})</span>`)}
      ${cell(
        "status",
        html`<span class=${TONES[one.status] ?? ""}>${this.t(`state.${one.status}`)}</span>
          ${one.reason ? html`<div class="problem small reason">${one.reason}</div>` : nothing}`,
      )}
      ${cell("by", one.user ?? this.t(`trigger.${one.trigger}`))}
      ${cell("records", formats.number(one.records), "number")}
      ${cell("size", one.kind === "file" ? formats.size(one.size) : "–", "number")}
      ${cell("duration", formats.duration(one.duration), "number")}
    </tr>`;
  }

  head() {
    const names = ["when", "what", "status", "by", "records", "size", "duration"];
    const numbers = new Set(names.slice(4));
    return names.map(
      (name) => html`<th scope="col" class=${numbers.has(name) ? "number" : ""}>${this.t(`history.${name}`)}</th>`,
    );
  }

  render() {
    if (!this.shown) return this.waiting();
    const { entries, total, limit, offset } = this.shown;
    const nameOf = (id) => this.destinations.find((one) => one.id === id).name;
    return html`
      <h2>${this.t("tab.history")}</h2>
      <div class="fields">
        ${this.house.isAdmin ? this.select("kind", KINDS, (one) => this.t(`kind.${one}`)) : nothing}
        ${this.select("status", STATUSES, (one) => this.t(`state.${one}`))}
        ${this.destinations?.length
          ? this.select("destination", this.destinations.map((one) => one.id), nameOf)
          : nothing}
      </div>
      ${this.problem()}
      <section class="card">
        ${entries.length
          ? html`<table>
              <thead>
                <tr>${this.head()}</tr>
              </thead>
              <tbody>
                ${repeat(entries, (one) => one.id, (one) => this.row(one))}
              </tbody>
            </table>`
          : html`<p class="quiet">${this.t("history.none")}</p>`}
      </section>
      <med-pages
        .house=${this.house}
        .total=${total}
        .limit=${limit}
        .offset=${offset}
        @page=${({ detail }) => this.turn(detail)}
      ></med-pages>
    `;
  }

  static styles = [
    super.styles,
    css`
      .reason {
        max-width: 48ch;
        overflow-wrap: anywhere;
      }
      tbody tr:last-child td {
        border-bottom: 0;
      }
      @media (max-width: 700px) {
        thead {
          position: absolute;
          clip-path: inset(50%);
        }
        tr,
        td {
          display: block;
        }
        tr {
          border-bottom: 1px solid var(--divider-color);
          padding: 8px 0;
        }
        tr:last-child {
          border-bottom: 0;
        }
        td,
        td.number {
          border: 0;
          padding: 2px 0;
          text-align: start;
        }
        td::before {
          content: attr(data-label) ": ";
          color: var(--secondary-text-color);
        }
      }
    `,
  ];
}

customElements.define("med-history", History);
