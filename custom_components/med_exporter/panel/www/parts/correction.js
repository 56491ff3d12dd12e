// Energy of a meter that was counted wrongly, put right; and that taken back.

import { html, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";
import "./confirm.js";

const OPERATIONS = ["set", "scale", "remove"];

class Correction extends MedElement {
  static properties = {
    ...MedElement.properties,
    meters: { attribute: false },
    draft: { state: true },
    done: { state: true },
    busy: { state: true },
    failure: { state: true },
  };

  willUpdate() {
    this.draft ??= { meter: this.meters[0].device_id, start: "", end: "", operation: "set", value: "", reason: "" };
  }

  set(values) {
    this.draft = { ...this.draft, ...values };
    this.done = null;
  }

  asked() {
    const { value, start, end, ...rest } = this.draft;
    const time = (text) => text.replace("T", " ") || undefined;
    const asked = { ...rest, start: time(start), end: time(end) };
    if (value !== "" && rest.operation !== "remove") asked.value = Number(value);
    return asked;
  }

  async correct() {
    const asked = this.asked();
    // What lacks something is refused by name: there is nothing to confirm yet.
    const isWhole = asked.start && asked.end && (asked.operation === "remove" || asked.value !== undefined);
    const question = this.t("correction.question");
    if (isWhole && !(await this.renderRoot.querySelector("med-confirm").ask(question, this.t("correction.correct")))) return;
    const done = await this.attempt(() => this.house.ask("costs/correct", asked));
    if (done) this.done = { ...done, asked };
  }

  async undo() {
    const { undo, asked, start, end } = this.done;
    const { value: _, ...rest } = asked;
    const back = { ...rest, ...undo, start, end, reason: this.t("correction.undo_reason", { reason: asked.reason }) };
    const done = await this.attempt(() => this.house.ask("costs/correct", back));
    if (done) this.done = { ...done, asked: null };
  }

  field(name, type, label = `correction.${name}`) {
    return this.input(this.t(label), this.draft[name], (value) => this.set({ [name]: value }), type);
  }

  choose(name, values, word) {
    return this.select(this.t(`correction.${name}`), values, this.draft[name], word, (value) => this.set({ [name]: value }));
  }

  said() {
    if (!this.done) return nothing;
    const { formats } = this.house;
    const { kwh_before: before, kwh_after: after, statistics_pending: pending } = this.done;
    const energies = { before: formats.energy(before), after: formats.energy(after) };
    return html`<p class="good">
      ${this.t("correction.done", energies)} ${pending ? this.t("correction.pending") : nothing}
      ${this.done.asked ? html`<button ?disabled=${this.busy} @click=${this.undo}>${this.t("correction.undo")}</button>` : nothing}
    </p>`;
  }

  render() {
    const { words } = this.house;
    const { operation } = this.draft;
    const nameOf = (id) => this.meters.find((one) => one.device_id === id).name;
    return html`
      <p class="quiet small">${this.t("correction.help")}</p>
      <div class="fields">
        ${this.choose("meter", this.meters.map((one) => one.device_id), nameOf)}
        ${this.field("start", "datetime-local")} ${this.field("end", "datetime-local")}
        ${this.choose("operation", OPERATIONS, (one) => words.option("correction", one))}
        ${operation === "remove" ? nothing : this.field("value", "number", `correction.${operation}_to`)}
        ${this.field("reason", "text")}
      </div>
      <div aria-live="polite">${this.mistake(["correction"])} ${this.said()}</div>
      <button ?disabled=${this.busy} @click=${this.correct}>${this.t("correction.correct")}</button>
      <med-confirm .house=${this.house}></med-confirm>
    `;
  }
}

define("med-correction", Correction);
