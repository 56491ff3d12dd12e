// What a file is to hold: the few things that everyone chooses, and the rest folded away.
// Tells of each change with `request`, whose detail is the request and the type it is of.

import { css, html, live, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";
import { OPTIONS, PRESETS, daysOf, draftOf, requestOf } from "../requests.js";
import "./formula.js";
import "./option.js";

const GROUPS = ["content", "filters", "look", "privacy"];
const UPFRONT = new Set(["aggregation", "grouping"]);

class FileForm extends MedElement {
  static properties = {
    ...MedElement.properties,
    choices: { attribute: false },
    draft: { attribute: false },
    presetsOnly: { type: Boolean },
  };

  willUpdate() {
    this.draft ??= draftOf(daysOf("last_month", this.house.hass.language));
  }

  firstUpdated() {
    this.tell();
  }

  get type() {
    return this.choices.types.find((one) => one.id === this.draft.type) ?? this.choices.types[0];
  }

  get format() {
    return this.choices.formats.find((one) => one.id === this.draft.format) ?? this.choices.formats[0];
  }

  set(values) {
    this.draft = { ...this.draft, ...values };
    this.tell();
  }

  setOption({ detail }) {
    this.set({ options: { ...this.draft.options, [detail.name]: detail.value } });
  }

  tell() {
    const request = requestOf(this.draft, this.type, this.format);
    this.dispatchEvent(new CustomEvent("request", { detail: { request, type: this.type } }));
  }

  date(name) {
    return html`<label>
      ${this.t(`form.${name}`)}
      <input
        type="date"
        required
        .value=${live(this.draft[name])}
        @change=${(event) => this.set({ [name]: event.target.value })}
      />
    </label>`;
  }

  period() {
    const { words } = this.house;
    const word = (one) => (one === "custom" ? this.t("form.custom") : words.option("preset", one));
    const presets = this.presetsOnly ? PRESETS : [...PRESETS, "custom"];
    const isCustom = this.draft.preset === "custom";
    return html`
      ${this.select(this.t("form.period"), presets, this.draft.preset, word, (preset) => this.set({ preset }))}
      ${isCustom && !this.presetsOnly ? [this.date("start"), this.date("end")] : nothing}
    `;
  }

  devices() {
    const { devices } = this.choices;
    const chosen = this.draft.devices;
    const toggle = (id, checked) => {
      const now = devices.map((one) => one.device_id).filter((one) => (one === id ? checked : chosen.includes(one)));
      this.set({ devices: now });
    };
    return html`<fieldset class="wide">
      <legend>${this.t("form.devices")}</legend>
      <label class="check">
        <input
          type="checkbox"
          .checked=${live(chosen === null)}
          @change=${(event) => this.set({ devices: event.target.checked ? null : devices.map((one) => one.device_id) })}
        />
        ${this.t("form.all_devices", { count: devices.length })}
      </label>
      ${chosen === null
        ? nothing
        : html`<div class="devices">
            ${devices.map(
              (one) => html`<label class="check">
                <input
                  type="checkbox"
                  .checked=${live(chosen.includes(one.device_id))}
                  @change=${(event) => toggle(one.device_id, event.target.checked)}
                />
                ${one.device_name}
              </label>`,
            )}
          </div>`}
    </fieldset>`;
  }

  option(option, explained = false) {
    const values = typeof option.values === "string" ? this.choices[option.values] : option.values;
    return html`<med-option
      class=${["choices", "functions"].includes(option.kind) ? "wide" : ""}
      .house=${this.house}
      .option=${option}
      .explained=${explained}
      .values=${values}
      .value=${this.draft.options[option.name]}
      @chosen=${this.setOption}
    ></med-option>`;
  }

  formulas() {
    const known = this.draft.customFields;
    const { aggregation, aggregation_functions } = requestOf(this.draft, this.type, this.format);
    const around = { aggregation, ...(aggregation_functions && { aggregation_functions }) };
    const change = (place, values) =>
      this.set({ customFields: known.map((one, at) => (at === place ? { ...one, ...values } : one)) });
    return html`<fieldset class="wide">
      <legend>${this.house.words.field("custom_fields").name}</legend>
      ${known.map(
        (column, place) => html`<med-formula
          .house=${this.house}
          .column=${column}
          .around=${around}
          @changed=${({ detail }) => change(place, detail)}
          @remove=${() => this.set({ customFields: known.filter((_one, at) => at !== place) })}
        ></med-formula>`,
      )}
      <button type="button" @click=${() => this.set({ customFields: [...known, { name: "", formula: "" }] })}>
        ${this.t("form.add_formula")}
      </button>
      <p class="small quiet">${this.t("form.formula_help", { fields: this.choices.value_fields.join(", ") })}</p>
    </fieldset>`;
  }

  folded() {
    const { type, format } = this;
    const shown = OPTIONS.filter((one) => !UPFRONT.has(one.name) && one.when(type, format, this.draft));
    return GROUPS.map((group) => {
      const options = shown.filter((one) => one.group === group);
      const hasFormulas = group === "content" && type.takes.includes("custom_fields");
      if (!options.length && !hasFormulas) return nothing;
      return html`<details>
        <summary>${this.t(`form.group.${group}`)}</summary>
        <div class="fields">
          ${options.map((one) => this.option(one, true))} ${hasFormulas ? this.formulas() : nothing}
        </div>
      </details>`;
    });
  }

  render() {
    const { words } = this.house;
    const { type, format, choices } = this;
    const upfront = OPTIONS.filter((one) => UPFRONT.has(one.name) && one.when(type, format, this.draft));
    return html`
      <div class="fields">
        ${this.select(
          this.t("form.type"),
          choices.types.map((one) => one.id),
          type.id,
          (one) => words.option("export_type", one),
          (value) => this.set({ type: value }),
        )}
        ${type.takes.includes("date_range") ? this.period() : nothing}
        ${this.select(
          this.t("form.format"),
          choices.formats.map((one) => one.id),
          format.id,
          (one) => words.option("file_format", one),
          (value) => this.set({ format: value }),
        )}
        ${upfront.map((one) => this.option(one))}
        ${type.takes.includes("devices") ? this.devices() : nothing}
      </div>
      ${this.folded()}
    `;
  }

  static styles = [
    super.styles,
    css`
      .devices {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(180px, 100%), 1fr));
        margin-inline-start: 26px;
      }
      details {
        margin: 0 0 8px;
      }
    `,
  ];
}

define("med-file-form", FileForm);
