// One schedule: when it runs, and what can be done with it.

import { html, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";
import { saidBy } from "../cron.js";
import "./confirm.js";

class Schedule extends MedElement {
  static properties = {
    ...MedElement.properties,
    schedule: { attribute: false },
    busy: { state: true },
    failure: { state: true },
    told: { state: true },
  };

  act(command, fields = {}) {
    this.told = null;
    return this.attempt(() =>
      this.house.ask(`schedules/${command}`, { schedule_id: this.schedule.schedule_id, ...fields }),
    );
  }

  async run() {
    if (await this.act("run")) this.told = this.t("schedule.started");
  }

  async askToDelete() {
    const dialog = this.renderRoot.querySelector("med-confirm");
    const question = this.t("schedule.delete_question", { name: this.schedule.name });
    if (await dialog.ask(question, this.t("delete"))) await this.act("delete");
  }

  due() {
    const said = saidBy(this.schedule.schedule);
    const { words, formats } = this.house;
    if (!said.every) return formats.ofHouse(this.schedule.schedule);
    const weekday = words.option("day_of_week", String(said.weekday));
    return formats.ofHouse(this.t(`schedule.said_${said.every}`, { ...said, count: said.day, weekday }));
  }

  /** A run, on the clock of its expression. */
  at(run) {
    const { formats } = this.house;
    return run ? formats.ofHouse(formats.time(run, formats.house)) : this.t("never");
  }

  to() {
    const { delivery } = this.schedule;
    const whom = delivery.recipients?.join(", ") ?? delivery.target ?? delivery.path;
    return [this.t(`delivery.${delivery.method}`), whom].filter(Boolean).join(" · ");
  }

  render() {
    const { schedule, busy } = this;
    const { words } = this.house;
    const { export_config: asked } = schedule;
    const range = typeof asked.date_range === "string" ? words.option("preset", asked.date_range) : "";
    const what = [words.option("export_type", asked.export_type), words.option("file_format", asked.format), range];
    return html`<article class="card" aria-label=${schedule.name}>
      <div class="row spread">
        <h3>${schedule.name}</h3>
        <span class="tag ${schedule.enabled ? "good" : ""}">${this.t(schedule.enabled ? "schedule.on" : "schedule.paused")}</span>
      </div>
      <dl>
        <dt>${this.t("schedule.report")}</dt>
        <dd>${what.filter(Boolean).join(" · ")}</dd>
        <dt>${this.t("schedule.when")}</dt>
        <dd>${this.due()}</dd>
        <dt>${this.t("schedule.to")}</dt>
        <dd>${this.to()}</dd>
        <dt>${this.t("schedule.next_run")}</dt>
        <dd>${this.at(schedule.next_run)}</dd>
        <dt>${this.t("schedule.last_run")}</dt>
        <dd>${this.at(schedule.last_run)}</dd>
      </dl>
      <div class="row">
        <button class="main" ?disabled=${busy} @click=${this.run}>${this.t("schedule.run")}</button>
        <button ?disabled=${busy} @click=${() => this.act("update", { enabled: !schedule.enabled })}>
          ${this.t(schedule.enabled ? "schedule.pause" : "schedule.resume")}
        </button>
        <button @click=${() => this.dispatchEvent(new CustomEvent("change-schedule"))}>${this.t("change")}</button>
        <button class="danger" ?disabled=${busy} @click=${this.askToDelete}>${this.t("delete")}</button>
      </div>
      <div aria-live="polite">
        ${this.told ? html`<p class="good">${this.told} <a href="/export/files">${this.t("schedule.see")}</a></p>` : nothing}
        ${this.problem()}
      </div>
      <med-confirm .house=${this.house}></med-confirm>
    </article>`;
  }
}

define("med-schedule", Schedule);
