// New files, and those that were made.

import { html, nothing, repeat } from "../vendor/lit.js";
import { FollowingElement, define } from "../element.js";
import { keepPlan } from "../plan.js";
import "../parts/file-form.js";
import "../parts/file.js";
import "../parts/pages.js";
import "../parts/preview.js";

const PAGE = 10;

class Files extends FollowingElement {
  static properties = {
    ...FollowingElement.properties,
    choices: { state: true },
    wanted: { state: true },
    offset: { state: true },
  };

  get command() {
    return "files";
  }

  get fields() {
    return { limit: PAGE, offset: this.offset ?? 0 };
  }

  connectedCallback() {
    super.connectedCallback();
    this.learn("files/choices", (choices) => (this.choices = choices));
  }

  async make() {
    const { request } = this.wanted;
    const made = await this.attempt(() => this.house.ask("files/create", { request }));
    if (!made) return;
    if (this.offset) this.turn(0);
    this.renderRoot.querySelector("#made").scrollIntoView({ block: "center" });
  }

  turn(offset) {
    this.offset = offset;
    this.again();
  }

  /** Whether a schedule's form can show what the file was asked for with. */
  isPlannable({ request }) {
    return this.house.isAdmin && this.choices?.types.some(({ id }) => id === request?.export_type);
  }

  plan(request) {
    keepPlan(request);
    this.house.go("/export/schedules");
  }

  newFile() {
    if (!this.choices) return this.waiting();
    return html`<section class="card" aria-labelledby="new">
      <h2 id="new">${this.t("files.new")}</h2>
      <med-file-form
        .house=${this.house}
        .choices=${this.choices}
        @request=${({ detail }) => {
          this.wanted = detail;
          this.failure = null;
        }}
      ></med-file-form>
      ${this.wanted?.type.has_preview && this.choices.devices.length
        ? html`<details open>
            <summary>${this.t("preview.title")}</summary>
            <med-preview .house=${this.house} .devices=${this.choices.devices} .request=${this.wanted.request}></med-preview>
          </details>`
        : nothing}
      ${this.mistake()}
      <p class="row">
        <button class="main" ?disabled=${this.busy || !this.wanted} @click=${this.make}>
          ${this.t("files.make")}
        </button>
        ${this.house.isAdmin
          ? html`<button ?disabled=${!this.wanted} @click=${() => this.plan(this.wanted.request)}>
              ${this.t("file.plan")}
            </button>`
          : nothing}
      </p>
    </section>`;
  }

  list() {
    if (!this.shown) return this.lost && this.choices ? this.waiting() : nothing;
    const { files, total, limit, offset } = this.shown;
    return html`<h2 id="made">${this.t("files.made")}</h2>
      ${files.length ? nothing : html`<p class="quiet">${this.t("files.none")}</p>`}
      <div @plan=${({ detail }) => this.plan(detail)}>
        ${repeat(
          files,
          (one) => one.export_id,
          (one) => html`<med-file .house=${this.house} .file=${one} .plannable=${this.isPlannable(one)}></med-file>`,
        )}
      </div>
      <med-pages
        .house=${this.house}
        .total=${total}
        .limit=${limit}
        .offset=${offset}
        @page=${({ detail }) => this.turn(detail)}
      ></med-pages>`;
  }

  view() {
    return html`${this.newFile()} ${this.list()}`;
  }
}

define("med-files", Files);
