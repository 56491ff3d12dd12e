// Days as bars: a small picture of its own, with the numbers for whoever cannot see it.

import { css, html, svg } from "../vendor/lit.js";
import { MedElement } from "../element.js";

const HEIGHT = 64;
const COUNT = 30;

/** The last days up to today, those without a value too. */
function lastDays(days) {
  const known = new Map(days.map((one) => [one.date, one.kwh]));
  const last = new Date(`${days.at(-1).date}T00:00:00Z`);
  return Array.from({ length: COUNT }, (_, place) => {
    const day = new Date(last);
    day.setUTCDate(day.getUTCDate() - (COUNT - 1 - place));
    const date = day.toISOString().slice(0, 10);
    return { date, kwh: known.get(date) };
  });
}

class Bars extends MedElement {
  static properties = { ...MedElement.properties, days: { attribute: false } };

  render() {
    if (!this.days?.length) return html``;
    const days = lastDays(this.days);
    const most = Math.max(...days.map((one) => one.kwh ?? 0), 0.001);
    const { formats } = this.house;
    const label = this.t("bars.label", {
      first: formats.day(days[0].date),
      last: formats.day(days.at(-1).date),
      most: formats.energy(most),
    });
    return html`<figure>
      <svg viewBox="0 0 ${COUNT * 10} ${HEIGHT}" role="img" aria-label=${label} preserveAspectRatio="none">
        ${days.map(({ date, kwh }, place) => {
          const height = kwh === undefined ? 0 : Math.max(1, (kwh / most) * HEIGHT);
          return svg`<rect x=${place * 10 + 1} y=${HEIGHT - height} width="8" height=${height} rx="1">
            <title>${formats.day(date)}: ${formats.energy(kwh)}</title>
          </rect>`;
        })}
      </svg>
      <figcaption class="quiet small row spread">
        <span>${formats.day(days[0].date)}</span>
        <span>${this.t("bars.most", { most: formats.energy(most) })}</span>
        <span>${formats.day(days.at(-1).date)}</span>
      </figcaption>
    </figure>`;
  }

  static styles = [
    super.styles,
    css`
      figure {
        margin: 12px 0 0;
      }
      svg {
        width: 100%;
        height: 64px;
        display: block;
        border-bottom: 1px solid var(--divider-color);
      }
      rect {
        fill: var(--energy-grid-consumption-color, var(--primary-color));
      }
      figcaption {
        margin-top: 4px;
      }
    `,
  ];
}

customElements.define("med-bars", Bars);
