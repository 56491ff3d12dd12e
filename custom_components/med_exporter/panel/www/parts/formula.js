// A computed column: its name, its formula, which is checked as it is typed, and its unit.
// Tells of changes with `changed`, and that it is not wanted any more with `remove`.

import { css, html, live, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";

const PAUSE = 300;

class Formula extends MedElement {
  static properties = {
    ...MedElement.properties,
    column: { attribute: false },
    around: { attribute: false },
    found: { state: true },
  };

  willUpdate(changed) {
    const asked = JSON.stringify({ ...this.around, formula: this.column.formula });
    if (asked === this.asked) return;
    this.asked = asked;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.check(asked), changed.has("around") ? 0 : PAUSE);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  async check(asked) {
    const wanted = JSON.parse(asked);
    try {
      const found = wanted.formula.trim() ? await this.house.ask("files/formula", wanted) : null;
      if (asked === this.asked) this.found = found && { ...found, formula: wanted.formula };
    } catch {
      // What is wrong around it is told where that is.
      this.found = null;
    }
  }

  tell(name, value) {
    this.dispatchEvent(new CustomEvent("changed", { detail: { [name]: value } }));
  }

  field(name) {
    const isWrong = name === "formula" && this.found?.error;
    return html`<label class=${name}>
      ${this.t(`form.formula_${name}`)}
      <input
        type="text"
        spellcheck="false"
        autocomplete="off"
        aria-invalid=${isWrong ? "true" : nothing}
        aria-describedby=${name === "formula" ? "said" : nothing}
        .value=${live(this.column[name] ?? "")}
        @input=${(event) => this.tell(name, event.target.value)}
      />
    </label>`;
  }

  said() {
    if (!this.found) return nothing;
    const { error, position, formula } = this.found;
    if (!error) return html`<span class="good">${this.t("form.formula_good")}</span>`;
    const field = this.t("form.formula");
    const place = Math.min(position - 1, formula.length);
    return html`<span class="problem">${this.house.words.error(error, field)}</span>
      <code>${formula.slice(0, place)}<mark>${formula.slice(place, place + 1) || "?"}</mark>${formula.slice(place + 1)}</code>`;
  }

  render() {
    return html`<div class="fields">
        ${this.field("name")} ${this.field("formula")} ${this.field("unit")}
        <button type="button" @click=${() => this.dispatchEvent(new CustomEvent("remove"))}>${this.t("remove")}</button>
      </div>
      <p id="said" class="small" aria-live="polite">${this.said()}</p>`;
  }

  static styles = [
    super.styles,
    css`
      .fields {
        align-items: end;
        margin: 0;
      }
      button {
        justify-self: start;
      }
      code {
        display: block;
        overflow-wrap: anywhere;
      }
      mark {
        background: var(--error-color);
        color: var(--text-primary-color);
      }
    `,
  ];
}

define("med-formula", Formula);
