// The tab "why": each statement with the fields that ask for it, and the reason.
import { el } from "./dom.js";
import { t } from "./words.js";

const most = 300; // statements on the page

export function renderWhy(box, response, { goTo, light }) {
  const cards = response.statements.slice(0, most).map((st, i) => card(st, i, goTo, light));
  box.replaceChildren(...(response.hasRole ? [] : [el("p", { class: "hint", text: t("why.so.far") })]), ...cards, ...(cards.length ? [] : [el("p", { class: "empty", text: t("nothing.needed") })]));
}

function card(st, i, goTo, light) {
  const on = () => light(new Set([i]), { scroll: "input" });
  const off = () => light(new Set());
  return el("article", { class: "statement", "data-statement": i, "aria-labelledby": `statement-${i}`, onmouseenter: on, onmouseleave: off, onfocusin: on, onfocusout: off },
    el("h3", { id: `statement-${i}`, text: st.sid }),
    st.grantedBy ? el("p", { class: "hint", text: t("granted.by", { policy: st.grantedBy }) }) : null,
    ...st.why.map((text) => el("p", { lang: "en", text })),
    el("dl", {},
      el("dt", { text: t("from") }),
      el("dd", {}, el("ul", { class: "plain" }, ...st.from.map((f) => el("li", {}, el("button", { type: "button", class: "place", onclick: () => goTo(f.at), text: f.at.file >= 0 ? `${f.words} (${t("line", { line: f.at.line })})` : f.words }))))),
      el("dt", { text: t("actions") }),
      el("dd", {}, el("ul", { class: "plain code" }, ...st.actions.map((a) => el("li", {}, el("code", { text: a.name }), a.documented ? el("span", { class: "hint", text: ` (${t("documented")})` }) : null)))),
      el("dt", { text: t("resources") }),
      el("dd", {}, el("ul", { class: "plain code" }, ...st.resources.map((text) => el("li", {}, el("code", { text }))))),
      ...(st.conditions.length ? [el("dt", { text: t("conditions") }), el("dd", {}, el("ul", { class: "plain code" }, ...st.conditions.map((c) => el("li", {}, el("code", { text: `${c.key} ${c.operator} ${c.values.join(", ")}` })))))] : []),
      el("dt", { text: t("documentation") }),
      el("dd", {}, el("ul", { class: "plain" }, ...st.doc.map((url) => el("li", {}, el("a", { href: url, target: "_blank", rel: "noopener noreferrer", text: url.replace(/^https:\/\/docs\.aws\.amazon\.com\//, "").replace(/^.*\//, "") })))))));
}
