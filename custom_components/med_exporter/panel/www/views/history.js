// Pushes and files in one table, newest first.

import { css, html, nothing, repeat } from "../vendor/lit.js";
import { FollowingElement, TONES, define } from "../element.js";
import "../parts/pages.js";

const PAGE = 25;
const STATUSES = ["queued", "running", "completed", "failed", "cancelled", "interrupted", "expired"];
const KINDS = ["push", "file"];

class History extends FollowingElement {
  static properties = {
    ...FollowingElement.properties,
    filters: { state: true },
    offset: { state: true },
    destinations: { state: true },
    sums: { state: true },
  };

  get command() {
    return "history";
  }

  get fields() {
    return { ...this.filters, limit: PAGE, offset: this.offset ?? 0 };
  }

  connectedCallback() {
    super.connectedCallback();
    this.learn("history/statistics", (sums) => (this.sums = sums));
    if (this.house.isAdmin) this.learn("destinations/list", ({ destinations }) => (this.destinations = destinations));
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

  choose(name, values, word) {
    const said = (one) => (one ? word(one) : this.t("history.all"));
    return this.select(this.t(`history.${name}`), ["", ...values], this.filters?.[name] ?? "", said, (value) => this.filter(name, value));
  }

  what(one) {
    const { words } = this.house;
    if (one.kind === "push") return one.destination_name ?? one.destination;
    return `${words.option("export_type", one.export_type)} · ${words.option("file_format", one.format)}`;
  }

  /** What to do about what went wrong: a reason says it itself, a push is tried again. */
  reason(one) {
    if (!one.reason) return nothing;
    const { isAdmin } = this.house;
    return html`<div class="small reason">
      <div class="problem">${one.reason}</div>
      ${one.kind === "push" ? html`<div class="quiet">${this.t("history.push_remedy")}</div>` : nothing}
      ${isAdmin || one.kind === "file"
        ? html`<a href="/export/${one.kind === "push" ? "destinations" : "files"}">
            ${this.t(`history.see_${one.kind}`)}
          </a>`
        : nothing}
    </div>`;
  }

  /** What else a run has to say, such as what its destination cannot take. */
  remarks(one) {
    const said = ({ code, message, pdl }) => ({ code, message, about: pdl });
    const found = one.kind === "push" ? one.warnings.map(said) : one.warnings;
    return html`<div class="reason">${this.warnings(found)}</div>`;
  }

  statistics() {
    if (!this.sums) return nothing;
    const { files, pushes } = this.sums;
    const { formats, words } = this.house;
    const figure = (name, value) => html`<div><dt>${this.t(`statistics.${name}`)}</dt><dd>${value}</dd></div>`;
    const format = files.most_popular_format;
    return html`<details>
      <summary>${this.t("statistics.title")}</summary>
      <dl class="figures">
        ${figure("files", formats.number(files.total_exports))}
        ${figure("this_month", formats.number(files.exports_this_month))}
        ${figure("size", formats.size(files.bytes))}
        ${format ? figure("format", words.option("file_format", format)) : nothing}
        ${pushes
          ? [
              figure("pushes", formats.number(pushes.success)),
              figure("failed", formats.number(pushes.error)),
              figure("records", formats.number(pushes.records)),
            ]
          : nothing}
      </dl>
    </details>`;
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
          ${this.reason(one)} ${this.remarks(one)}`,
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

  view() {
    if (!this.shown) return this.waiting();
    const { entries, total, limit, offset } = this.shown;
    const nameOf = (id) => this.destinations.find((one) => one.id === id).name;
    return html`
      <h2>${this.t("tab.history")}</h2>
      <div class="fields">
        ${this.house.isAdmin ? this.choose("kind", KINDS, (one) => this.t(`kind.${one}`)) : nothing}
        ${this.choose("status", STATUSES, (one) => this.t(`state.${one}`))}
        ${this.destinations?.length
          ? this.choose("destination", this.destinations.map((one) => one.id), nameOf)
          : nothing}
      </div>
      ${this.problem()} ${this.statistics()}
      <section class="card">
        ${entries.length
          ? html`<table class="rows">
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
      .figures {
        grid-template-columns: repeat(auto-fill, minmax(130px, 1fr));
        gap: 12px;
      }
      .reason {
        max-width: 48ch;
        overflow-wrap: anywhere;
      }
      tbody tr:last-child td {
        border-bottom: 0;
      }
    `,
  ];
}

define("med-history", History);
