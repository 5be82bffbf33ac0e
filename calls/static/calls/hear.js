// What a line says, heard before a caller does: a button beside each spoken text plays it in the chosen voice.

let playing = null; // { button, abort, audio, address }

function stop() {
  if (!playing) return;
  playing.abort.abort();
  playing.audio?.pause();
  if (playing.address) URL.revokeObjectURL(playing.address);
  playing.button.setAttribute("aria-pressed", "false");
  playing = null;
}

function tell(button, ...parts) {
  const place = button.nextElementSibling;
  place.replaceChildren(...parts);
  place.hidden = parts.length === 0;
}

function isolated(text) {
  const part = document.createElement("bdi");
  part.dir = "ltr";
  part.textContent = text;
  return part;
}

async function why(answer) {
  // A person who was logged out is sent to a page that is neither sound nor JSON.
  const told = await answer.json().catch(() => ({ code: `${answer.status}` }));
  return [told.message ?? "", " ", isolated(told.detail || told.code)];
}

async function hear(button, text) {
  const again = playing?.button === button;
  stop();
  tell(button);
  if (again || !text.trim()) return;
  const current = { button, abort: new AbortController() };
  playing = current;
  button.setAttribute("aria-pressed", "true");
  const body = new FormData();
  body.set("text", text);
  body.set("voice", document.querySelector("[data-hear-voice]")?.value ?? "");
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  try {
    const answer = await fetch(button.dataset.hear, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": token },
      signal: current.abort.signal,
    });
    if (answer.headers.get("Content-Type") !== "audio/wav") {
      const parts = await why(answer);
      if (playing === current) stop();
      tell(button, ...parts);
      return;
    }
    const sound = await answer.blob();
    if (playing !== current) return; // stopped meanwhile, or another text was chosen
    current.address = URL.createObjectURL(sound);
    current.audio = new Audio(current.address);
    current.audio.addEventListener("ended", () => playing === current && stop());
    await current.audio.play();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (playing === current) stop();
    tell(button, isolated(error.message));
  }
}

function ready(button, text) {
  const place = document.createElement("span");
  place.className = "hear-problem";
  place.setAttribute("role", "alert");
  place.hidden = true;
  button.after(place);
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => hear(button, text()));
  button.hidden = false;
}

for (const button of document.querySelectorAll("button.hear")) ready(button, () => button.dataset.text);

for (const field of document.querySelectorAll("input[data-hear], textarea[data-hear]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "hear";
  button.dataset.hear = field.dataset.hear;
  button.setAttribute("aria-label", field.dataset.hearLabel);
  field.after(button);
  ready(button, () => field.value);
}
