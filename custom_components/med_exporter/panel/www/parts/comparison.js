// What a metering point's past would have cost under other contracts: entered, compared, as a file.

import { css, html, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";

const PRICES = ["blue", "white", "red"].flatMap((colour) => ["off_peak", "peak"].map((hours) => `${colour}_${hours}`));
/** What is asked of each kind; all but `entity_id` and times are amounts. */
const KINDS = {
  base: ["price"],
  peak_off_peak: ["peak_price", "off_peak_price", "start", "end"],
  tempo: PRICES,
  sensor_price: ["entity_id", "factor", "fixed", "tax"],
};
const TYPES = { start: "time", end: "time", entity_id: "text", priced_on: "date" };
const PERIODS = ["last_12_months", "this_year", "last_year", "last_month"];
const AMOUNTS = ["energy_cost", "standing_charge", "feed_in", "total"];
const GAINS = ["difference", "shift_saving"];

const NEW = { kind: "base", standing_charge: "", start: "22:00", end: "06:00", power: 6 };
const number = (text) => (text === undefined || text === "" ? undefined : Number(text));

/** Return a contract as it is asked for; what is empty is left out, and named where it is needed. */
function offerOf({ kind, name, ...values }) {
  const offer = { kind, name: name || undefined, standing_charge: number(values.standing_charge), priced_on: values.priced_on || undefined };
  if (kind === "tempo") {
    offer.prices = {};
    for (const at of PRICES) {
      const [colour, hours] = at.split(/_(.*)/);
      (offer.prices[colour] ??= {})[hours] = number(values[at]);
    }
  } else if (kind === "peak_off_peak") {
    const { start, end } = values;
    Object.assign(offer, { peak_price: number(values.peak_price), off_peak_price: number(values.off_peak_price), off_peak_hours: [{ start, end }] });
  } else {
    for (const at of KINDS[kind]) offer[at] = TYPES[at] ? values[at] : number(values[at]);
  }
  return offer;
}

/** Return what a mistake is about as the form calls it: `contracts[0].prices.blue.peak` is `blue_peak`. */
const fieldOf = (field) =>
  field?.replace(/^contracts\[\d+\]\.(prices\.|off_peak_hours\[\d+\]\.)?/, "").replaceAll(".", "_");

function twelveMonths() {
  const day = (date) => date.toISOString().slice(0, 10);
  const [first, last] = [new Date(), new Date()];
  first.setUTCFullYear(first.getUTCFullYear() - 1);
  last.setUTCDate(last.getUTCDate() - 1);
  return { start: day(first), end: day(last) };
}

class Comparison extends MedElement {
  /** `official`: options of the regulated tariff, their powers (kVA) and currency. */
  static properties = {
    ...MedElement.properties,
    pdl: { type: String },
    currency: { type: String },
    official: { attribute: false },
    period: { state: true },
    offers: { state: true },
    shown: { state: true },
    busy: { state: true },
    failure: { state: true },
  };

  constructor() {
    super();
    this.period = PERIODS[0];
    this.offers = [{ ...NEW }];
  }

  get asked() {
    return {
      pdl: this.pdl,
      date_range: this.period === PERIODS[0] ? twelveMonths() : this.period,
      contracts: this.offers.map(offerOf),
    };
  }

  change(place, values) {
    this.offers = this.offers.map((one, at) => (at === place ? { ...one, ...values } : one));
  }

  /** Fill in what the regulated tariff costs; each price can be typed over. */
  async takeOfficial(place) {
    const { kind: option, power } = this.offers[place];
    const found = await this.attempt(() => this.house.ask("costs/official", { option, power }));
    if (!found) return;
    const { valid_from: priced_on, ...prices } = found;
    this.change(place, { priced_on, ...prices });
  }

  async compare() {
    this.shown = await this.attempt(() => this.house.ask("costs/compare", this.asked));
  }

  async asFile() {
    const request = { export_type: "contract_comparison", format: "pdf", ...this.asked };
    if (await this.attempt(() => this.house.ask("files/create", { request }))) this.house.go("/export/files");
  }

  kindOf(kind) {
    return this.t(`comparison.kind.${kind}`);
  }

  field(place, name) {
    const type = name === "name" ? "text" : (TYPES[name] ?? "number");
    return this.input(this.t(`comparison.${name}`), this.offers[place][name], (value) => this.change(place, { [name]: value }), type);
  }

  offer({ kind }, place) {
    return html`<fieldset>
      <div class="fields">
        ${this.select(this.t("comparison.contract"), Object.keys(KINDS), kind, (one) => this.kindOf(one), (value) => this.change(place, { kind: value }))}
        ${["name", "standing_charge", ...KINDS[kind], "priced_on"].map((name) => this.field(place, name))}
        ${this.currency === this.official.currency && this.official.options.includes(kind)
          ? html`${this.select(this.t("comparison.power"), this.official.powers, this.offers[place].power, (one) => `${one} kVA`, (value) => this.change(place, { power: Number(value) }))}
              <button ?disabled=${this.busy} @click=${() => this.takeOfficial(place)}>${this.t("comparison.official")}</button>`
          : nothing}
        ${this.offers.length > 1
          ? html`<button @click=${() => (this.offers = this.offers.filter((_one, at) => at !== place))}>${this.t("remove")}</button>`
          : nothing}
      </div>
    </fieldset>`;
  }

  nameOf(name) {
    const word = this.t(`comparison.kind.${name}`);
    return word.includes(".") ? name : word;
  }

  /** A contract's name, of which day its prices are where that is known, and whether sums lack some. */
  titleOf({ name, priced_on, unpriced_kwh }) {
    const notes = [];
    if (priced_on) notes.push(`${this.t("comparison.priced_on")} ${this.house.formats.day(priced_on, { year: "numeric" })}`);
    if (unpriced_kwh) notes.push(this.t("comparison.incomplete"));
    return html`${this.nameOf(name)}${notes.map((note) => html` <span class="quiet">(${note})</span>`)}`;
  }

  money(value) {
    return this.house.formats.money(value, this.shown.currency);
  }

  result() {
    if (!this.shown) return nothing;
    const { contracts, months, cheapest, warnings } = this.shown;
    const { formats } = this.house;
    const dearest = Math.max(...contracts.map((one) => one.difference ?? 0));
    const said = { name: this.nameOf(cheapest ?? ""), most: this.money(dearest) };
    // A month's sum may lack some of its energy, too.
    const note = (one) => (one.unpriced_kwh ? ` (${this.t("comparison.incomplete")})` : "");
    const names = contracts.map((one) => `${this.nameOf(one.name)}${note(one)}`);
    return html`
      <p class="good">${cheapest ? this.t("comparison.cheapest", said) : this.t("comparison.cannot_tell")}</p>
      ${this.warnings(warnings.map((one) => ({ ...one, about: this.nameOf(one.about ?? "") })))}
      ${this.table(
        [
          this.t("comparison.contract"),
          ...AMOUNTS.map((one) => this.t(`costs.${one}`)),
          ...GAINS.map((one) => this.t(`comparison.${one}`)),
        ],
        contracts.map((one) => [this.titleOf(one), ...[...AMOUNTS, ...GAINS].map((amount) => this.money(one[amount]))]),
      )}
      ${this.table(
        [this.t("costs.month"), ...names],
        months.map((month) => [
          formats.month(month.start),
          ...contracts.map(({ name }) => this.money(month.contracts.find((one) => one.name === name)?.total)),
        ]),
      )}
      <p><button ?disabled=${this.busy} @click=${this.asFile}>${this.t("comparison.file")}</button></p>
    `;
  }

  render() {
    const { words } = this.house;
    const word = (one) => (one === PERIODS[0] ? this.t("comparison.last_12_months") : words.option("preset", one));
    return html`
      <p class="quiet small">${this.t("comparison.help")}</p>
      <div class="fields">${this.select(this.t("form.period"), PERIODS, this.period, word, (one) => (this.period = one))}</div>
      ${this.offers.map((one, place) => this.offer(one, place))}
      <p class="row">
        <button class="main" ?disabled=${this.busy} @click=${this.compare}>${this.t("comparison.compare")}</button>
        <button @click=${() => (this.offers = [...this.offers, { ...NEW }])}>${this.t("comparison.add")}</button>
      </p>
      <div aria-live="polite">${this.mistake(["comparison"], this.failure && { ...this.failure, field: fieldOf(this.failure.field) })} ${this.result()}</div>
    `;
  }

  static styles = [
    super.styles,
    css`
      .fields {
        align-items: end;
      }
      fieldset {
        border-inline-start: 3px solid var(--divider-color);
        padding-inline-start: 12px;
        margin-bottom: 8px;
      }
      button {
        justify-self: start;
      }
      table {
        margin-bottom: 16px;
      }
    `,
  ];
}

define("med-comparison", Comparison);
