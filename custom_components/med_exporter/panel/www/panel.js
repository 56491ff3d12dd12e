// The page: its title, its views as tabs, and which one the address names.

import { LitElement, css, html, nothing } from "./vendor/lit.js";
import { House } from "./house.js";
import { shared } from "./styles.js";
import "./views/overview.js";
import "./views/destinations.js";
import "./views/files.js";
import "./views/schedules.js";
import "./views/costs.js";
import "./views/history.js";

const VIEWS = {
  overview: { show: (house) => html`<med-overview .house=${house}></med-overview>` },
  destinations: {
    show: (house) => html`<med-destinations .house=${house}></med-destinations>`,
    adminOnly: true,
  },
  files: { show: (house) => html`<med-files .house=${house}></med-files>` },
  schedules: {
    show: (house) => html`<med-schedules .house=${house}></med-schedules>`,
    adminOnly: true,
  },
  costs: { show: (house) => html`<med-costs .house=${house}></med-costs>` },
  history: { show: (house) => html`<med-history .house=${house}></med-history>` },
};

class Panel extends LitElement {
  static properties = {
    hass: { attribute: false },
    narrow: { type: Boolean },
    route: { attribute: false },
    panel: { attribute: false },
    house: { state: true },
    failed: { state: true },
  };

  willUpdate() {
    const { hass } = this;
    if (!hass) return;
    const key = `${hass.language} ${hass.user?.id} ${hass.user?.is_admin}`;
    if (key !== this.openedFor) {
      this.openedFor = key;
      this.open(hass);
    } else if (this.house) {
      // States change all the time, and no view shows them.
      this.house.hass = hass;
    }
  }

  updated() {
    const here = this.renderRoot.querySelector("nav a[aria-current]");
    here?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  async open(hass) {
    try {
      this.house = await House.open(hass);
      this.failed = false;
    } catch {
      this.failed = true;
    }
  }

  get view() {
    const name = (this.route?.path ?? "").split("/")[1];
    const known = VIEWS[name];
    return known && (this.house.isAdmin || !known.adminOnly) ? name : "overview";
  }

  openSidebar() {
    this.dispatchEvent(new Event("hass-toggle-menu", { bubbles: true, composed: true }));
  }

  follow(event, path) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.house.go(path);
  }

  tab(name) {
    const path = `${this.route?.prefix ?? "/export"}/${name}`;
    const here = name === this.view;
    return html`<a
      href=${path}
      aria-current=${here ? "page" : nothing}
      @click=${(event) => this.follow(event, path)}
      >${this.house.words.of(`tab.${name}`)}</a
    >`;
  }

  render() {
    const { house } = this;
    const shown = Object.keys(VIEWS).filter((one) => house?.isAdmin || !VIEWS[one].adminOnly);
    return html`
      <header>
        <div class="title">
          ${this.narrow
            ? html`<button
                class="menu"
                aria-label=${house ? house.words.of("open_sidebar") : "MED Exporter"}
                @click=${this.openSidebar}
              >
                <svg viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
                  <path fill="currentColor" d="M3 6h18v2H3zm0 5h18v2H3zm0 5h18v2H3z" />
                </svg>
              </button>`
            : nothing}
          <h1>MED Exporter</h1>
        </div>
        ${house
          ? html`<nav aria-label="MED Exporter">${shown.map((name) => this.tab(name))}</nav>`
          : nothing}
      </header>
      <main>
        ${house ? VIEWS[this.view].show(house) : nothing}
        ${this.failed
          ? html`<p role="alert"><button @click=${() => this.open(this.hass)}>↻</button></p>`
          : nothing}
      </main>
    `;
  }

  static styles = [
    shared,
    css`
      :host {
        min-height: 100%;
        background: var(--primary-background-color);
      }
      header {
        position: sticky;
        top: 0;
        z-index: 2;
        /* The colours of Home Assistant's own header are too alike to be read in some themes. */
        background: var(--card-background-color);
        color: var(--primary-text-color);
        border-bottom: 1px solid var(--divider-color);
      }
      .title {
        display: flex;
        align-items: center;
        min-height: 56px;
        padding: 0 16px;
        gap: 8px;
      }
      h1 {
        font-size: 1.25rem;
        font-weight: 400;
        margin: 0;
      }
      .menu {
        border: 0;
        color: inherit;
        padding: 6px;
        min-width: 44px;
        min-height: 44px;
        margin-inline-start: -12px;
        justify-content: center;
      }
      nav {
        display: flex;
        overflow-x: auto;
        padding: 0 8px;
        scrollbar-width: none;
      }
      nav a {
        color: inherit;
        text-decoration: none;
        padding: 12px;
        white-space: nowrap;
        border-bottom: 3px solid transparent;
      }
      nav a[aria-current] {
        border-bottom-color: var(--primary-color);
        font-weight: 500;
      }
      nav a:focus-visible {
        outline-color: currentColor;
        outline-offset: -3px;
      }
      main {
        max-width: 1200px;
        margin: 0 auto;
        padding: 8px 16px 48px;
      }
    `,
  ];
}

customElements.define("med-exporter-panel", Panel);
