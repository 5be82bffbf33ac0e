// Listening in: the call's own sound in the browser, from its socket to the worklet that plays it. It begins with a press
// of the button, as browsers want it, and ends with another one, or with the call.

import { page, say } from "./live.js";

const RATE_HZ = 8000; // the line's own: nothing is resampled here
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15000;
// The server's close codes that a new connection does not mend (calls/desk/supervision/listening.py).
const FINAL = { 4403: "listen_refused", 4404: "ended", 4429: "listen_many" };

const button = document.getElementById("listen");
const status = document.getElementById("listen-status");
let listening = null; // { sound, socket, pause, timer }

function show(name) {
  button.setAttribute("aria-pressed", String(Boolean(listening)));
  say(button, listening ? page.texts.listen_stop : page.texts.listen);
  say(status, name ? page.texts[name] : "");
  status.dataset.state = name;
}

async function begin() {
  const mine = (listening = { sound: null, socket: null, pause: FIRST_PAUSE_MS, timer: 0 });
  show("listen_opening");
  try {
    mine.sound = await opened(mine);
  } catch {
    if (listening === mine) stop("listen_unable");
    return;
  }
  if (listening === mine) connect(mine);
  else mine.sound.context.close();
}

async function opened(mine) {
  const context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: "interactive" });
  await context.audioWorklet.addModule(button.dataset.worklet);
  const player = new AudioWorkletNode(context, "listened", { numberOfInputs: 0, outputChannelCount: [2] });
  player.port.onmessage = ({ data: { plays, lateMs, loudest } }) => {
    if (listening !== mine || mine.socket?.readyState !== WebSocket.OPEN) return;
    Object.assign(status.dataset, { late: lateMs, loudest });
    show(plays ? "listening_in" : "listen_silent");
  };
  player.connect(context.destination);
  await context.resume();
  return { context, player };
}

function connect(mine) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/listen/?call=${encodeURIComponent(page.call)}`);
  let taken = 0;
  socket.binaryType = "arraybuffer";
  mine.socket = socket;
  socket.onmessage = ({ data }) => {
    mine.pause = FIRST_PAUSE_MS;
    mine.sound.player.port.postMessage(data, [data]);
    taken += 1;
    if (taken % 5 === 0) socket.send(String(taken)); // once a second: who takes nothing is dropped
  };
  socket.onclose = ({ code }) => {
    if (listening !== mine) return;
    if (code in FINAL) {
      stop(FINAL[code]);
      return;
    }
    show("off");
    mine.timer = setTimeout(() => connect(mine), mine.pause);
    mine.pause = Math.min(2 * mine.pause, LONGEST_PAUSE_MS);
  };
}

// Why it ended is said; nothing where it was the button.
export function stop(why = "") {
  if (!listening) return;
  const { sound, socket, timer } = listening;
  listening = null;
  clearTimeout(timer);
  socket?.close();
  sound?.context.close();
  show(why);
}

if (button && globalThis.AudioWorkletNode) {
  button.hidden = false;
  button.addEventListener("click", () => (listening ? stop() : begin()));
}
