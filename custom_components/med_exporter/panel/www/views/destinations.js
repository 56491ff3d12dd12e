// Where data goes: a card for each destination.

import { html, repeat } from "../vendor/lit.js";
import { FollowingElement, define } from "../element.js";
import { ADD } from "../addresses.js";
import "../parts/destination.js";

class Destinations extends FollowingElement {
  get command() {
    return "destinations";
  }

  view() {
    if (!this.shown) return this.waiting();
    const { destinations } = this.shown;
    const add = html`<a class="button main" href=${ADD}>${this.t("destinations.add")}</a>`;
    if (!destinations.length) {
      return html`<section class="card">
        <h2>${this.t("destinations.none")}</h2>
        <p>${this.t("destinations.none_text")}</p>
        ${add}
      </section>`;
    }
    return html`
      <div class="row spread">
        <h2>${this.t("tab.destinations")}</h2>
        ${add}
      </div>
      <div class="grid">
        ${repeat(
          destinations,
          (one) => one.id,
          (one) => html`<med-destination .house=${this.house} .one=${one}></med-destination>`,
        )}
      </div>
    `;
  }
}

define("med-destinations", Destinations);
