// Elements. Texts become text nodes alone, so that nothing in the input can become markup.

// el makes an element: el("button", {type: "button", class: "x", onclick: f}, "text", child).
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "text") element.textContent = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((c) => c !== null && c !== undefined && c !== ""));
  return element;
}

export const $ = (id) => document.getElementById(id);

// show shows or hides an element.
export function show(element, visible) { element.hidden = !visible; }

// tabList makes a list of tabs of buttons: arrows move between them.
export function tabList(list, tabs, selected, choose, controls) {
  const old = [...list.children];
  const focused = list.contains(document.activeElement);
  if (old.length === tabs.length && old.every((b, i) => b.dataset.name === tabs[i].name)) {
    old.forEach((b, i) => (b.textContent = tabs[i].label));
  } else {
    list.replaceChildren(...tabs.map((tab) => el("button", {
      type: "button", role: "tab", id: `${list.id}-${tab.name}`, "data-name": tab.name, "aria-controls": controls, onclick: () => choose(tab.name), text: tab.label,
    })));
  }
  for (const button of list.children) {
    const is = button.dataset.name === selected;
    button.setAttribute("aria-selected", is);
    button.tabIndex = is ? 0 : -1;
    if (is && focused) button.focus();
  }
  list.onkeydown = (event) => {
    const buttons = [...list.children];
    const i = buttons.findIndex((b) => b.dataset.name === selected);
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const button = buttons[(to + buttons.length) % buttons.length];
    button.focus();
    choose(button.dataset.name);
  };
}
