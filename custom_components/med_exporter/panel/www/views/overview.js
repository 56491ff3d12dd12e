// The house at a glance, and where a newcomer begins.

import { css, html, nothing } from "../vendor/lit.js";
import { FollowingElement, define } from "../element.js";
import { ADD } from "../addresses.js";
import { daysOf } from "../requests.js";
import "../parts/attention.js";
import "../parts/bars.js";
import "../parts/destination.js";
import "../parts/file.js";

class Overview extends FollowingElement {
  static properties = {
    ...FollowingElement.properties,
    destinations: { state: true },
    files: { state: true },
    made: { state: true },
  };

  get command() {
    return "overview";
  }

  begin() {
    super.begin();
    const keep = (name) => (shown) => (this[name] = shown.error ? this[name] : shown[name]);
    this.others = [this.house.follow("files", { limit: 1 }, keep("files"))];
    if (this.house.isAdmin) {
      this.others.push(this.house.follow("destinations", {}, keep("destinations")));
    }
    for (const one of this.others) one.catch((error) => this.others.includes(one) && this.miss(error));
  }

  end() {
    super.end();
    for (const one of this.others ?? []) one.then((end) => end()).catch(() => undefined);
    this.others = [];
  }

  /** Last month, or this one where nothing is known of more. */
  get period() {
    const isKnown = ({ days }) => {
      const known = days.filter(({ kwh }) => kwh !== null);
      return known.length >= days.length - 1 ? days.length : known[0].date.slice(0, 7) < days.at(-1).date.slice(0, 7);
    };
    return this.shown.points.some(isKnown) ? "last_month" : "this_month";
  }

  async makeMonth() {
    const request = daysOf(this.period, this.house.hass.language);
    const made = await this.attempt(() => this.house.ask("files/create", { request }));
    this.made = made?.export_id;
  }

  monthButton() {
    const period = this.house.words.option("preset", this.period);
    return html`<button class="main" ?disabled=${this.busy} @click=${this.makeMonth}>${this.t("overview.make_month", { period })}</button>`;
  }

  figure(name, value) {
    return html`<div><dt>${this.t(`overview.${name}`)}</dt><dd>${value}</dd></div>`;
  }

  /** Why there are no days, or not all of them yet. */
  note({ days, past_percent }) {
    const isComing = past_percent !== null;
    if (days.length && !isComing) return nothing;
    const said = isComing ? this.t("overview.past_coming", { percent: this.house.formats.percent(past_percent / 100) }) : this.t("overview.no_days");
    return html`<p class="quiet small">${said}</p>`;
  }

  point(one) {
    const { formats } = this.house;
    const hasCost = one.cost_today !== null || one.cost_month !== null;
    return html`<section class="card">
      <h3>${one.name}</h3>
      <dl class="figures">
        ${this.figure("today", formats.energy(one.today))}
        ${this.figure("month", formats.energy(one.month))}
        ${hasCost ? this.figure("cost_today", formats.money(one.cost_today, one.currency)) : nothing}
        ${hasCost ? this.figure("cost_month", formats.money(one.cost_month, one.currency)) : nothing}
        ${one.produced_today === null
          ? nothing
          : this.figure("produced_today", formats.energy(one.produced_today))}
      </dl>
      ${one.days.length
        ? html`<med-bars
            .house=${this.house}
            .points=${one.days.map(({ date, kwh }) => ({ label: formats.day(date), value: kwh }))}
            .say=${(kwh) => formats.energy(kwh)}
            .what=${this.t("bars.energy")}
          ></med-bars>`
        : nothing}
      ${this.note(one)}
    </section>`;
  }

  /** A day's colour in words, framed in it: dashed where it is forecast. */
  day(name, colour, note) {
    const said = colour ? this.t(`tempo.${colour}`) : this.t("tempo.unknown");
    return html`<div>
      <dt>${name}</dt>
      <dd class="tempo ${colour ?? ""} ${note === undefined ? "" : "forecast"}">${said}${note ? html` <small>${note}</small>` : nothing}</dd>
    </div>`;
  }

  tempo({ today, tomorrow, forecast }) {
    const { formats } = this.house;
    const likely = ({ probability }) => (probability === null ? "" : formats.percent(probability));
    return html`<section class="card">
      <h3>Tempo</h3>
      <dl class="figures">
        ${this.day(this.t("overview.today"), today)} ${this.day(this.t("tempo.tomorrow"), tomorrow)}
      </dl>
      ${forecast.length
        ? html`<p>${this.t("tempo.forecast")}</p>
            <dl class="figures">${forecast.map((one) => this.day(formats.day(one.date, { weekday: "short" }), one.colour, likely(one)))}</dl>
            <p class="quiet small">${this.t("tempo.forecast_text")}</p>`
        : nothing}
    </section>`;
  }

  step(name, action) {
    return html`<li>
      <h3>${this.t(`welcome.${name}`)}</h3>
      <p class="quiet">${this.t(`welcome.${name}_text`)}</p>
      ${action}
    </li>`;
  }

  welcome(points) {
    const isAdmin = this.house.isAdmin;
    const add = html`<a class="button main" href=${ADD}>${this.t("welcome.add")}</a>`;
    return html`<section class="card welcome">
      <h2>${this.t("welcome.title")}</h2>
      <p>${this.t("welcome.text")}</p>
      <ol>
        ${isAdmin && !points.length ? this.step("meter", add) : nothing}
        ${points.length
          ? this.step(
              "file",
              this.monthButton(),
            )
          : nothing}
        ${isAdmin ? this.step("destination", html`<a class="button" href=${ADD}>${this.t("welcome.send")}</a>`) : nothing}
        ${isAdmin && points.length
          ? this.step(
              "schedule",
              html`<button @click=${() => this.house.go("/export/schedules")}>
                ${this.t("welcome.plan")}
              </button>`,
            )
          : nothing}
      </ol>
      ${isAdmin || points.length ? nothing : html`<p>${this.t("welcome.nothing_yet")}</p>`}
    </section>`;
  }

  view() {
    if (!this.shown || !this.files) return this.waiting();
    const { points, attention, tempo } = this.shown;
    const colours = tempo ? this.tempo(tempo) : nothing;
    const isNew = !this.files.length && !this.destinations?.length;
    return html`
      ${this.problem()}
      ${attention.length
        ? html`<h2>${this.t("overview.attention")}</h2>
            <med-attention .house=${this.house} .items=${attention}></med-attention>`
        : nothing}
      ${isNew ? this.welcome(points) : nothing}
      <div aria-live="polite">
        ${this.files.filter((one) => one.export_id === this.made).map((one) => html`<med-file .house=${this.house} .file=${one}></med-file>`)}
      </div>
      ${points.length
        ? html`<div class="row spread">
              <h2>${this.t("overview.points")}</h2>
              ${isNew
                ? nothing
                : this.monthButton()}
            </div>
            <div class="grid">${points.map((one) => this.point(one))} ${colours}</div>`
        : html`<div class="grid">${colours}</div>`}
      ${this.destinations?.length
        ? html`<h2>${this.t("tab.destinations")}</h2>
            <div class="grid">
              ${this.destinations.map(
                (one) => html`<med-destination brief .house=${this.house} .one=${one}></med-destination>`,
              )}
            </div>`
        : nothing}
    `;
  }

  static styles = [
    super.styles,
    css`
      .figures {
        grid-template-columns: repeat(auto-fill, minmax(110px, 1fr));
        gap: 12px;
      }
      .figures dd {
        font-size: 1.25rem;
        white-space: nowrap;
      }
      .figures dt {
        font-size: 0.875rem;
      }
      .figures dd.tempo {
        border: 2px solid var(--divider-color);
        border-radius: 6px;
        padding: 0 8px;
        margin-top: 2px;
        font-size: 1rem;
        width: fit-content;
      }
      dd.tempo.blue {
        border-color: #3b7dd8;
      }
      dd.tempo.red {
        border-color: #d93a32;
      }
      .figures dd.forecast {
        border-style: dashed;
      }
      .welcome ol {
        list-style: none;
        margin: 16px 0 0;
        padding: 0;
        display: grid;
        gap: 24px;
        grid-template-columns: repeat(auto-fit, minmax(min(240px, 100%), 1fr));
      }
      .welcome h2 {
        margin-top: 0;
      }
    `,
  ];
}

define("med-overview", Overview);
