// Tests of the page in Chromium: node test/browser.mjs FOLDER COMMAND
//
// FOLDER has the page as build.mjs makes it, and COMMAND is execrole. There is a line for each test: "ok NAME", or "FAIL NAME"
// with the reason below it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "./serve.mjs";
import { all, languages } from "../src/words.js";

const [folder, command] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const example = (name) => readFileSync(fileURLToPath(new URL(`../src/examples/${name}`, import.meta.url)), "utf8");
const scratch = mkdtempSync(join(tmpdir(), "execrole-browser-"));
let server = await serve(folder);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const problems = []; // what the browser complains about, in any test

const equal = (got, want, what) => {
  if (got !== want) throw new Error(`${what}: ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
};
const holds = (is, what) => {
  if (!is) throw new Error(what);
};

async function newPage({ width = 1440, height = 900, colorScheme = "light", locale = "en-US", path = "" } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, locale, acceptDownloads: true, reducedMotion: "reduce" });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(server.address).origin });
  const page = await context.newPage();
  page.setDefaultTimeout(30000);
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && problems.push(m.text()));
  page.on("pageerror", (error) => problems.push(String(error.stack)));
  page.on("request", (r) => !r.url().startsWith(server.address) && !/^(blob|data):/.test(r.url()) && problems.push(`a request to ${r.url()}`));
  await page.goto(server.address + path);
  await ready(page);
  return page;
}

const ready = (page) => page.waitForFunction(() => document.documentElement.dataset.core === "ready" && Number(document.documentElement.dataset.answers) > 0);
const answers = (page) => page.evaluate(() => Number(document.documentElement.dataset.answers ?? 0));

// after does something, and waits for the answer of the core.
async function after(page, act) {
  const before = await answers(page);
  await act();
  await page.waitForFunction((n) => Number(document.documentElement.dataset.answers) > n, before);
}

const choose = (page, name) => after(page, () => page.selectOption("#example", name));
const tab = (page, name) => after(page, () => page.click(`#tabs-${name}`));

// paste puts a text into an editor, from the clipboard.
const paste = (page, id, text) => after(page, async () => {
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await page.focus(`#${id} .cm-content`);
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+V");
});

async function downloaded(page) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

// run runs the command on a file, and returns what it prints.
function run(name, text, ...flags) {
  writeFileSync(join(scratch, name), text);
  return execFileSync(command, [...flags, "-q", name], { cwd: scratch, stdio: ["ignore", "pipe", "pipe"] }).toString();
}

// drop drops files on an element.
const drop = (page, selector, files) => after(page, () => page.evaluate(([selector, files]) => {
  const dataTransfer = new DataTransfer();
  for (const [name, text] of files) dataTransfer.items.add(new File([text], name));
  for (const type of ["dragover", "drop"]) document.querySelector(selector).dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}, [selector, files]));

const litLeft = (page) => page.$$eval("#input-editor .lit", (list) => list.map((e) => e.textContent).join(""));
const litRight = (page) => page.$$eval("#output-editor .lit-line", (list) => list.map((e) => e.textContent.trim()).join("\n"));

const tests = {
  async "words in both languages"() {
    for (const [key, row] of Object.entries(all)) {
      equal(row.length, Object.keys(languages).length, key);
      const names = row.map((text) => (text.match(/\{\w+\}/g) ?? []).sort().join());
      holds(row.every((text) => text !== "") && names.every((n) => n === names[0]), `${key}: ${row}`);
    }
    const page = await newPage({ locale: "ja-JP" });
    equal(await page.getAttribute("html", "lang"), "ja", "language");
    holds((await page.textContent("header")).includes("タスク実行ロール"), "the header is not Japanese");
    await page.selectOption("#language", "en");
    equal(await page.getAttribute("html", "lang"), "en", "language");
    const keys = await page.$$eval("[data-t]", (list) => list.map((e) => e.dataset.t));
    for (const key of keys) holds(key in all, `no words for ${key}`);
    await page.context().close();
  },

  async "the page is usable while the core is loaded"() {
    const context = await browser.newContext({ locale: "en-US" });
    const page = await context.newPage();
    page.on("pageerror", (error) => problems.push(String(error.stack)));
    let go;
    const held = new Promise((done) => (go = done));
    await context.route("**/*.wasm.xz", (route) => held.then(() => route.continue()));
    await page.goto(server.address);
    holds(await page.isVisible("#progress") && (await page.textContent("#status")).startsWith("Loading"), "there is no progress bar");
    await page.click("#tabs-terraform");
    await page.selectOption("#example", "web");
    await page.focus("#input-editor .cm-content");
    await page.keyboard.type(" ");
    holds((await page.textContent("#input-editor .cm-line >> nth=0")).startsWith(" {"), "what was typed is not shown");
    go();
    await page.waitForSelector("#output-box:not([hidden])");
    holds(!(await page.isVisible("#progress")), "the progress bar is still there");
    await context.close();
  },

  async "roles in each format are those of the command"() {
    const page = await newPage();
    const inputs = { web: ["web.json", "web-service.json"], template: ["service.yaml", "template.yaml"], terraform: ["main.tf", "main.tf"] };
    for (const [name, [file, source]] of Object.entries(inputs)) {
      await choose(page, name);
      for (const format of ["cloudformation", "cloudformation-json", "terraform", "cdk-go"]) {
        if (format === "cloudformation-json") await after(page, () => page.selectOption("#variant", format));
        else if ((await page.getAttribute(`#tabs-${format}`, "aria-selected")) !== "true") await tab(page, format);
        equal((await downloaded(page)).text, run(file, example(source), "-f", format), `${name} as ${format}`);
      }
    }
    await choose(page, "web");
    await tab(page, "json");
    holds((await page.textContent("#findings")).includes("--account ACCOUNT") || (await page.isVisible("#output-box")), "neither a role nor what is missing");
    await tab(page, "aws-cli");
    equal((await downloaded(page)).text, run("web.json", example("web-service.json"), "-f", "aws-cli"), "the script");
    const shown = await page.evaluate(() => JSON.stringify(execroleTiming));
    console.log(`# timing ${shown}`);
    await page.context().close();
  },

  async "hover and focus light up both sides"() {
    const page = await newPage();
    await choose(page, "web");
    await page.locator("#input-editor .asks", { hasText: "dkr.ecr" }).first().hover();
    await page.waitForSelector("#output-editor .lit-line");
    let right = await litRight(page);
    holds(right.includes("Sid: PullImages") && !right.includes("ReadSecrets"), `the image lights up\n${right}`);
    await page.locator("#output-editor .cm-line", { hasText: "Sid: PullImages" }).hover();
    holds((await litLeft(page)).includes("dkr.ecr"), "the statement lights up nothing");
    await page.hover("h1");
    equal(await litLeft(page), "", "left after the pointer is gone");
    // With the keyboard: the cursor in the statement of the parameter.
    await page.focus("#output-editor .cm-content");
    await page.keyboard.press("Control+End");
    for (let i = 0; i < 60 && !(await litLeft(page)).includes("/shop/api-key"); i++) await page.keyboard.press("ArrowUp");
    equal(await litLeft(page), '"/shop/api-key"', "the cursor in the output lights up");
    holds((await page.textContent("#status")).startsWith("ReadParameters: "), "a screen reader is not told");
    await page.focus("#input-editor .cm-content");
    await page.keyboard.press("Control+Home");
    for (let i = 0; i < 60 && !(await litRight(page)).includes("ReadSecrets"); i++) await page.keyboard.press("End").then(() => page.keyboard.press("ArrowLeft")).then(() => page.keyboard.press("ArrowDown"));
    holds((await litRight(page)).includes("ReadSecrets"), "the cursor in the input lights up nothing");
    await page.click("#tabs-why");
    await page.focus(".statement:nth-of-type(2) button.place");
    holds((await page.getAttribute(".statement:nth-of-type(2)", "class")).includes("lit"), "the focused statement is not lit up");
    holds((await litLeft(page)).includes("dkr.ecr"), "the focused statement lights up nothing");
    await page.keyboard.press("Enter");
    holds(await page.evaluate(() => document.activeElement.closest("#input-editor") !== null), "a field that asks does not lead to the input");
    await page.context().close();
  },

  async "findings are underlined, and a button fills the placeholder"() {
    const page = await newPage();
    await choose(page, "worker");
    await page.waitForSelector("#input-editor .cm-lintRange-error");
    equal(await page.textContent("#input-editor .cm-lintRange-error"), '"<IMAGE>"', "underlined");
    await page.hover("#input-editor .cm-lintRange-error");
    await page.click(".cm-diagnosticAction >> nth=0");
    equal(await page.evaluate(() => document.activeElement.placeholder), "VALUE", "the action leads to the field");
    await page.keyboard.type("111122223333.dkr.ecr.eu-west-1.amazonaws.com/worker:1");
    await after(page, () => page.click(".fix button >> nth=0"));
    holds(await page.isVisible("#output-box"), "no role");
    equal((await downloaded(page)).text, run("worker.json", example("worker-firelens.json"), "--set", "IMAGE=111122223333.dkr.ecr.eu-west-1.amazonaws.com/worker:1"), "the role");
    equal(await page.textContent("#command"), "execrole --set=IMAGE=111122223333.dkr.ecr.eu-west-1.amazonaws.com/worker:1 worker.json", "the command");
    await after(page, () => page.fill("#option-kms-key", "*=alias/shop"));
    holds((await downloaded(page)).text.includes("kms:Decrypt"), "the option changes nothing");
    await page.click("summary:has-text('The role itself')");
    await after(page, () => page.fill("#option-role-name", "worker"));
    holds((await downloaded(page)).text.includes('RoleName: "worker"'), "the role has no name");
    await after(page, () => page.fill("#option-permissions-boundary", "x"));
    holds(await page.isVisible("#problems"), "a wrong option is no problem");
    await after(page, () => page.click("#options-reset"));
    holds(!(await page.isVisible("#problems")) && (await page.isVisible("#empty")), "the options are still there");
    await page.context().close();
  },

  async "a role that exists is checked"() {
    const page = await newPage();
    await choose(page, "web");
    await after(page, () => page.click("#modes-check"));
    holds((await page.textContent("#report .verdict")).includes("does not fit"), "no verdict");
    holds((await page.textContent("#report .cards")).includes("ssm:GetParameters"), "no missing permission");
    holds((await page.textContent("#report .kind-unneeded .snippet >> nth=0")).includes("arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-a1B2c3"), "what is too much has no exact statement beside it");
    equal(await page.$$eval("#report .checklist dd", (list) => list.map((e) => e.textContent).join()), "cannot tell,no,cannot tell", "the checklist");
    await page.click("#report .kind-missing button.place >> nth=0");
    holds((await page.evaluate(() => getSelection().toString())).includes("/shop/api-key"), "the field is not selected");
    await page.click("#report .kind-unneeded button.place >> nth=0");
    holds(await page.evaluate(() => document.activeElement.closest("#role-editor") !== null), "the statement is not shown");
    await paste(page, "role-editor", '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}');
    holds((await page.textContent("#report .verdict")).includes("The role fits"), "a role that allows all does not fit");
    await paste(page, "role-editor", "{");
    holds(await page.isVisible("#report .finding.error"), "a broken role has no error");
    await page.context().close();
  },

  async "what is no task definition goes where it belongs"() {
    const page = await newPage();
    await paste(page, "input-editor", example("message.txt"));
    await after(page, () => page.click("#suggested"));
    holds((await page.textContent("#report")).includes("ssm:GetParameters"), "the error is not explained");
    await after(page, () => page.click("#clear"));
    await after(page, () => page.click("#modes-generate"));
    await paste(page, "input-editor", example("role.json"));
    await after(page, () => page.click("#suggested"));
    holds((await page.textContent("#role-editor .cm-content")).includes("Statement"), "the role is not in its editor");
    await after(page, () => page.click("#modes-generate"));
    await paste(page, "input-editor", JSON.stringify({ resource: { aws_ecs_task_definition: { t: { family: "f", container_definitions: '[{"name":"a","image":"nginx"}]' } } } }));
    holds(await page.isVisible("#output-box") && !(await page.isVisible("#suggested")), "Terraform's source in JSON has no role");
    const large = [];
    for (let i = 0; i < 120000; i++) large.push(Math.random().toString(36));
    await drop(page, "h1", [["large.json", JSON.stringify({ family: "f", containerDefinitions: [{ name: "a", image: "nginx", dockerLabels: { large: large.join("") } }] })]]);
    await page.click("#link");
    await page.waitForFunction(() => document.querySelector("#toast").textContent.includes("too large"));
    equal(await page.evaluate(() => location.hash), "", "the link");
    await page.context().close();
  },

  async "other policies limit the role"() {
    const page = await newPage();
    const task = '{"family":"f","containerDefinitions":[{"name":"a","image":"nginx","secrets":[{"name":"A","valueFrom":"arn:aws:ssm:eu-west-1:111122223333:parameter/a"}]}]}';
    const policy = (action, effect = "Allow") => `{"Statement":[\n{"Effect":"${effect}","Action":"${action}","Resource":"*"}]}`;
    const says = (args) => execFileSync(command, ["check", "-q", "--fail-on", "any", ...args, "task.json"], { cwd: scratch, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
    const verdict = async (...args) => {
      let want;
      try { want = says(args); } catch (error) { want = error.stdout; }
      await page.click("#report summary");
      equal(await page.textContent("#report details code"), want, `check ${args.join(" ")}`);
      equal(await page.textContent("#command"), `execrole check ${args.join(" ")} task.json`, "the command");
    };
    for (const [name, text] of [["task.json", task], ["role.json", policy("ssm:GetParameters")], ["boundary.json", policy("s3:*")], ["scp.json", policy("*")], ["scp-2.json", policy("ssm:*", "Deny")]]) writeFileSync(join(scratch, name), text);
    await after(page, () => page.click("#modes-check"));
    await paste(page, "input-editor", task);
    await drop(page, "#role-editor .cm-content", [["r.json", policy("ssm:GetParameters")]]);
    await verdict("--role", "role.json");
    await page.click("#policies-box summary");
    await after(page, () => page.click("#add-boundary"));
    holds(await page.evaluate(() => document.activeElement.closest(".policy") !== null), "the new policy has no focus");
    holds(await page.isDisabled("#add-boundary"), "a second boundary can be added");
    await drop(page, ".policy .cm-content", [["b.json", policy("s3:*")]]);
    holds((await page.textContent("#report .cards")).includes("permissions boundary"), "the boundary denies nothing");
    await verdict("--role", "role.json", "--boundary", "boundary.json");
    await after(page, () => page.click(".policy button:has-text('Remove')"));
    for (const [i, text] of [[1, policy("*")], [2, policy("ssm:*", "Deny")]]) {
      await after(page, () => page.click("#add-scp"));
      await drop(page, `.policy:nth-of-type(${i}) .cm-content`, [["s.json", text]]);
    }
    await verdict("--role", "role.json", "--scp", "scp.json", "--scp", "scp-2.json");
    equal(await page.$$eval(".policy h4", (list) => list.map((e) => e.textContent).join()), "Service control policy 1,Service control policy 2", "titles");
    await page.click("#report .kind-denied button.place:has-text('line')");
    holds(await page.evaluate(() => document.activeElement.closest(".policy:nth-of-type(2)") !== null), "the statement that denies is not shown");
    await page.click("#link");
    await page.waitForFunction(() => location.hash.length > 3);
    const other = await newPage({ path: (await page.evaluate(() => location.hash)) });
    await other.waitForSelector("#report .verdict");
    equal(await other.textContent("#report .verdict"), await page.textContent("#report .verdict"), "the verdict behind the link");
    equal((await other.$$(".policy")).length, 2, "policies behind the link");
    await drop(page, ".policy:nth-of-type(1) .cm-content", [["s.json", "{\n"]]);
    await page.click("#report .finding.error button.place");
    holds(await page.evaluate(() => document.activeElement.closest(".policy:nth-of-type(1)") !== null), "the mistake is not shown");
    await after(page, () => page.click("#clear"));
    equal((await page.$$(".policy")).length, 0, "policies after all is cleared");
    for (const p of [page, other]) await p.context().close();
  },

  async "the roles of an account are checked"() {
    const page = await newPage();
    const task = (family, role) => JSON.stringify({ taskDefinition: { family, executionRoleArn: `arn:aws:iam::111122223333:role/${role}`, containerDefinitions: [{ name: "a", image: "nginx", secrets: [{ name: "A", valueFrom: "arn:aws:ssm:eu-west-1:111122223333:parameter/a" }] }] } });
    const role = (RoleName, Action) => ({ RoleName, Arn: `arn:aws:iam::111122223333:role/${RoleName}`, AssumeRolePolicyDocument: { Statement: [{ Effect: "Allow", Principal: { Service: "ecs-tasks.amazonaws.com" }, Action: "sts:AssumeRole" }] }, RolePolicyList: [{ PolicyName: "p", PolicyDocument: { Statement: [{ Effect: "Allow", Action, Resource: "arn:aws:ssm:eu-west-1:111122223333:parameter/a" }] } }] });
    const account = JSON.stringify({ RoleDetailList: [role("good", "ssm:GetParameters"), role("bad", "ssm:GetParameter"), role("idle", "ssm:GetParameters")] }, null, 1);
    const files = [["a.json", task("a", "good")], ["b.json", task("b", "bad")], ["c.json", task("c", "gone")]];
    for (const [name, text] of [...files, ["account.json", account]]) writeFileSync(join(scratch, name), text);
    await after(page, () => page.click("#modes-check"));
    await drop(page, "h1", files);
    equal((await page.$$("#input-files button")).length, 3, "files");
    await drop(page, "#role-editor .cm-content", [["account.json", account]]);
    equal(await page.inputValue("#role-kind"), "account", "what was dropped");
    equal(await page.$$eval("#report tbody tr", (rows) => rows.map((r) => [...r.cells].map((c) => c.textContent).join("|")).join("\n")),
      "bad|b|1|0|1|does not fit\narn:aws:iam::111122223333:role/gone|c||||not in the files\ngood|a|0|0|0|fits", "the table");
    equal(await page.$$eval("#report .verdict h3", (list) => list.map((e) => e.textContent).join()), "bad: The role does not fit.", "the details");
    holds((await page.textContent("#report")).includes("idle"), "the role that is not used is not named");
    let want;
    try {
      want = execFileSync(command, ["check", "-q", "--iam", "account.json", "a.json", "b.json", "c.json"], { cwd: scratch, stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
    } catch (error) { want = error.stdout; }
    await page.click("#report summary");
    equal(await page.textContent("#report details code"), want, "the text");
    equal(await page.textContent("#command"), "execrole check --iam account.json a.json b.json c.json", "the command");
    await after(page, () => page.selectOption("#role-kind", "role"));
    equal(await page.textContent("#command"), "execrole check --role role.json a.json b.json c.json", "the command for one role");
    await page.context().close();
  },

  async "an error message is explained"() {
    const page = await newPage();
    await after(page, () => page.click("#modes-diagnose"));
    const message = (await page.$$eval("#message-editor .cm-line", (list) => list.map((e) => e.textContent).join("\n"))).trim();
    equal(message, example("message.txt").trim(), "the example");
    await page.click("#report summary");
    equal(await page.textContent("#report details code"), execFileSync(command, ["diagnose", message], { stdio: ["ignore", "pipe", "pipe"] }).toString(), "the text");
    await choose(page, "web");
    await page.click("#report button.place >> nth=0");
    holds((await page.evaluate(() => getSelection().toString())).includes("/shop/api-key"), "the field is not selected");
    await paste(page, "role-editor", example("role.json"));
    writeFileSync(join(scratch, "role.json"), example("role.json"));
    writeFileSync(join(scratch, "web.json"), example("web-service.json"));
    await page.click("#report summary");
    equal(await page.textContent("#report details code"), execFileSync(command, ["diagnose", "-q", "--role", "role.json", message, "web.json"], { cwd: scratch, stdio: ["ignore", "pipe", "pipe"] }).toString(), "the text with the role");
    await paste(page, "message-editor", "something else");
    holds((await page.textContent("#report")).includes("Unknown"), "an unknown message has an answer");
    await paste(page, "message-editor", '{"tasks": []}');
    holds(await page.isVisible("#report .finding.error"), "a document without messages is no error");
    await page.context().close();
  },

  async "a link carries everything"() {
    const page = await newPage();
    const text = '{"family":"f","containerDefinitions":[{"name":"app","image":"<IMAGE>","dockerLabels":{"鍵🔑":"🔑"}}]}';
    await paste(page, "input-editor", text);
    await after(page, () => page.fill("#option-set", "IMAGE=111122223333.dkr.ecr.eu-west-1.amazonaws.com/abc"));
    await tab(page, "terraform");
    const want = await downloaded(page);
    await page.click("#link");
    await page.waitForFunction(() => location.hash.length > 3);
    const link = await page.evaluate(() => navigator.clipboard.readText());
    holds(link.startsWith(server.address + "#1=") && !link.includes("IMAGE"), link);
    const other = await newPage({ path: link.slice(server.address.length) });
    await other.waitForSelector("#output-box:not([hidden])");
    equal((await downloaded(other)).text, want.text, "the role behind the link");
    equal(await other.inputValue("#option-set"), "IMAGE=111122223333.dkr.ecr.eu-west-1.amazonaws.com/abc", "the option");
    const broken = await newPage({ path: "#1=AAAA" });
    holds((await broken.textContent("#toast")).includes("cannot be read"), "a broken link is not named");
    for (const p of [page, other, broken]) await p.context().close();
  },

  async "several files, several task definitions"() {
    const page = await newPage();
    await after(page, () => page.setInputFiles("#file", [
      { name: "main.tf", mimeType: "text/plain", buffer: Buffer.from('resource "aws_ecs_task_definition" "a" {\n  family = "a"\n  container_definitions = jsonencode([{ name = "app", image = "${aws_ecr_repository.r.repository_url}:1" }])\n}\n') },
      { name: "ecr.tf", mimeType: "text/plain", buffer: Buffer.from('resource "aws_ecr_repository" "r" {\n  name = "shop"\n}\n') },
    ]));
    await tab(page, "terraform");
    holds((await downloaded(page)).text.includes(":repository/shop"), "the other file is not read");
    await page.click("#input-files button >> nth=1");
    holds((await page.textContent("#input-editor .cm-content")).includes("aws_ecr_repository"), "the second file is not shown");
    const two = (n) => `  ${n}:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: ${n}\n      ContainerDefinitions:\n        - Name: app\n          Image: 111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/${n.toLowerCase()}\n`;
    await after(page, () => page.setInputFiles("#file", [{ name: "t.yaml", mimeType: "text/plain", buffer: Buffer.from(`Resources:\n${two("One")}${two("Two")}`) }]));
    equal(await page.$$eval("#task option", (list) => list.map((o) => o.textContent).join()), "One,Two", "task definitions");
    await after(page, () => page.selectOption("#task", "1"));
    holds((await downloaded(page)).text.includes("repository/shop/two"), "the second role is not shown");
    await page.context().close();
  },

  async "a megabyte does not stop typing"() {
    const page = await newPage();
    const containers = [];
    for (let i = 0; i < 500; i++) {
      containers.push({ name: `app${i}`, image: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/shop/web:${i}`, environment: Array.from({ length: 20 }, (_, k) => ({ name: `NAME_${k}`, value: "x".repeat(60) })) });
    }
    const big = JSON.stringify({ family: "big", containerDefinitions: containers }, null, 1);
    holds(big.length > 1 << 20, `only ${big.length} bytes`);
    await page.evaluate(() => {
      globalThis.longest = 0;
      let last = performance.now();
      const step = (now) => {
        longest = Math.max(longest, now - last);
        last = now;
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    });
    await after(page, () => page.setInputFiles("#file", [{ name: "big.json", mimeType: "application/json", buffer: Buffer.from(big) }]));
    holds(await page.isVisible("#output-box"), "no role of a megabyte");
    await page.click("#input-editor .cm-line >> nth=0");
    await page.keyboard.press("Control+Home");
    await page.evaluate(() => {
      longest = 0;
      const post = Worker.prototype.postMessage; // a core that is slow
      Worker.prototype.postMessage = function (...args) { setTimeout(() => post.apply(this, args), 2500); };
    });
    const before = await answers(page);
    await page.keyboard.type(" ");
    await page.waitForFunction(() => document.querySelector("#status").textContent.startsWith("Working"));
    const start = Date.now();
    await page.keyboard.type("       ");
    const typed = Date.now() - start;
    holds((await page.textContent("#input-editor .cm-line >> nth=0")).startsWith("        {"), "what was typed is not shown");
    equal(await answers(page), before, "answers of the core while somebody types");
    await page.waitForFunction((n) => Number(document.documentElement.dataset.answers) > n, before);
    console.log(`# a megabyte: 7 keys in ${typed} ms; the longest frame took ${await page.evaluate(() => Math.round(longest))} ms; ${await page.evaluate(() => JSON.stringify(execroleTiming))}`);
    await page.context().close();
  },

  async "hostile texts stay texts"() {
    const page = await newPage();
    const evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"\'`${1}';
    const text = JSON.stringify({ family: evil, containerDefinitions: [{ name: evil, image: evil, environmentFiles: [{ type: "s3", value: `arn:aws:s3:::bucket/${evil}` }], secrets: [{ name: evil, valueFrom: evil }], [evil]: evil }] });
    const role = JSON.stringify({ Statement: [{ Sid: evil, Effect: "Allow", Action: evil, Resource: evil, Principal: { AWS: evil } }] });
    await after(page, () => page.setInputFiles("#file", [{ name: `${evil}.json`, mimeType: "text/plain", buffer: Buffer.from(text) }]));
    for (const name of ["terraform", "cdk-go", "json", "aws-cli", "cloudformation"]) await tab(page, name);
    await page.click("#tabs-why");
    await page.waitForTimeout(100);
    await page.hover("#input-editor .cm-line >> nth=0");
    await after(page, () => page.click("#modes-check"));
    await paste(page, "role-editor", role);
    await after(page, () => page.fill("#option-set", `x=${evil}`)).catch(() => {});
    await paste(page, "input-editor", `{"family":"a","containerDefinitions":[{"name":"<img src=x onerror=hacked=1>","image":"111122223333.dkr.ecr.eu-west-1.amazonaws.com/abc","secrets":[{"name":"<b>","valueFrom":"arn:aws:ssm:eu-west-1:111122223333:parameter/a"}]}]}`);
    const state = { mode: evil, files: [{ name: evil, text: evil }], roles: [{ name: evil, text: evil }], account: evil, policies: [{ kind: evil, arn: evil, text: evil }, { kind: "resource-policy", arn: evil, text: evil }, evil], message: evil, options: [evil, `--set=${evil}`], tab: evil, task: evil };
    const packed = await page.evaluate(async (state) => {
      const bytes = new Uint8Array(await new Response(new Blob([JSON.stringify(state)]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer());
      return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    }, state);
    const other = await newPage({ path: `#1=${packed}` });
    for (const p of [page, other]) {
      equal(await p.evaluate(() => typeof window.hacked), "undefined", "a script has run");
      equal(await p.$$eval("body img", (list) => list.length), 1, "images");
      equal(await p.$$eval("body script, b", (list) => list.length), 0, "scripts");
      await p.context().close();
    }
    // The policy forbids inline scripts, should anything become markup after all.
    const third = await newPage();
    const blocked = await third.evaluate(() => new Promise((done) => {
      document.addEventListener("securitypolicyviolation", (e) => done(e.effectiveDirective));
      const script = document.createElement("script");
      script.textContent = "window.hacked = 1";
      document.body.append(script);
      setTimeout(() => done("nothing"), 1000);
    }));
    holds(blocked.startsWith("script-src"), `an inline script: ${blocked} blocks it`);
    equal(await third.evaluate(() => typeof window.hacked), "undefined", "an inline script has run");
    problems.splice(0, problems.length, ...problems.filter((p) => !/inline script/.test(p)));
    await third.context().close();
  },

  async "it works without a network after the first load"() {
    const page = await newPage();
    await page.waitForFunction(() => navigator.serviceWorker.ready.then((r) => r.active?.state === "activated" && navigator.serviceWorker.controller !== null));
    const { address, stop } = server;
    await stop(); // there is nothing to reach any more
    try {
      await page.reload();
      await ready(page);
      await choose(page, "web");
      holds((await downloaded(page)).text.includes("ReadParameters"), "no role");
    } finally {
      server = await serve(folder);
      const lost = problems.filter((p) => /ERR_CONNECTION_REFUSED|Failed to load resource/.test(p));
      problems.splice(0, problems.length, ...problems.filter((p) => !lost.includes(p) && !p.includes(address)));
    }
    await page.context().close();
  },

  async "the keyboard reaches everything"() {
    const page = await newPage();
    await choose(page, "web");
    await page.evaluate(() => document.activeElement.blur());
    const order = [];
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press("Tab");
      order.push(await page.evaluate(() => document.activeElement.id || document.activeElement.closest("[id]")?.id));
    }
    const wanted = ["language", "modes-generate", "example", "open", "clear", "input-editor", "notes-title", "link", "tabs-cloudformation", "variant", "output-file", "copy", "download", "output-editor", "copy-command", "option-kms-key"];
    let at = -1;
    for (const id of wanted) {
      const next = order.indexOf(id, at + 1);
      holds(next > at, `${id} is not reached in its order: ${order}`);
      at = next;
    }
    await page.focus("#tabs-cloudformation");
    await after(page, () => page.keyboard.press("ArrowRight"));
    equal(await page.evaluate(() => document.activeElement.id), "tabs-terraform", "the next tab");
    await page.keyboard.press("End");
    equal(await page.getAttribute("#tabs-why", "aria-selected"), "true", "the last tab");
    await page.context().close();
  },

  async "axe finds nothing, and nothing is cut off"() {
    const looks = [
      { width: 1440, colorScheme: "light", locale: "en-US" }, { width: 1440, colorScheme: "dark", locale: "ja-JP" },
      { width: 360, colorScheme: "dark", locale: "en-US" }, { width: 360, colorScheme: "light", locale: "ja-JP" },
    ];
    for (const { width, colorScheme, locale } of looks) {
      const page = await newPage({ width, height: 800, colorScheme, locale });
      const look = async (what) => {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
        const where = `${what}, ${width} px, ${colorScheme}, ${locale}`;
        holds(violations.length === 0, `${where}: ${violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => n.target + " " + n.failureSummary).join("; ")}`).join("\n")}`);
        const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
        holds(wide <= width, `${where}: the page is ${wide} px wide`);
      };
      await look("empty");
      await choose(page, "worker");
      for (const summary of await page.$$("summary")) if (await summary.isVisible()) await summary.click();
      await look("a placeholder");
      await choose(page, "web");
      await page.locator("#input-editor .asks").first().hover();
      await look("a role");
      await page.click("#tabs-why");
      await page.hover(".statement >> nth=1");
      await look("why");
      await after(page, () => page.click("#modes-check"));
      await look("a verdict");
      for (const kind of ["boundary", "scp", "resource-policy"]) {
        if (kind === "boundary") await page.click("#policies-box summary");
        await after(page, () => page.click(`#add-${kind}`));
      }
      await look("other policies");
      await paste(page, "role-editor", JSON.stringify({ RoleDetailList: [{ RoleName: "web", Arn: "arn:aws:iam::111122223333:role/web" }] }));
      await paste(page, "input-editor", JSON.stringify({ family: "a-family-with-a-long-name-of-many-words", executionRoleArn: "arn:aws:iam::111122223333:role/web", containerDefinitions: [{ name: "a", image: "nginx", secrets: [{ name: "A", valueFrom: "/a" }] }] }));
      await page.waitForSelector("#report table");
      await look("an account");
      await choose(page, "web");
      if (await page.isVisible("#modes-diagnose")) {
        await after(page, () => page.click("#modes-diagnose"));
        await look("a diagnosis");
      }
      await page.context().close();
    }
  },
};

let failed = 0;
try {
  for (const [name, test] of Object.entries(tests)) {
    if (process.env.ONLY && !name.includes(process.env.ONLY)) continue;
    const start = Date.now();
    try {
      await test();
      holds(problems.length === 0, `the browser complains:\n${problems.splice(0).join("\n")}`);
      console.log(`ok ${name}`);
    } catch (error) {
      failed++;
      problems.splice(0);
      console.log(`FAIL ${name}\n  ${String(error.stack ?? error).replaceAll("\n", "\n  ")}`);
      for (const context of browser.contexts()) await context.close();
    }
    console.log(`# ${name}: ${Date.now() - start} ms`);
  }
} finally {
  await browser.close();
  await server.stop();
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
