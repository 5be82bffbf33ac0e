// A sound and a notification when an alarm is new: only where somebody has asked for it, by a press of the button, on
// this browser. A browser plays nothing before the page was pressed once: until then the button says so by its state.

import { page } from "./live.js";

const KEY = "console.alarm-sound";
const TONES_HZ = [880, 660, 880];
const TONE_S = 0.18;

const button = document.getElementById("sound");
const rung = new Set();
let sound = null;
let isFirst = true;

function wanted() {
  return localStorage.getItem(KEY) === "on";
}

function show() {
  const on = wanted();
  button.setAttribute("aria-pressed", String(on));
  button.textContent = on ? page.texts.sound_off : page.texts.sound_on;
}

function wake() {
  if (!wanted()) return;
  sound ??= new AudioContext();
  sound.resume();
}

function play() {
  if (!sound || sound.state !== "running") return;
  TONES_HZ.forEach((hz, index) => {
    const at = sound.currentTime + index * TONE_S;
    const tone = new OscillatorNode(sound, { frequency: hz });
    const level = new GainNode(sound, { gain: 0.2 });
    level.gain.setTargetAtTime(0, at + TONE_S / 2, TONE_S / 8);
    tone.connect(level).connect(sound.destination);
    tone.start(at);
    tone.stop(at + TONE_S);
  });
  button.dataset.rung = String(Number(button.dataset.rung ?? 0) + 1);
}

// [key, text] of the alarms that nobody sees to. Those that stood when the page was opened are seen, not heard.
export function ring(alarms) {
  const fresh = alarms.filter(([key]) => !rung.has(key));
  for (const [key] of fresh) rung.add(key);
  if (!isFirst && fresh.length > 0 && wanted()) {
    play();
    if (globalThis.Notification?.permission === "granted") {
      for (const [key, text] of fresh) new Notification(text, { tag: `alarm-${key}` });
    }
  }
  isFirst = false;
}

button.addEventListener("click", () => {
  localStorage.setItem(KEY, wanted() ? "off" : "on");
  show();
  wake();
  if (wanted() && globalThis.Notification?.permission === "default") Notification.requestPermission();
});
document.addEventListener("pointerdown", wake, { once: true });
document.addEventListener("keydown", wake, { once: true });
show();
