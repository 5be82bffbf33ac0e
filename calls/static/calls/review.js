// The page of a call: each turn can be heard by itself, and is corrected without leaving the page.

const CHECK_S = 0.25; // as often as that it is looked whether the turn is over; near its end to the moment

const unheard = document.getElementById("unheard"); // only for who may listen
let turn = null; // what plays because of a turn's button: { button, audio, from, to, timer }

function release() {
  if (!turn) return;
  clearTimeout(turn.timer);
  turn.button.setAttribute("aria-pressed", "false");
  turn.button.closest("tr").classList.remove("playing");
  turn = null;
}

function stop() {
  const audio = turn?.audio;
  release();
  audio?.pause();
}

function watch() {
  const left = turn.to - turn.audio.currentTime;
  if (left <= 0) stop();
  else turn.timer = setTimeout(watch, 1000 * Math.min(left, CHECK_S));
}

async function play(button) {
  const again = turn?.button === button;
  stop();
  if (again) return;
  const audio = document.getElementById(button.dataset.stream);
  turn = { button, audio, from: Number(button.dataset.from), to: Number(button.dataset.to) };
  button.setAttribute("aria-pressed", "true");
  button.closest("tr").classList.add("playing");
  const seek = () => {
    if (turn?.button === button) audio.currentTime = turn.from;
  };
  // Nothing is loaded before somebody listens; what is not loaded is sought in only by some browsers.
  if (audio.readyState >= HTMLMediaElement.HAVE_METADATA) seek();
  else audio.addEventListener("loadedmetadata", seek, { once: true });
  watch();
  try {
    await audio.play();
  } catch (error) {
    if (error.name === "AbortError") return; // stopped, or another turn was chosen, before it began
    release();
    unheard.hidden = false;
  }
}

for (const button of document.querySelectorAll("button.play")) {
  button.hidden = false;
  button.addEventListener("click", () => play(button));
}

for (const audio of document.querySelectorAll(".recording audio")) {
  audio.addEventListener("play", () => {
    unheard.hidden = true;
    for (const other of document.querySelectorAll(".recording audio")) if (other !== audio) other.pause();
  });
  audio.addEventListener("error", () => (unheard.hidden = false));
  // Whoever takes the player's own controls hears on from there.
  audio.addEventListener("pause", () => turn?.audio === audio && audio.currentTime < turn.to && release());
  audio.addEventListener("seeking", () => {
    if (turn?.audio === audio && (audio.currentTime < turn.from - CHECK_S || audio.currentTime > turn.to)) release();
  });
}

const said = document.getElementById("saved"); // only for who may correct

function cell(form) {
  return document.getElementById(`turn-${form.id.slice("correct-".length)}`).querySelector(".said");
}

async function send(form, submitter) {
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form, submitter),
      headers: { "X-Requested-With": "XMLHttpRequest" },
    });
    // 400 and 409 come with the cell as well: what is wrong with it, and what was typed.
    return !answer.redirected && (answer.ok || [400, 409].includes(answer.status)) ? answer : null;
  } catch {
    return null;
  }
}

async function save(form, submitter) {
  const answer = await send(form, submitter);
  if (!answer) {
    const problem = cell(form).querySelector(".problem");
    problem.textContent = said.dataset.unsaved;
    problem.hidden = false;
    return;
  }
  const fresh = document.createElement("template");
  fresh.innerHTML = await answer.text();
  cell(form).replaceWith(fresh.content.querySelector(".said"));
  const row = cell(form).closest("tr"); // null on a page of one turn
  row?.classList.toggle("has-correction", row.querySelector(".correction") !== null);
  cell(form).querySelector(answer.ok ? ".editor summary" : "textarea").focus();
  said.textContent = answer.ok ? said.dataset.saved : "";
}

for (const form of document.querySelectorAll("form.correct")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (form.dataset.sending) return;
    form.dataset.sending = "yes";
    save(form, event.submitter).finally(() => delete form.dataset.sending);
  });
}

document.addEventListener("keydown", (event) => {
  const editor = event.target.closest?.(".editor");
  if (!editor) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) editor.querySelector("button").click();
  if (event.key === "Escape") {
    editor.open = false;
    editor.querySelector("summary").focus();
  }
});

// Whoever opens an editor writes in it. "toggle" does not bubble.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches?.(".editor[open]") && event.target.contains(document.activeElement)) {
      const text = event.target.querySelector("textarea");
      text.focus();
      text.setSelectionRange(text.value.length, text.value.length); // a browser begins before the first word
    }
  },
  true,
);
