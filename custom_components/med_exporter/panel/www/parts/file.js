// One file: where it stands, and what can be done with it.

import { css, html, nothing } from "../vendor/lit.js";
import { MedElement, TONES, define } from "../element.js";
import "./confirm.js";

const UNFINISHED = new Set(["queued", "running"]);

class File extends MedElement {
  static properties = {
    ...MedElement.properties,
    file: { attribute: false },
    plannable: { type: Boolean },
    failure: { state: true },
    busy: { state: true },
    shared: { state: true },
  };

  act(command) {
    return this.attempt(() => this.house.ask(`files/${command}`, { export_id: this.file.export_id }));
  }

  async askToDelete() {
    const dialog = this.renderRoot.querySelector("med-confirm");
    if (await dialog.ask(this.t("file.delete_question"), this.t("delete"))) await this.act("delete");
  }

  async share() {
    const link = await this.attempt(() => this.house.shareLink(this.file.export_id));
    if (!link) return;
    this.shared = { link };
    try {
      await navigator.clipboard.writeText(link);
      this.shared = { link, copied: true };
    } catch {
      // Without https there is no clipboard; the link is shown to be copied by hand.
    }
  }

  plan() {
    this.dispatchEvent(
      new CustomEvent("plan", { detail: this.file.request, bubbles: true, composed: true }),
    );
  }

  period() {
    const range = this.file.request?.date_range;
    if (!range) return "";
    if (typeof range === "string") return this.house.words.option("preset", range);
    const said = (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? this.house.formats.written(`${text}T00:00:00`) : this.house.formats.time(text));
    return [...new Set([said(range.start), said(range.end)])].join(" – ");
  }

  facts() {
    const { file } = this;
    const { formats } = this.house;
    const { aggregation } = file.request ?? {};
    const parts = [
      this.period(),
      aggregation && this.house.words.option("aggregation", aggregation),
      this.t("file.made", { when: formats.time(file.created_at) }),
    ];
    if (file.record_count !== null) parts.push(this.t("file.records", { count: formats.number(file.record_count) }));
    if (file.file_size !== null) parts.push(formats.size(file.file_size));
    if (file.status === "completed" && file.expires_at) {
      parts.push(this.t("file.expires", { when: formats.ago(file.expires_at) }));
    }
    return parts.filter(Boolean).join(" · ");
  }

  buttons() {
    const { file, busy } = this;
    const button = (name, action, kind = "") =>
      html`<button class=${kind} ?disabled=${busy} @click=${action}>${this.t(name)}</button>`;
    if (UNFINISHED.has(file.status)) return button("cancel", () => this.act("cancel"));
    const isThere = file.status === "completed";
    return html`
      ${isThere
        ? button("file.download", () => this.attempt(() => this.house.download(file.export_id)), "main")
        : nothing}
      ${isThere ? button("file.share", () => this.share()) : nothing}
      ${file.request ? button("file.again", () => this.act("again")) : nothing}
      ${this.plannable ? button("file.plan", () => this.plan()) : nothing}
      ${button("delete", () => this.askToDelete(), "danger")}
    `;
  }

  render() {
    const { file } = this;
    const { words } = this.house;
    const type = words.option("export_type", file.export_type);
    const format = words.option("file_format", file.format);
    return html`<article class="card" aria-label="${type}, ${format}">
      <div class="row spread">
        <h3>${type} · ${format}</h3>
        <span class="tag ${TONES[file.status] ?? ""}" data-status=${file.status}>${this.t(`state.${file.status}`)}</span>
      </div>
      <p class="quiet small">${this.facts()}</p>
      ${UNFINISHED.has(file.status)
        ? html`<progress max="100" .value=${file.progress} aria-label=${this.t("destination.progress")}></progress>`
        : nothing}
      ${file.reason ? html`<p class="problem">${file.reason}</p>` : nothing} ${this.warnings(file.warnings)}
      <div class="row">${this.buttons()}</div>
      <div aria-live="polite">
        ${this.shared
          ? html`<label class="link">
              ${this.t(this.shared.copied ? "file.link_copied" : "file.link")}
              <input readonly .value=${this.shared.link} @focus=${(event) => event.target.select()} />
            </label>`
          : nothing}
        ${this.problem()}
      </div>
      <med-confirm .house=${this.house}></med-confirm>
    </article>`;
  }

  static styles = [
    super.styles,
    css`
      .card {
        margin: 0 0 12px;
      }
      .link {
        margin-top: 12px;
      }
      progress {
        margin-bottom: 8px;
      }
    `,
  ];
}

define("med-file", File);
