// Values as bars: a small picture of its own, with the numbers for whoever cannot see it.

import { css, html, nothing, svg } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";

const HEIGHT = 64;
/** Fewer bars than these are no wider. */
const LEAST = 12;

class Bars extends MedElement {
  /** `points`: `{label, value}`, in order; `say` writes a value; `what` names them. */
  static properties = {
    ...MedElement.properties,
    points: { attribute: false },
    say: { attribute: false },
    what: { attribute: false },
  };

  render() {
    const { points, say } = this;
    if (!(points?.length > 1)) return nothing;
    const values = points.map((one) => one.value ?? 0);
    const [most, least] = [Math.max(...values, 0), Math.min(...values, 0)];
    const scale = HEIGHT / (most - least || 1);
    const width = 8 * Math.min(1, points.length / LEAST);
    const [first, last] = [points[0].label, points.at(-1).label];
    const label = this.t("bars.label", { what: this.what, first, last, most: say(most) });
    return html`<figure>
      <svg viewBox="0 0 ${points.length * 10} ${HEIGHT}" role="img" aria-label=${label} preserveAspectRatio="none">
        ${points.map(({ label: name, value }, place) => {
          const height = value == null ? 0 : Math.max(1, Math.abs(value) * scale);
          const top = (most - Math.max(value ?? 0, 0)) * scale;
          return svg`<rect x=${place * 10 + (10 - width) / 2} y=${Math.min(top, HEIGHT - height)} width=${width} height=${height}>
            <title>${this.t("bars.one", { name, value: say(value) })}</title>
          </rect>`;
        })}
      </svg>
      <figcaption class="quiet small row spread">
        <span>${first}</span>
        <span>${this.t("bars.most", { most: say(most) })}</span>
        <span>${last}</span>
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

define("med-bars", Bars);
