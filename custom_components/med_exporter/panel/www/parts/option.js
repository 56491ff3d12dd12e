// One option of a file, by its description in `requests.js`. Tells of changes with `chosen`.

import { css, html, live, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";

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
      ${this.option.name === "breakdown_by" ? nothing : html`<p class="small quiet">${this.t("form.none_is_all")}</p>`}
    </fieldset>`;
  }

  functions(name, help) {
    const chosen = this.value ?? {};
    const said = (one) => this.t(one ? `function.${one}` : "form.as_usual");
    const choose = (field, value) => {
      const { [field]: _, ...rest } = chosen;
      this.tell(value ? { ...rest, [field]: value } : rest);
    };
    return html`<fieldset>
      <legend title=${help}>${name}</legend>
      <div class="choices">
        ${this.values.map((field) =>
          this.select(this.word(field), ["", ...FUNCTIONS], chosen[field] ?? "", said, (value) => choose(field, value)),
        )}
      </div>
    </fieldset>`;
  }

  choice(name) {
    const said = (one) => (one ? this.word(one) : this.t("form.as_usual"));
    const values = this.option.name === "aggregation" ? this.values : ["", ...this.values];
    return this.select(name, values, this.value ?? "", said, (value) => this.tell(value));
  }

  /** What may be on or off by itself when nothing is said. */
  flag(name) {
    const known = { "": ["form.as_usual"], true: ["yes", true], false: ["no", false] };
    const said = (one) => this.t(known[one][0]);
    return this.select(name, Object.keys(known), String(this.value ?? ""), said, (one) => this.tell(known[one][1]));
  }

  entry(name, help) {
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
    return (this[this.option.kind] ?? this.entry).call(this, name, help);
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

define("med-option", Option);
