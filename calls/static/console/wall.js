// The wall: one card a running call. Updates change a model; a frame of animation draws the cards that changed.

import { ring } from "./alarm_sound.js";
import { Live, clock, keyOf, late, page, read, say, sayWords, showEmulated, showLink, unread } from "./live.js";

const CALM_MS = 10000; // after its trouble a card stays high for so long
const LOST_MS = 6000; // a process without a pulse for this long is gone, or cut off
const READ_SOON_MS = 2000;

const wall = document.getElementById("wall");
const template = document.getElementById("card");
const find = document.getElementById("find");
const trouble = document.getElementById("trouble");
const calls = new Map();
const processes = new Map();
const changed = new Set();
let lines = {};
let drawing = false;
let reading = null; // updates that came while the database was being read

function draw() {
  if (!drawing) {
    drawing = true;
    requestAnimationFrame(() => {
      drawing = false;
      for (const call of changed) drawCard(call);
      changed.clear();
      drawCount();
      drawProcesses();
    });
  }
}

function touch(call) {
  changed.add(call);
  draw();
}

function callOf(sid) {
  let call = calls.get(sid);
  if (!call) {
    // Of a call that has just begun nothing is known yet: that is no trouble.
    const state = { shows: "", hears: "stream", quietBy: "", standIn: "" };
    call = { sid, from: "", to: "", started: Date.now(), metAt: performance.now(), text: "", ...state, partial: false };
    calls.set(sid, call);
  }
  return call;
}

// Show words, but not those of an older stream or turn than the ones that are shown.
function showWords(call, update, words) {
  const [of, digits] = keyOf(update).split(":");
  const number = Number(digits);
  const isNewest = !of || !call.stream || of === call.stream;
  if (isNewest ? number < (call.number ?? 0) : call.number !== undefined) return;
  Object.assign(call, words);
  if (isNewest) call.number = number;
  touch(call);
}

function drop(call) {
  calls.delete(call.sid);
  changed.delete(call);
  call.card?.remove();
  draw();
}

function cardOf(call) {
  if (!call.card) {
    call.card = template.content.firstElementChild.cloneNode(true);
    const part = (name) => call.card.querySelector(`.${name}`);
    call.parts = Object.fromEntries(["line", "from", "lasted", "words", "shows", "hears", "quiet", "emulated", "late"].map((n) => [n, part(n)]));
    call.card.querySelector("a").href = page.urls.call.replace("SID", encodeURIComponent(call.sid));
    call.card.dataset.sid = call.sid;
    rank(call);
    place(call);
  }
  return call.card;
}

// Trouble first, then the longest-running call. A card moves when its trouble begins, and back when it has been over for
// a while: nothing jumps to and fro under the eye.
function place(call) {
  const focused = call.card.contains(document.activeElement) && document.activeElement;
  call.placed = call.isHigh;
  let after = wall.lastElementChild;
  while (after && (after === call.card || goesBefore(call, calls.get(after.dataset.sid)))) after = after.previousElementSibling;
  if (after) after.after(call.card);
  else wall.prepend(call.card);
  if (focused) focused.focus();
}

function goesBefore(call, other) {
  if (!other) return false;
  return call.isHigh === other.isHigh ? call.started < other.started : call.isHigh;
}

function rank(call) {
  const now = performance.now();
  if (isTrouble(call)) call.troubledAt = now;
  call.isHigh = call.troubledAt !== undefined && now - call.troubledAt < CALM_MS;
  if (call.card && call.placed !== call.isHigh) place(call);
}

function drawCard(call) {
  if (!calls.has(call.sid)) return;
  const card = cardOf(call);
  const { parts } = call;
  rank(call);
  say(parts.line, lines[call.to] || call.to);
  say(parts.from, call.from || "—");
  if (!parts.lasted.textContent) say(parts.lasted, clock(Date.now() - call.started)); // from then on once a second
  sayWords(parts.words, call.text);
  say(parts.shows, page.texts[call.shows] ?? "");
  const standIn = call.standIn ? `${page.texts.stand_in}: \u2068${call.standIn}\u2069` : "";
  say(parts.hears, call.hears === "stream" ? standIn : page.texts[call.hears]);
  say(parts.quiet, call.quietBy ? `${page.texts.quiet}: \u2068${call.quietBy}\u2069` : "");
  showEmulated(parts.emulated, call.engine);
  // How fast its last words came says nothing of a call that is not heard.
  late(parts.late, isTrouble(call) ? null : call.final);
  mark(card, "shows", call.shows);
  mark(card, "hears", call.hears);
  mark(card, "words", call.partial ? "partial" : "turn");
  const hidden = !isSought(call);
  if (card.hidden !== hidden) card.hidden = hidden;
}

function mark(card, name, value) {
  if (card[name] === value) return;
  card[name] = value;
  card.dataset[name] = value;
}

function isTrouble(call) {
  return call.shows === "nothing" || call.shows === "unknown" || call.hears === "deaf" || call.hears === "down";
}

function isSought(call) {
  if (trouble.checked && !isTrouble(call)) return false;
  const sought = find.value.trim().toLowerCase();
  if (!sought) return true;
  const said = `${call.from} ${call.to} ${lines[call.to] || ""} ${call.sid} ${call.text}`.toLowerCase();
  const number = digitsOf(sought);
  return said.includes(sought) || (number && [call.from, call.to].some((one) => digitsOf(one).includes(number)));
}

// A number as it is dialled at home or from abroad, however it is written: 050-123, +972 50 123.
function digitsOf(text) {
  if (!/^[\d\s()+.\-\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/.test(text)) return "";
  return text.replace(/\D/g, "").replace(/^(00)?972|^0/, "");
}

function drawCount() {
  say(document.getElementById("count"), String(calls.size));
  document.getElementById("empty").hidden = calls.size > 0;
  document.getElementById("unfound").hidden = !calls.size || wall.querySelector(".card:not([hidden])") !== null;
}

const kinds = {
  call(update) {
    if (update.state === "ended") {
      const call = calls.get(update.call);
      // An older stream of a call that goes on may end later.
      if (call && (!update.stream || !call.stream || update.stream === call.stream)) drop(call);
      return;
    }
    const call = callOf(update.call);
    if (call.stream !== update.stream) Object.assign(call, { stream: update.stream, number: undefined });
    Object.assign(call, { from: update.from, to: update.to, started: Date.parse(update.started_at), process: update.process });
    touch(call);
  },
  partial(update) {
    showWords(callOf(update.call), update, { text: update.text, partial: true });
  },
  turn(update) {
    const call = callOf(update.call);
    const final = update.final_ms ?? call.final;
    showWords(call, update, { text: update.text || page.texts.no_words, partial: false, final, engine: update.engine });
  },
  state(update) {
    const call = callOf(update.call);
    Object.assign(call, { shows: update.shows, hears: update.hears, quietBy: update.quiet_by });
    call.standIn = update.stand_in ?? "";
    touch(call);
  },
  process(update) {
    const now = performance.now();
    drawAlarms(update.alarms);
    processes.set(update.process, { ...update, at: now });
    // A process of an older version names no stand-in.
    for (const [sid, [shows, hears, quietBy, standIn = ""]] of Object.entries(update.calls)) {
      if (!calls.has(sid)) readSoon();
      const call = callOf(sid);
      call.process = update.process;
      const state = { shows, hears, quietBy, standIn };
      if (!call.card || Object.entries(state).some(([name, value]) => call[name] !== value)) {
        Object.assign(call, state);
        touch(call);
      }
    }
    // Its pulse names all of its calls: one that it no longer names has ended.
    for (const call of calls.values()) {
      if (call.process === update.process && !(call.sid in update.calls)) drop(call);
    }
  },
};

function take(updates) {
  if (reading) reading.push(...updates);
  else for (const update of updates) kinds[update.kind]?.(update);
}

// The database first, then what came meanwhile.
async function readAll() {
  if (reading) return;
  reading = [];
  const state = await read(page.urls.state);
  const missed = reading;
  reading = null;
  if (state) {
    lines = state.lines;
    drawAlarms(state.alarms);
    const running = new Set(state.calls.map((row) => row.call));
    for (const call of [...calls.values()]) if (!running.has(call.sid) && !isFresh(call)) drop(call);
    for (const row of state.calls) {
      kinds.call({ ...row, state: "started" });
      if (row.turn && !callOf(row.call).partial) kinds.turn({ ...row.turn, call: row.call });
    }
    for (const call of calls.values()) touch(call);
  } else {
    unread(state, readAll);
  }
  take(missed);
  draw();
}

// A call whose beginning was missed.
let soon = 0;
function readSoon() {
  if (!soon) {
    soon = setTimeout(() => {
      soon = 0;
      readAll();
    }, READ_SOON_MS);
  }
}

function isFresh(call) {
  const process = processes.get(call.process);
  return process !== undefined && performance.now() - process.at < LOST_MS && call.sid in process.calls;
}

function drawProcesses() {
  const now = performance.now();
  const list = document.getElementById("processes");
  // Of the calls that are listed: a process' own count is as old as its last pulse.
  const counts = new Map();
  for (const call of calls.values()) counts.set(call.process, (counts.get(call.process) ?? 0) + 1);
  for (const [name, process] of processes) {
    const lost = now - process.at > LOST_MS;
    if (now - process.at > 10 * LOST_MS) {
      process.node?.remove();
      processes.delete(name);
      continue;
    }
    let node = list.querySelector(`[data-process="${CSS.escape(name)}"]`);
    if (!node) {
      node = list.appendChild(document.createElement("li"));
      node.dataset.process = name;
      const bdi = document.createElement("bdi");
      bdi.dir = "ltr";
      bdi.textContent = name;
      node.append(page.texts.server, " ", bdi, document.createElement("span"));
    }
    process.node = node;
    const count = counts.get(name) ?? 0;
    const has = count === 1 ? page.texts.one_call : page.texts.calls.replace("%(count)s", count);
    const pace = lost || process.lag_ms === null ? "" : paceOf(process.lag_ms);
    const told = lost ? [has, page.texts.unknown] : [has, pace && page.texts[pace], page.texts[process.recogniser]];
    say(node.lastElementChild, `: ${told.filter(Boolean).join(" · ")}`);
    // The terms that whoever runs the server looks for in its metrics.
    const title = pace ? `${page.texts.lag} \u2066(loop lag, p95)\u2069: \u2066${Math.round(process.lag_ms)} ms\u2069` : "";
    if (node.title !== title) node.title = title;
    node.dataset.health = lost ? "lost" : process.recogniser;
    node.dataset.pace = pace;
  }
}

// How far a process is behind with its work, in a supervisor's words.
function paceOf(lagMs) {
  if (lagMs > page.lag_ms.overloaded) return "overloaded";
  return lagMs > page.lag_ms.behind ? "behind" : "in_time";
}

// Who sees to which alarm, by its key. A process tells what it read some seconds ago, and nobody takes it back.
let seenTo = new Map();

// An older process says kind and line alone.
function drawAlarms(newest) {
  const alarms = newest.map(([kind, line, key, by]) => [kind, line, key, by || seenTo.get(key)]);
  seenTo = new Map(alarms.filter(([, , key, by]) => key && by).map(([, , key, by]) => [key, by]));
  const told = JSON.stringify([alarms, lines]);
  if (told === drawAlarms.told) return;
  drawAlarms.told = told;
  const list = document.getElementById("alarms");
  const unseen = alarms.filter(([, , , by]) => !by);
  list.replaceChildren(...[...unseen, ...alarms.filter(([, , , by]) => by)].map(alarmNode));
  ring(unseen.filter(([, , key]) => key).map(([kind, line, key]) => [key, alarmText(kind, line)]));
}

function alarmText(kind, line) {
  const text = page.texts[kind];
  if (!line) return text; // of the whole service
  const name = lines[line] || `\u2066${line}\u2069`;
  return text.includes("%(engine)s") ? text.replace("%(engine)s", () => name) : `${text}: ${name}`;
}

function alarmNode([kind, line, key, by]) {
  const node = document.getElementById("alarm").content.firstElementChild.cloneNode(true);
  const link = node.querySelector("a");
  link.textContent = alarmText(kind, line);
  if (key) link.href = page.urls.alarm.replace("0", key);
  if (by) node.querySelector(".seen-to").textContent = `${page.texts.seen_to_by} \u2068${by}\u2069`;
  node.classList.toggle("is-seen-to", Boolean(by));
  const form = node.querySelector("form");
  if (key) form.action = page.urls.acknowledge.replace("0", key);
  else form.remove();
  return node;
}

// Once a second: how long calls have lasted, and whose process has fallen silent.
function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const call of calls.values()) {
    if (call.card && !call.card.hidden) say(call.parts.lasted, clock(now - call.started));
    if (call.isHigh) rank(call);
    const process = processes.get(call.process);
    // A process that has not said a word yet has as long as one that has fallen silent.
    if (performance.now() - (process?.at ?? call.metAt) > LOST_MS && call.shows !== "unknown") {
      call.shows = "unknown";
      touch(call);
    }
  }
  drawProcesses();
}

function sift() {
  for (const call of calls.values()) changed.add(call);
  draw();
}

find.addEventListener("input", sift);
trouble.addEventListener("change", sift);
document.querySelector(".sift").addEventListener("submit", (event) => event.preventDefault());
// Arrows move between cards, as in a list.
wall.addEventListener("keydown", (event) => {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  let card = step && event.target.closest(".card")?.[step];
  while (card?.hidden) card = card[step];
  if (card) {
    card.querySelector("a").focus();
    event.preventDefault();
  }
});
setInterval(tick, 1000);
new Live({ opened: readAll, updates: take, state: showLink });
