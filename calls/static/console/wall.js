// The wall: one card a running call. Updates change a model; a frame of animation draws the cards that changed.

import { Live, clock, keyOf, late, page, read, say, showEmulated, showLink, unread } from "./live.js";

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
    call = { sid, from: "", to: "", started: Date.now(), text: "", shows: "unknown", hears: "stream", quietBy: "", partial: false };
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
    place(call);
  }
  return call.card;
}

// The longest-running call first: cards do not move under the eye.
function place(call) {
  let after = wall.lastElementChild;
  while (after && calls.get(after.dataset.sid)?.started > call.started) after = after.previousElementSibling;
  if (after) after.after(call.card);
  else wall.prepend(call.card);
}

function drawCard(call) {
  if (!calls.has(call.sid)) return;
  const card = cardOf(call);
  const { parts } = call;
  say(parts.line, lines[call.to] || call.to);
  say(parts.from, call.from || "—");
  say(parts.words, call.text);
  say(parts.shows, page.texts[call.shows]);
  say(parts.hears, call.hears === "stream" ? "" : page.texts[call.hears]);
  say(parts.quiet, call.quietBy ? `${page.texts.quiet}: \u2068${call.quietBy}\u2069` : "");
  showEmulated(parts.emulated, call.engine);
  late(parts.late, call.final);
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
  return !sought || `${call.from} ${call.to} ${lines[call.to] || ""} ${call.sid} ${call.text}`.toLowerCase().includes(sought);
}

function drawCount() {
  say(document.getElementById("count"), String(calls.size));
  document.getElementById("empty").hidden = calls.size > 0;
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
    touch(call);
  },
  process(update) {
    const now = performance.now();
    drawAlarms(update.alarms);
    processes.set(update.process, { ...update, at: now });
    for (const [sid, [shows, hears, quietBy]] of Object.entries(update.calls)) {
      if (!calls.has(sid)) readSoon();
      const call = callOf(sid);
      call.process = update.process;
      if (call.shows !== shows || call.hears !== hears || call.quietBy !== quietBy || !call.card) {
        Object.assign(call, { shows, hears, quietBy });
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
      const bdi = node.appendChild(document.createElement("bdi"));
      bdi.dir = "ltr";
      bdi.textContent = name;
      node.append(" ", document.createElement("span"));
    }
    process.node = node;
    const lag = process.lag_ms === null ? "" : ` · ${page.texts.lag} \u2066${process.lag_ms} ms\u2069`;
    const count = Object.keys(process.calls).length;
    const health = lost ? page.texts.unknown : page.texts[process.recogniser];
    say(node.lastElementChild, `${count === 1 ? page.texts.one_call : page.texts.calls.replace("%(count)s", count)}${lag} · ${health}`);
    node.dataset.health = lost ? "lost" : process.recogniser;
  }
}

function drawAlarms(alarms) {
  const list = document.getElementById("alarms");
  const said = alarms.map(([kind, line]) => {
    const text = page.texts[kind];
    const name = lines[line] || `\u2066${line}\u2069`;
    return text.includes("%(engine)s") ? text.replace("%(engine)s", () => name) : `${text}: ${name}`;
  });
  if (said.join() === [...list.children].map((node) => node.textContent).join()) return;
  list.replaceChildren(
    ...said.map((text) => {
      const node = document.createElement("li");
      node.textContent = text;
      return node;
    }),
  );
}

// Once a second: how long calls have lasted, and whose process has fallen silent.
function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const call of calls.values()) {
    if (call.card && !call.card.hidden) say(call.parts.lasted, clock(now - call.started));
    const process = processes.get(call.process);
    if ((!process || performance.now() - process.at > LOST_MS) && call.shows !== "unknown") {
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
