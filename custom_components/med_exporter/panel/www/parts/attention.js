// What needs somebody's attention, and where it is put right.

import { css, html, nothing } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";
import { INTEGRATION, entryAddress } from "../addresses.js";

const SHOWN = 8;

class Attention extends MedElement {
  static properties = { ...MedElement.properties, items: { attribute: false } };

  text(item) {
    if (item.kind === "issue") return this.house.words.issue(item.key, item.placeholders);
    const reason = item.reason ?? "";
    return this.t(`attention.${item.kind}${reason ? "_because" : ""}`, { name: item.name, reason });
  }

  place(item) {
    if (item.kind === "issue") return "/config/repairs";
    if (item.kind === "device") return `/config/devices/device/${item.device_id}`;
    if (item.kind === "destination") return null;
    return item.entry_id ? entryAddress(item.entry_id) : INTEGRATION;
  }

  render() {
    const more = this.items.length - SHOWN;
    return html`<ul class="card">
      ${this.items.slice(0, SHOWN).map((item) => {
        const place = this.house.isAdmin ? this.place(item) : null;
        return html`<li>
          <span>${this.text(item)}</span>
          ${place ? html`<a href=${place}>${this.t("attention.look")}</a>` : nothing}
        </li>`;
      })}
      ${more > 0 ? html`<li class="quiet">${this.t("attention.more", { count: more })}</li>` : nothing}
    </ul>`;
  }

  static styles = [
    super.styles,
    css`
      ul {
        list-style: none;
        border-inline-start: 4px solid var(--warning-color);
      }
      li {
        display: flex;
        gap: 4px 16px;
        flex-wrap: wrap;
        justify-content: space-between;
        padding: 4px 0;
      }
      span {
        overflow-wrap: anywhere;
      }
    `,
  ];
}

define("med-attention", Attention);
