// The page: what is typed goes to the core, and what the core answers is shown.
import { Core } from "./core.js";
import { Editor } from "./editor.js";
import { $, el, show, tabList } from "./dom.js";
import { Form, withFix } from "./options.js";
import { languages, setLanguage, t } from "./words.js";
import { decode, encode } from "./link.js";
import { Policies } from "./policies.js";
import { renderReport, reportWords } from "./report.js";
import { renderWhy } from "./why.js";
import webService from "./examples/web-service.json";
import worker from "./examples/worker-firelens.json";
import template from "./examples/template.yaml";
import terraform from "./examples/main.tf";
import exampleRole from "./examples/role.json";
import exampleMessage from "./examples/message.txt";

const examples = {
  web: { name: "web.json", text: webService },
  worker: { name: "worker.json", text: worker },
  template: { name: "service.yaml", text: template, tab: "cloudformation" },
  terraform: { name: "main.tf", text: terraform, tab: "terraform" },
};

// state is what a link carries.
const state = { mode: "generate", files: [{ name: "", text: "" }], roles: [{ name: "role.json", text: "" }], account: false, policies: [], message: "", options: [], tab: "cloudformation", task: 0 };
let file = 0; // the file of the input that is shown
let outputName = ""; // the file of the output that is shown
let response = null; // the last answer
let active = new Set(); // the statements that are lit up
const timing = (globalThis.execroleTiming = {}); // for tests: when things happened, in milliseconds

const formatNames = ["cloudformation", "cloudformation-json", "terraform", "cdk-go", "json", "aws-cli"];
const variants = { "cloudformation-json": "cloudformation" }; // formats that have no tab of their own, and the tab that has them
const tabOf = (name) => variants[name] ?? name;
const fileLanguages = { json: "json", yaml: "yaml", yml: "yaml", template: "yaml", tf: "hcl", go: "go", sh: "sh" };

const input = new Editor($("input-editor"), { nonce: NONCE, onChange: edited, onPlace: inputPlace });
const role = new Editor($("role-editor"), { nonce: NONCE, onChange: edited });
const message = new Editor($("message-editor"), { nonce: NONCE, onChange: edited });
const policies = new Policies(edited);
const output = new Editor($("output-editor"), { nonce: NONCE, readOnly: true, onPlace: outputPlace });
const form = new Form((words) => {
  state.options = words;
  ask();
});

const core = new Core({
  onProgress(bytes, all) {
    $("progress").value = bytes / all;
    $("status").textContent = t("loading.bytes", { mb: (bytes / 1e6).toFixed(1), all: (all / 1e6).toFixed(1) });
  },
  onReady() {
    timing.ready = performance.now();
    show($("progress"), false);
    $("status").textContent = t("ready");
    document.documentElement.dataset.core = "ready";
    ask();
    setTimeout(keep, 1000); // the first role comes first
  },
  onFailed(text) {
    show($("progress"), false);
    document.documentElement.dataset.core = "failed";
    $("status").textContent = t("load.failed", { message: text });
  },
});

// keep has the browser keep the page, so that it opens without a network the next time.
function keep() {
  if ("serviceWorker" in navigator && window.isSecureContext) navigator.serviceWorker.register("sw.js").catch(() => {});
}

// ---- What goes in ----

let timer;
let isEdited = false;
function edited() {
  isEdited = true;
  clearTimeout(timer);
  timer = setTimeout(ask, 120); // typing goes on meanwhile
}

// roleName names the role that was pasted, as files of its language are called.
const roleName = (text) => `${state.account ? "account" : "role"}.${guessName(text || "{").replace(/^\w*\./, "")}`;

const languageOf = (name) => fileLanguages[name.split(".").pop()] ?? "text";

// collect takes over what is in the editors.
function collect() {
  if (!isEdited) return;
  isEdited = false;
  state.files[file].text = input.text;
  if (state.files.length === 1 && !state.files[0].text.trim()) state.files[0].name = "";
  if (role.text !== state.roles[0].text) setRole(role.text);
  state.policies = policies.values;
  state.message = message.text;
}

// setRole takes over the text of a role. If the new text is what aws iam get-account-authorization-details prints, and the old one
// was not, or the other way round, the choice between one role and the roles of an account follows. Otherwise it stays as somebody
// made it.
function setRole(text) {
  const isAccount = (text) => text.includes('"RoleDetailList"');
  if (isAccount(text) !== isAccount(state.roles[0].text)) state.account = isAccount(text);
  state.roles[0].text = text;
}

// namedFiles returns the files with the names that the output mentions.
function namedFiles() {
  return state.files.map((f) => ({ name: f.name || guessName(f.text), text: f.text }));
}

function guessName(text) {
  const start = text.slice(0, 20000).trimStart();
  if (/^\{\s*"(resource|terraform|variable|locals|data|module|provider|output)"\s*:/.test(start)) return "main.tf.json";
  if (start.startsWith("{") || start.startsWith("[")) return "task.json";
  return /^(resource|module|variable|data|locals|provider|terraform|output)\b[^\n]*\{/m.test(start) ? "main.tf" : "task.yaml";
}

function ask() {
  clearTimeout(timer);
  collect();
  timing.asked = performance.now();
  const format = formatNames.includes(state.tab) ? state.tab : "cloudformation";
  if (core.ready) $("status").textContent = t("working");
  core.ask({ mode: state.mode, files: namedFiles(), roles: state.roles.filter((r) => r.text.trim()).map((r) => ({ name: roleName(r.text), text: r.text })), account: state.account, policies: state.policies, message: state.message, options: state.options, format, task: state.task }, (answer, milliseconds) => {
    response = answer;
    timing.answered = performance.now();
    timing.core = milliseconds;
    render();
    timing.shown = performance.now();
    timing.first ??= timing.shown - timing.ready;
    document.documentElement.dataset.answers = 1 + Number(document.documentElement.dataset.answers ?? 0);
  });
}

function setFiles(files, options = {}) {
  state.files = files.length ? files : [{ name: "", text: "" }];
  state.task = 0;
  file = 0;
  Object.assign(state, options);
  showInput();
  render();
  ask();
}

// readFiles reads files into the input or, if they are dropped on another editor, into that one.
async function readFiles(list, target) {
  const files = [];
  for (const f of list) {
    try {
      if (f.size > 16 << 20) throw new Error("16 MiB");
      files.push({ name: f.name, text: (await f.text()).replace(/\r\n?/g, "\n") });
    } catch { // a folder has no text
      toast(t("file.failed", { name: f.name }));
    }
  }
  if (!files.length) return;
  const text = files.map((f) => f.text).join("\n"); // documents of JSON can follow each other
  if (policies.drop(target, text)) return;
  const editor = [[role, "role-box"], [message, "message-box"]].find(([, id]) => $(id).contains(target))?.[0];
  if (!editor) {
    collect(); // what was typed into the other editors stays
    return setFiles(files);
  }
  editor.set(text);
  edited();
}

function showInput() {
  isEdited = false;
  const { name, text } = namedFiles()[file];
  input.set(text, languageOf(name)); // what the core finds out about the language comes later
  role.set(state.roles[0].text);
  policies.set(state.policies);
  message.set(state.message);
}

// ---- What comes out ----

function render() {
  renderModes();
  const check = state.mode === "check", diagnose = state.mode === "diagnose";
  show($("role-box"), check || diagnose);
  show($("message-box"), diagnose);
  show($("input-optional"), diagnose);
  show($("role-optional"), diagnose);
  show($("generate-result"), !check && !diagnose);
  show($("report"), check || diagnose);
  $("role-kind").value = state.account ? "account" : "role";
  renderFiles();
  renderTabs();
  if (!response) {
    renderEmpty(true, t("empty"));
    return;
  }
  input.setLanguage(response.language[file] ?? "text");
  role.setLanguage(languageOf(roleName(state.roles[0].text)));
  active = new Set();
  renderFindings();
  form.render(response.options, state.options);
  show($("problems"), response.problems.length > 0);
  $("problems").replaceChildren(...response.problems.map((text) => el("li", { text })));
  renderTasks();
  renderOutput();
  renderReport($("report"), response, state, { goTo, roleTo, copy });
  show($("unseen-box"), response.unseen.length > 0 && state.mode === "generate");
  $("unseen").replaceChildren(...response.unseen.map((u) => el("li", {}, u.what, ": ", el("span", { class: "hint", text: u.cure }))));
  const isEmpty = !(state.mode === "diagnose" ? state.message : "").trim() && !state.files.some((f) => f.text.trim());
  show($("command-box"), !isEmpty && response.command !== "");
  $("command").textContent = response.command;
  light(new Set());
  const count = (severity) => response.findings.filter((f) => f.severity === severity).length;
  $("status").textContent = isEmpty ? t("ready") : state.mode !== "generate" ? reportWords(response, state) || t("ready") : t("done", { n: response.statements.length, errors: count("error"), warnings: count("warning") });
}

function renderModes() {
  const modes = response?.modes ?? ["generate", "check", "diagnose"];
  if (!modes.includes(state.mode)) state.mode = "generate";
  tabList($("modes"), modes.map((name) => ({ name, label: t(`mode.${name}`) })), state.mode, (name) => {
    collect();
    state.mode = name;
    if (name === "diagnose" && !state.message.trim() && (isExample() || !state.files.some((f) => f.text.trim()))) {
      state.message = exampleMessage;
      showInput();
    }
    if (name === "check" && !state.roles[0].text.trim() && isExample()) {
      setRole(exampleRole); // the example goes on
      showInput();
    }
    render();
    ask();
  }, "mode-panel");
  $("mode-panel").setAttribute("aria-labelledby", `modes-${state.mode}`);
}

// isExample reports whether the input is an example as it came.
function isExample() {
  return state.files.length === 1 && Object.values(examples).some((e) => e.text === state.files[0].text);
}

function renderFiles() {
  show($("input-files"), state.files.length > 1);
  $("input-files").replaceChildren(...state.files.map((f, i) => el("button", {
    type: "button", "aria-pressed": i === file, text: f.name || guessName(f.text), onclick: () => {
      collect();
      file = i;
      showInput();
      render();
    },
  })));
}

function renderTabs() {
  const tabs = formatNames.filter((name) => !(name in variants)).map((name) => ({ name, label: t(`format.${name}`) }));
  tabs.push({ name: "why", label: t("why") });
  tabList($("tabs"), tabs, tabOf(state.tab), (name) => {
    if (name === tabOf(state.tab)) return;
    state.tab = name;
    render();
    ask();
  }, "output-panel");
  $("output-panel").setAttribute("aria-labelledby", `tabs-${tabOf(state.tab)}`);
  const same = formatNames.filter((name) => tabOf(name) === tabOf(state.tab));
  show($("variant-label"), same.length > 1);
  $("variant").replaceChildren(...same.map((name) => el("option", { value: name, selected: name === state.tab, text: t(`variant.${name}`) })));
}

// renderEmpty says why there is nothing to show, and offers the examples where nothing was given.
function renderEmpty(isEmpty, text) {
  $("empty-text").textContent = text;
  show($("empty-examples"), isEmpty);
  $("empty-examples").replaceChildren(...(isEmpty ? Object.keys(examples) : []).map((name) => el("button", { type: "button", text: t(`example.${name}`), onclick: () => choose(name) })));
}

function renderTasks() {
  const several = response.tasks.length > 1 && state.mode === "generate";
  show($("task-label"), several);
  if (!several) return;
  $("task").replaceChildren(...response.tasks.map((task, i) => el("option", { value: i, selected: i === response.task, text: [task.family, task.name !== task.family && task.name].filter(Boolean).join(" · ") || t("task.unnamed", { n: i + 1 }) })));
}

function renderFindings() {
  const findings = response.findings;
  const item = (f, i) => el("li", { class: `finding ${f.severity}` },
    el("span", { class: "severity", text: t(f.severity) }), " ",
    f.at.file >= 0 ? el("button", { type: "button", class: "place", onclick: () => goTo(f.at), text: t("line", { line: f.at.line }) }) : null, " ",
    el("span", { class: "message", lang: "en", text: f.message }),
    f.severity !== "note" && f.fixes.length ? el("div", { class: "fixes" }, ...f.fixes.map((fix, j) => fixField(fix, `fix-${i}-${j}`))) : null);
  const shown = findings.map(item);
  const listed = shown.filter((_, i) => findings[i].severity !== "note");
  const notes = shown.filter((_, i) => findings[i].severity === "note");
  $("findings").replaceChildren(...listed.slice(0, 200));
  $("notes").replaceChildren(...notes.slice(0, 200));
  $("notes-title").textContent = t("notes", { n: notes.length });
  show($("notes-box"), notes.length > 0);
  const isEmpty = !state.files.some((f) => f.text.trim());
  show($("findings-box"), !isEmpty);
  show($("findings-none"), listed.length === 0);
  input.diagnose(findings.flatMap((f, i) => f.at.file !== file || f.severity === "note" ? [] : [{
    from: f.at.from, to: f.at.to, severity: f.severity, message: f.message,
    actions: f.fixes.map((fix, j) => ({ name: fixName(fix), apply: () => useFix(fix, `fix-${i}-${j}`) })),
  }]));
}

function fixName(fix) {
  return fix.blank ? t("fix.go", { name: fix.before.replace(/=$/, "") || fix.flag }) : t("fix.add", { flag: [fix.flag, fix.before].filter(Boolean).join(" ") });
}

// fixField is a button that settles a finding, with a field for what somebody has to say.
function fixField(fix, id) {
  if (!fix.blank) return el("button", { type: "button", id, text: fixName(fix), onclick: () => useFix(fix, id) });
  const name = fix.before.replace(/=$/, "") || fix.flag;
  const field = el("input", { type: "text", id, placeholder: fix.blank, spellcheck: "false", autocomplete: "off", onkeydown: (e) => e.key === "Enter" && apply() });
  const apply = () => (field.value.trim() ? settle(fix, field.value.trim()) : field.focus());
  return el("span", { class: "fix" }, el("label", { for: id }, el("code", { text: `${fix.flag} ${fix.before}` }), el("span", { class: "visually-hidden", text: t("fix.value", { name }) })), field,
    el("button", { type: "button", onclick: apply, text: t("fix.fill"), "aria-label": `${t("fix.fill")}: ${name}` }));
}

function useFix(fix, id) {
  if (fix.blank) $(id)?.focus();
  else settle(fix, fix.before);
}

function settle(fix, value) {
  state.options = withFix(state.options, fix, value);
  ask();
}

function renderOutput() {
  const isWhy = state.tab === "why";
  const isEmpty = !state.files.some((f) => f.text.trim());
  const files = response.files;
  const errors = response.findings.filter((f) => f.severity === "error").length + response.problems.length;
  show($("why-box"), isWhy && !isEmpty);
  show($("output-box"), !isWhy && files.length > 0);
  show($("empty"), isEmpty || (!isWhy && files.length === 0));
  show($("suggestion"), response.suggestion !== "");
  if (response.suggestion) $("suggested").textContent = t(`suggest.${response.suggestion}`);
  renderEmpty(isEmpty, isEmpty ? t("empty") : errors ? [t("no.role", { n: errors }), response.statements.length ? t("no.role.why", { why: t("why") }) : ""].join("") : t("nothing.needed"));
  if (isWhy) renderWhy($("why-box"), response, { goTo, light });
  if (isWhy || !files.length) {
    output.set("");
    return;
  }
  const shown = files.find((f) => f.name === outputName) ?? files[0];
  outputName = shown.name;
  show($("output-file-label"), files.length > 1);
  $("output-file").replaceChildren(...files.map((f) => el("option", { value: f.name, selected: f === shown, text: f.name })));
  output.set(shown.text, languageOf(shown.name));
  output.describe({ "aria-label": t("output.label", { name: shown.name }), "aria-readonly": "true" });
}

const shownFile = () => response?.files.find((f) => f.name === outputName);

// ---- Statements and the fields that ask for them ----

// light lights up statements and their fields. Both sides have a mark of their own, besides the colour.
function light(statements, { scroll = "", say = false } = {}) {
  active = statements;
  const chosen = [...statements].map((i) => response.statements[i]);
  const here = (st) => st.from.map((f) => f.at).filter((at) => at.file === file);
  input.mark(chosen.flatMap(here), response.statements.flatMap(here));
  const spans = (shownFile()?.spans ?? []).filter((s) => statements.has(s.statement));
  if (state.tab !== "why" && state.mode === "generate") output.markLines(spans);
  for (const card of document.querySelectorAll("#why-box .statement")) card.classList.toggle("lit", statements.has(Number(card.dataset.statement)));
  if (scroll === "input" && chosen.length) {
    const first = chosen.flatMap(here)[0];
    if (first) input.reveal(first.from);
  }
  if (scroll === "output") {
    if (spans.length && state.tab !== "why") output.reveal(output.lineStart(spans[0].from));
    const card = document.querySelector("#why-box .statement.lit");
    if (card && state.tab === "why") card.scrollIntoView({ block: "nearest" });
  }
  if (say && chosen.length) {
    $("status").textContent = chosen.map((st) => t("statement.lit", { sid: st.sid, fields: st.from.map((f) => f.words).join(", ") })).join("; ");
  }
}

const same = (a, b) => a.size === b.size && [...a].every((x) => b.has(x));

function inputPlace(position, how) {
  if (!response || state.mode !== "generate") return;
  const statements = new Set();
  if (position !== null) {
    response.statements.forEach((st, i) => st.from.some(({ at }) => at.file === file && at.from <= position && position <= at.to) && statements.add(i));
  }
  if (!same(statements, active)) light(statements, { scroll: "output", say: how === "focus" });
}

function outputPlace(position, how) {
  if (!response || state.mode !== "generate") return;
  const statements = new Set();
  if (position !== null) {
    const line = output.lineAt(position);
    for (const s of shownFile()?.spans ?? []) if (s.from <= line && line <= s.to) statements.add(s.statement);
  }
  if (!same(statements, active)) light(statements, { scroll: "input", say: how === "focus" });
}

// goTo puts the cursor of the input on a place.
function goTo(at) {
  if (at.file < 0) return;
  if (at.file !== file) {
    collect();
    file = at.file;
    showInput();
    render();
  }
  input.select(at.from, at.to);
}

// roleTo puts the cursor on a place of a role, or of another policy: the core numbers the other policies after the files of roles.
function roleTo(at) {
  const isOwn = response?.verdict?.own || !state.roles[0].text.trim(); // the role is in a template of the input
  const policy = at.file - (isOwn ? state.files.length : 1);
  if (policy >= 0) policies.select(policy, at.from, at.to);
  else if (isOwn) goTo(at);
  else if (at.file >= 0) role.select(at.from, at.to);
}

// ---- Buttons ----

let toastTimer;
function toast(text) {
  $("toast").textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => ($("toast").textContent = ""), 6000);
}

async function copy(text, done = t("copied")) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(t("copy.failed"));
  }
}

$("copy").onclick = () => copy(shownFile()?.text ?? "");
$("copy-command").onclick = () => copy(response?.command ?? "");
$("download").onclick = () => {
  const shown = shownFile();
  if (!shown) return;
  const url = URL.createObjectURL(new Blob([shown.text], { type: "application/octet-stream" }));
  el("a", { href: url, download: shown.name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
};
$("link").onclick = async () => {
  collect();
  try {
    history.replaceState(null, "", await encode(state));
  } catch {
    return toast(t("link.large"));
  }
  await copy(location.href, t("link.copied"));
};
$("open").onclick = () => $("file").click();
$("file").onchange = async (event) => {
  await readFiles(event.target.files);
  event.target.value = "";
};
$("clear").onclick = () => {
  state.message = "";
  state.roles = [{ name: "role.json", text: "" }];
  Object.assign(state, { account: false, policies: [] });
  history.replaceState(null, "", location.pathname + location.search);
  setFiles([], { options: [] });
};
$("options-reset").onclick = () => {
  state.options = [];
  ask();
};
function choose(name) {
  const { tab, ...chosen } = examples[name];
  collect();
  if (state.mode === "check") setRole(exampleRole);
  if (state.mode === "diagnose") state.message = exampleMessage;
  setFiles([{ ...chosen }], { options: [], ...(tab && state.tab !== "why" && { tab }) });
}
$("example").onchange = (event) => {
  if (event.target.value) choose(event.target.value);
  event.target.value = "";
};
$("variant").onchange = (event) => {
  state.tab = event.target.value;
  ask();
};
$("output-file").onchange = (event) => {
  outputName = event.target.value;
  renderOutput();
  light(new Set());
};
// The button that the core suggests moves the text into the editor of the other mode.
$("suggested").onclick = () => {
  collect();
  const mode = response.suggestion, { text } = state.files[0];
  if (mode === "diagnose") state.message = text;
  else setRole(text);
  setFiles([], { mode });
  $(`modes-${mode}`).focus();
};
$("role-kind").onchange = (event) => {
  collect();
  state.account = event.target.value === "account";
  ask();
};
$("task").onchange = (event) => {
  state.task = Number(event.target.value);
  ask();
};
for (const name of ["dragover", "drop"]) {
  addEventListener(name, (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    if (name === "drop") {
      event.stopPropagation(); // an editor would put the text at the pointer, too
      readFiles(event.dataTransfer.files, event.target);
    }
  }, true);
}

// ---- Words ----

function translate(language) {
  setLanguage(language);
  document.documentElement.lang = language;
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-t-label]")) element.setAttribute("aria-label", t(element.dataset.tLabel));
  $("example").replaceChildren(el("option", { value: "", text: t("example.choose") }), ...Object.keys(examples).map((name) => el("option", { value: name, text: t(`example.${name}`) })));
  $("role-kind").replaceChildren(...["role", "account"].map((value) => el("option", { value, text: t(`role.kind.${value}`) })));
  policies.translate();
  for (const [editor, name] of [[input, "input"], [role, "role"], [message, "message"]]) {
    editor.describe({ "aria-label": t(`${name}.label`), "aria-describedby": `${name}-hint` });
  }
  output.describe({ "aria-label": t("result"), "aria-readonly": "true" });
  if (!core.ready) $("status").textContent = t("loading");
}

function preferredLanguage() {
  try {
    const kept = localStorage.getItem("language");
    if (kept in languages) return kept;
  } catch { /* the browser keeps nothing */ }
  return navigator.language.startsWith("ja") ? "ja" : "en";
}

$("language").replaceChildren(...Object.entries(languages).map(([value, text]) => el("option", { value, text, lang: value })));
$("language").value = preferredLanguage();
$("language").onchange = (event) => {
  try {
    localStorage.setItem("language", event.target.value);
  } catch { /* it is asked for again next time */ }
  translate(event.target.value);
  render();
};

// ---- The beginning ----

async function fromLink() {
  if (location.hash.length < 2) return;
  const linked = await decode(location.hash);
  if (!linked) {
    if (location.hash.startsWith("#1=")) toast(t("link.bad"));
    return;
  }
  Object.assign(state, linked, { roles: linked.roles.length ? linked.roles.slice(0, 1) : state.roles, tab: [...formatNames, "why"].includes(linked.tab) ? linked.tab : "cloudformation" });
  const { task } = linked;
  setFiles(linked.files, { task });
}

addEventListener("hashchange", fromLink);
translate($("language").value);
output.setLanguage(languageOf("role.yaml"));
render();
fromLink();
