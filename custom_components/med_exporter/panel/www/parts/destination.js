// One destination: how it stands, and what can be done with it.

import { css, html, nothing } from "../vendor/lit.js";
import { FollowingElement, TONES, define } from "../element.js";
import { entryAddress } from "../addresses.js";

const DATA = [
  "consumption_daily",
  "consumption_monthly",
  "consumption_detailed",
  "production_daily",
  "tempo",
  "ecowatt",
];
const INTERVALS = [15, 30, 60, 360, 1440];

class Destination extends FollowingElement {
  static properties = {
    ...FollowingElement.properties,
    one: { attribute: false },
    brief: { type: Boolean },
    tested: { state: true },
    chosen: { state: true },
  };

  begin() {
    // The view that shows it follows all destinations at once.
  }

  act(command, fields = {}) {
    this.tested = null;
    return this.attempt(() =>
      this.house.ask(`destinations/${command}`, { destination: this.one.id, ...fields }),
    );
  }

  async test() {
    this.tested = await this.act("test");
  }

  async toggle(event) {
    const box = event.target;
    if (!(await this.act("change", { enabled: box.checked }))) box.checked = this.one.enabled;
  }

  choose(name, checked) {
    const now = this.chosen ?? this.one.data;
    this.chosen = DATA.filter((one) => (one === name ? checked : now.includes(one)));
  }

  async saveData() {
    if (await this.act("change", { config: { data: this.chosen } })) this.chosen = null;
  }

  get state() {
    const { one } = this;
    if (one.disabled) return "disabled";
    return one.loaded ? one.state : "not_loaded";
  }

  facts() {
    const { one } = this;
    const { formats } = this.house;
    const fact = (name, value) => html`<dt>${this.t(`destination.${name}`)}</dt><dd>${value}</dd>`;
    return html`<dl>
      ${fact("last_success", one.last_success ? formats.time(one.last_success) : this.t("never"))}
      ${one.last_started && one.last_started !== one.last_success && !this.brief
        ? fact("last_attempt", formats.time(one.last_started))
        : nothing}
      ${one.last_records === null || one.last_records === undefined
        ? nothing
        : fact("last_records", formats.number(one.last_records))}
      ${one.backlog ? fact("backlog", formats.number(one.backlog)) : nothing}
    </dl>`;
  }

  what() {
    const chosen = this.chosen ?? this.one.data;
    const { words } = this.house;
    return html`<details>
      <summary>${this.t("destination.what")}</summary>
      <fieldset>
        <legend>${this.t("destination.data")}</legend>
        ${DATA.map(
          (name) => html`<label class="check">
            <input
              type="checkbox"
              .checked=${chosen.includes(name)}
              ?disabled=${this.busy}
              @change=${(event) => this.choose(name, event.target.checked)}
            />
            ${words.option("data", name)}
          </label>`,
        )}
      </fieldset>
      ${this.chosen
        ? html`<p class="row">
            <button class="main" ?disabled=${this.busy || !chosen.length} @click=${this.saveData}>
              ${this.t("save")}
            </button>
            <button @click=${() => (this.chosen = null)}>${this.t("discard")}</button>
          </p>`
        : nothing}
      <label>
        ${this.t("destination.interval")}
        <select
          ?disabled=${this.busy}
          @change=${(event) => this.act("change", { config: { interval: event.target.value } })}
        >
          ${INTERVALS.map(
            (minutes) => html`<option value=${minutes} ?selected=${minutes === this.one.interval}>
              ${words.option("interval", String(minutes))}
            </option>`,
          )}
        </select>
      </label>
    </details>`;
  }

  trouble() {
    const { one } = this;
    if (one.asks_for_login) return html`<p class="problem">${this.t("destination.asks_for_login")}</p>`;
    if (!one.loaded && !one.disabled) {
      return html`<p class="problem">${one.problem ?? this.t("destination.not_loaded_text")}</p>`;
    }
    if (!one.last_error) return nothing;
    return html`<p class="problem">${one.last_error}</p>
      ${this.brief ? nothing : html`<p class="small quiet">${this.t("destination.remedy")}</p>`}`;
  }

  render() {
    const { one, state } = this;
    const { words } = this.house;
    const isRunning = one.state === "running";
    return html`<section class="card" aria-label=${one.name}>
      <div class="row spread">
        <h3>${one.name}</h3>
        <span class="tag ${TONES[state] ?? ""}">${this.t(`state.${state}`)}</span>
      </div>
      <div class="quiet small">${one.model}</div>
      ${isRunning
        ? html`<p>
            <progress max="100" .value=${one.progress ?? 0} aria-label=${this.t("destination.progress")}></progress>
          </p>`
        : nothing}
      ${this.facts()} ${this.trouble()}
      ${this.brief
        ? nothing
        : html`
            <label class="check">
              <input
                type="checkbox"
                role="switch"
                .checked=${one.enabled}
                ?disabled=${this.busy || one.disabled}
                @change=${this.toggle}
              />
              ${this.t("destination.automatic")}
            </label>
            <p class="row">
              <button class="main" ?disabled=${this.busy || !one.loaded || isRunning} @click=${() => this.act("run")}>
                ${this.t("destination.export_now")}
              </button>
              <button ?disabled=${this.busy} @click=${this.test}>${this.t("destination.test")}</button>
            </p>
            <div aria-live="polite">
              ${this.tested
                ? html`<p class=${this.tested.success ? "good" : "problem"}>${words.error(this.tested)}</p>`
                : nothing}
              ${this.problem()}
            </div>
            ${this.what()}
            <a href=${entryAddress(one.entry_id)}>${this.t("destination.settings")}</a>
          `}
    </section>`;
  }

  static styles = [
    super.styles,
    css`
      .card {
        height: 100%;
        margin: 0;
      }
      details label:not(.check) {
        margin-top: 12px;
      }
    `,
  ];
}

define("med-destination", Destination);
