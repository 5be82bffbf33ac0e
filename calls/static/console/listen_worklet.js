// Plays what the socket brings: the caller on the left, the line on the right, each at its media time, half a second
// late. What comes too late is left out; what piles up is skipped, so that nobody hears what was said long ago.

const RATE_HZ = 8000;
const RING = 8 * RATE_HZ; // samples of a track; a line's sound is sent ahead of its time
const BEHIND = 0.5 * RATE_HZ; // samples that are held before they are played: two messages, and what the way takes
const MOST_BEHIND = RATE_HZ; // with more waiting the oldest is skipped
const TOLD_EVERY = RATE_HZ / 2; // samples
const HEADER_BYTES = 7;
const CLEARED = 2;

// µ-law, G.711: https://www.itu.int/rec/T-REC-G.711
const LEVELS = Float32Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const level = ((((code & 0x0f) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84;
  return (code & 0x80 ? -level : level) / 32768;
});

class Listened extends AudioWorkletProcessor {
  constructor() {
    super();
    this.tracks = [new Float32Array(RING), new Float32Array(RING)];
    this.newest = null; // sample at which the caller's sound ends, in media time
    this.oldest = 0; // ...and where it began to gather
    this.at = null; // sample that is played next; null while sound gathers
    this.loudest = 0;
    this.untold = 0;
    this.port.onmessage = ({ data }) => this.take(new DataView(data));
  }

  // As calls/live/sound_tap.py packs it.
  take(message) {
    for (let at = 0; at + HEADER_BYTES <= message.byteLength; ) {
      const track = message.getUint8(at);
      const sample = (message.getUint32(at + 1, true) * RATE_HZ) / 1000;
      const length = message.getUint16(at + 5, true);
      at += HEADER_BYTES;
      if (track === CLEARED) this.clear(sample);
      else this.put(track, sample, new Uint8Array(message.buffer, at, length));
      at += length;
    }
  }

  put(track, sample, ulaw) {
    const end = sample + ulaw.length;
    if (track === 0) {
      // Another stream of the call may count anew.
      if (this.newest === null || Math.abs(end - this.newest) > RING / 2) this.restart(sample);
      this.newest = Math.max(this.newest, end);
    }
    if (this.newest === null || end - this.from > RING) return;
    for (let i = Math.max(sample, this.from); i < end; i += 1) this.tracks[track][i % RING] = LEVELS[ulaw[i - sample]];
  }

  clear(sample) {
    for (let i = Math.max(sample, this.from); i < this.from + RING; i += 1) this.tracks[1][i % RING] = 0;
  }

  // What lies before it has been played, or never will be.
  get from() {
    return this.at ?? this.oldest;
  }

  restart(sample) {
    for (const track of this.tracks) track.fill(0);
    this.newest = this.oldest = sample;
    this.at = null;
  }

  process(_, [output]) {
    const frames = output[0].length;
    if (this.at === null && this.newest !== null && this.newest - this.oldest >= BEHIND) this.at = this.oldest;
    if (this.at !== null && this.newest - this.at > MOST_BEHIND) this.skip(this.newest - BEHIND);
    if (this.at !== null) this.play(output, frames);
    this.untold += frames;
    if (this.untold >= TOLD_EVERY) this.tell();
    return true;
  }

  play(output, frames) {
    output.forEach((channel, track) => {
      const ring = this.tracks[track];
      for (let i = 0; i < frames; i += 1) {
        const place = (this.at + i) % RING;
        channel[i] = ring[place];
        this.loudest = Math.max(this.loudest, Math.abs(ring[place]));
        ring[place] = 0; // played once: a gap is silence
      }
    });
    this.at += frames;
    if (this.at >= this.newest) {
      this.oldest = this.at;
      this.at = null;
    }
  }

  skip(to) {
    for (const ring of this.tracks) for (let i = this.at; i < to; i += 1) ring[i % RING] = 0;
    this.at = to;
  }

  tell() {
    const plays = this.at !== null;
    const lateMs = plays ? Math.round((1000 * (this.newest - this.at)) / RATE_HZ) : "";
    this.port.postMessage({ plays, lateMs, loudest: this.loudest.toFixed(3) });
    this.untold = this.loudest = 0;
  }
}

registerProcessor("listened", Listened);
