// One call, followed: its turns as they are accepted and revised, and the words that are being spoken.

import { answerRow, showAnswer as drawAnswer, showSaved } from "./answers.js";
import { stop as stopListening } from "./listen.js";
import { Live, clock, keyOf, late, page, read, say, sayWords, showEmulated, showLink, unread } from "./live.js";

const NEAR_END_PX = 120;
const READ_AGAIN_MS = 1000; // what came of something is written by then

const turns = document.getElementById("turns");
const events = document.getElementById("events");
const lasted = document.getElementById("lasted");
const partial = document.getElementById("partial");
const rows = new Map();
const eventsShown = new Set();
let newest = 0; // where the newest turn begins, ms
let stream = ""; // the call's newest: an older one may end later
let started = 0;
let ended = false;
let link = ""; // of the socket: live | silent | off | refused; empty until it is known

function turnRow() {
  const row = document.createElement("li");
  for (const [name, dir] of [["at", "ltr"], ["words", "auto"], ["source", "auto"], ["emulated", "auto"], ["late", "ltr"], ["total", "auto"]]) {
    const part = row.appendChild(document.createElement(name === "words" ? "span" : "bdi"));
    part.className = name;
    part.dir = dir;
  }
  return row;
}

function rowOf(turn, made) {
  let row = rows.get(keyOf(turn));
  if (!row) {
    row = made();
    row.started = turn.started_ms;
    let after = turns.lastElementChild;
    while (after && after.started > row.started) after = after.previousElementSibling;
    if (after) after.after(row);
    else turns.prepend(row);
    rows.set(keyOf(turn), row);
  }
  return row;
}

function showTurn(turn) {
  const row = rowOf(turn, turnRow);
  if (turn.revision < (row.revision ?? 0)) return;
  row.revision = turn.revision;
  const [at, words, source, emulated, delay, total] = row.children;
  say(at, clock(turn.started_ms));
  sayWords(words, turn.text || page.texts.no_words);
  say(source, turn.echo ? page.texts.echo : page.texts.codes[turn.code] || turn.code || page.texts.sources[turn.source]);
  showEmulated(emulated, turn.engine);
  late(delay, turn.final_ms);
  // A turn that was answered has a further revision, and its words are as they were.
  say(total, turn.total_ms == null ? "" : `${page.texts.answered_after} \u2066${turn.total_ms} ms\u2069`);
  row.classList.toggle("echo", Boolean(turn.echo)); // an older process does not say
  row.classList.toggle("revised", turn.revision > (turn.total_ms == null ? 0 : 1));
  newest = Math.max(newest, turn.started_ms);
}

function showAnswer(answer) {
  const row = rowOf(answer, answerRow);
  // What is stored says nothing of whether it is still played, until the call has ended.
  if (answer.revision < (row.revision ?? 0) || (row.playing && !ended && !("kind" in answer))) return;
  Object.assign(row, { revision: answer.revision, playing: answer.playing });
  drawAnswer(row, answer);
}

function showEvent(event) {
  if (eventsShown.has(keyOf(event))) return;
  eventsShown.add(keyOf(event));
  const row = events.appendChild(document.createElement("li"));
  // In the call, as turns are; the time of day is had by pointing at it.
  const at = clock(Date.parse(event.at) - started);
  row.title = new Date(event.at).toLocaleTimeString("en-GB", { timeZone: page.zone });
  const means = page.texts.codes[event.code] ?? "";
  for (const [name, dir, text] of [["at", "ltr", at], ["means", "auto", means], ["code", "ltr", event.code], ["detail", "auto", shownDetail(event.detail ?? "")]]) {
    if (!text) continue;
    const part = row.appendChild(document.createElement("bdi"));
    part.className = name;
    part.dir = dir;
    part.textContent = text;
  }
}

// As on the server (calls/desk/event_details.py), by the same table.
const details = page.texts.details;
const whole = (pattern) => new RegExp(`^(?:${pattern})$`);
const forms = details.forms.map(([pattern, said]) => [whole(pattern), said]);
const [named, foreign] = [whole(details.named), whole(details.foreign)];

// In a direction of their own, whatever stands around them; figures need none.
function isolated(words) {
  if (!/\p{L}/u.test(words)) return words;
  return `\u2068${words}\u2069`;
}

function shownDetail(detail) {
  for (const [pattern, said] of forms) {
    const found = pattern.exec(detail);
    if (found) return said.replace(/%\((\w+)\)s/g, (_, name) => isolated(found.groups[name]));
  }
  if (page.texts.codes[detail]) return page.texts.codes[detail];
  const ofOne = named.exec(detail)?.groups;
  if (ofOne) return `${isolated(ofOne.name)}: ${shownDetail(ofOne.said)}`;
  if (foreign.test(detail)) return details.theirs.replace("%(words)s", () => isolated(detail));
  return detail.replace(/[A-Za-z]\w*/g, (word) => details.words[word] ?? word);
}

// What supervisors did; what became of a sentence is known when its answer is over.
const done = document.getElementById("done");

function showDone(actions) {
  done.hidden = !actions.length;
  done.replaceChildren(
    ...actions.map(({ action, what, number, outcome, why, who, at, failed }) => {
      const message = document.querySelector(`[role=status] .action-${action}`);
      if (message) {
        say(message, `${what}: ${outcome}${why ? ` (${why})` : ""}`);
        message.classList.toggle("error", failed);
      }
      const row = document.createElement("li");
      row.className = failed ? "error" : "";
      const part = (text, dir) => Object.assign(document.createElement("bdi"), { textContent: text, dir });
      row.append(what, ...(number ? [" ", part(number, "ltr")] : []), `: ${outcome}`, why ? ` (${why})` : "");
      row.append(" · ", part(who, "auto"), " · ", part(at, "ltr"));
      return row;
    }),
  );
}

let again = 0;
function readAgain() {
  if (again) return;
  again = setTimeout(() => {
    again = 0;
    readAll();
  }, READ_AGAIN_MS);
}

// A call that is over is not live, and nothing is wrong with that.
function showLinkOrEnd() {
  const name = ended && link !== "refused" ? "ended" : link;
  if (name) showLink(name);
}

function showState(shows, hears) {
  if (ended) return; // of a process that had not yet heard of the end
  for (const [id, name] of [["shows", shows], ["hears", hears]]) {
    const node = document.getElementById(id);
    say(node, page.texts[name]);
    node.dataset[id] = name;
  }
  document.getElementById("main").dataset.shows = shows;
}

// Who keeps the line from answering; a process of an older version does not say.
function showQuiet(by) {
  if (by === undefined) return;
  document.getElementById("quiet").hidden = !by || ended;
  say(document.getElementById("quiet-by"), by);
  for (const [opens, hidden] of [["be-quiet", by], ["answer-again", !by]]) {
    const button = document.querySelector(`[data-opens="${opens}"]`);
    if (button) button.hidden = Boolean(hidden);
  }
}

function showEnd(is = true) {
  if (ended === is) return;
  ended = is;
  const over = document.getElementById("over");
  over.hidden = !is;
  say(over, page.texts.ended);
  for (const node of document.querySelectorAll(".while-running")) node.hidden = is;
  showLinkOrEnd();
  if (!is) return;
  partial.hidden = true;
  for (const id of ["shows", "hears"]) {
    const node = document.getElementById(id);
    say(node, "");
    delete node.dataset[id];
  }
  delete document.getElementById("main").dataset.shows;
  stopListening("ended");
}

function showAll(state) {
  started = Date.parse(state.started_at);
  const lasted_ms = Date.parse(state.ended_at) - started;
  // The socket tells of the end before its row is written: then that is read again, for how long the call lasted.
  if (!state.ended_at && ended && stream === state.stream) readAgain();
  else showEnd(Boolean(state.ended_at));
  stream = state.stream;
  if (lasted_ms >= 0) say(lasted, clock(1000 * Math.round(lasted_ms / 1000))); // rounded as in the list of calls
  showQuiet(state.quiet_by);
  for (const turn of state.turns) showTurn(turn);
  for (const answer of state.answers) showAnswer(answer);
  for (const one of state.saved) showSaved(one);
  for (const event of state.events) showEvent(event);
  showDone(state.done);
}

const kinds = {
  partial(update) {
    partial.hidden = false;
    sayWords(partial, update.text);
  },
  turn(update) {
    if (update.started_ms >= newest) partial.hidden = true;
    showTurn(update);
  },
  answer(update) {
    showAnswer(update);
    if (!update.playing && !done.hidden) readAgain();
  },
  value: showSaved,
  note(update) {
    showEvent(update);
    if (!done.hidden) readAgain();
  },
  state(update) {
    showState(update.shows, update.hears);
    showQuiet(update.quiet_by);
  },
  process(update) {
    const [shows, hears, quietBy] = update.calls[page.call];
    showState(shows, hears);
    showQuiet(quietBy);
  },
  call(update) {
    if (update.state === "started") {
      stream = update.stream;
      newest = 0;
      showEnd(false);
    } else if (!update.stream || update.stream === stream) {
      showEnd();
      readAgain();
    }
  },
};

function take(updates) {
  const bottom = document.documentElement.scrollHeight - innerHeight - scrollY < NEAR_END_PX;
  for (const update of updates) kinds[update.kind]?.(update);
  if (bottom && !ended) scrollTo({ top: document.documentElement.scrollHeight });
}

async function readAll() {
  const state = await read(page.urls.state);
  if (!state) return unread(state, readAll);
  showAll(state);
  showLinkOrEnd();
}

// What cannot be taken back is asked for in a dialog.
for (const button of document.querySelectorAll("[data-opens]")) {
  button.addEventListener("click", () => document.getElementById(button.dataset.opens).showModal());
}
for (const button of document.querySelectorAll("[data-closes]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

// A sentence that cannot be said is there to be mended.
document.querySelector("dialog[data-open]")?.showModal();
// Sent once, however often it is pressed.
for (const form of document.querySelectorAll("dialog form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("dialog form")) delete form.dataset.sent;
});

turns.replaceChildren();
showAll(page.state);
setInterval(() => {
  if (!ended && started) say(lasted, clock(Date.now() - started));
}, 1000);
new Live({
  call: page.call,
  opened: readAll,
  updates: take,
  over: () => ended,
  state(name) {
    link = name;
    showLinkOrEnd();
  },
});
