// Back and forth through the pages of a list. Tells of a new place with `page`.

import { html, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";

class Pages extends MedElement {
  static properties = {
    ...MedElement.properties,
    total: { type: Number },
    limit: { type: Number },
    offset: { type: Number },
  };

  turn(offset) {
    this.dispatchEvent(new CustomEvent("page", { detail: Math.max(0, offset) }));
  }

  render() {
    const { total, limit, offset } = this;
    if (total <= limit && !offset) return nothing;
    const { formats } = this.house;
    return html`<nav class="row" aria-label=${this.t("pages.title")}>
      <button ?disabled=${!offset} @click=${() => this.turn(offset - limit)}>${this.t("pages.newer")}</button>
      <span class="quiet small">
        ${this.t("pages.place", {
          first: formats.number(offset + 1),
          last: formats.number(Math.min(offset + limit, total)),
          total: formats.number(total),
        })}
      </span>
      <button ?disabled=${offset + limit >= total} @click=${() => this.turn(offset + limit)}>
        ${this.t("pages.older")}
      </button>
    </nav>`;
  }
}

define("med-pages", Pages);
