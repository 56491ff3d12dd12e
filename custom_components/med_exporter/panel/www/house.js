// What every view is given: Home Assistant's connection, words and formats, and who looks.

import { Formats } from "./format.js";
import { loadWords } from "./words.js";

const DOMAIN = "med_exporter";

/** What a lost connection rejects with is a number, or wrapped as an answer; the rest is an error. */
function plain(reason) {
  throw reason?.error ?? (typeof reason === "number" ? { code: reason } : reason);
}

export class House {
  static async open(hass) {
    return new House(hass, await loadWords(hass));
  }

  constructor(hass, words) {
    this.hass = hass;
    this.words = words;
    this.formats = new Formats(hass);
    this.isAdmin = Boolean(hass.user?.is_admin);
  }

  /** Ask a command of the integration. Rejects with its error. */
  ask(command, fields = {}) {
    return this.hass.callWS({ type: `${DOMAIN}/${command}`, ...fields }).catch(plain);
  }

  /** Follow a command; resolves to what ends that. Home Assistant follows anew after an outage. */
  follow(command, fields, show) {
    const message = { type: `${DOMAIN}/${command}/subscribe`, ...fields };
    return this.hass.connection.subscribeMessage(show, message).catch(plain);
  }

  go(path) {
    history.pushState(null, "", path);
    window.dispatchEvent(new CustomEvent("location-changed", { detail: { replace: false } }));
  }

  async download(exportId) {
    const { link } = await this.ask("files/link", { export_id: exportId });
    const signed = new URL(link, location.href);
    const anchor = document.createElement("a");
    // This installation as the user has reached it, whatever its own addresses are.
    anchor.href = this.hass.hassUrl(signed.pathname + signed.search);
    anchor.download = "";
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
  }

  async shareLink(exportId) {
    const { link } = await this.ask("files/link", { export_id: exportId, days: 7 });
    return new URL(link, location.href).href;
  }
}
