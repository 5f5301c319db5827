// The editors of policies that limit the role, besides its own: a boundary, service control policies, and policies of resources.
import { Editor } from "./editor.js";
import { $, el } from "./dom.js";
import { t } from "./words.js";

// kinds are the names of the command's flags.
export const kinds = ["boundary", "scp", "resource-policy"];

export class Policies {
  // change is called when somebody edits one, adds one or removes one.
  constructor(change) {
    this.change = change;
    this.list = [];
    $("policies-add").replaceChildren(...kinds.map((kind) => el("button", { type: "button", id: `add-${kind}`, onclick: () => {
      this.#add({ kind, arn: "", text: "" });
      this.#changed();
      (this.list.at(-1).arn ?? this.list.at(-1).editor).focus();
    } })));
    this.translate();
  }

  get values() { return this.list.map(({ kind, arn, editor }) => ({ kind, arn: arn?.value.trim() ?? "", text: editor.text })); }

  // set shows other policies. It does not call change. The same policies keep their editors, with cursor and history.
  set(values) {
    const now = JSON.stringify(this.values);
    if (now === JSON.stringify(values)) return;
    for (const one of this.list) one.box.remove();
    this.list = [];
    for (const value of values) this.#add(value);
    if (values.length) $("policies-box").open = true;
    this.translate();
  }

  // select puts the cursor on a part of a policy.
  select(i, from, to) {
    $("policies-box").open = true;
    this.list[i]?.editor.select(from, to);
  }

  // drop puts a text into the policy whose editor contains an element. It returns whether there is one.
  drop(element, text) {
    const one = this.list.find(({ box }) => box.contains(element));
    one?.editor.set(text);
    if (one) this.change();
    return one !== undefined;
  }

  #add({ kind, arn, text }) {
    const one = { kind, box: el("section", { class: "policy" }), title: el("h4"), remove: el("button", { type: "button" }), editorBox: el("div", { class: "editor small" }) };
    one.remove.onclick = () => {
      const at = this.list.indexOf(one);
      this.list.splice(at, 1);
      one.box.remove();
      this.#changed();
      (this.list[Math.min(at, this.list.length - 1)]?.remove ?? $(`add-${kind}`)).focus();
    };
    one.box.append(el("div", { class: "bar" }, one.title, one.remove));
    if (kind === "resource-policy") {
      one.arn = el("input", { type: "text", spellcheck: "false", autocomplete: "off", value: arn, placeholder: "arn:aws:secretsmanager:…" });
      one.arn.oninput = () => this.change();
      one.arnLabel = el("span");
      one.box.append(el("label", { class: "field" }, one.arnLabel, one.arn));
    }
    one.box.append(one.editorBox);
    $("policies").append(one.box);
    one.editor = new Editor(one.editorBox, { nonce: NONCE, onChange: () => this.change() });
    one.editor.set(text, "json");
    this.list.push(one);
  }

  #changed() {
    this.translate();
    this.change();
  }

  // translate writes all words anew. Titles are numbered where there are several policies of a kind.
  translate() {
    for (const kind of kinds) $(`add-${kind}`).textContent = t(`policy.add.${kind}`);
    $("add-boundary").disabled = this.list.some((one) => one.kind === "boundary"); // a role has one
    for (const [i, one] of this.list.entries()) {
      const of = this.list.filter((other) => other.kind === one.kind);
      const name = t(`policy.${one.kind}`) + (of.length > 1 ? ` ${of.indexOf(one) + 1}` : "");
      one.title.textContent = name;
      one.title.id = `policy-${i}`;
      one.box.setAttribute("aria-labelledby", one.title.id);
      one.remove.textContent = t("policy.remove");
      one.remove.setAttribute("aria-label", `${t("policy.remove")}: ${name}`);
      if (one.arn) one.arnLabel.textContent = t("policy.arn");
      one.editor.describe({ "aria-label": name });
    }
  }
}
