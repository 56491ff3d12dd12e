// What metering points cost: their contracts in words, and month by month.

import { css, html, nothing, repeat } from "../vendor/lit.js";
import { FollowingElement, define } from "../element.js";
import { INTEGRATION, entryAddress } from "../addresses.js";
import "../parts/bars.js";
import "../parts/comparison.js";
import "../parts/correction.js";

const COLUMNS = ["kwh", "energy_cost", "standing_charge", "feed_in", "total"];

class Costs extends FollowingElement {
  get command() {
    return "costs";
  }

  get fields() {
    return { language: this.house.hass.language };
  }

  contracts(point) {
    const change = this.house.isAdmin
      ? html`<p>
          <a href=${entryAddress(point.entry_id)}>${this.t(point.contracts.length ? "costs.change" : "costs.add")}</a>
          <span class="small quiet">${this.t("costs.where", { name: point.name })}</span>
        </p>`
      : nothing;
    if (!point.contracts.length) return html`<p>${this.t("costs.no_contract")}</p>${change}`;
    return html`<h4>${this.t("costs.contracts")}</h4>
      <ul>
        ${point.contracts.map((one) => html`<li>${one}</li>`)}
      </ul>
      ${change}`;
  }

  value(name, month, currency) {
    const { formats } = this.house;
    return name === "kwh" ? formats.energy(month.kwh) : formats.money(month[name], currency);
  }

  months(point) {
    const { formats } = this.house;
    const months = [...point.months].reverse();
    if (!months.length) return html`<p class="quiet">${this.t("costs.no_months")}</p>`;
    const shown = COLUMNS.filter((name) => name === "kwh" || months.some((month) => month[name]));
    const drawn = shown.at(-1) === "total" ? "total" : "kwh";
    const name = (column) => this.t(`costs.${column}`);
    const unpriced = months.reduce((sum, month) => sum + month.unpriced_kwh, 0);
    return html`
      <med-bars
        .house=${this.house}
        .points=${point.months.map((month) => ({ label: formats.month(month.month), value: month[drawn] ?? 0 }))}
        .say=${(value) => this.value(drawn, { [drawn]: value }, point.currency)}
        .what=${name(drawn)}
      ></med-bars>
      ${this.table(
        [this.t("costs.month"), ...shown.map(name)],
        months.map((month) => [
          html`${formats.month(month.month)}${month.is_over ? "" : html` <span class="quiet">(${this.t("costs.so_far")})</span>`}`,
          ...shown.map((column) => this.value(column, month, point.currency)),
        ]),
      )}
      ${point.contracts.length && unpriced >= 0.01
        ? html`<p class="small quiet">${this.t("costs.unpriced", { energy: formats.energy(unpriced) })}</p>`
        : nothing}
    `;
  }

  point(point) {
    return html`<section class="card" aria-label=${point.name}>
      <h3>${point.name}</h3>
      ${this.contracts(point)} ${this.months(point)}
      ${point.months.length
        ? html`<details>
            <summary>${this.t("comparison.title")}</summary>
            <med-comparison .house=${this.house} .pdl=${point.pdl} .currency=${point.currency} .official=${this.shown.official}></med-comparison>
          </details>`
        : nothing}
      ${point.meters.length
        ? html`<details>
            <summary>${this.t("correction.title")}</summary>
            <med-correction .house=${this.house} .meters=${point.meters}></med-correction>
          </details>`
        : nothing}
    </section>`;
  }

  view() {
    if (!this.shown) return this.waiting();
    const { points } = this.shown;
    return html`
      <h2>${this.t("tab.costs")}</h2>
      ${this.problem()}
      ${points.length
        ? repeat(
            points,
            (one) => one.pdl,
            (one) => this.point(one),
          )
        : html`<section class="card">
            <p>${this.t("costs.none")}</p>
            ${this.house.isAdmin ? html`<a class="button main" href=${INTEGRATION}>${this.t("welcome.add")}</a>` : nothing}
          </section>`}
    `;
  }

  static styles = [
    super.styles,
    css`
      h4 {
        font-weight: 500;
        margin: 12px 0 4px;
      }
      ul {
        margin: 0;
        padding-inline-start: 20px;
      }
      li {
        overflow-wrap: anywhere;
      }
      table,
      details {
        margin-top: 16px;
      }
    `,
  ];
}

define("med-costs", Costs);
