// The page of a call: each turn can be heard by itself.

const CHECK_S = 0.25; // as often as that it is looked whether the turn is over; near its end to the moment

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
  audio.currentTime = turn.from;
  watch();
  try {
    await audio.play();
  } catch (error) {
    if (error.name === "AbortError") return; // stopped, or another turn was chosen, before it began
    release();
    document.getElementById("unheard").hidden = false;
  }
}

for (const button of document.querySelectorAll("button.play")) {
  button.hidden = false;
  button.addEventListener("click", () => play(button));
}

for (const audio of document.querySelectorAll(".recording audio")) {
  audio.addEventListener("play", () => {
    document.getElementById("unheard").hidden = true;
    for (const other of document.querySelectorAll(".recording audio")) if (other !== audio) other.pause();
  });
  // Whoever takes the player's own controls hears on from there.
  audio.addEventListener("pause", () => turn?.audio === audio && audio.currentTime < turn.to && release());
  audio.addEventListener("seeking", () => {
    if (turn?.audio === audio && (audio.currentTime < turn.from - CHECK_S || audio.currentTime > turn.to)) release();
  });
}
