// Reports that are made and sent by themselves.

import { html, nothing, repeat } from "../vendor/lit.js";
import { FollowingElement, define } from "../element.js";
import { takePlan } from "../plan.js";
import "../parts/schedule-form.js";
import "../parts/schedule.js";

class Schedules extends FollowingElement {
  static properties = {
    ...FollowingElement.properties,
    choices: { state: true },
    ways: { state: true },
    form: { state: true },
  };

  get command() {
    return "schedules";
  }

  connectedCallback() {
    super.connectedCallback();
    this.learn("files/choices", (choices) => (this.choices = choices));
    this.learn("schedules/choices", (ways) => (this.ways = ways));
    this.form = takePlan();
  }

  editor() {
    if (!this.form || !this.choices || !this.ways) return nothing;
    return html`<med-schedule-form
      .house=${this.house}
      .choices=${this.choices}
      .ways=${this.ways}
      .schedule=${this.form.schedule}
      .request=${this.form.request}
      @done=${() => (this.form = null)}
    ></med-schedule-form>`;
  }

  view() {
    if (!this.shown) return this.waiting();
    const { schedules } = this.shown;
    return html`
      <div class="row spread">
        <h2>${this.t("tab.schedules")}</h2>
        ${this.form
          ? nothing
          : html`<button class="main" @click=${() => (this.form = {})}>${this.t("schedules.add")}</button>`}
      </div>
      ${this.problem()} ${this.editor()}
      ${schedules.length || this.form
        ? nothing
        : html`<section class="card">
            <p>${this.t("schedules.none")}</p>
          </section>`}
      <div class="grid">
        ${repeat(
          schedules,
          (one) => one.schedule_id,
          (one) => html`<med-schedule
            .house=${this.house}
            .schedule=${one}
            @change-schedule=${() => (this.form = { schedule: one })}
          ></med-schedule>`,
        )}
      </div>
    `;
  }
}

define("med-schedules", Schedules);
