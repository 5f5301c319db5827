// The colours of HCL, the language of Terraform.
import { StreamLanguage } from "@codemirror/language";

export const hcl = StreamLanguage.define({
  name: "hcl",
  startState: () => ({ comment: false, heredoc: null, string: false, depth: [] }),
  token(stream, state) {
    if (state.heredoc) {
      if (stream.sol() && stream.match(new RegExp(`^\\s*${state.heredoc}\\s*$`))) state.heredoc = null;
      else stream.skipToEnd();
      return "string";
    }
    if (state.comment) {
      state.comment = !stream.match(/.*?\*\//);
      if (state.comment) stream.skipToEnd();
      return "comment";
    }
    if (state.string) {
      if (stream.match("${") || stream.match("%{")) {
        state.string = false;
        state.depth.push(0);
        return "brace";
      }
      if (stream.eat('"')) state.string = false;
      else if (stream.match(/\\./)) return "escape";
      else if (!stream.match(/[^"\\$%]+/)) stream.next();
      if (stream.eol()) state.string = false;
      return "string";
    }
    if (stream.eatSpace()) return null;
    if (stream.match("#") || stream.match("//")) {
      stream.skipToEnd();
      return "comment";
    }
    if (stream.match("/*")) {
      state.comment = true;
      return "comment";
    }
    if (stream.eat('"')) {
      state.string = true;
      return "string";
    }
    const heredoc = stream.match(/^<<-?([A-Za-z_]\w*)/);
    if (heredoc) {
      state.heredoc = heredoc[1];
      return "string";
    }
    if (stream.match(/^\d+(\.\d+)?/)) return "number";
    const word = stream.match(/^[A-Za-z_][\w-]*/);
    if (word) {
      if (/^(true|false|null)$/.test(word[0])) return "atom";
      if (/^(resource|data|variable|output|module|provider|terraform|locals|for|in|if|dynamic|each|var|local)$/.test(word[0])) return "keyword";
      if (stream.match(/^\s*=(?!=)/, false) || stream.match(/^\s*\{/, false)) return "propertyName";
      return "variableName";
    }
    const c = stream.next();
    if (state.depth.length) {
      if (c === "{") state.depth[state.depth.length - 1]++;
      if (c === "}" && state.depth[state.depth.length - 1]-- === 0) {
        state.depth.pop();
        state.string = true;
        return "brace";
      }
    }
    return /[{}[\]()]/.test(c) ? "bracket" : "operator";
  },
  languageData: { commentTokens: { line: "#" } },
});
