// The page: its title, its views as tabs, and which one the address names.

import { LitElement, css, html, nothing } from "./vendor/lit.js";
import { define } from "./element.js";
import { House } from "./house.js";
import { shared } from "./styles.js";
import "./views/overview.js";
import "./views/destinations.js";
import "./views/files.js";
import "./views/schedules.js";
import "./views/costs.js";
import "./views/history.js";

const VIEWS = ["overview", "destinations", "files", "schedules", "costs", "history"];
const ADMIN_ONLY = ["destinations", "schedules"];

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
    return this.views.includes(name) ? name : "overview";
  }

  get views() {
    return this.house?.isAdmin ? VIEWS : VIEWS.filter((name) => !ADMIN_ONLY.includes(name));
  }

  /** The element of the view, kept while it is the one that is shown. */
  shown() {
    const tag = `med-${this.view}`;
    if (this.element?.localName !== tag) this.element = document.createElement(tag);
    this.element.house = this.house;
    return this.element;
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
          ? html`<nav aria-label="MED Exporter">${this.views.map((name) => this.tab(name))}</nav>`
          : nothing}
      </header>
      <main>
        ${house ? this.shown() : nothing}
        ${this.failed
          ? html`<p role="alert">
              ${this.hass.localize("ui.common.unknown_error")}
              <button @click=${() => this.open(this.hass)}>${this.hass.localize("ui.common.refresh")}</button>
            </p>`
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
      @media (max-width: 600px) {
        nav {
          flex-wrap: wrap;
        }
        .title {
          min-height: 44px;
        }
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

define("med-exporter-panel", Panel);
