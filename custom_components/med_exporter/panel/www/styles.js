// Home Assistant's theme variables on native elements.

import { css } from "./vendor/lit.js";

export const shared = css`
  :host {
    display: block;
    /* A theme's colours are made for areas: as text they need more contrast, whatever the theme. */
    --med-accent: color-mix(in srgb, var(--primary-color) 62%, var(--primary-text-color));
    --med-good: color-mix(in srgb, var(--success-color) 65%, var(--primary-text-color));
    --med-bad: color-mix(in srgb, var(--error-color) 72%, var(--primary-text-color));
    --med-main: color-mix(in srgb, var(--primary-color) 70%, black);
    color: var(--primary-text-color);
    font-size: 1rem;
  }
  * {
    box-sizing: border-box;
  }
  h2 {
    font-size: 1.25rem;
    font-weight: 500;
    margin: 24px 0 12px;
  }
  h3 {
    font-size: 1.05rem;
    font-weight: 500;
    margin: 0;
    overflow-wrap: anywhere;
  }
  p {
    margin: 8px 0;
    overflow-wrap: anywhere;
  }
  a {
    color: var(--med-accent);
  }
  .card {
    background: var(--card-background-color);
    border: 1px solid var(--divider-color);
    border-radius: var(--ha-card-border-radius, 12px);
    padding: 16px;
    margin: 0 0 16px;
  }
  .card > h2:first-child {
    margin-top: 0;
  }
  .grid {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr));
    gap: 16px;
    align-items: start;
  }
  .grid > * {
    margin: 0;
    min-width: 0;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  .spread {
    justify-content: space-between;
  }
  .quiet {
    color: var(--secondary-text-color);
  }
  .problem {
    color: var(--med-bad);
  }
  .good {
    color: var(--med-good);
  }
  .small {
    font-size: 0.875rem;
  }
  button,
  .button {
    font: inherit;
    font-size: 0.9375rem;
    color: var(--med-accent);
    background: transparent;
    border: 1px solid var(--divider-color);
    border-radius: 18px;
    min-height: 36px;
    padding: 6px 16px;
    cursor: pointer;
    text-decoration: none;
    display: inline-flex;
    align-items: center;
  }
  button.main,
  .button.main {
    background: var(--med-main);
    border-color: var(--med-main);
    color: var(--text-primary-color);
  }
  button.danger {
    color: var(--med-bad);
  }
  button:disabled {
    opacity: 0.5;
    cursor: default;
  }
  :is(button, a, input, select, textarea, summary, .scroll):focus-visible {
    outline: 2px solid var(--primary-color);
    outline-offset: 2px;
  }
  label,
  .field {
    display: flex;
    flex-direction: column;
    gap: 4px;
    min-width: 0;
    font-size: 0.875rem;
    color: var(--secondary-text-color);
  }
  label.check {
    flex-direction: row;
    align-items: center;
    gap: 8px;
    color: var(--primary-text-color);
    font-size: 1rem;
    min-height: 32px;
  }
  input[type="checkbox"],
  input[type="radio"] {
    width: 18px;
    height: 18px;
    accent-color: var(--primary-color);
    flex: none;
    margin: 0;
  }
  input:not([type="checkbox"], [type="radio"]),
  select,
  textarea {
    font: inherit;
    font-size: 1rem;
    color: var(--primary-text-color);
    background: var(--card-background-color);
    border: 1px solid var(--secondary-text-color);
    border-radius: 6px;
    padding: 8px;
    min-height: 40px;
    width: 100%;
    color-scheme: inherit;
  }
  fieldset {
    border: 0;
    padding: 0;
    margin: 0;
    min-width: 0;
  }
  legend {
    padding: 0 0 4px;
    font-size: 0.875rem;
    color: var(--secondary-text-color);
  }
  .fields {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(220px, 100%), 1fr));
    gap: 16px;
    margin: 0 0 16px;
  }
  .wide {
    grid-column: 1 / -1;
  }
  details {
    margin: 0 0 16px;
  }
  details[open] > summary {
    margin-bottom: 12px;
  }
  summary {
    cursor: pointer;
    color: var(--med-accent);
    min-height: 32px;
    align-content: center;
  }
  /* A shadow at an edge while there is more; at the end, what scrolls along hides it. */
  .scroll {
    overflow-x: auto;
    --edge: color-mix(in srgb, var(--primary-text-color) 32%, transparent);
    background:
      linear-gradient(90deg, var(--card-background-color) 30%, #0000) 0 / 48px 100% local,
      linear-gradient(-90deg, var(--card-background-color) 30%, #0000) 100% / 48px 100% local,
      linear-gradient(90deg, var(--edge), #0000) 0 / 16px 100%,
      linear-gradient(-90deg, var(--edge), #0000) 100% / 16px 100%;
    background-repeat: no-repeat;
  }
  table {
    border-collapse: collapse;
    width: 100%;
    font-size: 0.875rem;
  }
  th,
  td {
    text-align: start;
    padding: 8px 12px 8px 0;
    border-bottom: 1px solid var(--divider-color);
    vertical-align: top;
  }
  th {
    font-weight: 500;
    color: var(--secondary-text-color);
  }
  .number {
    text-align: end;
    font-variant-numeric: tabular-nums;
  }
  td.number {
    white-space: nowrap;
  }
  progress {
    width: 100%;
    height: 8px;
    accent-color: var(--primary-color);
  }
  dl {
    display: grid;
    grid-template-columns: auto 1fr;
    gap: 4px 16px;
    margin: 12px 0;
  }
  dt {
    color: var(--secondary-text-color);
  }
  dd {
    margin: 0;
    overflow-wrap: anywhere;
  }
  .tag {
    font-size: 0.8125rem;
    border-radius: 10px;
    padding: 2px 10px;
    border: 1px solid currentColor;
    white-space: nowrap;
  }
  tbody th {
    font-weight: 400;
    color: inherit;
  }
  /* On a phone a row is a list, whose cells say what they are. */
  @media (max-width: 700px) {
    .rows thead {
      position: absolute;
      clip-path: inset(50%);
    }
    .rows :is(tr, th, td) {
      display: block;
    }
    .rows tr {
      border-bottom: 1px solid var(--divider-color);
      padding: 8px 0;
    }
    .rows tr:last-child {
      border-bottom: 0;
    }
    .rows :is(th, td, td.number) {
      border: 0;
      padding: 2px 0;
      text-align: start;
    }
    .rows td[data-label] {
      padding-inline-start: 9.5em;
      text-indent: -9.5em;
    }
    .rows td[data-label] > * {
      text-indent: 0;
    }
    .rows td[data-label]::before {
      content: attr(data-label);
      display: inline-block;
      box-sizing: border-box;
      width: 9.5em;
      padding-inline-end: 0.5em;
      text-indent: 0;
      vertical-align: top;
      white-space: normal;
      overflow-wrap: break-word;
      color: var(--secondary-text-color);
    }
  }
`;
