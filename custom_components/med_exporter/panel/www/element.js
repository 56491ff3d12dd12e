// What all components share: the house, and a view that follows a command while it is shown.

import { LitElement, html, live, nothing } from "./vendor/lit.js";
import { fieldName } from "./requests.js";
import { shared } from "./styles.js";

/** Name a component, once: after an update an open page loads the new modules beside its own, and keeps its own. */
export function define(name, component) {
  if (!customElements.get(name)) customElements.define(name, component);
}

const STEPS = { number: "any", "datetime-local": 900 };
/** Until a view that could not be followed is tried again, in ms. */
const AGAIN = 15_000;
export const TONES = { completed: "good", success: "good", error: "problem", failed: "problem", interrupted: "problem" };

export class MedElement extends LitElement {
  static properties = { house: { attribute: false } };
  static styles = shared;

  t(key, placeholders) {
    return this.house.words.of(key, placeholders);
  }

  /** Do something a user asked for, and say why where it fails. */
  async attempt(work) {
    this.failure = null;
    this.busy = true;
    try {
      return await work();
    } catch (error) {
      this.failure = error;
      return undefined;
    } finally {
      this.busy = false;
    }
  }

  /** What is wrong with a request, at the name that its field has in the form. */
  mistake(groups = ["form"], error = this.failure) {
    const name = fieldName(error?.field);
    if (!name) return this.problem(error);
    const { words } = this.house;
    const own = groups.find((group) => words.has(`${group}.${name}`));
    const field = own ? this.t(`${own}.${name}`) : words.field(name).name;
    const text = words.error(error, field);
    return html`<p class="problem" role="alert">${text.includes(field) ? nothing : html`<b>${field}</b> – `}${text}</p>`;
  }

  /** A stretch by its edges, in words; one of a single day has one date. */
  span(start, end) {
    return { start, end, span: this.t("span", { start, end, count: start === end ? 1 : 2 }) };
  }

  /** What a warning is about: names, then fields and filters as the forms call them. */
  aboutOf({ about, fields, filters }) {
    const called = (names, select) => names?.map((one) => this.house.words.option(select, one)).join(", ");
    return [about, called(fields, "reading_field"), called(filters, "filter")].filter(Boolean).join(" – ") || [];
  }

  /** What a file warns of, each thing once: the engine's words where the panel has none. */
  warnings(found = []) {
    const { words, formats } = this.house;
    const told = new Map();
    for (const one of found) {
      const key = `warning.${one.code}`;
      const said = { ...this.span(formats.edge(one.start), formats.edge(one.end, true)), count: one.count };
      const text = words.has(key) ? words.of(key, said) : one.message;
      told.set(text, [...(told.get(text) ?? []), this.aboutOf(one)].flat());
    }
    return [...told].map(([text, about]) => html`<p class="small quiet">⚠ ${text}${about.length ? ` (${about.join(", ")})` : ""}</p>`);
  }

  /** One row each, with cells that know what they are on a phone. */
  table(heads, rows) {
    return html`<table class="rows">
      <thead>
        <tr>
          ${heads.map((one, at) => html`<th scope="col" class=${at ? "number" : ""}>${one}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, ...cells]) => html`<tr>
            <th scope="row">${name}</th>
            ${cells.map((cell, at) => html`<td class="number" data-label=${heads[at + 1]}>${cell}</td>`)}
          </tr>`,
        )}
      </tbody>
    </table>`;
  }

  input(label, value, chosen, type = "text") {
    return html`<label>
      ${label}
      <input
        type=${type}
        step=${STEPS[type] ?? nothing}
        .value=${live(String(value ?? ""))}
        @input=${(event) => chosen(event.target.value)}
      />
    </label>`;
  }

  /** A list to choose one of `values` from. */
  select(label, values, value, word, chosen) {
    return html`<label>
      ${label}
      <select @change=${(event) => chosen(event.target.value)}>
        ${values.map((one) => html`<option value=${one} ?selected=${one === value}>${word(one)}</option>`)}
      </select>
    </label>`;
  }

  problem(error = this.failure) {
    if (!error) return nothing;
    return html`<p class="problem" role="alert">${this.house.words.error(error)}</p>`;
  }
}

export class FollowingElement extends MedElement {
  static properties = {
    ...MedElement.properties,
    shown: { state: true },
    failure: { state: true },
    busy: { state: true },
    lost: { state: true },
  };

  /** The command to follow, and its fields. */
  get command() {
    throw new Error("a view names its command");
  }

  get fields() {
    return {};
  }

  connectedCallback() {
    super.connectedCallback();
    this.begin();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.end();
  }

  /** Follow anew, after other fields have been chosen. */
  again() {
    this.end();
    this.begin();
  }

  begin() {
    const show = (shown) => {
      if (this.following !== mine) return;
      this.lost = shown.error ?? null;
      if (!this.lost) this.shown = shown;
    };
    const mine = this.house.follow(this.command, this.fields, show);
    this.following = mine;
    mine.catch((error) => this.following === mine && this.miss(error));
  }

  /** Say why something cannot be followed, and try anew after a while. */
  miss(error) {
    if (!this.isConnected) return;
    this.lost = error;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.again(), AGAIN);
  }

  end() {
    clearTimeout(this.timer);
    const ended = this.following;
    this.following = null;
    ended?.then((end) => end()).catch(() => undefined);
  }

  /** Ask once for what does not change. */
  async learn(command, keep) {
    try {
      keep(await this.house.ask(command));
    } catch (error) {
      this.failure = error;
    }
  }

  /** What a view shows, below why what it shows may be old. */
  render() {
    return html`${this.shown && this.lost ? this.problem(this.lost) : nothing} ${this.view()}`;
  }

  waiting() {
    const error = this.lost ?? this.failure;
    return error ? this.problem(error) : html`<p class="quiet" role="status">${this.t("loading")}</p>`;
  }
}
