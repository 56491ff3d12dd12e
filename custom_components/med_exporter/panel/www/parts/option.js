// One option of a file, by its description in `requests.js`. Tells of changes with `chosen`.

import { css, html, live, nothing } from "../vendor/lit.js";
import { MedElement } from "../element.js";

const FUNCTIONS = ["average", "min", "max", "sum", "first", "last", "count"];

class Option extends MedElement {
  static properties = {
    ...MedElement.properties,
    option: { attribute: false },
    value: { attribute: false },
    values: { attribute: false },
    explained: { type: Boolean },
  };

  tell(value) {
    this.dispatchEvent(new CustomEvent("chosen", { detail: { name: this.option.name, value } }));
  }

  word(value) {
    return this.house.words.option(this.option.select, String(value));
  }

  toggle(one, checked) {
    const now = this.value ?? [];
    this.tell(this.values.filter((each) => (each === one ? checked : now.includes(each))));
  }

  choices(name, help) {
    const now = this.value ?? [];
    return html`<fieldset>
      <legend title=${help}>${name}</legend>
      <div class="choices">
        ${this.values.map(
          (one) => html`<label class="check">
            <input
              type="checkbox"
              .checked=${live(now.includes(one))}
              @change=${(event) => this.toggle(one, event.target.checked)}
            />
            ${this.word(one)}
          </label>`,
        )}
      </div>
      <p class="small quiet">${this.t("form.none_is_all")}</p>
    </fieldset>`;
  }

  functions(name, help) {
    const chosen = this.value ?? {};
    const choose = (field, value) => {
      const { [field]: _, ...rest } = chosen;
      this.tell(value ? { ...rest, [field]: value } : rest);
    };
    return html`<fieldset>
      <legend title=${help}>${name}</legend>
      <div class="choices">
        ${this.values.map(
          (field) => html`<label>
            ${this.word(field)}
            <select @change=${(event) => choose(field, event.target.value)}>
              ${["", ...FUNCTIONS].map(
                (one) => html`<option value=${one} ?selected=${one === (chosen[field] ?? "")}>
                  ${one ? this.t(`function.${one}`) : this.t("form.as_usual")}
                </option>`,
              )}
            </select>
          </label>`,
        )}
      </div>
    </fieldset>`;
  }

  choice(name, help) {
    return html`<label title=${help}>
      ${name}
      <select @change=${(event) => this.tell(event.target.value)}>
        ${this.option.name === "aggregation"
          ? nothing
          : html`<option value="" ?selected=${!this.value}>${this.t("form.as_usual")}</option>`}
        ${this.values.map(
          (one) => html`<option value=${one} ?selected=${one === this.value}>${this.word(one)}</option>`,
        )}
      </select>
    </label>`;
  }

  /** What may be on or off by itself when nothing is said. */
  flag(name, help) {
    const known = { true: true, false: false };
    return html`<label title=${help}>
      ${name}
      <select @change=${(event) => this.tell(known[event.target.value])}>
        <option value="" ?selected=${this.value === undefined}>${this.t("form.as_usual")}</option>
        <option value="true" ?selected=${this.value === true}>${this.t("yes")}</option>
        <option value="false" ?selected=${this.value === false}>${this.t("no")}</option>
      </select>
    </label>`;
  }

  input(name, help) {
    const { kind, unit } = this.option;
    const type = kind === "number" || kind === "time" ? kind : "text";
    return html`<label title=${help}>
      ${name}${unit && !name.includes(unit) ? ` (${unit})` : ""}
      <input
        type=${type}
        step="any"
        .value=${live(String(this.value ?? ""))}
        @input=${(event) => this.tell(event.target.value)}
      />
    </label>`;
  }

  render() {
    const { name, help } = this.house.words.field(this.option.name);
    return html`${this.control(name, help)}${this.explained && this.option.kind !== "functions" ? html`<p class="small quiet">${help}</p>` : nothing}`;
  }

  control(name, help) {
    switch (this.option.kind) {
      case "choices":
        return this.choices(name, help);
      case "functions":
        return this.functions(name, help);
      case "choice":
        return this.choice(name, help);
      case "flag":
        return this.flag(name, help);
      default:
        return this.input(name, help);
    }
  }

  static styles = [
    super.styles,
    css`
      p {
        margin: 4px 0 0;
      }
      .choices {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(180px, 45%), 1fr));
        gap: 4px 12px;
      }
    `,
  ];
}

customElements.define("med-option", Option);
