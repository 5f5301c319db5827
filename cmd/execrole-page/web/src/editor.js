// An editor, or a viewer of the same looks. The page knows no more of CodeMirror than what is here.
import { EditorState, StateEffect, StateField, Compartment } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, bracketMatching, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { searchKeymap } from "@codemirror/search";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { go } from "@codemirror/legacy-modes/mode/go";
import { shell } from "@codemirror/legacy-modes/mode/shell";
import { tags } from "@lezer/highlight";
import { hcl } from "./hcl.js";

const parsers = { json: () => json(), yaml: () => yaml(), hcl: () => hcl, go: () => StreamLanguage.define(go), sh: () => StreamLanguage.define(shell), text: () => [] };

// The colours are in style.css, where they follow the light and the dark scheme.
const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName], class: "tok-name" },
  { tag: [tags.string, tags.special(tags.string), tags.attributeValue], class: "tok-string" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], class: "tok-number" },
  { tag: [tags.keyword, tags.typeName, tags.definitionKeyword, tags.moduleKeyword], class: "tok-keyword" },
  { tag: [tags.comment, tags.lineComment, tags.blockComment, tags.meta], class: "tok-comment" },
  { tag: [tags.escape, tags.brace, tags.special(tags.brace)], class: "tok-escape" },
]);

const setMarks = StateEffect.define();

// marks are the parts of a text that are lit up.
const marks = StateField.define({
  create: () => Decoration.none,
  update(value, transaction) {
    value = value.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(setMarks)) value = effect.value;
    }
    return value;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const lit = Decoration.mark({ class: "lit" });
const asks = Decoration.mark({ class: "asks" });
const litLine = Decoration.line({ class: "lit-line" });
const litFirst = Decoration.line({ class: "lit-line lit-first" });

// hanging indents the rest of a line that is wrapped like its beginning, and a little more. Tabs are left alone: their width
// depends on where they begin.
const deepest = 24;
const hang = Array.from({ length: deepest + 1 }, (_, n) => Decoration.line({ class: `hang-${n}` }));
const hangStyles = EditorView.theme(Object.fromEntries(hang.map((_, n) => [`.cm-line.hang-${n}`, { textIndent: `-${n + 2}ch`, paddingLeft: `calc(6px + ${n + 2}ch)` }])));

function hanging(view) {
  const ranges = [];
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      const text = line.text.slice(0, 200);
      const width = text.search(/[^ ]/);
      if (width >= 0 && text[width] !== "\t") ranges.push(hang[Math.min(width, deepest)].range(line.from));
      at = line.to + 1;
    }
  }
  return Decoration.set(ranges);
}

const hangingIndent = [hangStyles, ViewPlugin.fromClass(class {
  constructor(view) { this.decorations = hanging(view); }
  update(update) {
    if (update.docChanged || update.viewportChanged) this.decorations = hanging(update.view);
  }
}, { decorations: (plugin) => plugin.decorations })];

export class Editor {
  // The callbacks are onChange(), onPlace(position, how) with how "focus" or "hover", or a null position.
  constructor(parent, { readOnly = false, nonce, onChange = () => {}, onPlace = () => {} }) {
    this.language = new Compartment();
    this.attributes = new Compartment();
    this.hint = new Compartment();
    this.languageName = "text";
    this.quiet = false;
    this.view = new EditorView({
      parent,
      state: EditorState.create({
        doc: "",
        extensions: [
          EditorView.cspNonce.of(nonce),
          lineNumbers(), foldGutter(), highlightSpecialChars(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(), highlightActiveLineGutter(),
          readOnly ? EditorState.readOnly.of(true) : [history(), lintGutter()],
          EditorView.lineWrapping, hangingIndent,
          syntaxHighlighting(colours),
          keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...lintKeymap]),
          this.language.of([]), this.attributes.of([]), this.hint.of([]), marks,
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !this.quiet) onChange();
            if (update.view.hasFocus && (update.selectionSet || update.focusChanged) && !update.docChanged) onPlace(update.state.selection.main.head, "focus");
          }),
          EditorView.domEventHandlers({
            mousemove: (event, view) => onPlace(view.posAtCoords({ x: event.clientX, y: event.clientY }), "hover"),
            mouseleave: () => onPlace(null, "hover"),
          }),
        ],
      }),
    });
  }

  get text() { return this.view.state.doc.toString(); }

  // set replaces the text, without a call of onChange. It chooses the colours in the same step, so that the text is parsed once.
  set(text, language = this.languageName) {
    const effects = this.#choose(language);
    if (text === this.text && !effects.length) return;
    this.quiet = true;
    this.view.dispatch(text === this.text ? { effects } : { changes: { from: 0, to: this.view.state.doc.length, insert: text }, selection: { anchor: 0 }, effects: [...effects, setMarks.of(Decoration.none)] });
    this.quiet = false;
  }

  setLanguage(name) { this.view.dispatch({ effects: this.#choose(name) }); }

  #choose(name) {
    if (name === this.languageName || !parsers[name]) return [];
    this.languageName = name;
    return [this.language.reconfigure(parsers[name]())];
  }

  // describe gives the text field its name for screen readers.
  describe(attributes) { this.view.dispatch({ effects: this.attributes.reconfigure(EditorView.contentAttributes.of({ tabindex: "0", ...attributes })) }); }

  setHint(text) { this.view.dispatch({ effects: this.hint.reconfigure(text ? placeholder(text) : []) }); }

  // diagnose underlines findings: {from, to, severity, message, actions}.
  diagnose(list) {
    const end = this.view.state.doc.length;
    this.view.dispatch(setDiagnostics(this.view.state, list.filter((d) => d.from <= end).map((d) => ({ ...d, to: Math.min(Math.max(d.to, d.from), end) }))));
  }

  // mark lights up parts of the text; all are those that can be lit up.
  mark(parts, all = []) {
    const end = this.view.state.doc.length;
    const ranges = [];
    for (const p of all) if (p.from < p.to && p.to <= end) ranges.push(asks.range(p.from, p.to));
    for (const p of parts) if (p.from < p.to && p.to <= end) ranges.push(lit.range(p.from, p.to));
    this.view.dispatch({ effects: setMarks.of(Decoration.set(ranges, true)) });
  }

  // markLines lights up lines: {from, to} from 1.
  markLines(parts) {
    const { doc } = this.view.state;
    const ranges = [];
    for (const p of parts) {
      for (let n = p.from; n <= Math.min(p.to, doc.lines); n++) ranges.push((n === p.from ? litFirst : litLine).range(doc.line(n).from));
    }
    this.view.dispatch({ effects: setMarks.of(Decoration.set(ranges, true)) });
  }

  lineAt(position) { return this.view.state.doc.lineAt(Math.min(position, this.view.state.doc.length)).number; }

  lineStart(number) { return this.view.state.doc.line(Math.min(number, this.view.state.doc.lines)).from; }

  // reveal scrolls to a position, inside of the editor alone.
  reveal(position) {
    const at = Math.min(position, this.view.state.doc.length);
    const block = this.view.lineBlockAt(at);
    const box = this.view.scrollDOM;
    if (block.top < box.scrollTop || block.bottom > box.scrollTop + box.clientHeight) {
      box.scrollTop = Math.max(0, block.top - box.clientHeight / 3);
    }
  }

  focus() { this.view.focus(); }

  // select puts the cursor on a part of the text.
  select(from, to) {
    const end = this.view.state.doc.length;
    this.view.dispatch({ selection: { anchor: Math.min(from, end), head: Math.min(to, end) }, scrollIntoView: true });
    this.view.focus();
  }
}
