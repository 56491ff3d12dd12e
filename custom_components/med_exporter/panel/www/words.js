// The panel's words: its own from `words/`, those of the integration from Home Assistant.

const OWN = ["en", "fr"];
const CATEGORIES = ["selector", "exceptions", "issues", "services"];
const DOMAIN = "med_exporter";

async function ownWords(language) {
  const address = new URL(`./words/${language}.json`, import.meta.url);
  return (await fetch(address)).json();
}

function flat(tree, above = "") {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === "string" ? [[above + key, value]] : flat(value, `${above}${key}.`),
  );
}

/** Return what looks a text up by its dotted key, in the language of the user. */
export async function loadWords(hass) {
  const short = hass.language.split("-")[0];
  const own = new Map(flat(await ownWords(OWN.includes(short) ? short : "en")));
  const theirs = {};
  await Promise.all(
    CATEGORIES.map(async (category) => {
      const answer = await hass.callWS({
        type: "frontend/get_translations",
        language: hass.language,
        category,
        integration: [DOMAIN],
      });
      Object.assign(theirs, answer.resources);
    }),
  );
  return new Words(own, theirs);
}

function filled(text, placeholders) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => placeholders[name] ?? whole);
}

class Words {
  constructor(own, theirs) {
    this.own = own;
    this.theirs = theirs;
  }

  /** The panel's own text; `{count}` chooses the form for one where there is one. */
  of(key, placeholders = {}) {
    const one = placeholders.count === 1 ? this.own.get(`${key}_one`) : undefined;
    return filled(one ?? this.own.get(key) ?? key, placeholders);
  }

  has(key) {
    return this.own.has(key);
  }

  /** The word of a choice, such as `option("preset", "today")`. */
  option(select, value) {
    const text = this.theirs[`component.${DOMAIN}.selector.${select}.options.${value}`];
    return text ?? this.own.get(`${select}.${value}`) ?? value;
  }

  /** The name and description of a field of the action that makes files. */
  field(name) {
    const at = `component.${DOMAIN}.services.create_export.fields.${name}`;
    const own = this.own.get(`form.${name}`);
    return { name: own ?? this.theirs[`${at}.name`] ?? name, help: this.theirs[`${at}.description`] ?? "" };
  }

  issue(key, placeholders) {
    const at = `component.${DOMAIN}.issues.${key}`;
    return filled(this.theirs[`${at}.title`] ?? key, placeholders ?? {});
  }

  /** What to tell of an error that a command was refused with, about a field that is called so. */
  error(error, field) {
    const key = error?.translation_key;
    const text = key && this.theirs[`component.${DOMAIN}.exceptions.${key}.message`];
    if (text) return filled(text, { ...error.translation_placeholders, ...(field && { field }) });
    const own = `refusal.${error?.code}`;
    if (this.has(own)) return this.of(own);
    return error?.message || this.of("failed");
  }
}
