// Working through calls by keyboard: the call is kept while its page is open, and one key says done and goes on.
// Without this file every button is still there.

const bar = document.querySelector(".review .bar");
const done = document.getElementById("done");
const keys = document.getElementById("keys");
const noEffect = document.getElementById("no-effect");
const saved = document.getElementById("saved"); // review.js says there that a correction was taken

// The claim

const holder = bar?.querySelector(".holder");
const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;

async function post(address, values) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: token, ...values });
  const answer = await fetch(address, { method: "POST", body, headers: { "X-Requested-With": "XMLHttpRequest" } });
  if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
  return answer;
}

function show({ mine, holder: who }, asked) {
  bar.dataset.mine = mine ? "yes" : "no";
  done.querySelector("button").disabled = !mine && Boolean(who);
  holder.hidden = mine || (!who && asked === "claim");
  if (holder.hidden) return;
  holder.textContent = who ? `${holder.dataset.held} ` : holder.dataset.lost;
  if (who) holder.append(Object.assign(document.createElement("bdi"), { textContent: who }));
}

async function keep(asked) {
  try {
    const answer = await (await post(bar.dataset.claim, asked === "renew" ? { renew: "1" } : {})).json();
    show(answer, asked);
    return answer.mine;
  } catch {
    return true; // the server is away for a moment: asked again
  }
}

if (bar) {
  document.getElementById("show-keys").hidden = false;
  const begun = keep("claim").then((mine) => {
    if (!mine) return;
    const timer = setInterval(async () => (await keep("renew")) || clearInterval(timer), bar.dataset.every * 1000);
  });
  begun.finally(() => (bar.dataset.asked = "yes"));
}

// Marks, without loading the page anew

async function setMark(button) {
  const place = button.closest(".marks");
  const { kind } = button.dataset;
  const had = document.activeElement === button;
  try {
    const fresh = document.createElement("template");
    fresh.innerHTML = await (await post(button.form.action, { mark: button.value })).text();
    place.replaceWith(fresh.content.querySelector(".marks"));
    if (had) document.querySelector(`#${place.id} [data-kind=${kind}]`).focus();
  } catch {
    button.form.requestSubmit(button); // the page says what is wrong
  }
}

document.getElementById("marks-form")?.addEventListener("submit", (event) => {
  if (!event.submitter || event.submitter.dataset.tried) return;
  event.preventDefault();
  event.submitter.dataset.tried = "yes";
  setMark(event.submitter);
});

// Notes

for (const button of document.querySelectorAll("[data-person]")) {
  button.addEventListener("click", () => {
    const text = document.getElementById("note-text");
    text.setRangeText(`@${button.dataset.person} `, text.selectionStart, text.selectionEnd, "end");
    text.focus();
  });
}

document.getElementById("note-text")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
});

// Done, and the next

let after = false; // the correction that is being saved is the last of this call

// A correction or a note that was typed and not saved.
function unsaved() {
  const texts = [...document.querySelectorAll(".editor[open] textarea, #note-text")];
  return texts.find((text) => text.value !== text.defaultValue);
}

// A note is sent by leaving the page; nothing else that was typed is left behind unasked.
let sent = null;
document.getElementById("note-text")?.form.addEventListener("submit", (event) => (sent = event.target));
addEventListener("beforeunload", (event) => {
  const text = unsaved();
  if (text && text.form !== sent) event.preventDefault();
});

function goOn() {
  const button = done.querySelector("button");
  if (!button.disabled) done.requestSubmit(button);
}

// However it is asked for, by a key or by the mouse: what was typed is not left behind.
for (const form of ["done", "put-back", "undo"].map((id) => document.getElementById(id))) {
  form?.addEventListener("submit", (event) => {
    const text = unsaved();
    bar.querySelector(".unsaved").hidden = !text;
    if (!text) return;
    event.preventDefault();
    text.closest("details").open = true;
    text.focus();
  });
}

if (saved && bar) {
  new MutationObserver(() => {
    if (after && saved.textContent === saved.dataset.saved) goOn();
    after = false;
  }).observe(saved, { childList: true });
}

// Keys

function turn() {
  return document.activeElement?.closest?.(".turns [id^=turn-]") ?? document.querySelector(".turns .spoken");
}

function press(kind) {
  const mark = turn()?.querySelector(`.marks [data-kind=${kind}]`);
  if (mark) mark.click();
  else noEffect.textContent = noEffect.dataset.noMark;
}

function toTags() {
  const tag = document.querySelector(".review .tag");
  if (tag) tag.focus();
  else noEffect.textContent = noEffect.dataset.noTags;
}

function choose(number) {
  const radio = done?.querySelectorAll("input[name=verdict]")[number - 1];
  if (radio) radio.checked = true;
}

const KEYS = {
  n: () => done && goOn(),
  r: () => document.getElementById("put-back")?.requestSubmit(),
  z: () => document.getElementById("undo")?.requestSubmit(),
  1: () => choose(1),
  2: () => choose(2),
  3: () => choose(3),
  u: () => press("unclear"),
  x: () => press("crosstalk"),
  h: () => press("not_hebrew"),
  p: () => press("personal"),
  t: toTags,
  c: () => {
    document.querySelector(".review .write").open = true;
    document.getElementById("note-text").focus();
  },
  "?": () => keys.showModal(),
};
// The same keys on a Hebrew keyboard.
const HEBREW = { מ: "n", ר: "r", ז: "z", ו: "u", ס: "x", י: "h", פ: "p", א: "t", ב: "c" };

document.addEventListener("keydown", (event) => {
  after = false;
  if (event.key === "Enter" && event.shiftKey && (event.ctrlKey || event.metaKey) && event.target.closest(".editor")) {
    if (unsaved()) {
      after = true; // review.js saves it
      return;
    }
    event.stopImmediatePropagation(); // nothing was changed: there is nothing to save
    goOn();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
  if (event.target.closest("input:not([type=radio]), textarea, select, audio, [contenteditable]")) return;
  const act = KEYS[HEBREW[event.key] ?? event.key.toLowerCase()];
  noEffect.textContent = ""; // it was said of the key before
  if (!act) return;
  event.preventDefault();
  act();
});
document.getElementById("show-keys")?.addEventListener("click", () => keys.showModal());
document.getElementById("hide-keys")?.addEventListener("click", () => keys.close());
