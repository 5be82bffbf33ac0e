// The socket to /ws/live/: comes back by itself, and says when what is shown is not live.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15000;
const SILENT_MS = 4000; // every process sends a pulse a second
const READ_AGAIN_MS = 2000;
const RENEW_MS = 9000; // a socket that stays silent may have lost its subscription

export const page = JSON.parse(document.getElementById("page").textContent);

export class Live {
  // opened(): read the database again. updates(list): what came. state(name): live | silent | off | refused.
  // over(): nothing more is expected, so silence is no fault.
  constructor({ call = "", opened, updates, state, over = () => false }) {
    this.query = call ? `?call=${encodeURIComponent(call)}` : "";
    Object.assign(this, { opened, updates, state, over });
    this.pause = FIRST_PAUSE_MS;
    this.heard = 0;
    this.connect();
    setInterval(() => this.listen(), 1000);
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = (this.socket = new WebSocket(`${scheme}://${location.host}/ws/live/${this.query}`));
    socket.onopen = () => {
      this.pause = FIRST_PAUSE_MS;
      this.heard = performance.now();
      this.silent = false;
      this.state("live");
      this.opened();
    };
    socket.onmessage = (event) => {
      this.heard = performance.now();
      if (this.silent) {
        this.silent = false;
        this.state("live");
        this.opened();
      }
      this.updates(JSON.parse(event.data).updates);
    };
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.state(event.code === 4403 ? "refused" : "off");
      setTimeout(() => this.connect(), this.pause * (0.75 + Math.random() / 2));
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
    };
  }

  listen() {
    if (this.socket.readyState !== WebSocket.OPEN || this.over()) return;
    const quiet = performance.now() - this.heard;
    if (quiet > RENEW_MS) {
      this.socket.close();
    } else if (quiet > SILENT_MS && !this.silent) {
      this.silent = true;
      this.state("silent");
    }
  }
}

// Read JSON; null when it could not be had, undefined when it may not be.
export async function read(url) {
  try {
    const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (answer.redirected || answer.status === 403) return undefined;
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

export function showLink(name) {
  const link = document.getElementById("link");
  link.dataset.link = name;
  document.body.dataset.link = name;
  if (link.textContent !== page.texts[name]) link.textContent = page.texts[name];
}

// What could not be read: who may not is told; anybody else's page asks again.
export function unread(state, again) {
  showLink(state === undefined ? "refused" : "unread");
  if (state === null) setTimeout(again, READ_AGAIN_MS);
}

// What names a turn or a note, live and as stored: stream and number. An older process says only its number.
export function keyOf(update) {
  return update.key ?? `:${update.number}`;
}

export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  return `${hours ? `${hours}:` : ""}${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

// Set a node's text only when it differs from what was said last: an untouched node costs no layout, and asking it
// for its text costs more than remembering.
export function say(node, text) {
  if (node.said === text) return;
  node.said = text;
  node.textContent = text;
}

// Words that were said read right to left where any of them is Hebrew or Arabic: by itself a browser goes by the first
// letter, and a Hebrew sentence may begin with Wi-Fi. As on the server (calls/desk/rows.py).
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

export function sayWords(node, text) {
  if (node.said === text) return;
  node.dir = RIGHT_TO_LEFT.test(text) ? "rtl" : "auto";
  say(node, text);
}

// Words of the emulator are no recognised speech.
export function showEmulated(node, engine) {
  const [first, vendor] = (engine ?? "").split(":");
  say(node, first === "emulator" ? [page.texts.emulated, vendor].filter(Boolean).join(" · ") : "");
  node.title = node.textContent && page.texts.emulated_why;
}

export function late(node, ms) {
  if (node.late === ms) return;
  node.late = ms;
  say(node, ms === null || ms === undefined ? "" : `${ms} ms`);
  node.dataset.late = ms >= 2000 ? "slow" : ms >= 1000 ? "fair" : "good";
}
