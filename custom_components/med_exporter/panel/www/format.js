// Numbers, money, times and sizes as the user's language writes them.

export class Formats {
  constructor(hass) {
    this.language = hass.language;
    // Days before months and the clock of 24 hours, as files in English have them.
    this.dates = this.language === "en" ? "en-GB" : this.language;
    this.hour12 = hass.locale?.time_format === "12" || undefined;
    this.house = hass.config.time_zone;
    this.zone = hass.locale?.time_zone === "local" ? undefined : hass.config.time_zone;
  }

  number(value, digits = 0) {
    if (value === null || value === undefined) return "–";
    const fixed = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(this.language, fixed).format(value);
  }

  energy(kwh) {
    return kwh === null || kwh === undefined ? "–" : `${this.number(kwh, kwh < 100 ? 2 : 0)} kWh`;
  }

  money(value, currency) {
    if (value === null || value === undefined) return "–";
    return new Intl.NumberFormat(this.language, { style: "currency", currency }).format(value);
  }

  /** A share, 0 to 1. */
  percent(share) {
    return new Intl.NumberFormat(this.language, { style: "percent", maximumFractionDigits: 0 }).format(share);
  }

  /** A date as files of the language write it within a text: `21 Sep 2026`, `1er août 2026`. */
  shown(style, moment) {
    const parts = new Intl.DateTimeFormat(this.dates, { hour12: this.hour12, ...style }).formatToParts(new Date(moment));
    const said = parts.map(({ value }) => (value === "Sept" ? "Sep" : value)).join("");
    return this.dates.startsWith("fr") ? said.replace(/(^| )1 (?=\p{L})/u, "$11er ") : said;
  }

  time(text, timeZone = this.zone) {
    if (!text) return "–";
    const style = { dateStyle: "medium", timeStyle: "short", timeZone };
    return this.shown(style, text);
  }

  /** Words of the house's clock; its zone for a browser in another. */
  ofHouse(words) {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    return timeZone === this.house ? words : `${words} (${this.house})`;
  }

  /** An edge of a stretch: where it is the house's midnight, the first day, or the last for an `end`. */
  edge(text, isEnd = false) {
    const clock = { timeStyle: "medium", hourCycle: "h23", timeZone: this.house };
    if (!text || new Intl.DateTimeFormat("en", clock).format(new Date(text)) !== "00:00:00") return this.time(text);
    return this.shown({ dateStyle: "medium", timeZone: this.house }, new Date(text) - (isEnd ? 1 : 0));
  }

  /** A time as its text has it on the clock, in whatever time zone that is. */
  written(text, timeStyle) {
    const style = { dateStyle: "medium", timeStyle, timeZone: "UTC" };
    return this.shown(style, `${text.slice(0, 19)}Z`);
  }

  /** A month `YYYY-MM`, or that of a time on the house's own clock. */
  month(text) {
    const isTime = text.length > 7;
    const style = { month: "long", year: "numeric", timeZone: isTime ? this.house : "UTC" };
    return this.shown(style, isTime ? text : `${text}-01T00:00:00Z`);
  }

  /** A date `YYYY-MM-DD`, which has no time zone; `more` says what else to show of it. */
  day(text, more) {
    const style = { day: "numeric", month: "short", timeZone: "UTC", ...more };
    return this.shown(style, `${text}T00:00:00Z`);
  }

  ago(text) {
    const seconds = (new Date(text) - Date.now()) / 1000;
    const words = new Intl.RelativeTimeFormat(this.language, { numeric: "auto" });
    for (const [unit, length] of [["day", 86400], ["hour", 3600], ["minute", 60]]) {
      if (Math.abs(seconds) >= length) return words.format(Math.round(seconds / length), unit);
    }
    return words.format(Math.round(seconds), "second");
  }

  duration(seconds) {
    if (seconds === null || seconds === undefined) return "–";
    if (seconds < 60) return `${this.number(seconds, seconds < 10 ? 1 : 0)} s`;
    return `${this.number(Math.floor(seconds / 60))} min ${this.number(seconds % 60)} s`;
  }

  size(bytes) {
    if (bytes === null || bytes === undefined) return "–";
    const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
    const step = bytes < 1 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
    const style = { style: "unit", unit: units[step], unitDisplay: "short", maximumFractionDigits: 1 };
    return new Intl.NumberFormat(this.language, style).format(bytes / 1000 ** step);
  }
}
