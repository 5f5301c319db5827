// What check and diagnose answer.
import { el } from "./dom.js";
import { documentation, t } from "./words.js";

// explained links a code to its explanation.
const explained = (code, page) => el("a", { class: "hint", href: documentation(page, code), target: "_blank", rel: "noopener noreferrer" }, el("code", { text: code }));

export function renderReport(box, response, state, helpers) {
  if (state.mode === "check") box.replaceChildren(...check(response, state, helpers));
  else if (state.mode === "diagnose") box.replaceChildren(...diagnose(response, state, helpers));
  else box.replaceChildren();
}

// reportWords is the answer in a few words, for the status line.
export function reportWords(response, { mode }) {
  if (mode === "check") return (response.verdict?.report?.roles ?? []).map((role) => t(`fits.${role.fits}`)).join(" ");
  if (mode === "diagnose") return (response.diagnosis?.report?.answers ?? []).map((a) => `${t(`sure.${a.sure}`)}: ${a.causes[0].sentence}`).join(" ");
  return "";
}

// code is a text that can be copied.
function code(title, text, copy) {
  return el("section", { class: "snippet" }, el("div", { class: "bar" }, el("h4", { text: title }), el("button", { type: "button", text: t("copy"), "aria-label": `${t("copy")}: ${title}`, onclick: () => copy(text) })), el("pre", { tabindex: "0" }, el("code", { text })));
}

const places = (list, go) => list.map(({ words, at }) => el("button", { type: "button", class: "place", disabled: at.file < 0, onclick: () => go(at), text: words }));

// roleProblems are what cannot be read in the role.
function roleProblems(problems, roleTo) {
  const items = problems.map((f) => el("li", { class: `finding ${f.severity}` }, el("span", { class: "severity", text: t(f.severity) }), " ",
    f.at.file >= 0 ? el("button", { type: "button", class: "place", onclick: () => roleTo(f.at), text: t("line", { line: f.at.line }) }) : null, " ", el("span", { lang: "en", text: f.message })));
  return items.length ? [el("ol", { class: "findings" }, ...items)] : [];
}

function check(response, state, { goTo, roleTo, copy }) {
  const { verdict } = response;
  const out = roleProblems(verdict?.problems ?? [], roleTo);
  if (!verdict?.report) {
    const errors = response.findings.filter((f) => f.severity === "error").length;
    if (!out.length) out.push(el("p", { class: "empty", text: errors && state.roles[0].text.trim() ? t("no.verdict", { n: errors }) : t("empty.check") }));
    return out;
  }
  const { roles, table, unused } = verdict.report;
  const several = table.length > 0 || roles.length > 1;
  // Of an account, the details are those of roles that do not fit, as the command prints them.
  const listed = roles.map((role, i) => [role, i]).filter(([role]) => !table.length || role.fits !== "yes");
  if (table.length) out.push(accountTable(table));
  if (unused.length) out.push(el("section", {}, el("h4", { text: t("unused") }), el("ul", { class: "plain code" }, ...unused.slice(0, mostRows).map((r) => el("li", {}, el("code", { text: r.role }))))));
  for (const [role, i] of listed.slice(0, mostRoles)) out.push(...roleVerdict(role, verdict.places[i], several, { goTo, roleTo, copy }));
  if (listed.length > mostRoles) out.push(el("p", { class: "hint", text: t("more.roles", { n: listed.length - mostRoles }) }));
  out.push(el("details", {}, el("summary", { text: t("as.text") }), code(t("as.text"), verdict.text, copy)));
  return out;
}

const marks = { yes: "✓", no: "✗", "cannot tell": "?" };

// How much of an account is on the page. The text has all of it.
const mostRoles = 50;
const mostRows = 1000;

// accountTable says of each role of an account whether it fits.
function accountTable(rows) {
  const head = ["role", "tasks", "missing", "denied", "unneeded", "verdict"].map((name) => el("th", { scope: "col", text: t(`table.${name}`) }));
  const body = rows.slice(0, mostRows).map((r) => el("tr", {}, el("th", { scope: "row" }, el("code", { text: r.role || "–" })), el("td", {}, el("code", { text: r.tasks.join(", ") })),
    ...["missing", "denied", "unneeded"].map((name) => el("td", { class: "number", text: r[name] ?? "" })), el("td", { lang: "en", text: r.verdict })));
  return el("div", { class: "wide", role: "region", tabindex: "0", "aria-label": t("table") }, el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body)));
}

function roleVerdict(role, spots, several, { goTo, roleTo, copy }) {
  const there = role.permissions.filter((p) => p.code === "").length;
  const out = [
    el("div", { class: `verdict ${role.fits.replace(" ", "-")}`, role: "group", "aria-label": t("verdict") }, el("span", { class: "mark", "aria-hidden": "true", text: marks[role.fits] ?? "?" }),
      el("div", {}, el("h3", {}, several ? el("code", { text: `${role.role || "–"}: ` }) : null, t(`fits.${role.fits}`)), el("p", { text: t("permissions.there", { n: there, all: role.permissions.length }) }))),
    el("ol", { class: "cards" }, ...role.findings.map((f, j) => el("li", { class: `card kind-${f.kind}` },
      el("h4", {}, el("span", { class: "severity", text: t(`kind.${f.kind}`) }), " ", el("span", { lang: "en", text: f.title }), " ", explained(f.code, "findings.md")),
      f.action ? el("p", {}, el("code", { text: f.action }), " ", el("code", { class: "resource", text: f.resource })) : null,
      f.actions.length ? el("p", {}, el("code", { text: f.actions.join(", ") }), " ", el("code", { class: "resource", text: f.resources.join(", ") })) : null,
      ...f.about.map((text) => el("p", { lang: "en", text })),
      f.from.length ? el("p", { class: "row" }, el("span", { class: "hint", text: `${t("from")}: ` }), ...places(f.from.map((p, k) => ({ words: (p.container ? `${p.container}: ` : "") + p.field, at: spots?.[j]?.asked[k] ?? { file: -1 } })), goTo)) : null,
      spots?.[j]?.role.file >= 0 ? el("p", { class: "row" }, el("span", { class: "hint", text: `${t("at.role")}: ` }), ...places([{ words: `${f.statement || f.policy} (${t("line", { line: spots[j].role.line })})`, at: spots[j].role }], roleTo)) : null,
      el("p", { lang: "en", text: f.means }),
      f.shown ? el("p", {}, el("span", { class: "hint", text: `${t("shown")}: ` }), el("code", { text: f.shown })) : null,
      el("p", { class: "cure" }, el("strong", { text: `${t("cure")}: ` }), el("span", { lang: "en", text: f.cure })),
      f.instead ? code(t("instead"), JSON.stringify(f.instead, null, 2), copy) : null))),
  ];
  if (role.add) out.push(code(t("add.statement"), JSON.stringify(role.add, null, 2), copy));
  if (role.trust) out.push(code(t("new.trust"), JSON.stringify(role.trust, null, 2), copy));
  out.push(el("section", {}, el("h4", { text: t("checklist") }), el("dl", { class: "checklist" }, ...Object.entries(role.checklist).flatMap(([line, answer]) => [el("dt", { text: t(`checklist.${line}`) }), el("dd", { text: t(`truth.${answer}`) })]))));
  const assumed = Object.values(role.assumed).filter(Boolean);
  if (assumed.length) out.push(el("p", { class: "hint", text: t("assumed", { values: assumed.join(", ") }) }));
  if (role.notSeen.length) out.push(el("section", {}, el("h4", { text: t("not.seen") }), el("ul", {}, ...role.notSeen.map((text) => el("li", { lang: "en", text })))));
  return out;
}

function diagnose(response, state, { goTo, roleTo, copy }) {
  const { diagnosis } = response;
  const out = roleProblems(diagnosis?.problems ?? [], roleTo);
  if (diagnosis?.error) out.push(el("ol", { class: "findings" }, el("li", { class: "finding error" }, el("span", { class: "severity", text: t("error") }), " ", el("span", { lang: "en", text: diagnosis.error }))));
  if (!diagnosis?.report) return out.length ? out : [el("p", { class: "empty", text: t("empty.diagnose") })];
  const { answers, unknown, next, addNext, more } = diagnosis.report;
  answers.forEach((a, i) => out.push(...answer(a, diagnosis.places[i], { goTo, copy })));
  if (unknown.length) {
    out.push(el("section", { class: "card" }, el("h3", { text: t("unknown") }), el("ul", {}, ...unknown.map((u) => el("li", {}, el("code", { text: u.text.slice(0, 500) }))))));
  }
  if (next.length) {
    out.push(el("section", {}, el("h3", { text: t("next") }), el("ul", { class: "plain code" }, ...next.map((f) => el("li", {}, explained(f.code, "findings.md"), " ", f.action ? el("code", { text: `${f.action} ` }) : el("span", { lang: "en", text: f.title }), f.action ? el("code", { class: "resource", text: f.resource }) : null)))));
  }
  if (addNext) out.push(code(t("add.next"), JSON.stringify(addNext, null, 2), copy));
  if (more) out.push(el("p", { class: "hint", text: t("more", { n: more }) }));
  out.push(el("details", {}, el("summary", { text: t("as.text") }), code(t("as.text"), diagnosis.text, copy)));
  return out;
}

// answer is what is known of the cause of a message.
function answer(a, spots, { goTo, copy }) {
  const [first, ...others] = a.causes;
  const list = (title, texts) => (texts.length ? [el("section", {}, el("h4", { text: title }), el("ul", {}, ...texts.map((text) => el("li", { lang: "en", text }))))] : []);
  const out = [
    el("div", { class: `verdict sure-${a.sure.replace(" ", "-")}`, role: "group", "aria-label": t("cause") }, el("span", { class: "mark", "aria-hidden": "true", text: a.sure === "certain" ? "!" : "?" }),
      el("div", {}, el("h3", { text: t(`sure.${a.sure}`) }), el("p", { lang: "en", text: first.sentence }))),
    ...list(t("other.causes"), others.map((c) => c.sentence)),
    el("div", { class: "card" },
      first.cure ? el("p", { class: "cure" }, el("strong", { text: `${t("cure")}: ` }), el("span", { lang: "en", text: first.cure })) : null,
      first.settle ? el("p", {}, el("span", { class: "hint", text: `${t("settle")}: ` }), el(first.settle.startsWith("aws ") ? "code" : "span", { lang: "en", text: first.settle })) : null,
      first.page ? el("p", {}, el("a", { href: first.page, target: "_blank", rel: "noopener noreferrer", text: first.page.replace("https://", "") })) : null,
      a.fields.length ? el("p", { class: "row" }, el("span", { class: "hint", text: `${t("from")}: ` }), ...places(a.fields.map((f, i) => ({ words: (f.container ? `${f.container}: ` : "") + f.field, at: spots?.[i] ?? { file: -1 } })), goTo)) : null,
      a.says.action ? el("p", {}, el("code", { text: a.says.action }), " ", el("code", { class: "resource", text: a.says.resource })) : null,
      ...[...a.notes, ...a.remarks].map((text) => el("p", { lang: "en", text })),
      el("p", { class: "hint" }, `${t("shape")}: `, el("code", { text: a.shape }), ` (${a.platform}). `, el("a", { href: documentation("errors.md"), target: "_blank", rel: "noopener noreferrer", text: t("all.errors") }))),
  ];
  for (const [title, policy] of [["add.statement", a.add], ["new.trust", a.trust], ["pass.role", a.passRole], ["allow.there", a.allow]]) {
    if (policy) out.push(code(t(title), JSON.stringify(policy, null, 2), copy));
  }
  for (const other of a.otherAccounts) out.push(code(t("other.account", { account: other.account }), JSON.stringify(other.policy, null, 2), copy));
  return out;
}
