// What check and diagnose answer.
import { el } from "./dom.js";
import { t } from "./words.js";

export function renderReport(box, response, state, helpers) {
  if (state.mode === "check") box.replaceChildren(...check(response, state, helpers));
  else if (state.mode === "diagnose") box.replaceChildren(...diagnose(response, state, helpers));
  else box.replaceChildren();
}

// reportWords is the answer in a few words, for the status line.
export function reportWords(response, { mode }) {
  if (mode === "check") return (response.verdict?.report?.roles ?? []).map((role) => t(`fits.${role.fits}`)).join(" ");
  return "";
}

// code is a text that can be copied.
function code(title, text, copy) {
  return el("section", { class: "snippet" }, el("div", { class: "bar" }, el("h4", { text: title }), el("button", { type: "button", text: t("copy"), "aria-label": `${t("copy")}: ${title}`, onclick: () => copy(text) })), el("pre", { tabindex: "0" }, el("code", { text })));
}

const places = (list, go) => list.map(({ words, at }) => el("button", { type: "button", class: "place", disabled: at.file < 0, onclick: () => go(at), text: words }));

function check(response, state, { goTo, roleTo, copy }) {
  const { verdict } = response;
  const problems = (verdict?.problems ?? []).map((f) => el("li", { class: `finding ${f.severity}` }, el("span", { class: "severity", text: t(f.severity) }), " ",
    f.at.file >= 0 ? el("button", { type: "button", class: "place", onclick: () => roleTo(f.at), text: t("line", { line: f.at.line }) }) : null, " ", el("span", { lang: "en", text: f.message })));
  const out = problems.length ? [el("ol", { class: "findings" }, ...problems)] : [];
  if (!verdict?.report) {
    const errors = response.findings.filter((f) => f.severity === "error").length;
    if (!problems.length) out.push(el("p", { class: "empty", text: errors && state.roles[0].text.trim() ? t("no.role", { n: errors, why: t("why") }) : t("empty.check") }));
    return out;
  }
  verdict.report.roles.forEach((role, i) => out.push(...roleVerdict(role, verdict.places[i], { goTo, roleTo, copy })));
  out.push(el("details", {}, el("summary", { text: t("as.text") }), code(t("as.text"), verdict.text, copy)));
  return out;
}

const marks = { yes: "✓", no: "✗", "cannot tell": "?" };

function roleVerdict(role, spots, { goTo, roleTo, copy }) {
  const there = role.permissions.filter((p) => p.code === "").length;
  const out = [
    el("div", { class: `verdict ${role.fits.replace(" ", "-")}`, role: "group", "aria-label": t("verdict") }, el("span", { class: "mark", "aria-hidden": "true", text: marks[role.fits] ?? "?" }),
      el("div", {}, el("h3", { text: t(`fits.${role.fits}`) }), el("p", { text: t("permissions.there", { n: there, all: role.permissions.length }) }))),
    el("ol", { class: "cards" }, ...role.findings.map((f, j) => el("li", { class: `card kind-${f.kind}` },
      el("h4", {}, el("span", { class: "severity", text: t(`kind.${f.kind}`) }), " ", el("span", { lang: "en", text: f.title }), " ", el("code", { class: "hint", text: f.code })),
      f.action ? el("p", {}, el("code", { text: f.action }), " ", el("code", { class: "resource", text: f.resource })) : null,
      f.actions.length ? el("p", {}, el("code", { text: f.actions.join(", ") }), " ", el("code", { class: "resource", text: f.resources.join(", ") })) : null,
      ...f.about.map((text) => el("p", { lang: "en", text })),
      f.from.length ? el("p", { class: "row" }, el("span", { class: "hint", text: `${t("from")}: ` }), ...places(f.from.map((p, k) => ({ words: (p.container ? `${p.container}: ` : "") + p.field, at: spots?.[j]?.asked[k] ?? { file: -1 } })), goTo)) : null,
      spots?.[j]?.role.file >= 0 ? el("p", { class: "row" }, el("span", { class: "hint", text: `${t("at.role")}: ` }), ...places([{ words: `${f.statement || f.policy} (${t("line", { line: spots[j].role.line })})`, at: spots[j].role }], roleTo)) : null,
      el("p", { lang: "en", text: f.means }),
      f.shown ? el("p", {}, el("span", { class: "hint", text: `${t("shown")}: ` }), el("code", { text: f.shown })) : null,
      el("p", { class: "cure" }, el("strong", { text: `${t("cure")}: ` }), el("span", { lang: "en", text: f.cure }))))),
  ];
  if (role.add) out.push(code(t("add.statement"), JSON.stringify(role.add, null, 2), copy));
  if (role.trust) out.push(code(t("new.trust"), JSON.stringify(role.trust, null, 2), copy));
  if (role.notSeen.length) out.push(el("section", {}, el("h4", { text: t("not.seen") }), el("ul", {}, ...role.notSeen.map((text) => el("li", { lang: "en", text })))));
  return out;
}

function diagnose(response, state, { copy }) {
  const { diagnosis } = response;
  if (!diagnosis?.text) return [el("p", { class: "empty", text: t("empty.diagnose") })];
  return [code(t("as.text"), diagnosis.text, copy)];
}
