// A question before something that cannot be taken back.

import { css, html } from "../vendor/lit.js";
import { MedElement, define } from "../element.js";

class Confirm extends MedElement {
  static properties = { ...MedElement.properties, question: { state: true } };

  /** Ask, and resolve to whether the answer was yes. */
  async ask(question, action) {
    this.question = question;
    this.action = action;
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector("dialog");
    dialog.returnValue = "";
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
  }

  render() {
    return html`<dialog aria-labelledby="question">
      <p id="question">${this.question}</p>
      <form method="dialog" class="row">
        <button value="no">${this.t("cancel")}</button>
        <button class="danger" value="yes">${this.action}</button>
      </form>
    </dialog>`;
  }

  static styles = [
    super.styles,
    css`
      dialog {
        max-width: min(420px, calc(100vw - 32px));
        background: var(--card-background-color);
        color: var(--primary-text-color);
        border: 1px solid var(--divider-color);
        border-radius: var(--ha-card-border-radius, 12px);
        padding: 24px;
      }
      dialog::backdrop {
        background: rgb(0 0 0 / 40%);
      }
      form {
        justify-content: flex-end;
        margin-top: 16px;
      }
    `,
  ];
}

define("med-confirm", Confirm);
