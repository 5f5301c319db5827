// The options of the page are flags of the command. Which there are, and which apply, the core says.
import { el, $, show } from "./dom.js";
import { t, all } from "./words.js";

// word is a flag as one word of the command.
export const word = (name, value) => (value === null ? `--${name}` : `--${name}=${value}`);

// nameOf returns the name of the flag in a word.
export const nameOf = (word) => word.slice(2).split("=", 1)[0];

// withFix returns the options with what settles a finding: a value for the same placeholder is replaced.
export function withFix(options, fix, value) {
  const name = fix.flag.slice(2);
  if (fix.before === "" && !fix.blank) return [...options.filter((o) => nameOf(o) !== name), fix.flag];
  const begin = `${fix.flag}=${fix.before}`;
  const single = fix.before === "";
  return [...options.filter((o) => (single ? nameOf(o) !== name : !o.startsWith(begin))), begin + value];
}

// Form shows the options of a response, and calls change with all words when somebody edits one.
export class Form {
  constructor(change) {
    this.change = change;
    this.fields = new Map();
    this.words = [];
  }

  render(options, words) {
    this.words = words;
    const groups = { apply: [], role: [], all: [] };
    for (const option of options) groups[option.applies && !option.role ? "apply" : option.role ? "role" : "all"].push(option);
    for (const [group, list] of Object.entries(groups)) {
      const box = $(`options-${group}`);
      const wanted = list.map((option) => this.#field(option));
      const have = [...box.querySelectorAll(":scope > .field")];
      if (have.length !== wanted.length || have.some((f, i) => f !== wanted[i])) {
        const focused = document.activeElement;
        have.forEach((f) => wanted.includes(f) || f.remove());
        box.append(...wanted);
        if (wanted.some((f) => f.contains(focused))) focused.focus();
      }
    }
    show($("options-apply"), groups.apply.length > 0);
    show($("options-reset"), words.length > 0);
  }

  #field(option) {
    let field = this.fields.get(option.name);
    if (!field) {
      const id = `option-${option.name}`;
      const input = option.kind === "switch" ? el("input", { type: "checkbox", id }) : option.kind === "list" ? el("textarea", { id, rows: 1, spellcheck: "false" }) : el("input", { type: "text", id, spellcheck: "false", autocomplete: "off" });
      input.setAttribute("aria-describedby", `${id}-help`);
      input.addEventListener(option.kind === "switch" ? "change" : "input", () => this.#edited(option, input));
      const label = el("label", { for: id }, el("code", { text: `--${option.name}` }));
      const help = el("p", { id: `${id}-help`, class: "hint" });
      field = el("div", { class: `field ${option.kind}` }, ...(option.kind === "switch" ? [input, label] : [label, input]), help);
      this.fields.set(option.name, field);
    }
    const input = field.querySelector("input, textarea");
    const key = `flag.${option.name}`;
    field.querySelector(".hint").textContent = (key in all ? t(key) : option.help) + (option.kind === "list" ? ` (${option.value}; ${t("options.lines")})` : "");
    if (document.activeElement !== input) {
      if (option.kind === "switch") input.checked = option.values.length > 0 && option.values.at(-1) !== "false";
      else {
        input.value = option.values.join("\n");
        input.placeholder = option.value;
      }
    }
    if (option.kind === "list") input.rows = Math.max(1, input.value.split("\n").length);
    return field;
  }

  #edited(option, input) {
    const values = option.kind === "switch" ? (input.checked ? [null] : []) : input.value.split("\n").map((v) => v.trim()).filter(Boolean);
    if (option.kind === "list") input.rows = Math.max(1, input.value.split("\n").length);
    const words = this.words.filter((w) => nameOf(w) !== option.name);
    words.push(...values.map((v) => word(option.name, v)));
    this.words = words;
    this.change(words);
  }
}
