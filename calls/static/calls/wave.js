// The recording of a call as a waveform, in step with its turns: a turn is heard by a click on either, the one that is
// spoken is lit, and all of it goes by keyboard, turns also where nothing was recorded. Without this file the players
// and the turns' buttons are still there.

import WaveSurfer from "./vendor/wavesurfer.esm.js";
import RegionsPlugin from "./vendor/wavesurfer.regions.esm.js";

const HEIGHT_PX = 56; // of a channel
const SKIPPED_S = 0.8; // silence that is worth skipping
const LEAD_S = 0.2; // heard before the next word, so that its beginning is not cut
const TYPING_MS = 2000; // letters that follow one another faster are a sentence, where there is nothing to type in

const controls = document.getElementById("controls");
const speed = document.getElementById("speed");
const skip = document.getElementById("skip-silence");
const moment = document.getElementById("moment");
const uncorrected = document.getElementById("uncorrected");
const audios = [...document.querySelectorAll(".recording audio")];

// In the order of the page: { row }, and of those that can be heard { row, button, audio, from, to }
const turns = [...document.querySelectorAll(".turns tr[id^=turn-]")].map((row) => {
  const button = row.querySelector("button.play");
  if (!button) return { row };
  const { stream, from, to } = button.dataset;
  return { row, button, audio: document.getElementById(stream), from: Number(from), to: Number(to) };
});
let lit = null;

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Where time stands under a waveform: so many seconds apart that each figure has its room, also the last.
const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];
const MOST_TICKS = 12;
const TICK_PX = 48;

function label(className, text) {
  return Object.assign(document.createElement("span"), { className, textContent: text });
}

function axis(duration) {
  const line = document.createElement("div");
  line.className = "axis";
  new ResizeObserver(() => line.replaceChildren(...ticks(duration, line.clientWidth))).observe(line);
  return line;
}

function* ticks(duration, width) {
  const most = Math.min(MOST_TICKS, width / TICK_PX);
  const step = STEPS_S.find((one) => duration / one <= most) ?? STEPS_S.at(-1);
  for (let at = 0; width * (1 - at / duration) >= TICK_PX; at += step) {
    const tick = label("tick", `${Math.floor(at / 60)}:${String(at % 60).padStart(2, "0")}`);
    tick.style.left = `${(100 * at) / duration}%`;
    yield tick;
  }
}

async function draw(place) {
  if (!(await drawn(place))) place.classList.add("silent"); // the player stands there, and says why
}

async function drawn(place) {
  const audio = document.getElementById(place.dataset.audio);
  const answer = await fetch(place.dataset.peaks).catch(() => null);
  if (!answer?.ok) return false;
  const { duration_s: duration, channels } = await answer.json();
  if (!duration) return false;
  place.hidden = false;
  const [waves, played] = [colour("--body-quiet-color"), colour("--link-fg")];
  const channel = { waveColor: waves, progressColor: played, height: HEIGHT_PX, normalize: true };
  const regions = RegionsPlugin.create();
  const wave = WaveSurfer.create({
    container: place,
    media: audio,
    peaks: channels.map((peaks) => peaks.map((loudest) => loudest / 100)),
    duration,
    splitChannels: channels.map(() => channel),
    cursorColor: colour("--accent"),
    cspNonce: place.dataset.nonce,
    plugins: [regions],
  });
  // Not before: a region that is added while the length is unknown is cut to none.
  wave.once("ready", () => {
    for (const turn of turns.filter((one) => one.audio === audio)) {
      const region = regions.addRegion({
        start: turn.from,
        end: turn.to,
        drag: false,
        resize: false,
        color: turn.row.classList.contains("agent") ? "rgb(47 133 90 / 0.18)" : "rgb(56 120 200 / 0.18)",
      });
      region.on("click", (event) => {
        event.stopPropagation(); // else the waveform seeks to where the pointer was
        seek(audio, turn.from);
        turn.row.scrollIntoView({ block: "nearest" });
      });
    }
  });
  const names = [place.dataset.caller, place.dataset.line].slice(0, channels.length);
  place.append(...names.map((name, at) => label(`channel channel-${at}`, name)), axis(duration));
  wave.on("error", () => {
    place.hidden = true;
    place.classList.add("silent");
  });
  return true;
}

// The moment

function shown(seconds) {
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}

function heardFrom(audio) {
  return turns.filter((turn) => turn.audio === audio);
}

function follow(audio) {
  const now = audio.currentTime;
  moment.textContent = shown(now);
  moment.href = `#t=${now.toFixed(1)}${audios.length > 1 ? `&stream=${audios.indexOf(audio) + 1}` : ""}`;
  const spoken = heardFrom(audio).findLast((turn) => turn.from <= now && now < turn.to) ?? null;
  if (spoken !== lit) {
    lit?.row.classList.remove("spoken");
    spoken?.row.classList.add("spoken");
    lit = spoken;
  }
  if (skip.checked && !audio.paused && spoken === null) {
    const next = Math.min(...heardFrom(audio).filter((turn) => turn.from > now).map((turn) => turn.from));
    if (Number.isFinite(next) && next - now > SKIPPED_S) audio.currentTime = next - LEAD_S; // it plays
  }
}

// Nothing is loaded before somebody listens; what is not loaded is sought in only by some browsers.
function seek(audio, at, then = () => {}) {
  const there = () => {
    audio.currentTime = at;
    follow(audio);
    then();
  };
  if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) return there();
  audio.addEventListener("loadedmetadata", there, { once: true });
  audio.preload = "metadata";
  audio.load();
}

function openMoment() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const at = Number.parseFloat(asked.get("t"));
  if (!Number.isFinite(at)) return;
  const audio = audios[(Number.parseInt(asked.get("stream"), 10) || 1) - 1];
  if (!audio) return;
  seek(audio, at, () => {
    (lit ?? heardFrom(audio).find((turn) => turn.from >= at))?.row.scrollIntoView({ block: "center" });
  });
}

// By keyboard

function place() {
  const here = document.activeElement?.closest?.(".turns tr");
  const at = turns.findIndex((turn) => turn.row === here);
  return at >= 0 ? at : turns.findIndex((turn) => turn === lit);
}

function go(by) {
  const at = place();
  const turn = turns[at < 0 ? 0 : Math.min(Math.max(at + by, 0), turns.length - 1)];
  if (!turn) return;
  turn.row.tabIndex = -1;
  turn.row.focus({ preventScroll: true });
  turn.row.scrollIntoView({ block: "center" });
}

function setSpeed(by) {
  const at = Math.min(Math.max(speed.selectedIndex + by, 0), speed.options.length - 1);
  speed.selectedIndex = at;
  speed.dispatchEvent(new Event("change"));
}

function toggle() {
  const playing = audios.find((audio) => !audio.paused);
  if (playing) return playing.pause();
  const turn = turns[place()];
  if (turn?.button) turn.button.click();
  else audios[0].play();
}

// Whoever corrects a turn that cannot be corrected is told so, and goes on typing for a moment: those letters are no keys.
let typedAt = -Infinity;

function correct() {
  const row = turns[Math.max(place(), 0)].row;
  const summary = row.querySelector(".editor summary");
  uncorrected.hidden = Boolean(summary);
  if (summary) {
    summary.focus(); // whoever opens an editor from inside writes in it (review.js)
    summary.click();
  } else {
    row.querySelector(".said").append(uncorrected);
    typedAt = performance.now();
  }
}

document.addEventListener(
  "keydown",
  (event) => {
    if (performance.now() - typedAt > TYPING_MS || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key.length > 1) {
      typedAt = -Infinity;
      return;
    }
    typedAt = performance.now();
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);

const TURN_KEYS = {
  j: () => go(1),
  ArrowDown: () => go(1),
  k: () => go(-1),
  ArrowUp: () => go(-1),
  ...(uncorrected && { e: correct }), // only for who may correct
};
const SOUND_KEYS = {
  " ": toggle,
  ">": () => setSpeed(1),
  "<": () => setSpeed(-1),
  s: () => skip.click(),
};
// The same keys on a Hebrew keyboard.
const HEBREW = { ח: "j", ל: "k", ד: "s", ק: "e" };

if (audios.length && controls) {
  controls.hidden = false;
  speed.addEventListener("change", () => {
    for (const audio of audios) audio.playbackRate = Number(speed.value);
  });
  for (const audio of audios) {
    audio.addEventListener("timeupdate", () => follow(audio));
    audio.addEventListener("seeked", () => follow(audio));
  }
  document.getElementById("to-turn-before").addEventListener("click", () => go(-1));
  document.getElementById("to-next-turn").addEventListener("click", () => go(1));
  addEventListener("hashchange", openMoment);
  openMoment();
  for (const one of document.querySelectorAll(".wave")) draw(one);
}

if (turns.length) {
  const keys = audios.length && controls ? { ...TURN_KEYS, ...SOUND_KEYS } : TURN_KEYS;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, audio, [contenteditable]")) return;
    if (event.key === " " && event.target.closest("button, summary, a")) return;
    const act = keys[HEBREW[event.key] ?? (event.key.length === 1 ? event.key.toLowerCase() : event.key)];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
