// A schedule as a form: which report, when, to whom. Tells of its end with `done`.

import { html, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";
import { keepPlan } from "../plan.js";
import { EVERY, cronOf, saidBy } from "../cron.js";
import { draftOf, everyOf, presetLike } from "../requests.js";
import { ADD } from "../addresses.js";
import "./file-form.js";

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];
const DAYS = Array.from({ length: 28 }, (_, day) => day + 1);

class ScheduleForm extends MedElement {
  static properties = {
    ...MedElement.properties,
    schedule: { attribute: false },
    request: { attribute: false },
    choices: { attribute: false },
    ways: { attribute: false },
    name: { state: true },
    due: { state: true },
    cron: { state: true },
    delivery: { state: true },
    busy: { state: true },
    failure: { state: true },
  };

  willUpdate() {
    if (this.due) return;
    const known = this.schedule;
    const first = this.ways.default;
    this.cron = known?.schedule ?? first.schedule;
    this.due = saidBy(this.cron);
    this.delivery = known?.delivery ?? { method: "none" };
    const asked = known?.export_config ?? this.request;
    this.name =
      known?.name ??
      (asked ? this.house.words.option("export_type", asked.export_type) : this.t("schedule.bill"));
    const draft = draftOf(asked ?? first.export_config);
    // Days that are named would be the same each time.
    this.draft = draft.preset === "custom" ? { ...draft, preset: presetLike(draft) } : draft;
    if (!known && asked) this.say({ every: everyOf(this.draft.preset) });
  }

  say(values) {
    this.due = { ...this.due, ...values };
    if (this.due.every) this.cron = cronOf(this.due);
  }

  deliver(values) {
    this.delivery = { ...this.delivery, ...values };
  }

  async save() {
    const asked = { name: this.name, schedule: this.cron, export_config: this.wanted, delivery: this.given() };
    const command = this.schedule ? "update" : "create";
    const id = this.schedule ? { schedule_id: this.schedule.schedule_id } : {};
    const made = await this.attempt(() => this.house.ask(`schedules/${command}`, { ...id, ...asked }));
    if (made) this.done();
  }

  given() {
    const given = Object.fromEntries(Object.entries(this.delivery).filter(([, value]) => value !== "" && value !== null));
    // As they are typed, until here.
    const { recipients } = given;
    return typeof recipients === "string" ? { ...given, recipients: recipients.split(/[\s,;]+/).filter(Boolean) } : given;
  }

  done() {
    this.dispatchEvent(new CustomEvent("done"));
  }

  time() {
    const { due: when } = this;
    const { words } = this.house;
    const every = when.every ?? "cron";
    const choose = (value) => (value === "cron" ? (this.due = { ...when, every: null }) : this.say({ every: value }));
    return html`
      ${this.select(this.t("schedule.every"), [...EVERY, "cron"], every, (one) => this.t(`schedule.every_${one}`), choose)}
      ${when.every === "week"
        ? this.select(
            this.t("schedule.weekday"),
            WEEKDAYS,
            when.weekday,
            (one) => words.option("day_of_week", String(one)),
            (value) => this.say({ weekday: Number(value) }),
          )
        : nothing}
      ${when.every === "month"
        ? this.select(this.t("schedule.day"), DAYS, when.day, String, (value) => this.say({ day: Number(value) }))
        : nothing}
      ${when.every
        ? this.input(this.t("schedule.time"), when.time, (time) => time && this.say({ time }), "time")
        : this.input(this.t("schedule.cron"), this.cron, (value) => (this.cron = value), "text", "0 7 1 * *")}
    `;
  }

  way() {
    const { delivery, ways } = this;
    const method = this.select(
      this.t("schedule.delivery"),
      ways.methods,
      delivery.method,
      (one) => this.t(`delivery.${one}`),
      (value) => (this.delivery = { method: value }),
    );
    return html`${method} ${this[`way_${delivery.method}`]?.() ?? nothing}`;
  }

  way_email() {
    const { delivery, ways } = this;
    if (!ways.accounts.length) {
      return html`<p class="wide">${this.t("delivery.no_account")} <a href=${ADD} @click=${() => keepPlan(this.wanted)}>${this.t("delivery.add_account")}</a></p>`;
    }
    const accounts = ways.accounts.map((one) => one.id);
    const nameOf = (id) => ways.accounts.find((one) => one.id === id).name;
    delivery.account ??= accounts[0];
    return html`
      ${accounts.length > 1
        ? this.select(this.t("delivery.account"), accounts, delivery.account, nameOf, (account) => this.deliver({ account }))
        : nothing}
      ${this.input(this.t("delivery.recipients"), [delivery.recipients ?? []].flat().join(", "), (recipients) =>
        this.deliver({ recipients }),
      )}
      ${this.texts()}
    `;
  }

  way_notify() {
    const targets = this.ways.targets;
    this.delivery.target ??= targets[0] ?? "";
    return html`
      ${this.select(this.t("delivery.target"), targets, this.delivery.target, String, (target) => this.deliver({ target }))}
      ${this.texts()}
    `;
  }

  way_folder() {
    return this.input(this.t("delivery.path"), this.delivery.path, (path) => this.deliver({ path }), "text", "/media/reports");
  }

  texts() {
    return html`
      ${this.input(this.t("delivery.subject"), this.delivery.subject, (subject) => this.deliver({ subject }))}
      ${this.input(this.t("delivery.body"), this.delivery.body, (body) => this.deliver({ body }))}
    `;
  }

  render() {
    return html`<section class="card" aria-labelledby="form">
      <h2 id="form">${this.t(this.schedule ? "schedule.change" : "schedule.new")}</h2>
      <div class="fields">
        ${this.input(this.t("schedule.name"), this.name, (name) => (this.name = name))} ${this.time()}
      </div>
      <h3>${this.t("schedule.report")}</h3>
      <p></p>
      <med-file-form
        presetsOnly
        .house=${this.house}
        .choices=${this.choices}
        .draft=${this.draft}
        @request=${({ detail }) => {
          this.wanted = detail.request;
          this.failure = null;
        }}
      ></med-file-form>
      <h3>${this.t("schedule.to")}</h3>
      <p></p>
      <div class="fields">${this.way()}</div>
      ${this.mistake(["form", "delivery", "schedule"])}
      <p class="row">
        <button class="main" ?disabled=${this.busy} @click=${this.save}>${this.t("save")}</button>
        <button @click=${this.done}>${this.t("discard")}</button>
      </p>
    </section>`;
  }
}

define("med-schedule-form", ScheduleForm);
