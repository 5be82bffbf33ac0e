// The line's answers on a call's page: what was heard of each, what was not, and where its time went.

import { clock, late, page, say } from "./live.js";

const SVG = "http://www.w3.org/2000/svg";
// A bar's whole length, unless it is longer itself, and its lines; as on the server (calls/desk/answers.py).
const SCALE_MS = 3000;
const TICK_MS = 1000;

function add(parent, name, kind = "span", dir = "") {
  const part = parent.appendChild(document.createElement(kind));
  part.className = name;
  if (dir) part.dir = dir;
  return part;
}

export function answerRow() {
  const row = document.createElement("li");
  row.className = "answer";
  const at = add(row, "at", "bdi", "ltr");
  const words = add(row, "words");
  const speaker = add(words, "speaker");
  say(speaker, `${page.texts.line}: `);
  // One block, so that what was heard stands before what was not, whatever the page's direction.
  const said = add(words, "said", "bdi");
  const heard = add(said, "heard");
  said.append(" ");
  const unheard = add(said, "unheard", "del");
  const delay = add(row, "late", "bdi", "ltr");
  const bar = row.appendChild(document.createElementNS(SVG, "svg"));
  bar.setAttribute("class", "bar");
  bar.setAttribute("viewBox", "0 0 100 8");
  bar.setAttribute("preserveAspectRatio", "none");
  bar.setAttribute("role", "img");
  const about = add(row, "about");
  row.parts = { at, heard, unheard, delay, bar, about };
  return row;
}

export function showAnswer(row, answer) {
  const { at, heard, unheard, delay, bar, about } = row.parts;
  say(at, clock(answer.started_ms));
  say(heard, answer.heard);
  say(unheard, answer.unheard);
  // Struck through is what nobody will hear any more.
  row.classList.toggle("playing", Boolean(answer.playing));
  unheard.title = answer.unheard && !answer.playing ? page.texts.not_heard : "";
  late(delay, answer.total_ms);
  drawBar(bar, answer);
  say(about, aboutOf(answer).join(" · "));
}

// As on the server (calls/desk/answers.py): a row says of a voice that it was emulated.
function voiceOf(name) {
  if (name === "recorded") return page.texts.answer.recording;
  const told = name?.replace(/^emulator:/, "google:");
  return told && `\u2066${told}\u2069` + (told === name ? "" : ` (${page.texts.emulated})`);
}

function aboutOf(answer) {
  const { outcomes, rules, responders } = page.texts.answer;
  const isolated = (text) => text && `\u2066${text}\u2069`;
  return [
    answer.playing ? page.texts.playing : outcomes[answer.outcome],
    page.texts.codes[answer.code] ?? isolated(answer.code),
    rules[answer.floor_rule] ?? answer.floor_rule,
    responders[answer.responder] ?? answer.responder,
    voiceOf(answer.voice),
    answer.withdrawals && page.texts.withdrawn.replace("%(times)s", answer.withdrawals),
  ].filter(Boolean);
}

function drawBar(bar, answer) {
  const stages = Object.entries(answer.stages);
  bar.toggleAttribute("hidden", !stages.length);
  const said = stages.map(([name, ms]) => `${page.texts.answer.stages[name]}: \u2066${ms} ms\u2069`);
  if (bar.said === said.join()) return;
  bar.said = said.join();
  bar.setAttribute("aria-label", said.join(", "));
  let from = 0;
  const title = document.createElementNS(SVG, "title");
  title.textContent = said.join(", ");
  bar.replaceChildren(title);
  const whole = Math.max(SCALE_MS, stages.reduce((sum, [, ms]) => sum + ms, 0));
  const draw = (name, x, width) => {
    const part = bar.appendChild(document.createElementNS(SVG, "rect"));
    for (const [key, value] of Object.entries({ class: name, x, width, height: 8 })) part.setAttribute(key, value);
  };
  for (const [name, ms] of stages) {
    draw(name, from, (100 * ms) / whole);
    from += (100 * ms) / whole;
  }
  for (let at = TICK_MS; at < whole; at += TICK_MS) draw("tick", (100 * at) / whole, 0.5);
}

const saved = new Map();

// What the caller said at a question. A secret comes masked while the call runs, whoever looks.
export function showSaved(one) {
  const body = document.querySelector("#saved tbody");
  if (!saved.size) body.replaceChildren();
  document.getElementById("saved").hidden = false;
  let row = saved.get(one.key);
  if (!row) {
    row = body.appendChild(document.createElement("tr"));
    const name = row.appendChild(document.createElement("th"));
    name.scope = "row";
    row.value = add(row.appendChild(document.createElement("td")), "value", "bdi", "auto");
    row.secret = add(row.lastElementChild, "secret");
    say(add(name, "", "bdi"), one.key);
    saved.set(one.key, row);
  }
  say(row.value, one.value || "\u2014");
  say(row.secret, one.secret ? page.texts.secret : "");
}
